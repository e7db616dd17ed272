#include "core/worker/host_table.h"

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/worker/actor_server.h"

namespace paranet {
namespace {

absl::string_view View(paranet_text text) { return {text.data == nullptr ? "" : text.data, text.size}; }
absl::string_view View(paranet_bytes bytes) {
  return {bytes.data == nullptr ? "" : static_cast<const char*>(bytes.data), bytes.size};
}
paranet_text Text(absl::string_view view) { return {view.data(), view.size()}; }

ActorServer& Of(const paranet_host* host) { return *static_cast<const HostTable*>(host)->server; }

// What gRPC would drop a call for.
bool IsValidKey(absl::string_view key) {
  if (key.empty() || absl::StartsWith(key, "grpc-")) return false;
  for (const char c : key) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

bool IsValidValue(absl::string_view key, absl::string_view value) {
  if (absl::EndsWith(key, "-bin")) return true;
  for (const char c : value) {
    if (!absl::ascii_isprint(c)) return false;
  }
  return true;
}

void Log(const paranet_host* host, int32_t level, paranet_text text) { Of(host).Log(level, View(text)); }

int32_t Config(const paranet_host* host, paranet_text key, paranet_text* value) {
  const std::string* found = Of(host).Config(View(key));
  if (found == nullptr) return 0;
  *value = Text(*found);
  return 1;
}

// The texts live in the call, which the thread that runs the handler keeps. A coroutine (bindings/python) asks later
// and on another thread: that keeps the last call that it has asked about, which may end meanwhile.
const ServedCall* FindAndKeep(const paranet_host* host, paranet_call call) {
  static thread_local std::shared_ptr<ServedCall> kept;
  kept = Of(host).Find(call);
  return kept.get();
}

paranet_text Caller(const paranet_host* host, paranet_call call) {
  const ServedCall* found = FindAndKeep(host, call);
  return found == nullptr ? paranet_text{nullptr, 0} : Text(found->caller);
}

int32_t GetMetadata(const paranet_host* host, paranet_call call, paranet_text key, size_t index, paranet_text* value) {
  const ServedCall* found = FindAndKeep(host, call);
  if (found == nullptr) return 0;
  for (const auto& [name, text] : found->metadata) {
    if (name != View(key) || index-- > 0) continue;
    *value = Text(text);
    return 1;
  }
  return 0;
}

int64_t Deadline(const paranet_host* host, paranet_call call) {
  const std::shared_ptr<ServedCall> found = Of(host).Find(call);
  return absl::ToUnixMicros(found == nullptr ? absl::InfiniteFuture() : found->deadline);
}

int32_t IsCancelled(const paranet_host* host, paranet_call call) {
  const std::shared_ptr<ServedCall> found = Of(host).Find(call);
  return found == nullptr || found->over() ? 1 : 0;
}

int32_t Wait(const paranet_host* host, paranet_call call, int64_t micros) {
  return Of(host).Wait(call, absl::Microseconds(micros)) ? 1 : 0;
}

int32_t AddTrailer(const paranet_host* host, paranet_call call, paranet_text key, paranet_text value) {
  if (!IsValidKey(View(key)) || !IsValidValue(View(key), View(value))) return 0;
  return Of(host).AddTrailer(call, View(key), View(value)) ? 1 : 0;
}

void Respond(const paranet_host* host, paranet_call call, int32_t code, paranet_text message, paranet_bytes response) {
  Of(host).Respond(call, code, View(message), code == 0 ? View(response) : "");
}

int32_t Read(const paranet_host* host, paranet_call call, paranet_bytes* message) {
  return Of(host).Read(call, message) ? 1 : 0;
}

int32_t Write(const paranet_host* host, paranet_call call, paranet_bytes message) {
  return Of(host).Write(call, View(message)) ? 1 : 0;
}

void Finish(const paranet_host* host, paranet_call call, int32_t code, paranet_text message) {
  Of(host).Finish(call, code, View(message));
}

void Call(const paranet_host* host, paranet_call parent, paranet_text skill, int64_t deadline, paranet_bytes request,
          paranet_done done, void* user) {
  Of(host).outgoing().Call(parent, View(skill), deadline, View(request), done, user);
}

int32_t CallAndWait(const paranet_host* host, paranet_call parent, paranet_text skill, int64_t deadline,
                    paranet_bytes request, paranet_bytes* result) {
  return Of(host).outgoing().CallAndWait(parent, View(skill), deadline, View(request), result);
}

paranet_outgoing Open(const paranet_host* host, paranet_call parent, paranet_text skill, int64_t deadline) {
  return Of(host).outgoing().Open(parent, View(skill), deadline);
}

int32_t Send(const paranet_host* host, paranet_outgoing outgoing, paranet_bytes message) {
  return Of(host).outgoing().Send(outgoing, View(message)) ? 1 : 0;
}

void CloseSend(const paranet_host* host, paranet_outgoing outgoing) { Of(host).outgoing().CloseSend(outgoing); }

int32_t Receive(const paranet_host* host, paranet_outgoing outgoing, paranet_bytes* message) {
  return Of(host).outgoing().Receive(outgoing, message) ? 1 : 0;
}

int32_t Outcome(const paranet_host* host, paranet_outgoing outgoing, paranet_text* message) {
  return Of(host).outgoing().Outcome(outgoing, message);
}

void Cancel(const paranet_host* host, paranet_outgoing outgoing) { Of(host).outgoing().Cancel(outgoing); }

}  // namespace

HostTable::HostTable(ActorServer* given) : paranet_host{}, server(given) {
  struct_size = sizeof(paranet_host);
  abi_version = PARANET_ABI_VERSION;
  log = &Log;
  config = &Config;
  caller = &Caller;
  metadata = &GetMetadata;
  deadline = &Deadline;
  is_cancelled = &IsCancelled;
  wait = &Wait;
  add_trailer = &AddTrailer;
  respond = &Respond;
  read = &Read;
  write = &Write;
  finish = &Finish;
  call = &Call;
  call_and_wait = &CallAndWait;
  open = &Open;
  send = &Send;
  close_send = &CloseSend;
  receive = &Receive;
  outcome = &Outcome;
  cancel = &Cancel;
}

}  // namespace paranet
