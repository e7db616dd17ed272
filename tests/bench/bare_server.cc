// bare_server ADDRESS [IDENTITY_DIR]: an ordinary gRPC C++ server of the example's service and of bench.v1.Echo, as
// anybody would write it, to compare nodes with. With an identity folder it demands mutual TLS.
#include <cstdio>
#include <string>

#include "core/base/file.h"
#include "examples/weather/weather.grpc.pb.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "tests/bench/echo.grpc.pb.h"

namespace {

class WeatherService final : public weather::v1::Weather::Service {
  grpc::Status Current(grpc::ServerContext*, const weather::v1::CurrentRequest* request,
                       weather::v1::CurrentResponse* response) override {
    response->set_city(request->city());
    response->set_celsius(4.5);
    return grpc::Status::OK;
  }
};

class EchoService final : public bench::v1::Echo::Service {
  grpc::Status Echo(grpc::ServerContext*, const bench::v1::Message* request, bench::v1::Message* response) override {
    *response = *request;
    return grpc::Status::OK;
  }
};

std::shared_ptr<grpc::ServerCredentials> Credentials(const std::string& identity_dir) {
  if (identity_dir.empty()) return grpc::InsecureServerCredentials();
  auto read = [&](const char* name) { return paranet::ReadFile(identity_dir + "/" + name).value_or(""); };
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = read("roots.pem");
  options.pem_key_cert_pairs.push_back({read("key.pem"), read("chain.pem")});
  return grpc::SslServerCredentials(options);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bare_server ADDRESS [IDENTITY_DIR]\n");
    return 2;
  }
  WeatherService service;
  EchoService echo;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(argv[1], Credentials(argc > 2 ? argv[2] : ""));
  builder.RegisterService(&service);
  builder.RegisterService(&echo);
  auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  server->Wait();
}
