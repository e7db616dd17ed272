#include "tools/cli/root_rotate_prepare.h"

#include <memory>
#include <optional>

#include "core/base/clock.h"
#include "core/base/status.h"
#include "pki/secret_string.h"
#include "tools/cli/passphrase.h"
#include "tools/cli/root_access.h"
#include "tools/cli/root_rotate_status.h"

namespace paranet::cli {
namespace {

struct Options {
  RootOptions root;
  PassphraseOptions passphrase;
};

}  // namespace

void AddRootRotatePrepare(CommandTree& tree) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = tree.Verb(
      RootNoun(tree, kRotateNoun, kRotateNounHelp), "prepare",
      "Makes a new root and an issuing authority below it: trusted from now on, and not used yet.",
      "paranet root rotate prepare acme\nparanet root rotate prepare acme --passphrase-file secret",
      [options](Context& context) -> absl::Status {
        const SystemClock clock;
        PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, options->root, &clock));
        PARANET_ASSIGN_OR_RETURN(const std::optional<pki::SecretString> passphrase,
                                 NewPassphrase(options->passphrase, "the new root key"));
        if (!passphrase.has_value() && !options->passphrase.none) {
          context.out->Talk("The new root key is not encrypted: there was no passphrase (--passphrase-file).");
        }
        PARANET_RETURN_IF_ERROR(root->PrepareRotation(passphrase, Actor()));
        return PrintRotationStatus(context, *root);
      });
  AddRootOptions(verb, options->root);
  AddPassphraseOptions(verb, options->passphrase, "the new root key", /*may_be_none=*/true);
}

}  // namespace paranet::cli
