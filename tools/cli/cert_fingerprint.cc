#include "tools/cli/cert_fingerprint.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tools/cli/input_file.h"

namespace paranet::cli {
namespace {

// As curl and others take it.
std::string Pin(const pki::Inspected& found) {
  return absl::StrCat("sha256//", absl::Base64Escape(absl::HexStringToBytes(found.public_key_fingerprint)));
}

absl::Status PrintFingerprints(Context& context, const std::string& file) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<pki::Inspected> all, InspectInput(file));
  std::vector<Json> json;
  std::string text;
  for (const pki::Inspected& found : all) {
    if (found.kind != pki::Inspected::Kind::kCertificate) continue;
    json.push_back(JsonObject()
                       .Set("subject", found.certificate.subject())
                       .Set("identity", found.certificate.identity())
                       .Set("fingerprint", found.certificate.fingerprint())
                       .Set("public_key_fingerprint", found.public_key_fingerprint)
                       .Set("pin", Pin(found)));
    absl::StrAppend(&text, text.empty() ? "" : "\n",
                    FormatFields({{"subject", found.certificate.subject()},
                                  {"certificate", found.certificate.fingerprint()},
                                  {"public key", found.public_key_fingerprint},
                                  {"pin", Pin(found)}}));
  }
  if (json.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, " has no certificate; 'paranet cert inspect' says what it has"));
  }
  context.out->Result(JsonObject().Set("certificates", Json::Array(json)), text);
  return absl::OkStatus();
}

}  // namespace

void AddCertFingerprint(CommandTree& tree) {
  const auto file = std::make_shared<std::string>();
  CLI::App* verb = tree.Verb(tree.Noun("cert", "Certificates"), "fingerprint",
                             "Prints SHA-256 of each certificate in a file, and of its public key.",
                             "paranet cert fingerprint roots.pem",
                             [file](Context& context) { return PrintFingerprints(context, *file); });
  verb->add_option("file", *file, "PEM or DER file, the directory of an identity, or `-` for standard input")
      ->required()
      ->type_name("FILE");
}

}  // namespace paranet::cli
