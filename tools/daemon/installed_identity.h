// What a data directory says its node is: a node stays what it was when it was first started, until it is given an
// identity.
//
//   DATA_DIR/identity/    an Otonoma Certificate with its key (pki/identity_folder.h): a Standard Node
//   DATA_DIR/test-node    an empty file: a Test Node
#ifndef PARANET_TOOLS_DAEMON_INSTALLED_IDENTITY_H_
#define PARANET_TOOLS_DAEMON_INSTALLED_IDENTITY_H_

#include <string>

#include "absl/status/status.h"
#include "pki/node_identity.h"

namespace paranet::daemon {

enum class InstalledKind { kNone, kTest, kStandard };

InstalledKind ReadInstalledKind(const std::string& data_dir);

// DATA_DIR/identity.
std::string InstalledIdentityDir(const std::string& data_dir);

// Puts `identity` there, in place of one that is there, all of it or nothing. DATA_DIR must be there and locked.
absl::Status InstallIdentity(const std::string& data_dir, const pki::NodeIdentity& identity);

// Marks the directory as a Test Node's. Not for one with an identity.
absl::Status MarkAsTestNode(const std::string& data_dir);

}  // namespace paranet::daemon

#endif  // PARANET_TOOLS_DAEMON_INSTALLED_IDENTITY_H_
