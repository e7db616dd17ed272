#include "tools/cli/root_init.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "pki/identity.h"
#include "pki/root/network_root.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/passphrase.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {

absl::StatusOr<MadeRoot> InitRoot(const Home& home, const RootInitOptions& options,
                                  std::optional<pki::SecretString> passphrase) {
  if (const absl::Status name = pki::CheckIdentityName(options.network, "network name"); !name.ok()) {
    return UsageError(name.message());
  }
  const SystemClock clock;
  MadeRoot made{.network = options.network,
                .dir = options.dir.empty() ? home.RootDir(options.network) : options.dir,
                .fingerprint = ""};
  PARANET_ASSIGN_OR_RETURN(
      const auto root, pki::NetworkRoot::Create(made.dir, made.network, {.passphrase = std::move(passphrase)}, &clock));
  made.fingerprint = root->root_certificate().fingerprint();
  return made;
}

void AddRootInit(CommandTree& tree) {
  struct Options {
    RootInitOptions init;
    PassphraseOptions passphrase;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* verb = tree.Verb(
      RootNoun(tree), "init", "Makes a Network Root.",
      "paranet root init acme\nparanet root init acme --passphrase-file secret --dir /secure/acme",
      [options](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(std::optional<pki::SecretString> passphrase,
                                 NewPassphrase(options->passphrase, "the root key"));
        const bool encrypted = passphrase.has_value();
        PARANET_ASSIGN_OR_RETURN(const MadeRoot made, InitRoot(context.home, options->init, std::move(passphrase)));
        context.out->Result(JsonObject()
                                .Set("network", made.network)
                                .Set("dir", made.dir)
                                .Set("fingerprint", made.fingerprint)
                                .Set("encrypted", encrypted),
                            FormatFields({{"network", made.network},
                                          {"dir", made.dir},
                                          {"fingerprint", made.fingerprint},
                                          {"root key", encrypted ? "encrypted" : "not encrypted"}}));
        if (!encrypted && !options->passphrase.none) {
          context.out->Talk(absl::StrCat("The root key is not encrypted, for there was no passphrase: take ", made.dir,
                                         "/root.key.pem offline, or encrypt it (--passphrase-file next time, or "
                                         "openssl pkcs8 -topk8 -v2 aes-256-cbc now)."));
        }
        context.out->Talk(absl::StrCat("Next: paranet root issue ", made.network,
                                       " --role node --name alpha --out alpha-identity",
                                       options->init.dir.empty() ? "" : absl::StrCat(" --dir ", made.dir)));
        return absl::OkStatus();
      });
  verb->add_option("network", options->init.network, "Name of the new network")->required()->type_name("NETWORK");
  verb->add_option("--dir", options->init.dir,
                   "Where its keys and certificates go, in place of $PARANET_HOME/roots/NETWORK")
      ->type_name("DIR");
  AddPassphraseOptions(verb, options->passphrase, "the root key", /*may_be_none=*/true);
}

}  // namespace paranet::cli
