// Where a node's skills are called over the network: by their own gRPC paths.
#ifndef PARANET_CORE_NODE_NETWORK_LISTENER_H_
#define PARANET_CORE_NODE_NETWORK_LISTENER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/node/audit_log.h"
#include "core/node/call_service.h"
#include "core/node/control_service.h"
#include "core/node/federation_control.h"
#include "core/node/health_service.h"
#include "core/node/node_control.h"
#include "core/node/policy.h"
#include "core/node/reflection_service.h"
#include "core/node/sessions.h"
#include "core/node/visibility.h"
#include "core/routing/dispatcher.h"
#include "core/routing/router.h"
#include "core/rpc/server.h"
#include "core/rpc/tcp_listener.h"
#include "core/skill/catalogue.h"
#include "pki/identity.h"
#include "pki/node_trust.h"

namespace paranet {

// On a Test Node (without credentials) everybody may call and see everything, as `anonymous`. On a Standard Node:
//   - what the federation takes is the federation's;
//   - operators see and may call all that the node knows, as far as the policy lets them, and control the node
//     (paranet.v1.Node) by the roles that they have; Call, which names skills, takes `read`;
//   - nodes that this one exports to see what its own actors offer and is not private, and may call of that what the
//     federation and the policy let them: never what other peers offer (no transit);
//   - all others get PERMISSION_DENIED for every path, so that they learn no names.
// Reflection and health keep to the same: what a client may not call it does not see. Thread-safe.
class NetworkListener {
 public:
  struct Options {
    // Accepts the connections; outlives this object, though it may be stopped before.
    TcpListener* listener = nullptr;
    // Null on a Test Node.
    std::shared_ptr<pki::NodeTrust> trust;
    // Both outlive this object.
    Catalogue* catalogue = nullptr;
    const Router* router = nullptr;
    // Of the trust; null on a Test Node.
    const Clock* clock = nullptr;
    // What operators control, what the clients may do, where it is recorded. All outlive this object; null on a Test
    // Node.
    NodeControl* node = nullptr;
    const Policy* policy = nullptr;
    AuditLog* audit = nullptr;
    Logger logger;
  };
  // Ready for connections, of which it gets none until Open.
  static absl::StatusOr<std::unique_ptr<NetworkListener>> Start(Options options);
  // Shutdown(now).
  ~NetworkListener();

  // From now on the connections of the listener are served here, in place of anywhere else. `federation` is null on a
  // Test Node and otherwise outlives Shutdown. Once.
  void Open(FederationControl* federation);
  // Answers new calls with UNAVAILABLE.
  void Close();
  // Close; lets the running calls end until `deadline`, cancels them then, and returns when all have ended. Idempotent.
  void Shutdown(absl::Time deadline);

 private:
  explicit NetworkListener(Options options);

  // The way from handshakes, which may go on for a moment longer than this object lives, to the audit log.
  struct Refusals;

  void Handle(std::shared_ptr<IncomingCall> call);
  // Of the client, on a Standard Node, as of now.
  absl::StatusOr<pki::Identity> Identify(const grpc::AuthContext& client) const;
  ClientView View(const grpc::AuthContext& client) const;
  // Of a call of one of gRPC's own services, whose connection is known from then on.
  ClientView ViewOf(const grpc::ServerContext& context) const;
  // Who asks for something that takes this role, over the network.
  absl::StatusOr<std::string> AdmitControl(const grpc::ServerContext& context, v1::OperatorRole role);
  absl::Status AdmitCall(const IncomingCall& incoming, JsonCall* call) const;
  absl::Status CheckRole(const pki::Identity& client, v1::OperatorRole role) const;
  // CallDispatcher's.
  absl::StatusOr<std::string> Authorize(const IncomingCall& call, const Skill& skill) const;

  const Options options_;
  // Whether this is a Standard Node's.
  const bool standard_;
  const std::shared_ptr<Refusals> refusals_;
  // Null on a Test Node.
  const std::unique_ptr<Sessions> sessions_;
  std::atomic<bool> open_ = false;
  std::atomic<FederationControl*> federation_ = nullptr;
  CallDispatcher dispatcher_;
  // For peers.
  CallDispatcher local_dispatcher_;
  ReflectionService reflection_;
  HealthService health_;
  // paranet.v1.Node; null on a Test Node.
  const std::unique_ptr<ControlService> control_;
  const std::unique_ptr<CallService> calls_;
  std::unique_ptr<RpcServer> server_;
  // What the listener calls Open by.
  uint64_t serving_ = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_NETWORK_LISTENER_H_
