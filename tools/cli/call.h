// `paranet call`: calls a skill by name with JSON.
#ifndef PARANET_TOOLS_CLI_CALL_H_
#define PARANET_TOOLS_CLI_CALL_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/home.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {

struct CallOptions {
  std::string skill;
  std::string node;
  // The messages as JSON: exactly one unless the client streams. None is one empty message. A single `-` stands for
  // the lines of standard input, each sent when it comes.
  std::vector<std::string> messages;
  std::string timeout = "10s";
  // Empty for any.
  std::string provider;
  // Fail at once where the skill's providers are unavailable, in place of waiting until the timeout.
  bool no_wait = false;
  RemoteNode remote;
};

// `on_response` gets each answer as it arrives. Blocks until the call has ended.
absl::Status CallSkill(const Home& home, const CallOptions& options,
                       const std::function<void(const std::string& json)>& on_response);

void AddCall(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_CALL_H_
