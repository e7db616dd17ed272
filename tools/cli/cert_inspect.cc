#include "tools/cli/cert_inspect.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "pki/certificate.h"
#include "pki/certificate_info.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/message_json.h"

namespace paranet::cli {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 20;

absl::StatusOr<pki::CertificateChain> Read(const std::string& file) {
  PARANET_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(file, kMaxBytes));
  const bool pem = absl::StrContains(bytes, "-----BEGIN ");
  auto chain = pem ? pki::CertificateChain::FromPem(bytes) : pki::CertificateChain::FromDer({bytes});
  if (!chain.ok()) return Annotate(chain.status(), file);
  return chain;
}

}  // namespace

absl::StatusOr<std::vector<v1::CertificateInfo>> InspectCertificates(const std::string& path) {
  std::error_code error;
  const bool folder = std::filesystem::is_directory(path, error);
  PARANET_ASSIGN_OR_RETURN(const pki::CertificateChain chain, Read(folder ? path + "/chain.pem" : path));
  std::vector<v1::CertificateInfo> all;
  for (const pki::Certificate& certificate : chain.certificates()) all.push_back(pki::DescribeCertificate(certificate));
  return all;
}

void AddCertInspect(CommandTree& tree) {
  const auto file = std::make_shared<std::string>();
  CLI::App* verb = tree.Verb(tree.Noun("cert", "Certificates"), "inspect",
                             "Prints what the certificates in a file say; trusts none.",
                             "paranet cert inspect alpha-identity/chain.pem\nparanet cert inspect alpha-identity",
                             [file](Context& context) -> absl::Status {
                               PARANET_ASSIGN_OR_RETURN(const auto all, InspectCertificates(*file));
                               std::vector<Json> json;
                               std::string text;
                               for (const v1::CertificateInfo& info : all) {
                                 json.push_back(MessageToJson(info));
                                 absl::StrAppend(&text, text.empty() ? "" : "\n", FormatCertificate(info, absl::Now()));
                               }
                               context.out->Result(JsonObject().Set("certificates", Json::Array(json)), text);
                               return absl::OkStatus();
                             });
  verb->add_option("file", *file, "PEM or DER file, or the directory of an identity")->required()->type_name("FILE");
}

}  // namespace paranet::cli
