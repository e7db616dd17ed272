#include "tests/bench/call_comparison.h"

#include <cstdio>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "examples/weather/weather.pb.h"
#include "tests/bench/compare.h"
#include "tests/bench/load_client.h"

namespace paranet::bench {
namespace {

constexpr int kRounds = 15;
constexpr int kSequentialCalls = 1'000;
constexpr int kConcurrentCalls = 5'000;
constexpr int kOutstanding = 64;
constexpr char kPath[] = "/weather.v1.Weather/Current";

}  // namespace

absl::Status CompareCalls(const std::string& what, const Target& a, const Target& b) {
  weather::v1::CurrentRequest request;
  request.set_city("Oslo");
  const std::string bytes = request.SerializeAsString();
  auto latency = [&](const Target& target) {
    return Subject{target.name, [&]() -> absl::StatusOr<double> {
                     PARANET_ASSIGN_OR_RETURN(Load load, RunLoad(target.channel, kPath, bytes, kSequentialCalls, 1));
                     return load.median_us;
                   }};
  };
  auto rate = [&](const Target& target) {
    return Subject{target.name, [&]() -> absl::StatusOr<double> {
                     PARANET_ASSIGN_OR_RETURN(Load load,
                                              RunLoad(target.channel, kPath, bytes, kConcurrentCalls, kOutstanding));
                     return load.calls_per_second;
                   }};
  };
  PARANET_ASSIGN_OR_RETURN(Comparison latencies, Compare(absl::StrCat(what, ", one at a time, median latency"), "us",
                                                         latency(a), latency(b), kRounds));
  std::printf("%s\n", ToMarkdownRow(latencies).c_str());
  PARANET_ASSIGN_OR_RETURN(Comparison rates, Compare(absl::StrCat(what, ", ", kOutstanding, " outstanding, rate"),
                                                     "calls/s", rate(a), rate(b), kRounds));
  std::printf("%s\n", ToMarkdownRow(rates).c_str());
  return absl::OkStatus();
}

}  // namespace paranet::bench
