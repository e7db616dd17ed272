// What an operator may ask for with Federate.
#ifndef PARANET_FEDERATION_FEDERATE_REQUEST_H_
#define PARANET_FEDERATION_FEDERATE_REQUEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "federation/link_store.h"
#include "paranet/v1/node.pb.h"

namespace paranet {

// The link that `request` asks of node `self` at `now`. INVALID_ARGUMENT for a peer's name, an address or a mode that
// is none; PERMISSION_DENIED for the node itself.
absl::StatusOr<LinkRecord> CheckFederateRequest(const std::string& self, const v1::FederateRequest& request,
                                                absl::Time now);

}  // namespace paranet

#endif  // PARANET_FEDERATION_FEDERATE_REQUEST_H_
