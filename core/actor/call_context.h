// What an actor can ask the node for: about itself, and about a call.
#ifndef PARANET_CORE_ACTOR_CALL_CONTEXT_H_
#define PARANET_CORE_ACTOR_CALL_CONTEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/actor/abi.h"

namespace paranet::actor {

enum class LogLevel {
  kDebug = PARANET_LOG_DEBUG,
  kInfo = PARANET_LOG_INFO,
  kWarning = PARANET_LOG_WARNING,
  kError = PARANET_LOG_ERROR,
};

// The actor's own surroundings; an actor may keep a copy for as long as it lives. Thread-safe.
class ActorContext {
 public:
  ActorContext(const paranet_host* host, std::string id) : host_(host), id_(std::move(id)) {}

  // The actor's id in the manifest.
  const std::string& id() const { return id_; }
  // The value of `key` in the actor's `env` in paranet.yaml.
  std::optional<std::string> Config(absl::string_view key) const;
  // One line in the node's log.
  void Log(LogLevel level, absl::string_view text) const;

  // For the SDK.
  const paranet_host* host() const { return host_; }

 private:
  const paranet_host* host_;
  std::string id_;
};

// One call. Valid while its handler runs. Thread-safe.
class CallContext {
 public:
  CallContext(const paranet_host* host, paranet_call call) : host_(host), call_(call) {}
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  // Who calls: `paranet://acme/node/alpha`, `uid:1000`, `local` or `anonymous`.
  absl::string_view caller() const;
  // When the call must have ended; InfiniteFuture if never.
  absl::Time deadline() const;
  // The `index`th value of the caller's metadata `key`, in lower case.
  std::optional<absl::string_view> Metadata(absl::string_view key, size_t index = 0) const;
  // True if nobody waits for the answer any more.
  bool IsCancelled() const;
  // Sleeps, and lets other handlers of the actor run meanwhile. False, at once, if the call is over.
  bool SleepFor(absl::Duration time);
  // Adds to the trailing metadata. INVALID_ARGUMENT if `key` or `value` is not valid in gRPC metadata; CANCELLED if the
  // call is over.
  absl::Status AddTrailer(absl::string_view key, absl::string_view value);

  // For the SDK.
  const paranet_host* host() const { return host_; }
  paranet_call call() const { return call_; }

 private:
  const paranet_host* const host_;
  const paranet_call call_;
};

}  // namespace paranet::actor

#endif  // PARANET_CORE_ACTOR_CALL_CONTEXT_H_
