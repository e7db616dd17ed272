// Calls by name with JSON.
#ifndef PARANET_CORE_NODE_JSON_CALL_H_
#define PARANET_CORE_NODE_JSON_CALL_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/routing/router.h"
#include "core/skill/catalogue.h"

namespace paranet {

// A call of one skill, as JsonCaller::Call and Node::Call take it.
struct JsonCall {
  // `weather/current` or `weather/current~1.2`.
  std::string skill;
  // Pinned provider; empty for any.
  std::string provider;
  absl::Time deadline = absl::InfiniteFuture();
  // Waits, until the deadline, for a skill whose providers are all unavailable or that a link may yet bring.
  bool wait_for_ready = false;
  std::string caller = "local";
  // If given, decides whether the caller may call the skill that was found; the call ends with its error.
  std::function<absl::Status(const Skill&)> authorize;
  // The next message, or nullopt at the end: exactly one unless the client streams, and then nullopt. Called from the
  // calling thread; may block (the call does not return before it has).
  std::function<std::optional<std::string>()> next_request;
  // Gets each answer and returns false to cancel. Called from the calling thread or, where the client streams, from
  // another one; never twice at a time and not after the call has returned. May block: the provider then waits.
  std::function<bool(std::string)> on_response;
  // If given, runs once, in the calling thread and before all others, with a function that cancels the call. That one
  // is thread-safe and stays valid after the call has returned.
  std::function<void(std::function<void()> cancel)> on_start;
  // If given, runs at most once, on any thread, when a call whose client streams has ended: lets a next_request that
  // blocks return nullopt, so that the call can return.
  std::function<void()> on_end;
};

// Thread-safe.
class JsonCaller {
 public:
  struct Options {
    // Both outlive this object.
    Catalogue* catalogue = nullptr;
    const Router* router = nullptr;
    // Whether a skill that is unknown now may still come (FederationControl::MayBringSkills).
    std::function<bool()> may_bring_skills;
  };
  explicit JsonCaller(Options options);
  // Shutdown(now).
  ~JsonCaller();

  // Blocks until the call has ended. Each error names the skill.
  absl::Status Call(const JsonCall& call);

  // Refuses new calls with UNAVAILABLE, lets the running ones end until `deadline`, then cancels them. Returns when
  // none uses the catalogue, the router or a provider any more. Idempotent.
  void Shutdown(absl::Time deadline);

 private:
  class Active;
  struct Registry;

  absl::StatusOr<Route> Resolve(const JsonCall& call, const SkillRef& ref, Active& active);
  absl::Status CallUnary(const JsonCall& call, const SkillRef& ref, Route route, Active& active);
  absl::Status CallStreaming(const JsonCall& call, const Route& route, Active& active);

  const Options options_;
  const std::shared_ptr<Registry> registry_;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_JSON_CALL_H_
