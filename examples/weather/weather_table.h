// The weather, as far as this example knows it.
#ifndef PARANET_EXAMPLES_WEATHER_WEATHER_TABLE_H_
#define PARANET_EXAMPLES_WEATHER_WEATHER_TABLE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "examples/weather/weather.pb.h"

namespace weather::v1 {

// Report number `sequence` of `city`: always the same for the same arguments. The first is the city's entry in a fixed
// table; those that follow swing around it by at most two degrees. INVALID_ARGUMENT if `city` is empty, NOT_FOUND with
// the nearest names if it is not in the table.
absl::StatusOr<CurrentResponse> Report(absl::string_view city, uint32_t sequence);

}  // namespace weather::v1

#endif  // PARANET_EXAMPLES_WEATHER_WEATHER_TABLE_H_
