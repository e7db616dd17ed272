// What a data directory says its node is: a node stays what it was when it was first started, until it gets an
// identity. Can be asked without opening, or locking, anything.
//
//   DATA_DIR/identity/    an Otonoma Certificate with its key (pki/node_trust.h): a Standard Node
//   DATA_DIR/test-node    an empty file: a Test Node
#ifndef PARANET_CORE_NODE_INSTALLED_KIND_H_
#define PARANET_CORE_NODE_INSTALLED_KIND_H_

#include <string>

#include "absl/status/status.h"

namespace paranet {

enum class InstalledKind { kNone, kTest, kStandard };

InstalledKind ReadInstalledKind(const std::string& data_dir);

// DATA_DIR/identity.
std::string InstalledIdentityDir(const std::string& data_dir);

// Marks the directory as a Test Node's. Not for one with an identity.
absl::Status MarkAsTestNode(const std::string& data_dir);
// OK if there is no mark.
absl::Status UnmarkTestNode(const std::string& data_dir);

}  // namespace paranet

#endif  // PARANET_CORE_NODE_INSTALLED_KIND_H_
