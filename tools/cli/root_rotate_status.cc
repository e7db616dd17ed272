#include "tools/cli/root_rotate_status.h"

#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/status.h"
#include "pki/root/rotation.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/json.h"
#include "tools/cli/output.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {

absl::Status PrintRotationStatus(Context& context, const pki::NetworkRoot& root) {
  PARANET_ASSIGN_OR_RETURN(const pki::RotationStatus status, root.GetRotationStatus());
  std::vector<Json> roots;
  std::vector<std::vector<std::string>> root_rows;
  for (const pki::RotationStatus::Root& each : status.roots) {
    roots.push_back(JsonObject()
                        .Set("fingerprint", each.fingerprint)
                        .Set("state", each.state)
                        .Set("not_after_unix", absl::ToUnixSeconds(each.not_after))
                        .Set("file", each.file + ".pem"));
    root_rows.push_back({each.file + ".pem", each.state, FormatUtc(each.not_after), each.fingerprint});
  }
  std::vector<Json> not_ready;
  std::vector<std::vector<std::string>> not_ready_rows;
  for (const pki::RotationStatus::NotReady& each : status.not_ready) {
    not_ready.push_back(JsonObject().Set("identity", each.identity).Set("why", each.why));
    not_ready_rows.push_back({each.identity, each.why});
  }
  const std::string stage = pki::RotationStageName(status.stage);
  std::string text =
      FormatFields({{"rotation", stage}}) + FormatTable({"root", "state", "until", "fingerprint"}, root_rows, "");
  if (status.stage != pki::RotationStatus::Stage::kNone) {
    text += FormatTable({"not ready", "why"}, not_ready_rows, "Everybody is ready for the next step.");
  }
  context.out->Result(
      JsonObject().Set("stage", stage).Set("roots", Json::Array(roots)).Set("not_ready", Json::Array(not_ready)), text);
  return absl::OkStatus();
}

void AddRootRotateStatus(CommandTree& tree) {
  const auto options = std::make_shared<RootOptions>();
  CLI::App* verb = tree.Verb(RootNoun(tree, kRotateNoun, kRotateNounHelp), "status",
                             "Shows the roots, and who is not ready for the next step.",
                             "paranet root rotate status acme", [options](Context& context) -> absl::Status {
                               const SystemClock clock;
                               PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, *options, &clock));
                               return PrintRotationStatus(context, *root);
                             });
  AddRootOptions(verb, *options);
}

}  // namespace paranet::cli
