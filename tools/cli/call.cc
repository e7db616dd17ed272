#include "tools/cli/call.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>

#include "core/base/status.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/line_source.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {

absl::Status CallSkill(const Home& home, const CallOptions& options,
                       const std::function<void(const std::string& json)>& on_response) {
  PARANET_ASSIGN_OR_RETURN(const absl::Duration timeout, ParseDurationOption("--timeout", options.timeout));
  const std::vector<std::string> messages =
      options.messages.empty() ? std::vector<std::string>{"{}"} : options.messages;
  const bool from_stdin = messages == std::vector<std::string>{"-"};
  if (!from_stdin && std::count(messages.begin(), messages.end(), "-") > 0) {
    return UsageError("`-`, for JSON lines on standard input, stands alone");
  }
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(home, options.node, options.remote));
  LineSource lines(STDIN_FILENO);
  size_t next = 0;
  return client.CallSkill({.skill = options.skill,
                           .provider = options.provider,
                           .timeout = timeout,
                           .wait_for_ready = !options.no_wait,
                           .next_request = [&]() -> std::optional<std::string> {
                             if (from_stdin) return lines.Next();
                             if (next == messages.size()) return std::nullopt;
                             return messages[next++];
                           },
                           .interrupt = [&] { lines.Interrupt(); },
                           .on_response = on_response});
}

void AddCall(CommandTree& tree) {
  const auto options = std::make_shared<CallOptions>();
  CLI::App* verb =
      tree.Verb(nullptr, "call", "Calls a skill with JSON. Each answer is a line of JSON, printed as it arrives.",
                "paranet call weather/current '{\"city\":\"Oslo\"}' --node t1\n"
                "paranet call weather/watch '{\"city\":\"Oslo\",\"count\":3}' --node t1 --timeout 1m\n"
                "paranet call greeter/welcome '{\"name\":\"Ada\"}' '{\"name\":\"Alan\"}' --node t1\n"
                "cat names.jsonl | paranet call greeter/chat - --node t1",
                [options](Context& context) {
                  return CallSkill(context.home, *options, [&](const std::string& json) { context.out->Line(json); });
                });
  verb->add_option("skill", options->skill, "SUBJECT/ACTION, with ~VERSION to pin one")->required()->type_name("SKILL");
  verb->add_option("json", options->messages,
                   "The request; several for a skill that takes a stream; `-` for JSON lines on standard input")
      ->type_name("JSON");
  verb->add_option("--node", options->node, "The node to call at")->required()->type_name("NAME");
  verb->add_option("--timeout", options->timeout, "When to give up (10s)")->type_name("TIME");
  verb->add_option("--provider", options->provider, "Who is to serve it, where there are several")->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
  verb->add_flag("--no-wait", options->no_wait, "Fail at once if the skill is known but unavailable");
}

}  // namespace paranet::cli
