// A stock gRPC client calls a native actor through a node, against the same client and a bare gRPC C++ server, both
// over a Unix socket.
//
//   bazel run //tests/bench:local_call
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "core/base/status.h"
#include "examples/weather/weather.pb.h"
#include "tests/bench/compare.h"
#include "tests/bench/fixture.h"
#include "tests/bench/load_client.h"

namespace paranet::bench {
namespace {

constexpr int kRounds = 15;
constexpr int kSequentialCalls = 2'000;
constexpr int kConcurrentCalls = 10'000;
constexpr int kOutstanding = 64;
constexpr char kPath[] = "/weather.v1.Weather/Current";

absl::Status Run() {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<Fixture> fixture, Fixture::Create());
  PARANET_RETURN_IF_ERROR(fixture->MakeNetwork());
  PARANET_RETURN_IF_ERROR(fixture->StartNode("alpha", {"--test"}));
  PARANET_RETURN_IF_ERROR(fixture->Paranet({"package", "deploy", fixture->Path("weather.paranet"), "--node", "alpha"}));
  PARANET_RETURN_IF_ERROR(fixture->Spawn("bare", {"tests/bench/bare_server", "unix:" + fixture->Path("bare.sock")}));
  PARANET_ASSIGN_OR_RETURN(auto node, fixture->Connect(fixture->Socket("alpha")));
  PARANET_ASSIGN_OR_RETURN(auto bare, fixture->Connect(fixture->Path("bare.sock")));

  weather::v1::CurrentRequest request;
  request.set_city("Oslo");
  const std::string bytes = request.SerializeAsString();
  auto latency = [&](const std::shared_ptr<grpc::Channel>& channel) -> absl::StatusOr<double> {
    PARANET_ASSIGN_OR_RETURN(Load load, RunLoad(channel, kPath, bytes, kSequentialCalls, 1));
    return load.median_us;
  };
  auto rate = [&](const std::shared_ptr<grpc::Channel>& channel) -> absl::StatusOr<double> {
    PARANET_ASSIGN_OR_RETURN(Load load, RunLoad(channel, kPath, bytes, kConcurrentCalls, kOutstanding));
    return load.calls_per_second;
  };
  std::printf("%s\n", DescribeMachine().c_str());
  PARANET_ASSIGN_OR_RETURN(Comparison latencies, Compare("local unary call, one at a time, median latency", "us",
                                                         {"node", [&] { return latency(node); }},
                                                         {"bare gRPC C++", [&] { return latency(bare); }}, kRounds));
  std::printf("%s\n", ToMarkdownRow(latencies).c_str());
  PARANET_ASSIGN_OR_RETURN(Comparison rates, Compare("local unary call, 64 outstanding, rate", "calls/s",
                                                     {"node", [&] { return rate(node); }},
                                                     {"bare gRPC C++", [&] { return rate(bare); }}, kRounds));
  std::printf("%s\n", ToMarkdownRow(rates).c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace paranet::bench

int main() {
  const absl::Status status = paranet::bench::Run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
