// Packages whose code, descriptors or versions a node does not take.
#ifndef PARANET_TESTS_PACKAGES_BAD_CODE_H_
#define PARANET_TESTS_PACKAGES_BAD_CODE_H_

#include <map>
#include <string>
#include <vector>

#include "tests/packages/forge.h"

namespace paranet {

// For a node that has weather 1.5.0 with the real actor of the example, whose files `weather` has.
std::vector<BadPackage> BadCode(const std::map<std::string, std::string>& weather);

}  // namespace paranet

#endif  // PARANET_TESTS_PACKAGES_BAD_CODE_H_
