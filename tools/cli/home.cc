#include "tools/cli/home.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest.h"

namespace paranet::cli {
namespace {

namespace fs = std::filesystem;

std::string Absolute(absl::string_view path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(fs::path(std::string(path)), error);
  return error ? std::string(path) : absolute.lexically_normal().string();
}

std::vector<std::string> DirectoriesIn(const std::string& dir) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored)) names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool IsDirectory(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

absl::Status Unknown(absl::string_view what, absl::string_view name, const std::vector<std::string>& all,
                     const std::string& home, absl::string_view how) {
  if (all.empty()) return absl::NotFoundError(absl::StrCat("no ", what, " \"", name, "\" in ", home, "; ", how));
  return absl::NotFoundError(absl::StrCat("no ", what, " \"", name, "\" in ", home, ".", DidYouMean(name, all),
                                          " There ", all.size() == 1 ? "is" : "are", ": ", absl::StrJoin(all, ", ")));
}

}  // namespace

absl::StatusOr<Home> Home::FromEnvironment() {
  if (const char* home = std::getenv("PARANET_HOME"); home != nullptr && *home != '\0') return Home(home);
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return Home(absl::StrCat(home, "/.paranet"));
  }
  return absl::FailedPreconditionError(
      "neither PARANET_HOME nor HOME is set; set PARANET_HOME to the directory for nodes and roots");
}

Home::Home(absl::string_view path) : path_(Absolute(path)) {}

std::string Home::NodeDir(absl::string_view node) const {
  return absl::StrContains(node, '/') ? Absolute(node) : absl::StrCat(path_, "/nodes/", node);
}

std::string Home::RootDir(absl::string_view network) const { return absl::StrCat(path_, "/roots/", network); }

std::string Home::ControlSocket(absl::string_view node) const { return absl::StrCat(NodeDir(node), "/control.sock"); }

std::vector<std::string> Home::Nodes() const { return DirectoriesIn(absl::StrCat(path_, "/nodes")); }

std::vector<std::string> Home::Roots() const { return DirectoriesIn(absl::StrCat(path_, "/roots")); }

absl::Status Home::CheckNode(absl::string_view node) const {
  if (!node.empty() && IsDirectory(NodeDir(node))) return absl::OkStatus();
  return Unknown("node", node, Nodes(), path_,
                 "there is none yet: start one with `paranet node start --name NAME --test`");
}

absl::Status Home::CheckRoot(absl::string_view network) const {
  if (!network.empty() && IsDirectory(RootDir(network))) return absl::OkStatus();
  return Unknown("network", network, Roots(), path_,
                 absl::StrCat("there is none yet: make one with `paranet root init ", network, "`"));
}

}  // namespace paranet::cli
