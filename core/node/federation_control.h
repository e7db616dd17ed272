// What a node asks of its federation. Declared here and implemented in //federation, so that a Test Node cannot
// federate because it does not contain the code.
#ifndef PARANET_CORE_NODE_FEDERATION_CONTROL_H_
#define PARANET_CORE_NODE_FEDERATION_CONTROL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/rpc/incoming_call.h"
#include "core/skill/provider.h"
#include "paranet/v1/federation.pb.h"
#include "paranet/v1/node.pb.h"

namespace paranet {

// Thread-safe.
class FederationControl {
 public:
  virtual ~FederationControl() = default;

  // Makes the link durable and dials. Returns when it is up, or with the reason why not: a refusal leaves nothing
  // behind; where the peer was only out of reach until `deadline`, the link stays configured and UNAVAILABLE says so.
  virtual absl::StatusOr<v1::LinkInfo> Federate(const v1::FederateRequest& request, absl::Time deadline) = 0;
  // Ends the federation with `peer` for both sides. NOT_FOUND with the nearest names.
  virtual absl::Status Defederate(const std::string& peer) = 0;
  virtual std::vector<v1::LinkInfo> ListLinks() = 0;

  // Takes a call that arrived on the network listener if it is one of the Federation service's.
  virtual bool HandleCall(const std::shared_ptr<IncomingCall>& call) = 0;
  // Whether the client of a direct gRPC call on the network listener may call `skill` here. PERMISSION_DENIED or
  // UNAUTHENTICATED.
  virtual absl::Status Authorize(const IncomingCall& call, const Skill& skill) = 0;
  // True while a configured link has not yet been up since the node started, so that a skill now unknown may still
  // come.
  virtual bool MayBringSkills() = 0;

  // Dials the durable links. Returns when each is up or has failed once, or at `deadline`.
  virtual void Start(absl::Time deadline) = 0;
  // Says goodbye to the peers and closes all links. Nothing of this object runs afterwards.
  virtual void Stop() = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_FEDERATION_CONTROL_H_
