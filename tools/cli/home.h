// Where the nodes and Network Roots of this user live: $PARANET_HOME/nodes/NAME and $PARANET_HOME/roots/NETWORK.
#ifndef PARANET_TOOLS_CLI_HOME_H_
#define PARANET_TOOLS_CLI_HOME_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paranet::cli {

class Home {
 public:
  // $PARANET_HOME, or ~/.paranet without it. FAILED_PRECONDITION if neither it nor $HOME is set.
  static absl::StatusOr<Home> FromEnvironment();
  // A relative `path` is taken from the current directory.
  explicit Home(absl::string_view path);

  const std::string& path() const { return path_; }

  // The data directory of a node, whether it is there or not. `node` with a slash is the directory itself: a node that
  // was started with --data-dir.
  std::string NodeDir(absl::string_view node) const;
  std::string RootDir(absl::string_view network) const;
  std::string ControlSocket(absl::string_view node) const;

  // Names of all nodes and networks here, sorted.
  std::vector<std::string> Nodes() const;
  std::vector<std::string> Roots() const;

  // NOT_FOUND with the nearest names and the list of all, unless there is such a node or network.
  absl::Status CheckNode(absl::string_view node) const;
  absl::Status CheckRoot(absl::string_view network) const;

 private:
  std::string path_;
};

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_HOME_H_
