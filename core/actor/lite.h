// The small C++ SDK: actors with nothing but a C++17 compiler.
//
// `paranet package proto FILE.proto --cpp FILE.skills.h` makes plain structs of the messages in a .proto and a base
// class of each service, on what is here; `paranet package init --lang cpp` makes a package that does so. There is no
// protobuf and no other library in such an actor. core/actor/sdk.h is the large one, on protobuf and Abseil, for builds
// with Bazel. Both stand on core/actor/abi.h, which is the specification of all that is said here in few words.
#ifndef PARANET_CORE_ACTOR_LITE_H_
#define PARANET_CORE_ACTOR_LITE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/actor/abi.h"
#include "core/actor/lite_codec.h"

namespace paranet::lite {

// gRPC's codes.
enum class Code : int32_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// How something ended: OK, or an error with one sentence for people.
class Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}
  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

// A value, or why there is none. Made from either: `return response;`, `return Status(Code::kNotFound, "no such
// city");`.
template <typename T>
class Result {
 public:
  Result(T value) : value_(std::move(value)) {}        // NOLINT(google-explicit-constructor)
  Result(Status error) : status_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  bool ok() const { return value_.has_value(); }
  // An error without a code is the author's mistake.
  Status status() const {
    if (ok() || !status_.ok()) return status_;
    return {Code::kInternal, "the handler returned neither an answer nor an error"};
  }
  const T& value() const { return *value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

inline paranet_text ToText(std::string_view text) { return {text.data(), text.size()}; }
inline std::string FromText(const paranet_text& text) {
  return text.size == 0 ? std::string() : std::string(text.data, text.size);
}

// What an actor has of its node, for as long as it lives. Thread-safe.
class Actor {
 public:
  Actor(const paranet_host* host, std::string id) : host_(host), id_(std::move(id)) {}
  const std::string& id() const { return id_; }
  // A value of its configuration.
  std::optional<std::string> Config(std::string_view key) const {
    paranet_text value{};
    if (host_->config(host_, ToText(key), &value) == 0) return std::nullopt;
    return FromText(value);
  }
  // One line in the node's log, under the actor's name. `level`: PARANET_LOG_INFO and the like.
  void Log(int32_t level, std::string_view line) const { host_->log(host_, level, ToText(line)); }

 private:
  const paranet_host* host_;
  std::string id_;
};

// One call, while its handler runs.
class Call {
 public:
  Call(const paranet_host* host, paranet_call call) : host_(host), call_(call) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Who calls: `paranet://acme/node/alpha`, `uid:1000`, `local` or `anonymous`.
  std::string Caller() const { return FromText(host_->caller(host_, call_)); }
  // The first value of the caller's metadata `key`.
  std::optional<std::string> Metadata(std::string_view key) const {
    paranet_text value{};
    if (host_->metadata(host_, call_, ToText(key), 0, &value) == 0) return std::nullopt;
    return FromText(value);
  }
  // True if nobody waits for the answer any more.
  bool Cancelled() const { return host_->is_cancelled(host_, call_) != 0; }
  // Sleeps; false at once when the call is over.
  bool Wait(int64_t microseconds) const { return host_->wait(host_, call_, microseconds) != 0; }

  const paranet_host* host() const { return host_; }
  paranet_call id() const { return call_; }

 private:
  const paranet_host* host_;
  paranet_call call_;
};

// The caller's messages of a streaming call.
template <typename Message>
class Reader {
 public:
  explicit Reader(const Call& call) : call_(call) {}
  // Blocks for the next; false when there are no more, the call is over, or one is no Message (then failed() is true).
  bool Read(Message* message) {
    paranet_bytes bytes{};
    if (failed_ || call_.host()->read(call_.host(), call_.id(), &bytes) == 0) return false;
    *message = Message();
    failed_ = !Decode(bytes.data, bytes.size, message);
    return !failed_;
  }
  bool failed() const { return failed_; }

 private:
  const Call& call_;
  bool failed_ = false;
};

// The messages to the caller of a streaming call.
template <typename Message>
class Writer {
 public:
  explicit Writer(const Call& call) : call_(call) {}
  // Blocks while too many are on their way; false if the call is over.
  bool Write(const Message& message) {
    const std::string bytes = Encode(message);
    return call_.host()->write(call_.host(), call_.id(), {bytes.data(), bytes.size()}) != 0;
  }

 private:
  const Call& call_;
};

// Calls another skill of the network, a unary one, on behalf of `call`, and waits for its end. `skill`: a name
// (`weather/current~1.2`) or a path (`/weather.v1.Weather/Current`); both messages are those of its .proto.
template <typename Response, typename Request>
Result<Response> Ask(const Call& call, std::string_view skill, const Request& request) {
  const paranet_host* const host = call.host();
  if (host->struct_size < offsetof(paranet_host, call_and_wait) + sizeof(host->call_and_wait)) {
    return Status(Code::kUnimplemented, "this node is older than calls of other skills");
  }
  const std::string bytes = Encode(request);
  paranet_bytes result{};
  const int32_t code =
      host->call_and_wait(host, call.id(), ToText(skill), INT64_MAX, {bytes.data(), bytes.size()}, &result);
  if (code != 0) {
    return Status(static_cast<Code>(code), std::string(static_cast<const char*>(result.data), result.size));
  }
  Response response;
  if (Decode(result.data, result.size, &response)) return response;
  return Status(Code::kInternal, "the answer of " + std::string(skill) + " is not the message that was expected");
}

// --- What generated base classes are made of.

template <typename SkillSet>
struct Method {
  const char* path;
  uint32_t shape;
  void (*unary)(SkillSet&, Call&, paranet_bytes);
  void (*stream)(SkillSet&, Call&);
};

inline void Respond(const Call& call, const Status& status, const std::string& response) {
  call.host()->respond(call.host(), call.id(), static_cast<int32_t>(status.code()), ToText(status.message()),
                       {response.data(), response.size()});
}
inline void Finish(const Call& call, const Status& status) {
  call.host()->finish(call.host(), call.id(), static_cast<int32_t>(status.code()), ToText(status.message()));
}
inline Status NotThatMessage() {
  return {Code::kInvalidArgument, "the request is not the message that the skill takes"};
}

// Runs `handler`, from which no exception may come out into the node.
template <typename Handler>
auto Guarded(Handler handler) -> decltype(handler()) {
  try {
    return handler();
  } catch (const std::exception& error) {
    return Status(Code::kInternal, std::string("the handler threw: ") + error.what());
  } catch (...) {
    return Status(Code::kInternal, "the handler threw something that is no std::exception");
  }
}

template <typename SkillSet, typename Request, typename Response>
void ServeUnary(SkillSet& set, Result<Response> (SkillSet::*handler)(const Request&, Call&), Call& call,
                paranet_bytes bytes) {
  Request request;
  if (!Decode(bytes.data, bytes.size, &request)) return Respond(call, NotThatMessage(), "");
  const Result<Response> result = Guarded([&]() -> Result<Response> { return (set.*handler)(request, call); });
  Respond(call, result.status(), result.ok() ? Encode(result.value()) : "");
}

template <typename SkillSet, typename Request, typename Response>
void ServeServerStream(SkillSet& set, Status (SkillSet::*handler)(const Request&, Writer<Response>&, Call&),
                       Call& call) {
  Reader<Request> reader(call);
  Writer<Response> writer(call);
  Request request;
  if (!reader.Read(&request)) return Finish(call, NotThatMessage());
  Finish(call, Guarded([&]() -> Status { return (set.*handler)(request, writer, call); }));
}

template <typename SkillSet, typename Request, typename Response>
void ServeClientStream(SkillSet& set, Result<Response> (SkillSet::*handler)(Reader<Request>&, Call&), Call& call) {
  Reader<Request> reader(call);
  const Result<Response> result = Guarded([&]() -> Result<Response> { return (set.*handler)(reader, call); });
  if (reader.failed()) return Finish(call, NotThatMessage());
  if (result.ok()) Writer<Response>(call).Write(result.value());
  Finish(call, result.status());
}

template <typename SkillSet, typename Request, typename Response>
void ServeBidiStream(SkillSet& set, Status (SkillSet::*handler)(Reader<Request>&, Writer<Response>&, Call&),
                     Call& call) {
  Reader<Request> reader(call);
  Writer<Response> writer(call);
  const Status status = Guarded([&]() -> Status { return (set.*handler)(reader, writer, call); });
  Finish(call, reader.failed() ? NotThatMessage() : status);
}

// The module of an actor whose class is `T`: it derives from each of `SkillSets` and has a constructor that takes an
// `Actor&`, which outlives it; an exception from that is the reason why the actor does not start.
template <typename T, typename... SkillSets>
class Module {
 public:
  // What paranet_actor_module returns.
  static const paranet_module* Table() { return &The().table_; }

 private:
  struct Handlers {
    std::function<void(T&, Call&, paranet_bytes)> unary;
    std::function<void(T&, Call&)> stream;
  };
  struct Instance {
    Instance(const paranet_host* its_host, std::string id)
        : host(its_host), actor(its_host, std::move(id)), object(actor) {}
    const paranet_host* host;
    Actor actor;
    T object;
  };

  static const Module& The() {
    static const Module kModule;
    return kModule;
  }

  Module() {
    (Add<SkillSets>(), ...);
    table_ = {sizeof(paranet_module),
              PARANET_ABI_VERSION,
              sizeof(paranet_method),
              methods_.data(),
              methods_.size(),
              &Create,
              &Unary,
              &Stream,
              nullptr,
              &Destroy};
  }

  template <typename SkillSet>
  void Add() {
    for (const Method<SkillSet>& method : SkillSet::Methods()) {
      methods_.push_back({{method.path, std::strlen(method.path)}, method.shape});
      const Method<SkillSet>* const its = &method;
      handlers_.push_back({[its](T& object, Call& call, paranet_bytes bytes) { its->unary(object, call, bytes); },
                           [its](T& object, Call& call) { its->stream(object, call); }});
    }
  }

  static paranet_instance* Create(const paranet_host* host, paranet_text id, const paranet_option*, size_t, char* error,
                                  size_t error_size) {
    std::string why = "the constructor threw something that is no std::exception";
    try {
      return reinterpret_cast<paranet_instance*>(new Instance(host, FromText(id)));
    } catch (const std::exception& thrown) {
      why = thrown.what();
    } catch (...) {
    }
    const size_t size = why.size() < error_size ? why.size() : error_size - 1;
    std::memcpy(error, why.data(), size);
    error[size] = '\0';
    return nullptr;
  }
  static void Unary(paranet_instance* instance, size_t method, paranet_call id, paranet_bytes request) {
    auto* const self = reinterpret_cast<Instance*>(instance);
    Call call(self->host, id);
    The().handlers_[method].unary(self->object, call, request);
  }
  static void Stream(paranet_instance* instance, size_t method, paranet_call id) {
    auto* const self = reinterpret_cast<Instance*>(instance);
    Call call(self->host, id);
    The().handlers_[method].stream(self->object, call);
  }
  static void Destroy(paranet_instance* instance) { delete reinterpret_cast<Instance*>(instance); }

  std::vector<paranet_method> methods_;
  std::vector<Handlers> handlers_;
  paranet_module table_;
};

}  // namespace paranet::lite

#endif  // PARANET_CORE_ACTOR_LITE_H_
