#include "tools/cli/root_show.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "pki/certificate.h"
#include "pki/certificate_info.h"
#include "pki/revocation_list.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/json.h"
#include "tools/cli/message_json.h"
#include "tools/cli/output.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {
namespace {

struct Options {
  RootOptions root;
  std::string target;
};

}  // namespace

void AddRootShow(CommandTree& tree) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = tree.Verb(
      RootNoun(tree), "show", "Shows certificates that were issued, in full.",
      "paranet root show acme node/alpha\nparanet root show acme paranet://acme/node/alpha\n"
      "paranet root show acme 9f86d081884c7d659a2feaa0c55ad015",
      [options](Context& context) -> absl::Status {
        const SystemClock clock;
        PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, options->root, &clock));
        PARANET_ASSIGN_OR_RETURN(const std::vector<pki::CertificateEntry> entries, root->Find(options->target));
        const absl::Time now = clock.Now();
        std::vector<Json> json;
        std::string text;
        for (const pki::CertificateEntry& entry : entries) {
          PARANET_ASSIGN_OR_RETURN(const pki::Certificate certificate, root->CertificateWithSerial(entry.serial));
          const v1::CertificateInfo info = pki::DescribeCertificate(certificate);
          json.push_back(JsonObject()
                             .Set("issued", EntryJson(entry, now))
                             .Set("certificate", MessageToJson(info))
                             .Set("pem", certificate.ToPem()));
          std::string revoked;
          if (entry.revoked_at.has_value()) {
            revoked = absl::StrCat(FormatUtc(*entry.revoked_at), " (", pki::RevocationReasonName(entry.reason), ")");
          }
          absl::StrAppend(&text, text.empty() ? "" : "\n", FormatCertificate(info, now),
                          FormatFields({{"issued", FormatUtc(entry.issued_at)}, {"revoked", revoked}}));
        }
        context.out->Result(JsonObject().Set("certificates", Json::Array(json)), text);
        return absl::OkStatus();
      });
  AddRootOptions(verb, options->root);
  verb->add_option("certificate", options->target, "A serial, a fingerprint, an identity, or ROLE/NAME")
      ->required()
      ->type_name("CERTIFICATE");
}

}  // namespace paranet::cli
