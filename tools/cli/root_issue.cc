#include "tools/cli/root_issue.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "pki/certificate_info.h"
#include "pki/certificate_request.h"
#include "pki/identity.h"
#include "pki/identity_folder.h"
#include "pki/root/network_root.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/message_json.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {
namespace {

absl::StatusOr<pki::Identity> WantedIdentity(const RootIssueOptions& options) {
  if (options.role.empty() || options.name.empty()) {
    return UsageError("say for whom the certificate is: --role node|operator|publisher and --name NAME");
  }
  const absl::StatusOr<pki::Role> role = pki::ParseRole(options.role);
  if (!role.ok() || *role == pki::Role::kRoot) {
    return UsageError(absl::StrCat("--role is node, operator or publisher, not \"", options.role, "\".",
                                   DidYouMean(options.role, {"node", "operator", "publisher"})));
  }
  if (const absl::Status name = pki::CheckIdentityName(options.name, "--name"); !name.ok()) {
    return UsageError(name.message());
  }
  return pki::Identity{.network = options.network, .role = *role, .name = options.name};
}

absl::StatusOr<absl::Time> ParseTime(absl::string_view option, const std::string& text) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  return UsageError(absl::StrCat(option, " takes a time such as 2026-01-31T12:00:00Z, not \"", text, "\""));
}

absl::StatusOr<pki::NetworkRoot::Validity> WantedValidity(const RootIssueOptions& options) {
  pki::NetworkRoot::Validity validity;
  if (!options.not_before.empty()) {
    PARANET_ASSIGN_OR_RETURN(validity.not_before, ParseTime("--not-before", options.not_before));
  }
  PARANET_ASSIGN_OR_RETURN(const absl::Duration ttl, ParseDurationOption("--ttl", options.ttl));
  validity.not_after = absl::Now() + ttl;
  if (!options.not_after.empty()) {
    PARANET_ASSIGN_OR_RETURN(validity.not_after, ParseTime("--not-after", options.not_after));
  }
  return validity;
}

absl::Status CheckEmpty(const std::string& dir) {
  // WriteIdentityFolder refuses this too, but only after the certificate is in the root's ledger.
  if (ReadFile(dir + "/chain.pem").ok() || ReadFile(dir + "/key.pem").ok()) {
    return absl::AlreadyExistsError(
        absl::StrCat(dir, " has an identity already: give another --out, or remove it first"));
  }
  return absl::OkStatus();
}

absl::StatusOr<pki::CertificateChain> IssueForRequest(pki::NetworkRoot& root, const RootIssueOptions& options,
                                                      const pki::NetworkRoot::Validity& validity) {
  if (!options.dns.empty() || !options.ip.empty()) {
    return UsageError("--dns and --ip are not for use with --request: the request says its names");
  }
  PARANET_ASSIGN_OR_RETURN(const std::string pem, ReadFile(options.request, size_t{64} << 10));
  absl::StatusOr<pki::CertificateRequest> request = pki::CertificateRequest::FromPem(pem);
  if (!request.ok()) return Annotate(request.status(), options.request);
  const pki::Identity& asked = request->names().identity;
  if (!options.role.empty() || !options.name.empty()) {
    PARANET_ASSIGN_OR_RETURN(const pki::Identity wanted, WantedIdentity(options));
    if (!(wanted == asked)) {
      return absl::PermissionDeniedError(absl::StrCat(options.request, " asks for ", asked.ToUri(), " and not for ",
                                                      wanted.ToUri(), ": no certificate was issued"));
    }
  }
  PARANET_ASSIGN_OR_RETURN(pki::CertificateChain chain, root.Issue(*request, validity, Actor()));
  PARANET_RETURN_IF_ERROR(MakeDirectories(options.out, 0700));
  PARANET_RETURN_IF_ERROR(WriteFileAtomically(options.out + "/chain.pem", chain.ToPem(), 0600));
  PARANET_RETURN_IF_ERROR(WriteFileAtomically(options.out + "/roots.pem", root.trust()->ToPem(), 0600));
  return chain;
}

absl::StatusOr<pki::CertificateChain> IssueWithKey(pki::NetworkRoot& root, const RootIssueOptions& options,
                                                   const pki::NetworkRoot::Validity& validity) {
  PARANET_ASSIGN_OR_RETURN(const pki::Identity identity, WantedIdentity(options));
  PARANET_ASSIGN_OR_RETURN(
      const pki::NetworkRoot::IssuedKey issued,
      root.IssueWithNewKey({.identity = identity, .dns_names = options.dns, .ip_addresses = options.ip}, validity,
                           Actor()));
  PARANET_RETURN_IF_ERROR(pki::WriteIdentityFolder(options.out, issued.key, issued.chain, *root.trust()));
  return issued.chain;
}

}  // namespace

absl::StatusOr<v1::CertificateInfo> IssueIdentity(const Home& home, const RootIssueOptions& options) {
  PARANET_ASSIGN_OR_RETURN(const pki::NetworkRoot::Validity validity, WantedValidity(options));
  if (options.request.empty()) PARANET_RETURN_IF_ERROR(WantedIdentity(options).status());
  PARANET_RETURN_IF_ERROR(CheckEmpty(options.out));
  const SystemClock clock;
  PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(home, {.network = options.network, .dir = options.dir}, &clock));
  PARANET_ASSIGN_OR_RETURN(const pki::CertificateChain chain, options.request.empty()
                                                                  ? IssueWithKey(*root, options, validity)
                                                                  : IssueForRequest(*root, options, validity));
  return pki::DescribeCertificate(chain.leaf());
}

void AddRootIssue(CommandTree& tree) {
  const auto options = std::make_shared<RootIssueOptions>();
  CLI::App* verb =
      tree.Verb(RootNoun(tree), "issue", "Issues a certificate to a node, an operator or a publisher.",
                "paranet root issue acme --role node --name alpha --out alpha-identity\n"
                "paranet root issue acme --role node --name beta --dns beta.example --ip 10.0.0.2 --out beta\n"
                "paranet root issue acme --role publisher --name tools --ttl 720h --out publisher\n"
                "paranet root issue acme --request beta.csr --out beta",
                [options](Context& context) -> absl::Status {
                  PARANET_ASSIGN_OR_RETURN(const v1::CertificateInfo info, IssueIdentity(context.home, *options));
                  context.out->Result(JsonObject().Set("dir", options->out).Set("certificate", MessageToJson(info)),
                                      FormatFields({{"dir", options->out}}) + FormatCertificate(info, absl::Now()));
                  return absl::OkStatus();
                });
  verb->add_option("network", options->network, "The network")->required()->type_name("NETWORK");
  verb->add_option("--dir", options->dir, "The Network Root's directory, if not $PARANET_HOME/roots/NETWORK")
      ->type_name("DIR");
  verb->add_option("--role", options->role, "node, operator or publisher")->type_name("ROLE");
  verb->add_option("--name", options->name, "Of the node, operator or publisher")->type_name("NAME");
  verb->add_option("--request", options->request, "A PEM request; without one, a key is made")->type_name("FILE");
  verb->add_option("--dns", options->dns, "A host name for stock TLS clients; may come several times")
      ->type_name("NAME")
      ->allow_extra_args(false);
  verb->add_option("--ip", options->ip, "An address for stock TLS clients; may come several times")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
  verb->add_option("--ttl", options->ttl, "How long it is valid from now (24h)")->type_name("TIME");
  verb->add_option("--not-before", options->not_before, "When it begins to be valid, in place of a minute ago")
      ->type_name("RFC3339");
  verb->add_option("--not-after", options->not_after, "When it ends to be valid, in place of --ttl")
      ->type_name("RFC3339");
  verb->add_option("--out", options->out, "New directory for key.pem, chain.pem and roots.pem")
      ->required()
      ->type_name("DIR");
}

}  // namespace paranet::cli
