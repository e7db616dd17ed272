// Bytes that are no archive, or a damaged one, or one that wants more than there is.
#ifndef PARANET_TESTS_PACKAGES_BAD_ARCHIVES_H_
#define PARANET_TESTS_PACKAGES_BAD_ARCHIVES_H_

#include <vector>

#include "tests/packages/forge.h"

namespace paranet {

std::vector<BadPackage> BadArchives();

}  // namespace paranet

#endif  // PARANET_TESTS_PACKAGES_BAD_ARCHIVES_H_
