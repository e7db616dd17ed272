// `paranet node enroll`: makes a node a Standard Node, or gives one another certificate, while it runs or not.
#ifndef PARANET_TOOLS_CLI_NODE_ENROLL_H_
#define PARANET_TOOLS_CLI_NODE_ENROLL_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "paranet/v1/pki.pb.h"
#include "tools/cli/command_tree.h"

namespace paranet::cli {

struct NodeEnrollOptions {
  std::string name;
  // A join token, or the file that has one (`-`: standard input).
  std::string token;
  std::string token_file;
  // By files, the first step: network, and where the PEM request goes.
  std::string network;
  std::string request_out;
  // By files, the second step: PEM.
  std::string chain;
  std::string roots;
  std::vector<std::string> crl;
  // Of the request, for stock TLS clients.
  std::vector<std::string> dns;
  std::vector<std::string> ip;
};

// The certificate that is in force when this returns. `options` has a token, or chain and roots.
absl::StatusOr<v1::CertificateInfo> EnrollNode(const Context& context, const NodeEnrollOptions& options);
// Writes the request.
absl::Status PrepareNodeRequest(const Context& context, const NodeEnrollOptions& options);

void AddNodeEnroll(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_NODE_ENROLL_H_
