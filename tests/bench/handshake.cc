// Full mutual TLS 1.3 handshakes with a Standard Node against nginx with the same certificates, in handshakes for each
// second of processor time that the server spends: key exchange X25519, ECDSA P-256, both chains verified, no
// resumption.
//
//   apt-get install nginx-light; bazel run //tests/bench:handshake
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "tests/bench/compare.h"
#include "tests/bench/fixture.h"
#include "tests/bench/process_cpu.h"
#include "tests/bench/tls_client.h"

namespace paranet::bench {
namespace {

constexpr int kRounds = 15;
constexpr int kHandshakes = 1000;
constexpr int kClients = 2;

constexpr char kNginx[] = R"(
user root; daemon off; master_process off; worker_processes 1; pid DIR/nginx.pid; error_log DIR/nginx-error.log;
events {}
http {
  access_log off;
  client_body_temp_path DIR/n1; proxy_temp_path DIR/n2; fastcgi_temp_path DIR/n3; uwsgi_temp_path DIR/n4; scgi_temp_path DIR/n5;
  server {
    listen 127.0.0.1:PORT ssl http2;
    ssl_protocols TLSv1.3; ssl_ecdh_curve X25519:prime256v1; ssl_session_tickets off; ssl_session_cache off;
    ssl_certificate DIR/beta/chain.pem; ssl_certificate_key DIR/beta/key.pem;
    ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate DIR/beta/roots.pem;
    return 204;
  }
}
)";

struct Server {
  std::string name;
  int pid = 0;
  int port = 0;
};

// Handshakes for each processor second of the server.
absl::StatusOr<double> Sample(const TlsClient& client, const Server& server) {
  PARANET_ASSIGN_OR_RETURN(const absl::Duration before, ProcessCpu(server.pid));
  std::atomic<int> left = kHandshakes;
  std::vector<absl::Status> results(kClients);
  std::vector<std::thread> threads;
  for (absl::Status& result : results) {
    threads.emplace_back([&] {
      while (result.ok() && left.fetch_sub(1) > 0) result = client.Handshake(server.port);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) PARANET_RETURN_IF_ERROR(result);
  PARANET_ASSIGN_OR_RETURN(const absl::Duration after, ProcessCpu(server.pid));
  return kHandshakes / absl::ToDoubleSeconds(after - before);
}

absl::Status Run() {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<Fixture> fixture, Fixture::Create());
  PARANET_RETURN_IF_ERROR(fixture->MakeNetwork());
  PARANET_RETURN_IF_ERROR(fixture->StartNode("beta", {"--identity", fixture->Path("beta")}));
  PARANET_ASSIGN_OR_RETURN(const v1::GetStatusResponse status, fixture->NodeStatus("beta"));
  Server node{.name = "node", .pid = static_cast<int>(status.pid())};
  const std::string& address = status.address();
  node.port = std::stoi(address.substr(address.rfind(':') + 1));

  Server nginx{.name = "nginx"};
  PARANET_ASSIGN_OR_RETURN(nginx.port, FreePort());
  const std::string configuration =
      absl::StrReplaceAll(kNginx, {{"DIR/", fixture->Path("")}, {"PORT", absl::StrCat(nginx.port)}});
  PARANET_RETURN_IF_ERROR(WriteFileAtomically(fixture->Path("nginx.conf"), configuration, 0600));
  PARANET_ASSIGN_OR_RETURN(nginx.pid, fixture->Spawn("nginx", {"nginx", "-c", fixture->Path("nginx.conf")}));

  PARANET_ASSIGN_OR_RETURN(const TlsClient client, TlsClient::Create(fixture->Path("alpha")));
  PARANET_RETURN_IF_ERROR(client.HandshakeOnceServed(node.port));
  PARANET_RETURN_IF_ERROR(client.HandshakeOnceServed(nginx.port));
  std::printf("%s\n", DescribeMachine().c_str());
  const auto subject = [&](const Server& server) {
    return Subject{server.name, [&] { return Sample(client, server); }};
  };
  PARANET_ASSIGN_OR_RETURN(const Comparison comparison,
                           Compare("full mutual TLS 1.3 handshakes per processor second of the server", "handshakes/s",
                                   subject(node), subject(nginx), kRounds));
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
