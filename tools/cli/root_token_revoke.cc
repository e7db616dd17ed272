#include "tools/cli/root_token_revoke.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "tools/cli/json.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {
namespace {

struct Options {
  RootOptions root;
  std::string id;
};

}  // namespace

void AddRootTokenRevoke(CommandTree& tree) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb =
      tree.Verb(RootNoun(tree, kTokenNoun, kTokenNounHelp), "revoke", "Revokes a join token that has not been used.",
                "paranet root token revoke acme 4bb06f8e4e3a", [options](Context& context) -> absl::Status {
                  const SystemClock clock;
                  PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, options->root, &clock));
                  PARANET_RETURN_IF_ERROR(root->RevokeToken(options->id, Actor()));
                  context.out->Result(JsonObject().Set("revoked", options->id),
                                      absl::StrCat("Revoked join token ", options->id, ".\n"));
                  return absl::OkStatus();
                });
  AddRootOptions(verb, options->root);
  verb->add_option("id", options->id, "As paranet root token ls shows it")->required()->type_name("ID");
}

}  // namespace paranet::cli
