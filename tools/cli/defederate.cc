#include "tools/cli/defederate.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tools/cli/node_client.h"

namespace paranet::cli {
namespace {

struct DefederateOptions {
  std::string from;
  std::string to;
  RemoteNode remote;
};

}  // namespace

void AddDefederate(CommandTree& tree) {
  const auto options = std::make_shared<DefederateOptions>();
  CLI::App* verb = tree.Verb(
      nullptr, "defederate", "Ends the link between two nodes, for both. Asked of either of them.",
      "paranet defederate --from alpha --to beta", [options](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, options->from, options->remote));
        PARANET_RETURN_IF_ERROR(client.Defederate(options->to));
        context.out->Result(JsonObject().Set("from", options->from).Set("to", options->to).Set("defederated", true),
                            absl::StrCat(options->from, " and ", options->to, " are no longer federated"));
        return absl::OkStatus();
      });
  verb->add_option("--from", options->from, "The node that is asked")->required()->type_name("NODE");
  verb->add_option("--to", options->to, "Its peer")->required()->type_name("NODE");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
