#include "tools/cli/cert_verify.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "pki/identity.h"
#include "pki/revocation_lists.h"
#include "pki/trust_store.h"
#include "pki/verify.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/input_file.h"

namespace paranet::cli {
namespace {

struct CertVerifyOptions {
  std::string chain;
  std::string roots;
  std::vector<std::string> lists;
  std::string role;
  std::string expected;
  std::string time;
};

absl::StatusOr<pki::VerifyOptions> Wanted(const CertVerifyOptions& options) {
  pki::VerifyOptions wanted{.time = absl::Now(),
                            .roles = {pki::Role::kNode, pki::Role::kOperator, pki::Role::kPublisher, pki::Role::kRoot}};
  if (!options.role.empty()) {
    const absl::StatusOr<pki::Role> role = pki::ParseRole(options.role);
    if (!role.ok()) {
      return UsageError(absl::StrCat("--role is node, operator, publisher or root, not \"", options.role, "\".",
                                     DidYouMean(options.role, {"node", "operator", "publisher", "root"})));
    }
    wanted.roles = {*role};
  }
  if (!options.expected.empty()) {
    absl::StatusOr<pki::Identity> identity = pki::Identity::Parse(options.expected);
    if (!identity.ok()) return UsageError(absl::StrCat("--expect: ", identity.status().message()));
    wanted.expected = *std::move(identity);
  }
  std::string error;
  if (!options.time.empty() && !absl::ParseTime(absl::RFC3339_full, options.time, &wanted.time, &error)) {
    return UsageError(absl::StrCat("--at takes a time such as 2026-01-31T12:00:00Z, not \"", options.time, "\""));
  }
  return wanted;
}

absl::Status Verify(Context& context, const CertVerifyOptions& options) {
  PARANET_ASSIGN_OR_RETURN(pki::VerifyOptions wanted, Wanted(options));
  PARANET_ASSIGN_OR_RETURN(const pki::CertificateChain chain, ReadCertificates(options.chain));
  PARANET_ASSIGN_OR_RETURN(const pki::CertificateChain roots, ReadCertificates(options.roots));
  const absl::StatusOr<std::shared_ptr<const pki::TrustStore>> trust = pki::TrustStore::Create(roots.certificates());
  if (!trust.ok()) return Annotate(trust.status(), options.roots);
  std::shared_ptr<const pki::RevocationLists> lists = pki::RevocationLists::Empty();
  for (const std::string& file : options.lists) {
    PARANET_ASSIGN_OR_RETURN(const pki::RevocationList list, ReadRevocationList(file));
    absl::StatusOr<std::shared_ptr<const pki::RevocationLists>> with =
        lists->With(list, **trust, chain.certificates(), wanted.time);
    if (!with.ok()) return Annotate(with.status(), file);
    lists = *std::move(with);
  }
  wanted.revocations = lists.get();
  const pki::VerifyResult result = pki::VerifyChain(chain, **trust, wanted);
  const std::string outcome(pki::OutcomeName(result.outcome));
  const std::string identity = result.identity.has_value() ? result.identity->ToUri() : "";
  context.out->Result(JsonObject()
                          .Set("outcome", outcome)
                          .Set("index", result.index)
                          .Set("diagnostic", result.diagnostic)
                          .Set("identity", identity),
                      FormatFields({{"outcome", outcome},
                                    {"certificate", result.ok() ? "" : absl::StrCat(result.index)},
                                    {"diagnostic", result.diagnostic},
                                    {result.ok() ? "identity" : "claims", identity}}));
  return result.ok() ? absl::OkStatus() : AlreadyPrinted(result.ToStatus());
}

}  // namespace

void AddCertVerify(CommandTree& tree) {
  const auto options = std::make_shared<CertVerifyOptions>();
  CLI::App* verb =
      tree.Verb(tree.Noun("cert", "Certificates"), "verify",
                "Says whether a certificate is to be trusted, as every node decides it; exit code 4 where it is not.",
                "paranet cert verify alpha/chain.pem --roots alpha/roots.pem\n"
                "paranet cert verify alpha --roots alpha/roots.pem --role node --expect paranet://acme/node/alpha\n"
                "paranet cert verify alpha --roots alpha/roots.pem --crl acme.crl --at 2026-01-31T12:00:00Z",
                [options](Context& context) { return Verify(context, *options); });
  verb->add_option("chain", options->chain, "The certificate, then its issuing authorities; or an identity's directory")
      ->required()
      ->type_name("FILE");
  verb->add_option("--roots", options->roots, "The Network Roots to trust")->required()->type_name("FILE");
  verb->add_option("--crl", options->lists, "A revocation list; may come several times")
      ->type_name("FILE")
      ->allow_extra_args(false);
  verb->add_option("--role", options->role, "node, operator, publisher or root; any without it")->type_name("ROLE");
  verb->add_option("--expect", options->expected, "Exactly this identity")->type_name("URI");
  verb->add_option("--at", options->time, "When, in place of now")->type_name("RFC3339");
}

}  // namespace paranet::cli
