#include "tools/cli/root_backup.h"

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "pki/secret_string.h"
#include "tools/cli/json.h"
#include "tools/cli/output.h"
#include "tools/cli/passphrase.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {
namespace {

struct Options {
  RootOptions root;
  std::string file;
  PassphraseOptions passphrase;
};

}  // namespace

void AddRootBackup(CommandTree& tree) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = tree.Verb(
      RootNoun(tree), "backup", "Writes everything of a Network Root into one file, while it works.",
      "paranet root backup acme acme.backup\nparanet root backup acme acme.backup --passphrase-file secret",
      [options](Context& context) -> absl::Status {
        const SystemClock clock;
        PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, options->root, &clock));
        PARANET_ASSIGN_OR_RETURN(const std::optional<pki::SecretString> passphrase,
                                 NewPassphrase(options->passphrase, "the issuing authority's key in the backup"));
        PARANET_RETURN_IF_ERROR(root->Backup(options->file, passphrase, Actor()));
        if (!passphrase.has_value() && !options->passphrase.none) {
          context.out->Talk(absl::StrCat("Guard ", options->file,
                                         " well: the issuing authority's key in it is not encrypted, for there was no "
                                         "passphrase (--passphrase-file)."));
        }
        context.out->Result(JsonObject().Set("file", options->file).Set("encrypted", passphrase.has_value()),
                            FormatFields({{"file", options->file}}));
        return absl::OkStatus();
      });
  AddRootOptions(verb, options->root);
  verb->add_option("file", options->file, "New file")->required()->type_name("FILE");
  AddPassphraseOptions(verb, options->passphrase, "the issuing authority's key in the backup", /*may_be_none=*/true);
}

}  // namespace paranet::cli
