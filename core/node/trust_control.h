// What an operator asks of a node's trust: to show it, and to change it by hand.
#ifndef PARANET_CORE_NODE_TRUST_CONTROL_H_
#define PARANET_CORE_NODE_TRUST_CONTROL_H_

#include "absl/status/status.h"
#include "paranet/v1/node.pb.h"
#include "pki/node_trust.h"

namespace paranet {

// The roots of the node's own network first.
v1::GetTrustResponse DescribeTrust(const pki::NodeTrust& trust);

// Adopts the lists, adds the roots and removes the roots of `request`, in this order and each for itself: where one is
// refused, those before it stay, those after it are not tried, and the error says which it was. But nothing is done if
// a list or certificate cannot be read. Errors are NodeTrust's, and INVALID_ARGUMENT.
absl::Status UpdateTrust(const v1::UpdateTrustRequest& request, pki::NodeTrust* trust);

}  // namespace paranet

#endif  // PARANET_CORE_NODE_TRUST_CONTROL_H_
