// Packages that nobody answers for, or the wrong one, or somebody no more.
#ifndef PARANET_TESTS_PACKAGES_BAD_SIGNATURES_H_
#define PARANET_TESTS_PACKAGES_BAD_SIGNATURES_H_

#include <vector>

#include "pki/testutil/test_network.h"
#include "tests/packages/forge.h"

namespace paranet {

// For a Standard Node of `network` that has weather 1.5.0 and knows that the publisher `gone` was revoked. All outlive
// the cases.
std::vector<BadPackage> BadSignatures(pki::TestNetwork& network, pki::TestNetwork& foreign,
                                      const pki::NetworkRoot::IssuedKey& gone);

}  // namespace paranet

#endif  // PARANET_TESTS_PACKAGES_BAD_SIGNATURES_H_
