#include "tools/cli/node_enroll.h"

#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "paranet/v1/node.pb.h"
#include "pki/certificate.h"
#include "pki/certificate_request.h"
#include "pki/revocation_list.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/input_file.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"
#include "tools/daemon/new_data_dir.h"
#include "tools/daemon/stopped_node.h"

namespace paranet::cli {
namespace {

constexpr absl::Duration kEnrolTime = absl::Seconds(30);

// Asks the node if it runs, and does it in the data directory if not. A new directory that brought nothing leaves no
// trace.
template <typename Response>
absl::StatusOr<Response> RunningOrStopped(
    const Context& context, const std::string& name,
    const std::function<absl::StatusOr<Response>(NodeClient&)>& running,
    const std::function<absl::StatusOr<Response>(daemon::StoppedNode&)>& stopped) {
  absl::StatusOr<NodeClient> client = NodeClient::Connect(context.home, name);
  if (client.ok()) return running(*client);
  const bool none = client.status().code() == absl::StatusCode::kNotFound;
  if (!none && client.status().code() != absl::StatusCode::kUnavailable) return client.status();
  const std::string dir = context.home.NodeDir(name);
  const daemon::NewDataDir data_dir(dir);
  absl::StatusOr<Response> response = [&]() -> absl::StatusOr<Response> {
    PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<daemon::StoppedNode> node,
                             daemon::StoppedNode::Open(name, dir, MakeStderrLogger(name)));
    return stopped(*node);
  }();
  if (!response.ok()) data_dir.Discard();
  return response;
}

absl::StatusOr<std::string> ReadToken(const NodeEnrollOptions& options) {
  std::string token = options.token;
  if (token.empty()) {
    PARANET_ASSIGN_OR_RETURN(token, ReadInput(options.token_file));
  }
  return std::string(absl::StripAsciiWhitespace(token));
}

absl::StatusOr<v1::InstallCertificateRequest> ReadFiles(const NodeEnrollOptions& options) {
  v1::InstallCertificateRequest request;
  PARANET_ASSIGN_OR_RETURN(const pki::CertificateChain chain, ReadCertificates(options.chain));
  for (const pki::Certificate& certificate : chain.certificates()) request.add_chain(certificate.ToDer());
  PARANET_ASSIGN_OR_RETURN(const pki::CertificateChain roots, ReadCertificates(options.roots));
  for (const pki::Certificate& certificate : roots.certificates()) request.add_roots(certificate.ToDer());
  for (const std::string& file : options.crl) {
    PARANET_ASSIGN_OR_RETURN(const pki::RevocationList list, ReadRevocationList(file));
    request.add_revocation_lists(list.ToDer());
  }
  return request;
}

enum class Way { kToken, kRequest, kFiles };

absl::StatusOr<Way> WayOf(const NodeEnrollOptions& options) {
  const bool token = !options.token.empty() || !options.token_file.empty();
  const bool request = !options.request_out.empty() || !options.network.empty();
  const bool files = !options.chain.empty() || !options.roots.empty() || !options.crl.empty();
  if (static_cast<int>(token) + static_cast<int>(request) + static_cast<int>(files) != 1) {
    return UsageError(
        "say one of: --token TOKEN (or --token-file FILE), to enrol over the network; --network NET --request-out "
        "FILE, to write a request; --chain FILE --roots FILE, to install what was issued for it");
  }
  if (!options.token.empty() && !options.token_file.empty()) {
    return UsageError("--token and --token-file exclude each other");
  }
  if (request && (options.request_out.empty() || options.network.empty())) {
    return UsageError("--network NET and --request-out FILE go together");
  }
  if (files && (options.chain.empty() || options.roots.empty())) {
    return UsageError("--chain FILE and --roots FILE go together: what `paranet root issue --request` has written");
  }
  if (files && (!options.dns.empty() || !options.ip.empty())) {
    return UsageError("--dns and --ip belong to the request; the certificate has its names already");
  }
  return token ? Way::kToken : request ? Way::kRequest : Way::kFiles;
}

template <typename Request>
void AddNames(const NodeEnrollOptions& options, Request& request) {
  request.mutable_dns_names()->Assign(options.dns.begin(), options.dns.end());
  request.mutable_ip_addresses()->Assign(options.ip.begin(), options.ip.end());
}

}  // namespace

absl::StatusOr<v1::CertificateInfo> EnrollNode(const Context& context, const NodeEnrollOptions& options) {
  PARANET_ASSIGN_OR_RETURN(const Way way, WayOf(options));
  if (way == Way::kToken) {
    v1::NodeEnrollRequest request;
    PARANET_ASSIGN_OR_RETURN(*request.mutable_token(), ReadToken(options));
    AddNames(options, request);
    PARANET_ASSIGN_OR_RETURN(
        const v1::NodeEnrollResponse response,
        RunningOrStopped<v1::NodeEnrollResponse>(
            context, options.name, [&](NodeClient& node) { return node.Enroll(request); },
            [&](daemon::StoppedNode& node) { return node.enrolment().Enroll(request, absl::Now() + kEnrolTime); }));
    return response.certificate();
  }
  PARANET_ASSIGN_OR_RETURN(const v1::InstallCertificateRequest request, ReadFiles(options));
  PARANET_ASSIGN_OR_RETURN(
      const v1::NodeEnrollResponse response,
      RunningOrStopped<v1::NodeEnrollResponse>(
          context, options.name, [&](NodeClient& node) { return node.InstallCertificate(request); },
          [&](daemon::StoppedNode& node) { return node.enrolment().Install(request); }));
  return response.certificate();
}

absl::Status PrepareNodeRequest(const Context& context, const NodeEnrollOptions& options) {
  v1::PrepareRequestRequest request;
  request.set_network(options.network);
  AddNames(options, request);
  PARANET_ASSIGN_OR_RETURN(const v1::PrepareRequestResponse response,
                           RunningOrStopped<v1::PrepareRequestResponse>(
                               context, options.name, [&](NodeClient& node) { return node.PrepareRequest(request); },
                               [&](daemon::StoppedNode& node) { return node.enrolment().PrepareRequest(request); }));
  PARANET_ASSIGN_OR_RETURN(const pki::CertificateRequest made, pki::CertificateRequest::FromDer(response.request()));
  return WriteFileAtomically(options.request_out, made.ToPem());
}

void AddNodeEnroll(CommandTree& tree) {
  const auto options = std::make_shared<NodeEnrollOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("node", "Nodes on this machine"), "enroll",
      "Makes a node a Standard Node, or gives it another certificate, while it runs or not; its packages stay.",
      "paranet node enroll --name beta --token-file beta.token\n"
      "paranet root token create acme --node beta | paranet node enroll --name beta --token-file -\n"
      "paranet node enroll --name beta --network acme --request-out beta.csr\n"
      "paranet node enroll --name beta --chain beta/chain.pem --roots beta/roots.pem",
      [options](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(const Way way, WayOf(*options));
        if (way == Way::kRequest) {
          PARANET_RETURN_IF_ERROR(PrepareNodeRequest(context, *options));
          context.out->Result(JsonObject().Set("node", options->name).Set("request", options->request_out),
                              FormatFields({{"node", options->name}, {"request", options->request_out}}));
          return absl::OkStatus();
        }
        PARANET_ASSIGN_OR_RETURN(const v1::CertificateInfo info, EnrollNode(context, *options));
        context.out->Result(JsonObject().Set("node", options->name).Set("certificate", MessageToJson(info)),
                            FormatFields({{"node", options->name}}) + FormatCertificate(info, absl::Now()));
        return absl::OkStatus();
      });
  verb->add_option("name,--name,--node", options->name, "The node")->required()->type_name("NAME");
  verb->add_option("--token", options->token,
                   "The join token (others on this machine can see it in the list of processes; a file is better)")
      ->type_name("TOKEN");
  verb->add_option("--token-file", options->token_file, "A file with the join token; - is standard input")
      ->type_name("FILE");
  verb->add_option("--network", options->network, "By files: the network to be in")->type_name("NETWORK");
  verb->add_option("--request-out", options->request_out,
                   "By files: where the request goes, for `paranet root issue --request`; the key stays at the node")
      ->type_name("FILE");
  verb->add_option("--chain", options->chain,
                   "By files: the certificate that was issued for the request, and its issuer")
      ->type_name("FILE");
  verb->add_option("--roots", options->roots, "By files: the roots to trust")->type_name("FILE");
  verb->add_option("--crl", options->crl, "By files: a revocation list; may come several times")
      ->type_name("FILE")
      ->allow_extra_args(false);
  verb->add_option("--dns", options->dns, "A host name for stock TLS clients; may come several times")
      ->type_name("NAME")
      ->allow_extra_args(false);
  verb->add_option("--ip", options->ip, "An address for stock TLS clients; may come several times")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
}

}  // namespace paranet::cli
