// Where a node's skills are called over the network: by their own gRPC paths.
#ifndef PARANET_CORE_NODE_NETWORK_LISTENER_H_
#define PARANET_CORE_NODE_NETWORK_LISTENER_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/node/federation_control.h"
#include "core/node/health_service.h"
#include "core/node/listen_address.h"
#include "core/node/reflection_service.h"
#include "core/node/visibility.h"
#include "core/routing/dispatcher.h"
#include "core/routing/router.h"
#include "core/rpc/server.h"
#include "core/skill/catalogue.h"
#include "grpcpp/security/server_credentials.h"

namespace paranet {

// On a Test Node (without credentials) everybody may call and see everything, as `anonymous`. On a Standard Node:
//   - what the federation takes is the federation's;
//   - operators see all that the node knows, and may call what the federation lets them;
//   - nodes that this one exports to see what its own actors offer and is not private, and may call of that what the
//     federation lets them: never what other peers offer (no transit);
//   - all others get PERMISSION_DENIED for every path, so that they learn no names.
// Reflection and health keep to the same. Thread-safe.
class NetworkListener {
 public:
  struct Options {
    ListenAddress address;
    // Null on a Test Node.
    std::shared_ptr<grpc::ServerCredentials> credentials;
    // Both outlive this object.
    Catalogue* catalogue = nullptr;
    const Router* router = nullptr;
  };
  // Listens, and answers every call with UNAVAILABLE until Open. ALREADY_EXISTS if the address is in use.
  static absl::StatusOr<std::unique_ptr<NetworkListener>> Start(Options options);
  // Shutdown(now).
  ~NetworkListener();

  // With the port that was taken.
  const ListenAddress& address() const { return address_; }

  // Serves from now on. `federation` is null on a Test Node and otherwise outlives Shutdown.
  void Open(FederationControl* federation);
  // Answers new calls with UNAVAILABLE.
  void Close();
  // Close; lets the running calls end until `deadline`, cancels them then, and returns when all have ended. Idempotent.
  void Shutdown(absl::Time deadline);

 private:
  explicit NetworkListener(Options options);

  void Handle(std::shared_ptr<IncomingCall> call);
  Visibility View(const grpc::AuthContext& client) const;
  // CallDispatcher's.
  absl::StatusOr<std::string> Authorize(const IncomingCall& call, const Skill& skill) const;

  const Options options_;
  // Whether this is a Standard Node's.
  const bool standard_;
  ListenAddress address_;
  std::atomic<bool> open_ = false;
  std::atomic<FederationControl*> federation_ = nullptr;
  CallDispatcher dispatcher_;
  // For peers.
  CallDispatcher local_dispatcher_;
  ReflectionService reflection_;
  HealthService health_;
  std::unique_ptr<RpcServer> server_;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_NETWORK_LISTENER_H_
