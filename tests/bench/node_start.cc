// From the start of a Standard Node's process, which has its identity and a package from before, to the first
// connection that it has accepted: one full mutual TLS 1.3 handshake and the first frame of HTTP/2. No peer: a figure
// to watch.
//
//   bazel run //tests/bench:node_start
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status.h"
#include "tests/bench/compare.h"
#include "tests/bench/fixture.h"
#include "tests/bench/tls_client.h"

namespace paranet::bench {
namespace {

constexpr int kRounds = 30;

absl::Status Run() {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<Fixture> fixture, Fixture::Create());
  PARANET_RETURN_IF_ERROR(fixture->MakeNetwork());
  PARANET_ASSIGN_OR_RETURN(const int port, FreePort());
  PARANET_RETURN_IF_ERROR(
      fixture->StartNode("beta", {"--identity", fixture->Path("beta"), "--listen", absl::StrCat("127.0.0.1:", port)}));
  PARANET_RETURN_IF_ERROR(fixture->Paranet({"package", "deploy", fixture->Path("weather.paranet"), "--node", "beta"}));
  PARANET_RETURN_IF_ERROR(fixture->Paranet({"node", "stop", "beta"}));
  PARANET_ASSIGN_OR_RETURN(const TlsClient client, TlsClient::Create(fixture->Path("alpha")));

  std::vector<double> milliseconds;
  for (int round = -1; round < kRounds; ++round) {
    const absl::Time begin = absl::Now();
    PARANET_ASSIGN_OR_RETURN(const int pid, fixture->Spawn("node", {"tools/node", "--name", "beta"}));
    PARANET_RETURN_IF_ERROR(client.HandshakeOnceServed(port));
    if (round >= 0) milliseconds.push_back(absl::ToDoubleMilliseconds(absl::Now() - begin));
    fixture->End(pid);
  }
  std::printf(
      "%s\nstart of a Standard Node with one package to its first accepted connection, %d times: median %.1f ms "
      "(%.1f to %.1f)\n",
      DescribeMachine().c_str(), kRounds, Percentile(milliseconds, 0.5), Percentile(milliseconds, 0.1),
      Percentile(milliseconds, 0.9));
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
