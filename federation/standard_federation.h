// What makes a node a Standard Node: the federation that core/node declares and does not contain.
#ifndef PARANET_FEDERATION_STANDARD_FEDERATION_H_
#define PARANET_FEDERATION_STANDARD_FEDERATION_H_

#include "core/node/node.h"

namespace paranet {

// For NodeOptions::make_federation. The maker fails if the durable links cannot be read, or if the parts have no
// identity.
MakeFederation MakeStandardFederation();

}  // namespace paranet

#endif  // PARANET_FEDERATION_STANDARD_FEDERATION_H_
