// Certificates issued by the enrolment service, each in the ledger and on disk before it leaves, against `cfssl serve`,
// which keeps no record: the same requests (ECDSA P-256), 16 at a time, in certificates for each second of processor
// time that the server spends. The service is called over one connection with mutual TLS 1.3, cfssl over plain HTTP.
//
//   apt-get install golang-cfssl; bazel run //tests/bench:issuance
#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/file.h"
#include "core/base/grpc_status.h"
#include "core/base/status.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "paranet/v1/pki.grpc.pb.h"
#include "pki/certificate_request.h"
#include "pki/private_key.h"
#include "tests/bench/cfssl_client.h"
#include "tests/bench/compare.h"
#include "tests/bench/fixture.h"
#include "tests/bench/process_cpu.h"
#include "tests/bench/tls_client.h"

namespace paranet::bench {
namespace {

constexpr int kRounds = 15;
constexpr int kRequests = 2000;
constexpr int kAtOnce = 16;

constexpr char kCfsslPolicy[] =
    R"({"signing":{"default":{"expiry":"24h","usages":["digital signature","server auth","client auth"]}}})";

// As many as one sample needs, each with a key of its own: a renewal wants a fresh one.
absl::StatusOr<std::vector<pki::CertificateRequest>> MakeRequests() {
  std::vector<pki::CertificateRequest> requests;
  for (int i = 0; i < kRequests; ++i) {
    PARANET_ASSIGN_OR_RETURN(const pki::PrivateKey key, pki::PrivateKey::Generate());
    PARANET_ASSIGN_OR_RETURN(pki::CertificateRequest request,
                             pki::CertificateRequest::Create(
                                 key, {.identity = {"acme", pki::Role::kNode, "alpha"}, .dns_names = {"localhost"}}));
    requests.push_back(std::move(request));
  }
  return requests;
}

using Issue = std::function<absl::Status(const pki::CertificateRequest&)>;

// `client` makes what one thread uses.
absl::StatusOr<double> Sample(int server, const std::function<absl::StatusOr<Issue>()>& client) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<pki::CertificateRequest> requests, MakeRequests());
  PARANET_ASSIGN_OR_RETURN(const absl::Duration before, ProcessCpu(server));
  std::atomic<size_t> next = 0;
  std::vector<absl::Status> results(kAtOnce);
  std::vector<std::thread> threads;
  for (absl::Status& result : results) {
    threads.emplace_back([&] {
      const absl::StatusOr<Issue> issue = client();
      result = issue.status();
      for (size_t i = next++; result.ok() && i < requests.size(); i = next++) result = (*issue)(requests[i]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) PARANET_RETURN_IF_ERROR(result);
  PARANET_ASSIGN_OR_RETURN(const absl::Duration after, ProcessCpu(server));
  return kRequests / absl::ToDoubleSeconds(after - before);
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectToService(Fixture& fixture, int port) {
  PARANET_ASSIGN_OR_RETURN(const std::string roots, ReadFile(fixture.Path("alpha/roots.pem")));
  PARANET_ASSIGN_OR_RETURN(const std::string key, ReadFile(fixture.Path("alpha/key.pem")));
  PARANET_ASSIGN_OR_RETURN(const std::string chain, ReadFile(fixture.Path("alpha/chain.pem")));
  const auto channel = grpc::CreateChannel(absl::StrCat("localhost:", port), grpc::SslCredentials({roots, key, chain}));
  if (!channel->WaitForConnected(absl::ToChronoTime(absl::Now() + absl::Seconds(10)))) {
    return absl::UnavailableError("the enrolment service does not answer");
  }
  return channel;
}

// Until it listens.
absl::Status WaitForCfssl(int port) {
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  absl::Status status = CfsslClient::Connect(port).status();
  while (!status.ok() && absl::Now() < deadline) status = CfsslClient::Connect(port).status();
  return status;
}

absl::Status Run() {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<Fixture> fixture, Fixture::Create());
  PARANET_RETURN_IF_ERROR(fixture->MakeNetwork());
  const std::string root = fixture->Path("roots/acme");

  PARANET_ASSIGN_OR_RETURN(const int port, FreePort());
  PARANET_ASSIGN_OR_RETURN(const int service,
                           fixture->Spawn("service", {"tests/bench/enrolment_main", root, absl::StrCat(port)}));
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, ConnectToService(*fixture, port));
  const std::unique_ptr<v1::NetworkRoot::Stub> stub = v1::NetworkRoot::NewStub(channel);

  PARANET_ASSIGN_OR_RETURN(const int cfssl_port, FreePort());
  PARANET_RETURN_IF_ERROR(WriteFileAtomically(fixture->Path("cfssl.json"), kCfsslPolicy, 0600));
  PARANET_ASSIGN_OR_RETURN(
      const int cfssl,
      fixture->Spawn("cfssl", {"cfssl", "serve", "-address", "127.0.0.1", "-port", absl::StrCat(cfssl_port), "-ca",
                               absl::StrCat(root, "/issuing.pem"), "-ca-key", absl::StrCat(root, "/issuing.key.pem"),
                               "-config", fixture->Path("cfssl.json"), "-loglevel", "5"}));
  PARANET_RETURN_IF_ERROR(WaitForCfssl(cfssl_port));

  const auto renew = [&]() -> absl::StatusOr<Issue> {
    return [&](const pki::CertificateRequest& request) {
      grpc::ClientContext context;
      v1::RenewRequest message;
      v1::RenewResponse response;
      message.set_request(request.ToDer());
      return FromGrpcStatus(stub->Renew(&context, message, &response));
    };
  };
  const auto sign = [&]() -> absl::StatusOr<Issue> {
    PARANET_ASSIGN_OR_RETURN(CfsslClient client, CfsslClient::Connect(cfssl_port));
    return [client = std::make_shared<CfsslClient>(std::move(client))](const pki::CertificateRequest& request) {
      return client->Sign(request.ToPem());
    };
  };
  std::printf("%s\n", DescribeMachine().c_str());
  PARANET_ASSIGN_OR_RETURN(const Comparison comparison,
                           Compare("certificates issued per processor second of the server", "certificates/s",
                                   {"enrolment service, ledger on disk", [&] { return Sample(service, renew); }},
                                   {"cfssl serve, no record", [&] { return Sample(cfssl, sign); }}, kRounds));
  std::printf("%s\n", ToMarkdownRow(comparison).c_str());
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
