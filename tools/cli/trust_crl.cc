#include "tools/cli/trust_crl.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "core/base/status.h"
#include "tools/cli/input_file.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"
#include "tools/cli/trust_text.h"

namespace paranet::cli {
namespace {

struct TrustCrlOptions {
  std::vector<std::string> files;
  std::string node;
  RemoteNode remote;
};

absl::Status Give(Context& context, const TrustCrlOptions& options) {
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, options.node, options.remote));
  v1::UpdateTrustRequest request;
  for (const std::string& file : options.files) {
    PARANET_ASSIGN_OR_RETURN(const pki::RevocationList list, ReadRevocationList(file));
    request.add_revocation_lists(list.ToDer());
  }
  PARANET_ASSIGN_OR_RETURN(const v1::GetTrustResponse trust, client.UpdateTrust(request));
  context.out->Result(MessageToJson(trust), FormatTrust(trust, absl::Now()));
  return absl::OkStatus();
}

}  // namespace

void AddTrustCrl(CommandTree& tree) {
  const auto options = std::make_shared<TrustCrlOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("trust", "Whom a node trusts"), "crl",
      "Gives a node revocation lists, each signed by an authority that it trusts and newer than what it has. Revoked "
      "clients are refused at once, and their connections closed.",
      "paranet trust crl acme.crl --node alpha\nparanet root crl acme | paranet trust crl - --node alpha",
      [options](Context& context) { return Give(context, *options); });
  verb->add_option("file", options->files, "Revocation lists, PEM or DER; `-` for standard input")
      ->required()
      ->type_name("FILE");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
