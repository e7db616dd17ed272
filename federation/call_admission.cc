#include "federation/call_admission.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "federation/call_frames.h"
#include "federation/export_policy.h"

namespace paranet {

absl::StatusOr<AdmittedCall> AdmitCall(const Catalogue& catalogue, const Router& router, const Policy* policy,
                                       const pki::Identity& peer, bool exports, const v1::CallHeader& header,
                                       absl::Time deadline, RpcQueue* queue) {
  if (!exports) {
    return absl::PermissionDeniedError(
        absl::StrCat("the link is one-way and node ", peer.name,
                     " may not call over it; federate with --bidirectional to allow that"));
  }
  if (header.hops() > static_cast<uint32_t>(kMostHops)) {
    return absl::FailedPreconditionError(absl::StrCat("the call has crossed ", header.hops(), " links and may cross ",
                                                      kMostHops, "; look for a loop among the nodes"));
  }
  PARANET_ASSIGN_OR_RETURN(Route route, ResolveForPeer(*catalogue.snapshot(), router, header.path(), header.version()));
  AdmittedCall call;
  call.context.caller = CallerOf(peer, header.caller());
  if (policy != nullptr && !policy->CheckCarriedCall(peer, call.context.caller, *route.skill).ok()) {
    return NotExported(header.path());
  }
  call.provider = std::move(route.provider);
  call.context.skill_set = std::move(route.skill_set);
  call.context.skill = route.skill;
  call.context.deadline = deadline;
  call.context.hops = static_cast<int>(header.hops());
  call.context.metadata = GetMetadata(header.metadata());
  call.context.queue = queue;
  return call;
}

std::string CallerOf(const pki::Identity& peer, const std::string& sent) {
  const absl::StatusOr<pki::Identity> caller = pki::Identity::Parse(sent);
  return caller.ok() && caller->network == peer.network ? sent : peer.ToUri();
}

}  // namespace paranet
