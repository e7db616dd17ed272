// Whether and how a peer's call is served: every check, at every call.
#ifndef PARANET_FEDERATION_CALL_ADMISSION_H_
#define PARANET_FEDERATION_CALL_ADMISSION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/node/policy.h"
#include "core/routing/router.h"
#include "core/rpc/rpc_queue.h"
#include "core/skill/catalogue.h"
#include "core/skill/provider.h"
#include "paranet/v1/federation.pb.h"
#include "pki/identity.h"

namespace paranet {

struct AdmittedCall {
  std::shared_ptr<Provider> provider;
  CallContext context;
};

// `policy`: may forbid the peer, or the caller for whom it speaks, what is exported; null: forbids nothing. What is
// forbidden looks as if it were not there. `peer`: what the certificate of the link proves. `exports`: whether the link
// lets the peer call here. PERMISSION_DENIED in the forbidden direction; FAILED_PRECONDITION after too many hops;
// otherwise as ResolveForPeer.
absl::StatusOr<AdmittedCall> AdmitCall(const Catalogue& catalogue, const Router& router, const Policy* policy,
                                       const pki::Identity& peer, bool exports, const v1::CallHeader& header,
                                       absl::Time deadline, RpcQueue* queue);

// The caller that is passed on: `sent` if it is an identity of the peer's own network, which the peer vouches for; the
// peer itself otherwise.
std::string CallerOf(const pki::Identity& peer, const std::string& sent);

}  // namespace paranet

#endif  // PARANET_FEDERATION_CALL_ADMISSION_H_
