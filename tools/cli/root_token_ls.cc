#include "tools/cli/root_token_ls.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "pki/root/token_book.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/json.h"
#include "tools/cli/output.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {
namespace {

std::string StateOf(const pki::JoinTokenEntry& token, absl::Time now) {
  if (token.used_at.has_value()) return "used";
  if (token.revoked_at.has_value()) return "revoked";
  return now > token.expires_at ? "expired" : "unused";
}

int64_t Unix(const std::optional<absl::Time>& time) { return time.has_value() ? absl::ToUnixSeconds(*time) : 0; }

}  // namespace

void AddRootTokenLs(CommandTree& tree) {
  const auto options = std::make_shared<RootOptions>();
  CLI::App* verb = tree.Verb(
      RootNoun(tree, kTokenNoun, kTokenNounHelp), "ls", "Lists the join tokens that were made, without their secrets.",
      "paranet root token ls acme", [options](Context& context) -> absl::Status {
        const SystemClock clock;
        PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, *options, &clock));
        PARANET_ASSIGN_OR_RETURN(const std::vector<pki::JoinTokenEntry> tokens, root->ListTokens());
        const absl::Time now = clock.Now();
        std::vector<Json> json;
        std::vector<std::vector<std::string>> rows;
        for (const pki::JoinTokenEntry& token : tokens) {
          json.push_back(JsonObject()
                             .Set("id", token.id)
                             .Set("node", token.node)
                             .Set("endpoint", token.endpoint)
                             .Set("state", StateOf(token, now))
                             .Set("created_at_unix", absl::ToUnixSeconds(token.created_at))
                             .Set("expires_unix", absl::ToUnixSeconds(token.expires_at))
                             .Set("used_at_unix", Unix(token.used_at))
                             .Set("revoked_at_unix", Unix(token.revoked_at))
                             .Set("serial", token.serial));
          rows.push_back({token.id, token.node, StateOf(token, now), FormatUtc(token.created_at),
                          FormatUtc(token.expires_at), token.serial});
        }
        context.out->Result(JsonObject().Set("tokens", Json::Array(json)),
                            FormatTable({"id", "node", "state", "made", "until", "certificate"}, rows,
                                        "There is none: paranet root token create."));
        return absl::OkStatus();
      });
  AddRootOptions(verb, *options);
}

}  // namespace paranet::cli
