#include "tools/cli/root_init.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "pki/identity.h"
#include "pki/network_root.h"
#include "tools/cli/exit_code.h"

namespace paranet::cli {

absl::StatusOr<MadeRoot> InitRoot(const Home& home, const RootInitOptions& options) {
  if (const absl::Status name = pki::CheckIdentityName(options.network, "network name"); !name.ok()) {
    return UsageError(name.message());
  }
  const SystemClock clock;
  MadeRoot made{.network = options.network,
                .dir = options.dir.empty() ? home.RootDir(options.network) : options.dir,
                .fingerprint = ""};
  PARANET_ASSIGN_OR_RETURN(const auto root, pki::NetworkRoot::Create(made.dir, made.network, &clock));
  made.fingerprint = root->root_certificate().fingerprint();
  return made;
}

void AddRootInit(CommandTree& tree) {
  const auto options = std::make_shared<RootInitOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("root", "Network Roots, which issue certificates"), "init", "Makes a Network Root.",
      "paranet root init acme\nparanet root init acme --dir /secure/acme", [options](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(const MadeRoot made, InitRoot(context.home, *options));
        context.out->Result(
            JsonObject().Set("network", made.network).Set("dir", made.dir).Set("fingerprint", made.fingerprint),
            FormatFields({{"network", made.network}, {"dir", made.dir}, {"fingerprint", made.fingerprint}}));
        context.out->Talk(absl::StrCat("Next: paranet root issue ", made.network,
                                       " --role node --name alpha --out alpha-identity",
                                       options->dir.empty() ? "" : absl::StrCat(" --dir ", made.dir)));
        return absl::OkStatus();
      });
  verb->add_option("network", options->network, "Name of the new network")->required()->type_name("NETWORK");
  verb->add_option("--dir", options->dir, "Where its keys and certificates go, in place of $PARANET_HOME/roots/NETWORK")
      ->type_name("DIR");
}

}  // namespace paranet::cli
