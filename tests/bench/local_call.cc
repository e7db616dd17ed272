// A stock gRPC client calls a native actor through a node, against the same client and a bare gRPC C++ server, both
// over a Unix socket.
//
//   bazel run //tests/bench:local_call
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "core/base/status.h"
#include "tests/bench/call_comparison.h"
#include "tests/bench/compare.h"
#include "tests/bench/fixture.h"

namespace paranet::bench {
namespace {

absl::Status Run() {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<Fixture> fixture, Fixture::Create());
  PARANET_RETURN_IF_ERROR(fixture->MakeNetwork());
  PARANET_RETURN_IF_ERROR(fixture->StartNode("alpha", {"--test"}));
  PARANET_RETURN_IF_ERROR(fixture->Paranet({"package", "deploy", fixture->Path("weather.paranet"), "--node", "alpha"}));
  PARANET_RETURN_IF_ERROR(
      fixture->Spawn("bare", {"tests/bench/bare_server", "unix:" + fixture->Path("bare.sock")}).status());
  PARANET_ASSIGN_OR_RETURN(auto node, fixture->Connect(fixture->Socket("alpha")));
  PARANET_ASSIGN_OR_RETURN(auto bare, fixture->Connect(fixture->Path("bare.sock")));

  std::printf("%s\n", DescribeMachine().c_str());
  return CompareCalls("local unary call", {"node", node}, {"bare gRPC C++", bare});
}

}  // namespace
}  // namespace paranet::bench

int main() {
  const absl::Status status = paranet::bench::Run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
