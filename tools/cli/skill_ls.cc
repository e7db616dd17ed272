#include "tools/cli/skill_ls.h"

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

std::string Providers(const v1::SkillSetEntry& entry) {
  std::vector<std::string> names;
  for (const v1::Provider& provider : entry.providers()) {
    names.push_back(absl::StrCat(provider.name(), provider.available() ? "" : " (unavailable)"));
  }
  return absl::StrJoin(names, ", ");
}

absl::Status PrintSkills(Context& context, const std::string& node, const RemoteNode& remote) {
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, node, remote));
  PARANET_ASSIGN_OR_RETURN(const v1::ListSkillsResponse response, client.ListSkills());
  std::vector<std::vector<std::string>> rows;
  for (const v1::SkillSetEntry& entry : response.skill_sets()) {
    for (const v1::Skill& skill : entry.skill_set().skills()) {
      rows.push_back({skill.name(), entry.skill_set().version(), EnumWord(v1::SkillShape_descriptor(), skill.shape()),
                      Providers(entry), skill.description()});
    }
  }
  context.out->Result(MessageToJson(response), FormatTable({"skill", "version", "shape", "providers", "description"},
                                                           rows, absl::StrCat("no skills at ", node)));
  return absl::OkStatus();
}

}  // namespace

void AddSkillLs(CommandTree& tree) {
  const auto node = std::make_shared<std::string>();
  const auto remote = std::make_shared<RemoteNode>();
  CLI::App* verb = tree.Verb(tree.Noun("skill", "Skills"), "ls",
                             "Lists the skills that can be called at a node, its own and imported ones.",
                             "paranet skill ls --node alpha",
                             [node, remote](Context& context) { return PrintSkills(context, *node, *remote); });
  verb->add_option("--node", *node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, remote.get());
}

}  // namespace paranet::cli
