#include "tools/cli/root_audit.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "pki/root/audit_trail.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/json.h"
#include "tools/cli/output.h"
#include "tools/cli/root_access.h"

namespace paranet::cli {
namespace {

struct Options {
  RootOptions root;
  uint64_t after = 0;
  size_t limit = 1000;
};

}  // namespace

void AddRootAudit(CommandTree& tree) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = tree.Verb(
      RootNoun(tree), "audit", "Shows the audit trail; that nothing was altered or left out is checked first.",
      "paranet root audit acme\nparanet root audit acme --after 1000 --limit 50 --output json",
      [options](Context& context) -> absl::Status {
        const SystemClock clock;
        PARANET_ASSIGN_OR_RETURN(const auto root, OpenRoot(context.home, options->root, &clock));
        PARANET_ASSIGN_OR_RETURN(const std::vector<pki::AuditEvent> events,
                                 root->Audit(options->after, options->limit));
        std::vector<Json> json;
        std::vector<std::vector<std::string>> rows;
        for (const pki::AuditEvent& event : events) {
          json.push_back(JsonObject()
                             .Set("number", event.number)
                             .Set("time_unix", absl::ToUnixSeconds(event.time))
                             .Set("actor", event.actor)
                             .Set("event", event.event)
                             .Set("subject", event.subject)
                             .Set("detail", event.detail)
                             .Set("hash", event.hash));
          rows.push_back({absl::StrCat(event.number), FormatUtc(event.time), event.actor, event.event, event.subject,
                          event.detail});
        }
        context.out->Result(
            JsonObject().Set("events", Json::Array(json)),
            FormatTable({"no", "time", "actor", "event", "subject", "detail"}, rows, "There are no further events."));
        return absl::OkStatus();
      });
  AddRootOptions(verb, options->root);
  verb->add_option("--after", options->after, "Only events with higher numbers")->type_name("NUMBER");
  verb->add_option("--limit", options->limit, "At most so many (1000)")->type_name("COUNT");
}

}  // namespace paranet::cli
