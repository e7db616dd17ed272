// `paranet root issue`: a certificate by files, for a new key or for a request.
#ifndef PARANET_TOOLS_CLI_ROOT_ISSUE_H_
#define PARANET_TOOLS_CLI_ROOT_ISSUE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "paranet/v1/pki.pb.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/home.h"

namespace paranet::cli {

struct RootIssueOptions {
  std::string network;
  // Of the Network Root; empty: $PARANET_HOME/roots/NETWORK.
  std::string dir;
  // `node`, `operator`, `publisher`. With a request, role and name may be empty; otherwise they must be the request's.
  std::string role;
  std::string name;
  // File with a PEM request; empty: make a key.
  std::string request;
  std::vector<std::string> dns;
  std::vector<std::string> ip;
  std::string ttl = "24h";
  // RFC 3339; empty: a minute ago, and `ttl` from now.
  std::string not_before;
  std::string not_after;
  // Made; gets key.pem (not with a request), chain.pem and roots.pem.
  std::string out;
};

absl::StatusOr<v1::CertificateInfo> IssueIdentity(const Home& home, const RootIssueOptions& options);

void AddRootIssue(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_ISSUE_H_
