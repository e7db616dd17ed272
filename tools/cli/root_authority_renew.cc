#include "tools/cli/root_authority_renew.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "pki/certificate_info.h"
#include "pki/root/root_key.h"
#include "pki/root/rotation.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/json.h"
#include "tools/cli/message_json.h"
#include "tools/cli/passphrase.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {
namespace {

struct Options {
  RootOptions root;
  std::string root_key;
  PassphraseOptions passphrase;
};

// Where the key of the active root is unless it was taken away.
absl::StatusOr<std::string> UsualKeyFile(const pki::NetworkRoot& root) {
  PARANET_ASSIGN_OR_RETURN(const pki::RotationStatus status, root.GetRotationStatus());
  for (const pki::RotationStatus::Root& each : status.roots) {
    if (each.state == "active") return absl::StrCat(root.dir(), "/", each.file, ".key.pem");
  }
  return absl::InternalError("the Network Root has no active root");
}

}  // namespace

void AddRootAuthorityRenew(CommandTree& tree) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = tree.Verb(
      RootNoun(tree, kAuthorityNoun, kAuthorityNounHelp), "renew",
      "Replaces the issuing authority, before it expires; needs the root key.",
      "paranet root authority renew acme\nparanet root authority renew acme --root-key /media/usb/root.key.pem",
      [options](Context& context) -> absl::Status {
        const SystemClock clock;
        PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, options->root, &clock));
        pki::RootKey root_key{.file = options->root_key, .passphrase = std::nullopt};
        PARANET_ASSIGN_OR_RETURN(const std::string usual, UsualKeyFile(*root));
        PARANET_ASSIGN_OR_RETURN(root_key.passphrase,
                                 PassphraseOf(options->passphrase, root_key.file.empty() ? usual : root_key.file));
        PARANET_RETURN_IF_ERROR(root->RenewIssuingAuthority(root_key, Actor()));
        const v1::CertificateInfo info = pki::DescribeCertificate(root->issuing_certificate());
        context.out->Result(JsonObject().Set("certificate", MessageToJson(info)), FormatCertificate(info, clock.Now()));
        return absl::OkStatus();
      });
  AddRootOptions(verb, options->root);
  verb->add_option("--root-key", options->root_key, "Where the root key is, if not in the directory")
      ->type_name("FILE");
  AddPassphraseOptions(verb, options->passphrase, "the root key", /*may_be_none=*/false);
}

}  // namespace paranet::cli
