#include "tools/cli/root_restore.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "pki/root/network_root.h"
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

void AddRootRestore(CommandTree& tree) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = tree.Verb(
      RootNoun(tree), "restore", "Makes a Network Root from a backup; never overwrites one.",
      "paranet root restore acme acme.backup\nparanet root restore acme acme.backup --dir /secure/acme",
      [options](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(const auto passphrase, GivenPassphrase(options->passphrase));
        const SystemClock clock;
        const std::string dir = options->root.Dir(context.home);
        absl::StatusOr<std::unique_ptr<pki::NetworkRoot>> root =
            pki::NetworkRoot::Restore(options->file, dir, passphrase, Actor(), &clock);
        if (absl::IsFailedPrecondition(root.status()) && !passphrase.has_value()) {
          // It takes one; ask for it if somebody is there.
          PARANET_ASSIGN_OR_RETURN(const auto asked, AskPassphrase(options->file));
          if (!asked.has_value()) return root.status();
          root = pki::NetworkRoot::Restore(options->file, dir, asked, Actor(), &clock);
        }
        if (!root.ok()) return root.status();
        if ((*root)->network() != options->root.network) {
          const std::string network = (*root)->network();
          root->reset();
          // Made just now, by this very command.
          PARANET_RETURN_IF_ERROR(RemoveAll(dir));
          return absl::NotFoundError(absl::StrCat(options->file, " is a backup of network \"", network,
                                                  "\" and not of \"", options->root.network, "\""));
        }
        const std::string fingerprint = (*root)->root_certificate().fingerprint();
        context.out->Result(
            JsonObject().Set("network", options->root.network).Set("dir", dir).Set("fingerprint", fingerprint),
            FormatFields({{"network", options->root.network}, {"dir", dir}, {"fingerprint", fingerprint}}));
        context.out->Talk(
            "Certificates issued and revocations made after the backup are not in it: revoke again what was revoked "
            "since.");
        return absl::OkStatus();
      });
  verb->add_option("network", options->root.network, "The network")->required()->type_name("NETWORK");
  verb->add_option("file", options->file, "The backup")->required()->type_name("FILE");
  verb->add_option("--dir", options->root.dir, "Where it goes, in place of $PARANET_HOME/roots/NETWORK")
      ->type_name("DIR");
  AddPassphraseOptions(verb, options->passphrase, "the backup", /*may_be_none=*/false);
}

}  // namespace paranet::cli
