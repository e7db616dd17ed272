#include "tools/cli/request_create.h"

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "pki/certificate_request.h"
#include "pki/identity.h"
#include "pki/private_key.h"
#include "tools/cli/exit_code.h"

namespace paranet::cli {
namespace {

struct RequestCreateOptions {
  std::string network;
  std::string role = "node";
  std::string name;
  std::vector<std::string> dns;
  std::vector<std::string> ip;
  std::string out;
  std::string key_out;
  std::string request_out;
};

absl::Status CheckFree(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(path, " is there already: give another place, or remove it first"));
}

absl::Status Create(Context& context, RequestCreateOptions options) {
  const absl::StatusOr<pki::Role> role = pki::ParseRole(options.role);
  if (!role.ok()) {
    return UsageError(absl::StrCat("--role is node, operator or publisher, not \"", options.role, "\".",
                                   DidYouMean(options.role, {"node", "operator", "publisher"})));
  }
  for (const auto& [option, text] : {std::pair("--network", options.network), std::pair("--name", options.name)}) {
    if (const absl::Status name = pki::CheckIdentityName(text, option); !name.ok()) return UsageError(name.message());
  }
  const bool files = !options.key_out.empty() && !options.request_out.empty();
  if (options.out.empty() != files || options.key_out.empty() != options.request_out.empty()) {
    return UsageError("say where to: --out DIR, or both --key-out FILE and --request-out FILE");
  }
  if (!files) {
    options.key_out = options.out + "/key.pem";
    options.request_out = options.out + "/request.pem";
  }
  PARANET_RETURN_IF_ERROR(CheckFree(options.key_out));
  PARANET_RETURN_IF_ERROR(CheckFree(options.request_out));
  const pki::Identity identity{.network = options.network, .role = *role, .name = options.name};
  PARANET_ASSIGN_OR_RETURN(const pki::PrivateKey key, pki::PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const pki::CertificateRequest request,
                           pki::CertificateRequest::Create(
                               key, {.identity = identity, .dns_names = options.dns, .ip_addresses = options.ip}));
  if (!files) PARANET_RETURN_IF_ERROR(MakeDirectories(options.out, 0700));
  PARANET_RETURN_IF_ERROR(key.Save(options.key_out));
  PARANET_RETURN_IF_ERROR(WriteFileAtomically(options.request_out, request.ToPem(), 0644));
  context.out->Result(
      JsonObject().Set("identity", identity.ToUri()).Set("key", options.key_out).Set("request", options.request_out),
      FormatFields({{"identity", identity.ToUri()},
                    {"key", absl::StrCat(options.key_out, " (stays here)")},
                    {"request", absl::StrCat(options.request_out, " (for 'paranet root issue ", options.network,
                                             " --request')")}}));
  return absl::OkStatus();
}

}  // namespace

void AddRequestCreate(CommandTree& tree) {
  const auto options = std::make_shared<RequestCreateOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("request", "Requests for certificates"), "create",
      "Makes a key and the request for its certificate. The key never leaves; the request goes to the Network Root.",
      "paranet request create --network acme --name beta --out beta\n"
      "paranet request create --network acme --role operator --name alice --out alice\n"
      "paranet request create --network acme --name beta --dns beta.example --ip 10.0.0.2 --key-out beta.key "
      "--request-out beta.csr",
      [options](Context& context) { return Create(context, *options); });
  verb->add_option("--network", options->network, "The network")->required()->type_name("NETWORK");
  verb->add_option("--role", options->role, "node (without it), operator or publisher")->type_name("ROLE");
  verb->add_option("--name", options->name, "Of the node, operator or publisher")->required()->type_name("NAME");
  verb->add_option("--dns", options->dns, "A host name for stock TLS clients; may come several times")
      ->type_name("NAME")
      ->allow_extra_args(false);
  verb->add_option("--ip", options->ip, "An address for stock TLS clients; may come several times")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
  verb->add_option("--out", options->out, "Directory for key.pem and request.pem")->type_name("DIR");
  verb->add_option("--key-out", options->key_out, "The key's file, in place of --out")->type_name("FILE");
  verb->add_option("--request-out", options->request_out, "The request's file, in place of --out")->type_name("FILE");
}

}  // namespace paranet::cli
