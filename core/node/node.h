// One node, alone.
#ifndef PARANET_CORE_NODE_NODE_H_
#define PARANET_CORE_NODE_NODE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/sqlite.h"
#include "core/node/audit_log.h"
#include "core/node/federation_control.h"
#include "core/node/json_call.h"
#include "core/node/node_control.h"
#include "core/node/policy.h"
#include "core/routing/router.h"
#include "core/skill/catalogue.h"
#include "pki/node_identity.h"
#include "pki/node_trust.h"

namespace paranet {

// What a federation is built from; everything outlives it.
struct NodeParts {
  std::string node_name;
  // What the node holds and believes at each moment.
  std::shared_ptr<pki::NodeTrust> trust;
  Catalogue* catalogue = nullptr;
  const Router* router = nullptr;
  // Holds the federation's tables `link` and `defederated` beside the node's own.
  Database* database = nullptr;
  Clock* clock = nullptr;
  // What peers may call, beside what is exported; where the federation's decisions are recorded.
  const Policy* policy = nullptr;
  AuditLog* audit = nullptr;
  Logger logger;
  // HOST:PORT of the network listener.
  std::string address;
};
using MakeFederation = std::function<absl::StatusOr<std::unique_ptr<FederationControl>>(const NodeParts&)>;

struct NodeOptions {
  // A valid name (skill_id.h, CheckName).
  std::string name;
  // Made if missing; locked while the node runs.
  std::string data_dir;
  // HOST:PORT. Empty: where it listened last, or 127.0.0.1 with a free port. The port that was taken is remembered, so
  // that a restarted node is found where it was. A Test Node listens on loopback only.
  std::string address;
  // Whether there is a control socket (DATA_DIR/control.sock); a node inside another program may do without.
  bool control_socket = true;
  // Installed into DATA_DIR/identity, in place of one that is there. A node that has one there is a Standard Node,
  // whether or not it is given one here; all others are Test Nodes.
  std::unique_ptr<pki::NodeIdentity> identity;
  // Of a Standard Node; a Test Node uses it when it becomes one. Without, the node never federates and stays what it
  // is.
  MakeFederation make_federation;
  // The operator's settings for actors (actor_policy.h), copied to DATA_DIR/actors.yaml. Empty: what is there stays.
  std::string actors_file;
  // Of Python actors (RuntimeOptions, package_runtime.h); null: they are UNIMPLEMENTED.
  std::function<absl::StatusOr<std::string>()> python_runtime;
  Logger logger;
  // Null: the system's.
  std::shared_ptr<Clock> clock;
};

// Thread-safe. NodeControl (node_control.h) has what operators do with it: status, packages, skills, calls, links.
class Node : public NodeControl {
 public:
  using JsonCall = ::paranet::JsonCall;

  // Locks the data directory, opens the state, starts the packages that were deployed, listens, dials the links. Either
  // it runs when this returns or nothing is left behind. FAILED_PRECONDITION: data directory in use, state of a newer
  // version. PERMISSION_DENIED: the installed certificate has expired, or another node's. DATA_LOSS: damaged state.
  // ALREADY_EXISTS: port in use. PERMISSION_DENIED: a Test Node asked to listen beyond loopback. INVALID_ARGUMENT: bad
  // name or address.
  static absl::StatusOr<std::unique_ptr<Node>> Start(NodeOptions options);
  // Stop(now).
  ~Node() override = default;

  // Refuses new calls, ends links, lets calls end until `deadline`, stops actors. Idempotent.
  virtual void Stop(absl::Time deadline) = 0;
  // Blocks until somebody asked for a stop (RequestStop, the Stop RPC). Does not stop.
  virtual void WaitForStopRequest() = 0;

  // HOST:PORT.
  virtual const std::string& address() const = 0;
  virtual Catalogue& catalogue() = 0;
  virtual const Router& router() const = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_NODE_H_
