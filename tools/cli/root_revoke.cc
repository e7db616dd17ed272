#include "tools/cli/root_revoke.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/clock.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "pki/revocation_list.h"
#include "pki/root/root_key.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/json.h"
#include "tools/cli/passphrase.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {
namespace {

struct Options {
  RootOptions root;
  std::string target;
  std::string reason = "unspecified";
  std::string root_key;
  PassphraseOptions passphrase;
};

}  // namespace

void AddRootRevoke(CommandTree& tree) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = tree.Verb(
      RootNoun(tree), "revoke", "Revokes certificates and signs a new revocation list.",
      "paranet root revoke acme node/beta --reason keyCompromise\n"
      "paranet root revoke acme 9f86d081884c7d659a2feaa0c55ad015 --reason superseded",
      [options](Context& context) -> absl::Status {
        const absl::StatusOr<pki::RevocationReason> reason = pki::ParseRevocationReason(options->reason);
        if (!reason.ok()) {
          return UsageError(absl::StrCat(
              "--reason is unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, "
              "cessationOfOperation, certificateHold, privilegeWithdrawn or aACompromise, not \"",
              options->reason, "\".",
              DidYouMean(options->reason, {"unspecified", "keyCompromise", "cACompromise", "affiliationChanged",
                                           "superseded", "cessationOfOperation", "privilegeWithdrawn"})));
        }
        const SystemClock clock;
        PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, options->root, &clock));
        pki::RootKey root_key{.file = options->root_key, .passphrase = std::nullopt};
        PARANET_ASSIGN_OR_RETURN(root_key.passphrase, GivenPassphrase(options->passphrase));
        PARANET_ASSIGN_OR_RETURN(const std::vector<pki::CertificateEntry> revoked,
                                 root->Revoke(options->target, *reason, Actor(), root_key));
        const absl::Time now = clock.Now();
        std::vector<Json> json;
        for (const pki::CertificateEntry& entry : revoked) json.push_back(EntryJson(entry, now));
        context.out->Result(JsonObject().Set("revoked", Json::Array(json)), FormatEntries(revoked, now));
        context.out->Talk(
            absl::StrCat("A running `paranet root serve` tells the nodes at once; others need the file "
                         "that `paranet root crl ",
                         options->root.network, "` writes."));
        return absl::OkStatus();
      });
  AddRootOptions(verb, options->root);
  verb->add_option("certificate", options->target, "A serial, a fingerprint, an identity, or ROLE/NAME: all in force")
      ->required()
      ->type_name("CERTIFICATE");
  verb->add_option("--reason", options->reason, "By the names of RFC 5280 (unspecified)")->type_name("REASON");
  verb->add_option("--root-key", options->root_key,
                   "Where the root key is, if not in the directory; only to revoke an issuing authority")
      ->type_name("FILE");
  AddPassphraseOptions(verb, options->passphrase, "the root key", /*may_be_none=*/false);
}

}  // namespace paranet::cli
