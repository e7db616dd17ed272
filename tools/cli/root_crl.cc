#include "tools/cli/root_crl.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "pki/revocation_list.h"
#include "pki/root/root_lives.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/json.h"
#include "tools/cli/output.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {
namespace {

struct Options {
  RootOptions root;
  std::string out;
  bool der = false;
  bool renew = false;
  std::string life;
};

absl::StatusOr<std::string> Encode(const std::vector<pki::RevocationList>& lists, bool der) {
  if (der && lists.size() != 1) {
    return absl::FailedPreconditionError(absl::StrCat(
        "there are ", lists.size(), " lists, one of each authority, and a DER file has room for one: leave out --der"));
  }
  std::string content;
  for (const pki::RevocationList& list : lists) content += der ? list.ToDer() : list.ToPem();
  return content;
}

}  // namespace

void AddRootCrl(CommandTree& tree) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = tree.Verb(
      RootNoun(tree), "crl", "Writes the revocation lists; signs new ones where half of their life is over.",
      "paranet root crl acme --out acme.crl\nparanet root crl acme --der --out acme.der\n"
      "paranet root crl acme --renew --life 48h",
      [options](Context& context) -> absl::Status {
        absl::Duration life = pki::kRevocationListLife;
        if (!options->life.empty()) {
          PARANET_ASSIGN_OR_RETURN(life, ParseDurationOption("--life", options->life));
        }
        if (options->der && options->out.empty()) return UsageError("--der needs --out: DER is nothing for a terminal");
        const SystemClock clock;
        PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, options->root, &clock));
        PARANET_RETURN_IF_ERROR(root->RefreshRevocationLists(life, options->renew, Actor()));
        PARANET_ASSIGN_OR_RETURN(const std::vector<pki::RevocationList> lists, root->RevocationLists());
        PARANET_ASSIGN_OR_RETURN(const std::string content, Encode(lists, options->der));
        if (!options->out.empty()) PARANET_RETURN_IF_ERROR(WriteFileAtomically(options->out, content, 0644));
        std::vector<Json> json;
        std::vector<std::vector<std::string>> rows;
        for (const pki::RevocationList& list : lists) {
          json.push_back(JsonObject()
                             .Set("issuer", list.issuer())
                             .Set("number", list.number())
                             .Set("this_update_unix", absl::ToUnixSeconds(list.this_update()))
                             .Set("next_update_unix", absl::ToUnixSeconds(list.next_update()))
                             .Set("revoked", list.entries().size())
                             .Set("fingerprint", list.fingerprint()));
          rows.push_back({list.issuer(), list.number(), absl::StrCat(list.entries().size()),
                          FormatUtc(list.this_update()), FormatUtc(list.next_update())});
        }
        context.out->Result(
            JsonObject()
                .Set("file", options->out)
                .Set("pem", options->der ? "" : content)
                .Set("lists", Json::Array(json)),
            options->out.empty() ? content : FormatTable({"issuer", "number", "revoked", "from", "until"}, rows, ""));
        return absl::OkStatus();
      });
  AddRootOptions(verb, options->root);
  verb->add_option("--out", options->out, "File to write; without it, PEM on standard output")->type_name("FILE");
  verb->add_flag("--der", options->der, "DER in place of PEM");
  verb->add_flag("--renew", options->renew, "Sign new lists in any case");
  verb->add_option("--life", options->life, "How long new lists are valid (168h)")->type_name("TIME");
}

}  // namespace paranet::cli
