#include "tools/cli/skill_show.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {
namespace {

struct SkillShowOptions {
  std::string skill;
  std::string node;
  RemoteNode remote;
};

std::string Format(const v1::GetSkillResponse& response, const std::string& node) {
  const v1::Skill& skill = response.skill();
  const v1::SkillSet& set = response.skill_set().skill_set();
  std::vector<std::string> providers;
  for (const v1::Provider& provider : response.skill_set().providers()) {
    providers.push_back(absl::StrCat(provider.name(), provider.available() ? "" : " (unavailable)"));
  }
  return absl::StrCat(FormatFields({{"skill", skill.name()},
                                    {"description", skill.description()},
                                    {"skill set", absl::StrCat(set.name(), " ", set.version())},
                                    {"grpc path", skill.path()},
                                    {"shape", EnumWord(v1::SkillShape_descriptor(), skill.shape())},
                                    {"idempotent", skill.idempotent() ? "yes" : "no"},
                                    {"providers", absl::StrJoin(providers, ", ")}}),
                      "\n// request\n", response.request_schema(), "\n// response\n", response.response_schema(),
                      "\nTry:\n  paranet call ", skill.name(), " '", response.example_json(), "' --node ", node, "\n");
}

}  // namespace

void AddSkillShow(CommandTree& tree) {
  const auto options = std::make_shared<SkillShowOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("skill", "Skills"), "show", "Prints a skill with its messages, who provides it, and a call to try.",
      "paranet skill show weather/current --node alpha", [options](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, options->node, options->remote));
        PARANET_ASSIGN_OR_RETURN(const v1::GetSkillResponse response, client.GetSkill(options->skill));
        context.out->Result(MessageToJson(response), Format(response, options->node));
        return absl::OkStatus();
      });
  verb->add_option("skill", options->skill, "SUBJECT/ACTION, with ~VERSION to pin one")->required()->type_name("SKILL");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
