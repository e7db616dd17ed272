// What the verbs of `paranet root` share.
#ifndef PARANET_TOOLS_CLI_ROOT_ACCESS_H_
#define PARANET_TOOLS_CLI_ROOT_ACCESS_H_

#include <memory>
#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "pki/root/network_root.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/home.h"
#include "tools/cli/json.h"

namespace paranet::cli {

inline constexpr char kRootNoun[] = "root";
inline constexpr char kRootNounHelp[] = "Network Roots, which issue certificates";
inline constexpr char kTokenNoun[] = "token";
inline constexpr char kTokenNounHelp[] = "Join tokens, with which nodes enrol";
inline constexpr char kRotateNoun[] = "rotate";
inline constexpr char kRotateNounHelp[] = "Replaces the root, step by step";
inline constexpr char kAuthorityNoun[] = "authority";
inline constexpr char kAuthorityNounHelp[] = "The issuing authority, which signs day by day";

// `root`, and a noun below it.
CLI::App* RootNoun(CommandTree& tree);
CLI::App* RootNoun(CommandTree& tree, const char* name, const char* help);

// Which Network Root.
struct RootOptions {
  std::string network;
  // Empty: $PARANET_HOME/roots/NETWORK.
  std::string dir;

  std::string Dir(const Home& home) const { return dir.empty() ? home.RootDir(network) : dir; }
};
// NETWORK and --dir.
void AddRootOptions(CLI::App* verb, RootOptions& options);

// NOT_FOUND with the nearest names if there is none, or if it is of another network; NetworkRoot::Open's errors.
absl::StatusOr<std::unique_ptr<pki::NetworkRoot>> OpenRoot(const Home& home, const RootOptions& options,
                                                           const Clock* clock);

// Who does it, for the audit trail: `operator:USER` by the user's login name.
std::string Actor();

// `valid`, `revoked`, `expired`, `not yet valid`.
std::string StateOf(const pki::CertificateEntry& entry, absl::Time now);
Json EntryJson(const pki::CertificateEntry& entry, absl::Time now);
std::string FormatEntries(const std::vector<pki::CertificateEntry>& entries, absl::Time now);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_ACCESS_H_
