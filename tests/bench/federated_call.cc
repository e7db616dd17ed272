// A stock client calls through node alpha an actor at node beta, mutual TLS 1.3 between them, against the same client
// through nginx and through HAProxy to a bare gRPC C++ server, mutual TLS 1.3 between them with the same certificates.
// The client reaches all over a Unix socket.
//
//   apt-get install nginx-light haproxy; bazel run //tests/bench:federated_call
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "tests/bench/call_comparison.h"
#include "tests/bench/compare.h"
#include "tests/bench/fixture.h"

namespace paranet::bench {
namespace {

constexpr char kNginx[] = R"(
user root; daemon off; worker_processes 1; pid DIR/nginx.pid; error_log DIR/nginx-error.log;
events {}
http {
  access_log off;
  client_body_temp_path DIR/n1; proxy_temp_path DIR/n2; fastcgi_temp_path DIR/n3; uwsgi_temp_path DIR/n4; scgi_temp_path DIR/n5;
  upstream bare { server unix:DIR/bare.sock; keepalive 128; }
  server {
    listen unix:DIR/nginx.sock http2;
    keepalive_requests 1000000000;
    location / {
      grpc_pass grpcs://bare;
      grpc_ssl_certificate DIR/alpha/chain.pem; grpc_ssl_certificate_key DIR/alpha/key.pem;
      grpc_ssl_trusted_certificate DIR/alpha/roots.pem; grpc_ssl_verify on; grpc_ssl_verify_depth 3;
      grpc_ssl_name localhost; grpc_ssl_protocols TLSv1.3; grpc_socket_keepalive on;
    }
  }
}
)";

constexpr char kHaproxy[] = R"(
global
  maxconn 100
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend in
  bind unix@DIR/haproxy.sock proto h2
  default_backend out
backend out
  server bare unix@DIR/bare.sock ssl verify required ca-file DIR/alpha/roots.pem crt DIR/alpha/both.pem verifyhost localhost ssl-min-ver TLSv1.3 alpn h2
)";

absl::Status Run() {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<Fixture> fixture, Fixture::Create());
  PARANET_RETURN_IF_ERROR(fixture->MakeNetwork());
  for (const char* node : {"alpha", "beta"}) {
    PARANET_RETURN_IF_ERROR(fixture->StartNode(node, {"--identity", fixture->Path(node)}));
  }
  PARANET_RETURN_IF_ERROR(fixture->Paranet({"package", "deploy", fixture->Path("weather.paranet"), "--node", "beta"}));
  PARANET_RETURN_IF_ERROR(fixture->Paranet({"federate", "--from", "alpha", "--to", "beta"}));

  const std::string dir = fixture->Path("");
  auto write = [&](const std::string& name, absl::string_view text) {
    return WriteFileAtomically(fixture->Path(name), absl::StrReplaceAll(text, {{"DIR/", dir}}), 0600);
  };
  PARANET_ASSIGN_OR_RETURN(std::string chain, ReadFile(fixture->Path("alpha/chain.pem")));
  PARANET_ASSIGN_OR_RETURN(std::string key, ReadFile(fixture->Path("alpha/key.pem")));
  PARANET_RETURN_IF_ERROR(write("alpha/both.pem", absl::StrCat(chain, key)));
  PARANET_RETURN_IF_ERROR(write("nginx.conf", kNginx));
  PARANET_RETURN_IF_ERROR(write("haproxy.cfg", kHaproxy));
  PARANET_RETURN_IF_ERROR(
      fixture->Spawn("bare", {"tests/bench/bare_server", "unix:" + fixture->Path("bare.sock"), fixture->Path("beta")})
          .status());
  PARANET_RETURN_IF_ERROR(
      Annotate(fixture->Spawn("nginx", {"nginx", "-c", fixture->Path("nginx.conf")}).status(), "nginx"));
  PARANET_RETURN_IF_ERROR(
      Annotate(fixture->Spawn("haproxy", {"haproxy", "-f", fixture->Path("haproxy.cfg")}).status(), "haproxy"));

  PARANET_ASSIGN_OR_RETURN(auto alpha, fixture->Connect(fixture->Socket("alpha")));
  PARANET_ASSIGN_OR_RETURN(auto nginx, fixture->Connect(fixture->Path("nginx.sock")));
  PARANET_ASSIGN_OR_RETURN(auto haproxy, fixture->Connect(fixture->Path("haproxy.sock")));

  std::printf("%s\n", DescribeMachine().c_str());
  const Target nodes{"two nodes", alpha};
  PARANET_RETURN_IF_ERROR(CompareCalls("federated unary call", nodes, {"nginx grpc_pass", nginx}));
  return CompareCalls("federated unary call", nodes, {"HAProxy", haproxy});
}

}  // namespace
}  // namespace paranet::bench

int main() {
  const absl::Status status = paranet::bench::Run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
