#include "tools/cli/root_ls.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "tools/cli/json.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {
namespace {

struct Options {
  RootOptions root;
  bool all = false;
};

}  // namespace

void AddRootLs(CommandTree& tree) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = tree.Verb(
      RootNoun(tree), "ls", "Lists the certificates that were issued: to whom, until when, revoked or not.",
      "paranet root ls acme\nparanet root ls acme --all --output json", [options](Context& context) -> absl::Status {
        const SystemClock clock;
        PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, options->root, &clock));
        PARANET_ASSIGN_OR_RETURN(const std::vector<pki::CertificateEntry> entries, root->List());
        const absl::Time now = clock.Now();
        std::vector<pki::CertificateEntry> shown;
        std::vector<Json> json;
        for (const pki::CertificateEntry& entry : entries) {
          if (!options->all && now > entry.not_after) continue;
          shown.push_back(entry);
          json.push_back(EntryJson(entry, now));
        }
        context.out->Result(JsonObject().Set("certificates", Json::Array(json)), FormatEntries(shown, now));
        return absl::OkStatus();
      });
  AddRootOptions(verb, options->root);
  verb->add_flag("--all", options->all, "Expired ones too");
}

}  // namespace paranet::cli
