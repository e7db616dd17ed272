#include "core/actor/client.h"

#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace paranet::actor {
namespace {

paranet_text Text(absl::string_view view) { return {view.data(), view.size()}; }
absl::string_view View(paranet_text text) { return {text.data == nullptr ? "" : text.data, text.size}; }
absl::string_view View(paranet_bytes bytes) {
  return {bytes.data == nullptr ? "" : static_cast<const char*>(bytes.data), bytes.size};
}

// A message's bytes; small ones need no memory.
class Serialized {
 public:
  explicit Serialized(const google::protobuf::MessageLite& message) {
    const size_t size = message.ByteSizeLong();
    if (size <= small_.size()) {
      message.SerializeWithCachedSizesToArray(small_.data());
      bytes_ = {small_.data(), size};
    } else {
      message.SerializeToString(&large_);
      bytes_ = {large_.data(), large_.size()};
    }
  }
  Serialized(const Serialized&) = delete;
  Serialized& operator=(const Serialized&) = delete;

  paranet_bytes bytes() const { return bytes_; }

 private:
  std::array<uint8_t, 512> small_;
  std::string large_;
  paranet_bytes bytes_{};
};

absl::Status MakeStatus(int32_t code, absl::string_view message) {
  return absl::Status(static_cast<absl::StatusCode>(code), message);
}

struct Pending {
  const paranet_host* host;
  std::function<void(absl::Status, absl::string_view)> done;
};

void Done(void* user, int32_t code, paranet_text message, paranet_bytes response) noexcept {
  const std::unique_ptr<Pending> pending(static_cast<Pending*>(user));
  try {
    pending->done(MakeStatus(code, View(message)), View(response));
  } catch (...) {
    pending->host->log(pending->host, PARANET_LOG_ERROR,
                       Text("an exception came out of the function that was to get the result of a call"));
  }
}

}  // namespace

Client::Client(const CallContext& call, ClientOptions options)
    : host_(call.host()), parent_(call.call()), options_(std::move(options)) {}

Client::Client(const ActorContext& actor, ClientOptions options)
    : host_(actor.host()), parent_(0), options_(std::move(options)) {}

absl::Status Client::CheckHost() const {
  if (host_->struct_size >= offsetof(paranet_host, cancel) + sizeof(host_->cancel)) return absl::OkStatus();
  return absl::UnimplementedError("this node is too old: its actors cannot call other skills");
}

int64_t Client::Deadline() const {
  return options_.deadline == absl::InfiniteFuture() ? std::numeric_limits<int64_t>::max()
                                                     : absl::ToUnixMicros(options_.deadline);
}

absl::string_view Client::Skill(absl::string_view path, std::string& room) const {
  if (options_.version.empty()) return path;
  room = absl::StrCat(path, "~", options_.version);
  return room;
}

absl::Status Client::Parse(absl::string_view bytes, google::protobuf::MessageLite& message) {
  if (bytes.size() <= INT_MAX && message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::OkStatus();
  }
  return absl::InternalError(absl::StrCat("the skill's response is no valid ", message.GetTypeName()));
}

absl::Status Client::Call(absl::string_view path, const google::protobuf::MessageLite& request,
                          google::protobuf::MessageLite& response) const {
  if (absl::Status status = CheckHost(); !status.ok()) return status;
  std::string room;
  paranet_bytes result{};
  const int32_t code =
      host_->call_and_wait(host_, parent_, Text(Skill(path, room)), Deadline(), Serialized(request).bytes(), &result);
  if (code != 0) return MakeStatus(code, View(result));
  return Parse(View(result), response);
}

void Client::CallAsync(absl::string_view path, const google::protobuf::MessageLite& request,
                       std::function<void(absl::Status, absl::string_view)> done) const {
  if (absl::Status status = CheckHost(); !status.ok()) return done(std::move(status), "");
  std::string room;
  auto pending = std::make_unique<Pending>(Pending{host_, std::move(done)});
  host_->call(host_, parent_, Text(Skill(path, room)), Deadline(), Serialized(request).bytes(), &Done,
              pending.release());
}

OutgoingStream::OutgoingStream(const Client& client, absl::string_view path)
    : host_(client.host_), error_(client.CheckHost()) {
  if (!error_.ok()) return;
  std::string room;
  call_ = host_->open(host_, client.parent_, Text(client.Skill(path, room)), client.Deadline());
}

OutgoingStream& OutgoingStream::operator=(OutgoingStream&& other) noexcept {
  if (this == &other) return *this;
  Abandon();
  host_ = other.host_;
  call_ = std::exchange(other.call_, 0);
  error_ = std::move(other.error_);
  return *this;
}

bool OutgoingStream::Write(const google::protobuf::MessageLite& message) {
  return call_ != 0 && host_->send(host_, call_, Serialized(message).bytes()) != 0;
}

void OutgoingStream::CloseWrite() {
  if (call_ != 0) host_->close_send(host_, call_);
}

bool OutgoingStream::Read(google::protobuf::MessageLite& message) {
  paranet_bytes bytes{};
  if (call_ == 0 || !error_.ok() || host_->receive(host_, call_, &bytes) == 0) return false;
  if (bytes.size <= INT_MAX && message.ParseFromArray(bytes.data, static_cast<int>(bytes.size))) return true;
  error_ = absl::InternalError(absl::StrCat("a response of the skill is no valid ", message.GetTypeName()));
  Cancel();
  return false;
}

void OutgoingStream::Cancel() {
  if (call_ != 0) host_->cancel(host_, call_);
}

absl::Status OutgoingStream::Finish() {
  if (call_ == 0) {
    return error_.ok() ? absl::FailedPreconditionError("the outcome of this call was asked for before") : error_;
  }
  paranet_text message{};
  const int32_t code = host_->outcome(host_, std::exchange(call_, 0), &message);
  return error_.ok() ? MakeStatus(code, View(message)) : error_;
}

void OutgoingStream::Abandon() {
  if (call_ == 0) return;
  Cancel();
  Finish().IgnoreError();
}

}  // namespace paranet::actor
