#include "core/runtime/native_host.h"

#include <cstdint>
#include <limits>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/runtime/native_call.h"

namespace paranet {
namespace {

absl::string_view View(paranet_text text) { return {text.data == nullptr ? "" : text.data, text.size}; }
absl::string_view View(paranet_bytes bytes) {
  return {bytes.data == nullptr ? "" : static_cast<const char*>(bytes.data), bytes.size};
}
paranet_text Text(absl::string_view view) { return {view.data(), view.size()}; }

absl::Status MakeStatus(int32_t code, paranet_text message) {
  if (code == 0) return absl::OkStatus();
  const bool known = code > 0 && code <= static_cast<int32_t>(absl::StatusCode::kUnauthenticated);
  return absl::Status(known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown, View(message));
}

ActorLog::Level LogLevel(int32_t level) {
  switch (level) {
    case PARANET_LOG_DEBUG:
      return ActorLog::Level::kDebug;
    case PARANET_LOG_INFO:
      return ActorLog::Level::kInfo;
    case PARANET_LOG_WARNING:
      return ActorLog::Level::kWarning;
    default:
      return ActorLog::Level::kError;
  }
}

absl::Time Deadline(int64_t micros) {
  return micros == std::numeric_limits<int64_t>::max() ? absl::InfiniteFuture() : absl::FromUnixMicros(micros);
}

}  // namespace

struct NativeHost::Functions {
  static const Parts& Of(const paranet_host* host) { return static_cast<const Table*>(host)->parts; }
  static std::shared_ptr<NativeCall> Find(const paranet_host* host, paranet_call call) {
    return Of(host).calls->Find(call);
  }
  static OutgoingCalls::Parent Parent(const paranet_host* host, paranet_call call) {
    if (call == 0) return {};
    return {.call = Find(host, call), .number = call};
  }

  static void Log(const paranet_host* host, int32_t level, paranet_text text) {
    Of(host).log->Write(LogLevel(level), View(text));
  }

  static int32_t Config(const paranet_host* host, paranet_text key, paranet_text* value) {
    const auto found = Of(host).config->find(std::string(View(key)));
    if (found == Of(host).config->end()) return 0;
    *value = Text(found->second);
    return 1;
  }

  // The texts live in the call, which the thread that runs the handler keeps alive.
  static paranet_text Caller(const paranet_host* host, paranet_call call) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return found == nullptr ? paranet_text{nullptr, 0} : Text(found->context().caller);
  }

  static int32_t GetMetadata(const paranet_host* host, paranet_call call, paranet_text key, size_t index,
                             paranet_text* value) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    if (found == nullptr) return 0;
    for (const auto& [name, text] : found->context().metadata) {
      if (name != View(key) || index-- > 0) continue;
      *value = Text(text);
      return 1;
    }
    return 0;
  }

  static int64_t GetDeadline(const paranet_host* host, paranet_call call) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return absl::ToUnixMicros(found == nullptr ? absl::InfiniteFuture() : found->context().deadline);
  }

  static int32_t IsCancelled(const paranet_host* host, paranet_call call) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return found == nullptr || found->over() ? 1 : 0;
  }

  static int32_t Wait(const paranet_host* host, paranet_call call, int64_t micros) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return found != nullptr && found->Wait(*Of(host).lock, absl::Microseconds(micros)) ? 1 : 0;
  }

  static int32_t AddTrailer(const paranet_host* host, paranet_call call, paranet_text key, paranet_text value) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return found != nullptr && found->AddTrailer(View(key), View(value)) ? 1 : 0;
  }

  static void Respond(const paranet_host* host, paranet_call call, int32_t code, paranet_text message,
                      paranet_bytes response) {
    if (const std::shared_ptr<NativeCall> found = Find(host, call)) {
      found->Respond(MakeStatus(code, message), View(response));
    }
  }

  static int32_t Read(const paranet_host* host, paranet_call call, paranet_bytes* message) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return found != nullptr && found->Read(*Of(host).lock, message) ? 1 : 0;
  }

  static int32_t Write(const paranet_host* host, paranet_call call, paranet_bytes message) {
    const std::shared_ptr<NativeCall> found = Find(host, call);
    return found != nullptr && found->Write(*Of(host).lock, View(message)) ? 1 : 0;
  }

  static void Finish(const paranet_host* host, paranet_call call, int32_t code, paranet_text message) {
    if (const std::shared_ptr<NativeCall> found = Find(host, call)) found->Finish(MakeStatus(code, message));
  }

  static void Call(const paranet_host* host, paranet_call parent, paranet_text skill, int64_t deadline,
                   paranet_bytes request, paranet_done done, void* user) {
    Of(host).outgoing->Call(Parent(host, parent), View(skill), Deadline(deadline), View(request), done, user);
  }

  static int32_t CallAndWait(const paranet_host* host, paranet_call parent, paranet_text skill, int64_t deadline,
                             paranet_bytes request, paranet_bytes* result) {
    return Of(host).outgoing->CallAndWait(Parent(host, parent), View(skill), Deadline(deadline), View(request), result);
  }

  static paranet_outgoing Open(const paranet_host* host, paranet_call parent, paranet_text skill, int64_t deadline) {
    return Of(host).outgoing->Open(Parent(host, parent), View(skill), Deadline(deadline));
  }

  static int32_t Send(const paranet_host* host, paranet_outgoing outgoing, paranet_bytes message) {
    return Of(host).outgoing->Send(outgoing, View(message)) ? 1 : 0;
  }

  static void CloseSend(const paranet_host* host, paranet_outgoing outgoing) { Of(host).outgoing->CloseSend(outgoing); }

  static int32_t Receive(const paranet_host* host, paranet_outgoing outgoing, paranet_bytes* message) {
    return Of(host).outgoing->Receive(outgoing, message) ? 1 : 0;
  }

  static int32_t Outcome(const paranet_host* host, paranet_outgoing outgoing, paranet_text* message) {
    return Of(host).outgoing->Outcome(outgoing, message);
  }

  static void Cancel(const paranet_host* host, paranet_outgoing outgoing) { Of(host).outgoing->Cancel(outgoing); }
};

NativeHost::NativeHost(const Parts& parts)
    : table_{{.struct_size = sizeof(paranet_host),
              .abi_version = PARANET_ABI_VERSION,
              .log = &Functions::Log,
              .config = &Functions::Config,
              .caller = &Functions::Caller,
              .metadata = &Functions::GetMetadata,
              .deadline = &Functions::GetDeadline,
              .is_cancelled = &Functions::IsCancelled,
              .wait = &Functions::Wait,
              .add_trailer = &Functions::AddTrailer,
              .respond = &Functions::Respond,
              .read = &Functions::Read,
              .write = &Functions::Write,
              .finish = &Functions::Finish,
              .call = &Functions::Call,
              .call_and_wait = &Functions::CallAndWait,
              .open = &Functions::Open,
              .send = &Functions::Send,
              .close_send = &Functions::CloseSend,
              .receive = &Functions::Receive,
              .outcome = &Functions::Outcome,
              .cancel = &Functions::Cancel},
             parts} {}

}  // namespace paranet
