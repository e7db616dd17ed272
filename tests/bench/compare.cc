#include "tests/bench/compare.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status.h"

namespace paranet::bench {

double Percentile(std::vector<double> values, double fraction) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double position = fraction * static_cast<double>(values.size() - 1);
  const size_t below = static_cast<size_t>(std::floor(position));
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (position - static_cast<double>(below));
}

absl::StatusOr<Comparison> Compare(const std::string& what, const std::string& unit, const Subject& a, const Subject& b,
                                   int rounds) {
  std::vector<double> of_a, of_b, ratios;
  for (int round = -1; round < rounds; ++round) {
    const Subject* first = round % 2 == 0 ? &a : &b;
    const Subject* second = first == &a ? &b : &a;
    absl::StatusOr<double> one = first->sample();
    if (!one.ok()) return Annotate(one.status(), first->name);
    absl::StatusOr<double> other = second->sample();
    if (!other.ok()) return Annotate(other.status(), second->name);
    if (round < 0) continue;
    of_a.push_back(first == &a ? *one : *other);
    of_b.push_back(first == &a ? *other : *one);
    ratios.push_back(of_a.back() / of_b.back());
  }
  return Comparison{.what = what,
                    .unit = unit,
                    .a = a.name,
                    .b = b.name,
                    .a_median = Percentile(of_a, 0.5),
                    .b_median = Percentile(of_b, 0.5),
                    .ratio = Percentile(ratios, 0.5),
                    .ratio_low = Percentile(ratios, 0.1),
                    .ratio_high = Percentile(ratios, 0.9),
                    .rounds = rounds};
}

std::string ToMarkdownRow(const Comparison& c) {
  return absl::StrFormat("| %s | %s: %.1f %s | %s: %.1f %s | %.2f (%.2f to %.2f) |", c.what, c.a, c.a_median, c.unit,
                         c.b, c.b_median, c.unit, c.ratio, c.ratio_low, c.ratio_high);
}

std::string DescribeMachine() {
  std::string model = "unknown processor";
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (!absl::StartsWith(line, "model name")) continue;
    model = line.substr(line.find(':') + 2);
    break;
  }
  std::string load;
  std::getline(std::ifstream("/proc/loadavg"), load);
  return absl::StrCat(model, ", ", std::thread::hardware_concurrency(), " cores, load average ", load.substr(0, 14),
                      ", ", absl::FormatTime("%Y-%m-%d %H:%M UTC", absl::Now(), absl::UTCTimeZone()));
}

}  // namespace paranet::bench
