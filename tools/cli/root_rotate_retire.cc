#include "tools/cli/root_rotate_retire.h"

#include <memory>

#include "core/base/clock.h"
#include "core/base/status.h"
#include "tools/cli/root_access.h"
#include "tools/cli/root_rotate_status.h"

namespace paranet::cli {

void AddRootRotateRetire(CommandTree& tree) {
  const auto options = std::make_shared<RootOptions>();
  CLI::App* verb = tree.Verb(RootNoun(tree, kRotateNoun, kRotateNounHelp), "retire",
                             "Takes the old root out of trust; refused while somebody depends on it.",
                             "paranet root rotate retire acme", [options](Context& context) -> absl::Status {
                               const SystemClock clock;
                               PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, *options, &clock));
                               PARANET_RETURN_IF_ERROR(root->RetireRotation(Actor()));
                               return PrintRotationStatus(context, *root);
                             });
  AddRootOptions(verb, *options);
}

}  // namespace paranet::cli
