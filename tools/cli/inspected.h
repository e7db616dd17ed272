// What pki::Inspect has found, for the eye and for jq.
#ifndef PARANET_TOOLS_CLI_INSPECTED_H_
#define PARANET_TOOLS_CLI_INSPECTED_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "pki/inspect.h"
#include "tools/cli/json.h"

namespace paranet::cli {

// `certificates`, `requests`, `revocation_lists`, `keys` and `others`, each in the order of the file.
Json InspectedToJson(const std::vector<pki::Inspected>& all);

// One object after the other, one field a line. `now` decides between `expires in` and `expired`.
std::string FormatInspected(const std::vector<pki::Inspected>& all, absl::Time now);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_INSPECTED_H_
