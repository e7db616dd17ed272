// From a gRPC call that has arrived to the provider that answers it.
#ifndef PARANET_CORE_ROUTING_DISPATCHER_H_
#define PARANET_CORE_ROUTING_DISPATCHER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/routing/router.h"
#include "core/rpc/incoming_call.h"
#include "core/skill/skill_set.h"

namespace paranet {

// Thread-safe; never blocks.
class CallDispatcher {
 public:
  struct Options {
    // Outlives the dispatcher and every call it has begun.
    const Router* router = nullptr;
    // Whose providers may serve: a listener for peers offers the node's own alone (no transit).
    RouteScope scope = RouteScope::kAll;
    // Who calls (CallContext::caller), or why this caller may not call this skill.
    std::function<absl::StatusOr<std::string>(const IncomingCall&, const Skill&)> authorize;
  };

  explicit CallDispatcher(Options options) : options_(std::move(options)) {}

  // Connects `call` to a provider of its path. The call ends with the provider's answer, or with the error of the
  // router, of `authorize`, or INVALID_ARGUMENT if a unary call has no request message. The payload is passed on
  // unread.
  void Dispatch(std::shared_ptr<IncomingCall> call) const;

 private:
  const Options options_;
};

}  // namespace paranet

#endif  // PARANET_CORE_ROUTING_DISPATCHER_H_
