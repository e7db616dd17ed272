#include "tools/cli/root_token_create.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "pki/join_token.h"
#include "pki/root/token_book.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/json.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {
namespace {

struct Options {
  RootOptions root;
  std::string node;
  std::string endpoint;
  std::string ttl = "24h";
};

}  // namespace

void AddRootTokenCreate(CommandTree& tree) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb =
      tree.Verb(RootNoun(tree, kTokenNoun, kTokenNounHelp), "create",
                "Makes a join token: with it one node enrols, once. It is shown only now.",
                "paranet root token create acme --node beta --endpoint root.example:8443\n"
                "paranet root token create acme --node beta --endpoint 10.0.0.1:8443 --ttl 1h",
                [options](Context& context) -> absl::Status {
                  PARANET_ASSIGN_OR_RETURN(const absl::Duration ttl, ParseDurationOption("--ttl", options->ttl));
                  const SystemClock clock;
                  PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, options->root, &clock));
                  const absl::StatusOr<pki::JoinToken> token =
                      root->CreateToken({.node = options->node, .endpoint = options->endpoint, .life = ttl}, Actor());
                  if (absl::IsInvalidArgument(token.status())) return UsageError(token.status().message());
                  if (!token.ok()) return token.status();
                  context.out->Result(JsonObject()
                                          .Set("token", token->ToText())
                                          .Set("id", pki::TokenId(*token))
                                          .Set("node", options->node)
                                          .Set("endpoint", options->endpoint)
                                          .Set("expires_unix", token->fields().expires_unix()),
                                      token->ToText() + "\n");
                  context.out->Talk(absl::StrCat("Next, where ", options->node, " runs: paranet node enroll ",
                                                 options->node, " --token TOKEN"));
                  return absl::OkStatus();
                });
  AddRootOptions(verb, options->root);
  verb->add_option("--node", options->node, "Name of the one node that may use it")->required()->type_name("NAME");
  verb->add_option("--endpoint", options->endpoint, "Where that node reaches `paranet root serve`")
      ->required()
      ->type_name("HOST:PORT");
  verb->add_option("--ttl", options->ttl, "How long it can be used (24h)")->type_name("TIME");
}

}  // namespace paranet::cli
