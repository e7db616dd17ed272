// A server that tells its callers who they are, and how to ask it. For tests of credentials.
#ifndef PARANET_PKI_TESTUTIL_WHO_AM_I_H_
#define PARANET_PKI_TESTUTIL_WHO_AM_I_H_

#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "pki/identity.h"

namespace paranet::pki {

// Answers every call with the caller's identity, or with the error of PeerIdentity.
class WhoAmIServer {
 public:
  explicit WhoAmIServer(const std::shared_ptr<grpc::ServerCredentials>& credentials);
  ~WhoAmIServer();
  WhoAmIServer(const WhoAmIServer&) = delete;
  WhoAmIServer& operator=(const WhoAmIServer&) = delete;

  int port() const { return port_; }

 private:
  struct Call;

  void Await();
  void Poll();

  int port_ = 0;
  grpc::AsyncGenericService service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::thread thread_;
};

// With a connection of its own.
std::shared_ptr<grpc::Channel> Connect(int port, const std::shared_ptr<grpc::ChannelCredentials>& credentials);

// Whom the server takes the caller for; on success `server`, if given, receives whom the caller takes it for, and
// `certificate` the first certificate that the server showed, in PEM.
absl::StatusOr<std::string> Ask(const std::shared_ptr<grpc::Channel>& channel,
                                absl::StatusOr<Identity>* server = nullptr, std::string* certificate = nullptr);
absl::StatusOr<std::string> Ask(int port, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                                absl::StatusOr<Identity>* server = nullptr);

}  // namespace paranet::pki

#endif  // PARANET_PKI_TESTUTIL_WHO_AM_I_H_
