// Unary calls of 64 bytes from an actor at node alpha to an actor at node beta, mutual TLS 1.3 between them, against a
// gRPC C++ client that calls an ordinary gRPC C++ server over mutual TLS 1.3 with the same certificates.
//
//   bazel run //tests/bench:fabric_call
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/grpc_status.h"
#include "core/base/status.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "tests/bench/compare.h"
#include "tests/bench/echo.grpc.pb.h"
#include "tests/bench/fixture.h"
#include "tests/bench/load_client.h"
#include "tests/bench/tls_client.h"

namespace paranet::bench {
namespace {

using ::bench::v1::RunRequest;
using ::bench::v1::RunResponse;

constexpr int kRounds = 11;
constexpr int kOutstanding = 256;
constexpr int kFabricCalls = 200'000;
constexpr int kBareCalls = 20'000;
constexpr int kSequentialCalls = 2'000;
// A payload of 62 bytes makes a message of 64.
constexpr uint32_t kPayload = 62;
constexpr char kEcho[] = "/bench.v1.Echo/Echo";
constexpr std::chrono::seconds kRunDeadline{60};

// The client of an ordinary gRPC C++ program with alpha's certificate.
absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectBare(const Fixture& fixture, const std::string& address) {
  grpc::SslCredentialsOptions options;
  PARANET_ASSIGN_OR_RETURN(options.pem_root_certs, ReadFile(fixture.Path("alpha/roots.pem")));
  PARANET_ASSIGN_OR_RETURN(options.pem_private_key, ReadFile(fixture.Path("alpha/key.pem")));
  PARANET_ASSIGN_OR_RETURN(options.pem_cert_chain, ReadFile(fixture.Path("alpha/chain.pem")));
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("localhost");
  auto channel = grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) {
    return absl::UnavailableError(absl::StrCat("nobody answers at ", address));
  }
  return channel;
}

absl::StatusOr<RunResponse> Run(::bench::v1::Caller::Stub& caller, int calls, int outstanding) {
  RunRequest request;
  request.set_calls(static_cast<uint32_t>(calls));
  request.set_bytes(kPayload);
  request.set_outstanding(static_cast<uint32_t>(outstanding));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kRunDeadline);
  RunResponse response;
  const grpc::Status status = caller.Run(&context, request, &response);
  if (!status.ok()) return FromGrpcStatus(status);
  return response;
}

absl::Status CompareAll() {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<Fixture> fixture, Fixture::Create());
  PARANET_RETURN_IF_ERROR(fixture->MakeNetwork());
  for (const char* node : {"alpha", "beta"}) {
    PARANET_RETURN_IF_ERROR(fixture->StartNode(node, {"--identity", fixture->Path(node)}));
  }
  for (const auto& [package, node] : {std::pair("caller", "alpha"), std::pair("echo", "beta")}) {
    const std::string archive = fixture->Path(absl::StrCat(package, ".paranet"));
    PARANET_ASSIGN_OR_RETURN(const std::string unsigned_archive,
                             ReadFile(absl::StrCat("tests/bench/", package, ".paranet")));
    PARANET_RETURN_IF_ERROR(WriteFileAtomically(archive, unsigned_archive));
    PARANET_RETURN_IF_ERROR(fixture->Paranet({"package", "sign", archive, "--identity", fixture->Path("maker")}));
    PARANET_RETURN_IF_ERROR(fixture->Paranet({"package", "deploy", archive, "--node", node}));
  }
  PARANET_RETURN_IF_ERROR(fixture->Paranet({"federate", "--from", "alpha", "--to", "beta"}));
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> alpha, fixture->Connect(fixture->Socket("alpha")));
  const std::unique_ptr<::bench::v1::Caller::Stub> caller = ::bench::v1::Caller::NewStub(alpha);

  PARANET_ASSIGN_OR_RETURN(const int port, FreePort());
  const std::string address = absl::StrCat("127.0.0.1:", port);
  PARANET_RETURN_IF_ERROR(fixture->Spawn("bare", {"tests/bench/bare_server", address, fixture->Path("beta")}).status());
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> bare, ConnectBare(*fixture, address));
  ::bench::v1::Message message;
  message.set_payload(std::string(kPayload, 'x'));
  const std::string request = message.SerializeAsString();

  std::printf("%s\n", DescribeMachine().c_str());
  const auto compare = [&](const std::string& what, const std::string& unit, int outstanding, auto ours, auto bares) {
    return Compare(absl::StrCat("actor to actor over a link, 64 B, ", what), unit,
                   {"two nodes",
                    [&, ours, outstanding]() -> absl::StatusOr<double> {
                      PARANET_ASSIGN_OR_RETURN(
                          const RunResponse run,
                          Run(*caller, outstanding > 1 ? kFabricCalls : kSequentialCalls, outstanding));
                      return ours(run);
                    }},
                   {"bare gRPC C++",
                    [&, bares, outstanding]() -> absl::StatusOr<double> {
                      PARANET_ASSIGN_OR_RETURN(
                          const Load load,
                          RunLoad(bare, kEcho, request, outstanding > 1 ? kBareCalls : kSequentialCalls, outstanding));
                      return bares(load);
                    }},
                   kRounds);
  };
  PARANET_ASSIGN_OR_RETURN(const Comparison rate,
                           compare(
                               absl::StrCat(kOutstanding, " outstanding, rate"), "calls/s", kOutstanding,
                               [](const RunResponse& run) { return kFabricCalls / run.seconds(); },
                               [](const Load& load) { return load.calls_per_second; }));
  std::printf("%s\n", ToMarkdownRow(rate).c_str());
  PARANET_ASSIGN_OR_RETURN(const Comparison latency, compare(
                                                         "one at a time, median latency", "us", 1,
                                                         [](const RunResponse& run) { return run.median_us(); },
                                                         [](const Load& load) { return load.median_us; }));
  std::printf("%s\n", ToMarkdownRow(latency).c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace paranet::bench

int main() {
  const absl::Status status = paranet::bench::CompareAll();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
