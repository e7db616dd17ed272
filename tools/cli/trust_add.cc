#include "tools/cli/trust_add.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "pki/certificate_info.h"
#include "pki/identity.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/input_file.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"
#include "tools/cli/trust_text.h"

namespace paranet::cli {
namespace {

struct TrustAddOptions {
  std::string file;
  std::string node;
  std::vector<std::string> roles;
  std::vector<std::string> names;
  RemoteNode remote;
};

absl::StatusOr<v1::TrustedRoot> Constraints(const TrustAddOptions& options) {
  v1::TrustedRoot constraints;
  for (const std::string& text : options.roles) {
    const absl::StatusOr<pki::Role> role = pki::ParseRole(text);
    if (!role.ok() || *role == pki::Role::kRoot) {
      return UsageError(absl::StrCat("--role is node, operator or publisher, not \"", text, "\".",
                                     DidYouMean(text, {"node", "operator", "publisher"})));
    }
    constraints.add_roles(pki::RoleToProto(*role));
  }
  for (const std::string& name : options.names) {
    if (const absl::Status valid = pki::CheckIdentityName(name, "--name"); !valid.ok()) {
      return UsageError(valid.message());
    }
    constraints.add_names(name);
  }
  return constraints;
}

absl::StatusOr<v1::UpdateTrustRequest> RequestFor(const TrustAddOptions& options) {
  PARANET_ASSIGN_OR_RETURN(const v1::TrustedRoot constraints, Constraints(options));
  PARANET_ASSIGN_OR_RETURN(const std::vector<pki::Inspected> all, InspectInput(options.file));
  v1::UpdateTrustRequest request;
  if (all.size() == 1 && all.front().kind == pki::Inspected::Kind::kRevocationList) {
    if (!options.roles.empty() || !options.names.empty()) {
      return UsageError("--role and --name are for a Network Root, and the file has a revocation list");
    }
    PARANET_ASSIGN_OR_RETURN(const pki::RevocationList list, ReadRevocationList(options.file));
    request.add_revocation_lists(list.ToDer());
    return request;
  }
  PARANET_ASSIGN_OR_RETURN(const pki::CertificateChain roots, ReadCertificates(options.file));
  for (const pki::Certificate& root : roots.certificates()) {
    v1::TrustedRoot* const added = request.add_add();
    *added = constraints;
    added->set_der(root.ToDer());
  }
  return request;
}

absl::Status Add(Context& context, const TrustAddOptions& options) {
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, options.node, options.remote));
  if (options.file == "-") return UsageError("give a file: standard input cannot be read twice");
  PARANET_ASSIGN_OR_RETURN(const v1::UpdateTrustRequest request, RequestFor(options));
  PARANET_ASSIGN_OR_RETURN(const v1::GetTrustResponse trust, client.UpdateTrust(request));
  context.out->Result(MessageToJson(trust), FormatTrust(trust, absl::Now()));
  return absl::OkStatus();
}

}  // namespace

void AddTrustAdd(CommandTree& tree) {
  const auto options = std::make_shared<TrustAddOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("trust", "Whom a node trusts"), "add",
      "Makes a node accept certificates of a further network, for certain roles and names if so said; or gives it a "
      "revocation list. Look at the fingerprint first: 'paranet cert fingerprint FILE'.",
      "paranet trust add partner-root.pem --node alpha --role node --name gateway\n"
      "paranet trust add acme.crl --node alpha",
      [options](Context& context) { return Add(context, *options); });
  verb->add_option("file", options->file, "The Network Root's certificate, or a revocation list; PEM or DER")
      ->required()
      ->type_name("FILE");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  verb->add_option("--role", options->roles, "node, operator or publisher; may come several times; all without it")
      ->type_name("ROLE")
      ->allow_extra_args(false);
  verb->add_option("--name", options->names, "A name below that root; may come several times; all without it")
      ->type_name("NAME")
      ->allow_extra_args(false);
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
