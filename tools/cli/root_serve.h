// `paranet root serve`: the enrolment service of a Network Root, until it is stopped.
#ifndef PARANET_TOOLS_CLI_ROOT_SERVE_H_
#define PARANET_TOOLS_CLI_ROOT_SERVE_H_

#include <string>
#include <vector>

#include "tools/cli/command_tree.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {

struct RootServeOptions {
  RootOptions root;
  std::string listen = "127.0.0.1:8443";
  // In the service's certificate.
  std::vector<std::string> dns;
  std::vector<std::string> ip;
  std::string leaf_life = "24h";
  std::string crl_life = "168h";
  // Enrolments a second from one address; 0: no limit.
  double rate = 50;
  // Starts it as a process of its own.
  bool detach = false;
  // Internal: this is that process.
  bool report_ready = false;
};

void AddRootServe(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_SERVE_H_
