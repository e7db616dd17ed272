#include "tools/cli/root_rotate_activate.h"

#include <memory>

#include "core/base/clock.h"
#include "core/base/status.h"
#include "tools/cli/root_access.h"
#include "tools/cli/root_rotate_status.h"

namespace paranet::cli {

void AddRootRotateActivate(CommandTree& tree) {
  const auto options = std::make_shared<RootOptions>();
  CLI::App* verb = tree.Verb(RootNoun(tree, kRotateNoun, kRotateNounHelp), "activate",
                             "Issues below the new root from now on; refused while somebody does not trust it yet.",
                             "paranet root rotate activate acme", [options](Context& context) -> absl::Status {
                               const SystemClock clock;
                               PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, *options, &clock));
                               PARANET_RETURN_IF_ERROR(root->ActivateRotation(Actor()));
                               return PrintRotationStatus(context, *root);
                             });
  AddRootOptions(verb, *options);
}

}  // namespace paranet::cli
