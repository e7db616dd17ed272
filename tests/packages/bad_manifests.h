// Manifests that break the rules, in archives that are whole.
#ifndef PARANET_TESTS_PACKAGES_BAD_MANIFESTS_H_
#define PARANET_TESTS_PACKAGES_BAD_MANIFESTS_H_

#include <vector>

#include "tests/packages/forge.h"

namespace paranet {

std::vector<BadPackage> BadManifests();

}  // namespace paranet

#endif  // PARANET_TESTS_PACKAGES_BAD_MANIFESTS_H_
