#include "examples/weather/weather_table.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/nearest.h"

namespace weather::v1 {
namespace {

struct City {
  const char* name;
  double celsius;
  Sky sky;
  double wind;
};

constexpr City kCities[] = {
    {"Berlin", 9.5, CLOUDY, 4.0}, {"Cairo", 27.0, CLEAR, 3.5},   {"Lagos", 29.5, RAIN, 2.5},
    {"Lima", 18.5, CLOUDY, 3.0},  {"London", 11.0, RAIN, 5.5},   {"Madrid", 16.5, CLEAR, 2.0},
    {"Mumbai", 30.5, CLEAR, 3.0}, {"Oslo", 4.5, SNOW, 2.5},      {"Paris", 12.0, CLOUDY, 3.5},
    {"Quito", 14.0, RAIN, 1.5},   {"Reykjavik", 2.0, SNOW, 8.5}, {"Rome", 17.5, CLEAR, 2.5},
    {"Sydney", 22.0, CLEAR, 5.0}, {"Tokyo", 15.5, CLOUDY, 3.0},  {"Toronto", 6.5, CLOUDY, 4.5},
    {"Zurich", 8.0, RAIN, 2.0},
};

// What follows the first report: a swing that everybody can compute.
constexpr double kSwing[] = {0.0, 0.5, 1.0, 1.5, 2.0, 1.5, 1.0, 0.5, 0.0, -0.5, -1.0, -1.5, -2.0, -1.5, -1.0, -0.5};

}  // namespace

absl::StatusOr<CurrentResponse> Report(absl::string_view city, uint32_t sequence) {
  if (city.empty()) return absl::InvalidArgumentError("no city given; try \"Oslo\"");
  for (const City& known : kCities) {
    if (!absl::EqualsIgnoreCase(known.name, city)) continue;
    CurrentResponse report;
    report.set_city(known.name);
    report.set_celsius(known.celsius + kSwing[sequence % std::size(kSwing)]);
    report.set_sky(known.sky);
    report.set_wind_metres_per_second(known.wind);
    report.set_sequence(sequence);
    return report;
  }
  std::vector<std::string> names;
  for (const City& known : kCities) names.emplace_back(known.name);
  return absl::NotFoundError(absl::StrCat("no weather is known for \"", city, "\".", paranet::DidYouMean(city, names)));
}

}  // namespace weather::v1
