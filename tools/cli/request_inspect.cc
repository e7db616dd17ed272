#include "tools/cli/request_inspect.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status.h"
#include "tools/cli/input_file.h"
#include "tools/cli/inspected.h"

namespace paranet::cli {

void AddRequestInspect(CommandTree& tree) {
  const auto file = std::make_shared<std::string>();
  CLI::App* verb = tree.Verb(tree.Noun("request", "Requests for certificates"), "inspect",
                             "Prints what the requests in a file ask for, and whether their keys have signed them.",
                             "paranet request inspect beta/request.pem", [file](Context& context) -> absl::Status {
                               PARANET_ASSIGN_OR_RETURN(std::vector<pki::Inspected> all, InspectInput(*file));
                               all.erase(std::remove_if(all.begin(), all.end(),
                                                        [](const pki::Inspected& found) {
                                                          return found.kind != pki::Inspected::Kind::kRequest;
                                                        }),
                                         all.end());
                               if (all.empty()) {
                                 return absl::InvalidArgumentError(
                                     absl::StrCat(*file, " has no request; 'paranet cert inspect' says what it has"));
                               }
                               context.out->Result(InspectedToJson(all), FormatInspected(all, absl::Now()));
                               return absl::OkStatus();
                             });
  verb->add_option("file", *file, "PEM or DER file, or `-` for standard input")->required()->type_name("FILE");
}

}  // namespace paranet::cli
