// What a node remembers from one start to the next: its tables in DATA_DIR/node.db.
#ifndef PARANET_CORE_NODE_NODE_STATE_H_
#define PARANET_CORE_NODE_NODE_STATE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/sqlite.h"
#include "paranet/v1/node.pb.h"

namespace paranet {

// The scripts for Database::Open: the node's own tables (`meta`, `package`, `package_previous`; `operator_role` and
// `call_rule` of Policy, `audit` of AuditLog) and its federation's:
//   link(peer TEXT PRIMARY KEY, address TEXT NOT NULL, mode INTEGER NOT NULL, dialler INTEGER NOT NULL,
//        created_unix_ms INTEGER NOT NULL)
//   defederated(peer TEXT PRIMARY KEY, at_unix_ms INTEGER NOT NULL)
// A released script never changes; later versions add scripts.
std::vector<std::string> NodeMigrations();

// A package as the node remembers it; the rest is in the package store under `digest`.
struct DeployedPackage {
  std::string id;
  std::string version;
  std::string digest;
  // Identity URI; empty if unsigned.
  std::string publisher;
  absl::Time deployed_at;
  // A serialized v1::Signature; empty if unsigned.
  std::string signature;
};

// Thread-safe. Whoever opens it holds the lock on the data directory.
class NodeState {
 public:
  // Opens DATA_DIR/node.db for a node of this name and kind, or makes it. DATA_LOSS: damaged; FAILED_PRECONDITION: it
  // is of a newer release, of a node with another name, or of a Standard Node where `kind` is TEST. A Test Node's state
  // may be opened for a Standard Node; it becomes one's with Started.
  static absl::StatusOr<std::unique_ptr<NodeState>> Open(const std::string& data_dir, const std::string& name,
                                                         v1::NodeKind kind, absl::Time now);

  Database& database() { return *database_; }

  // HOST:PORT where the node listened last; empty if it never has.
  absl::StatusOr<std::string> Address();
  // The node runs, with the kind that it was opened for, and listens on `address`.
  absl::Status Started(absl::string_view address);

  // The node is a Standard Node from now on.
  absl::Status Promoted();

  // Sorted by id.
  absl::StatusOr<std::vector<DeployedPackage>> Packages();
  // Versions that were deployed before, sorted by id, then by when, the latest first.
  absl::StatusOr<std::vector<DeployedPackage>> PreviousPackages();
  // `package` in the place of the one with its id, and `previous`, of the same id, each with another version, in the
  // place of those that it had. All or nothing.
  absl::Status PutPackage(const DeployedPackage& package, const std::vector<DeployedPackage>& previous);
  // Forgets the package and its previous versions. OK if there is none.
  absl::Status RemovePackage(const std::string& id);

 private:
  NodeState(std::unique_ptr<Database> database, v1::NodeKind kind) : database_(std::move(database)), kind_(kind) {}

  const std::unique_ptr<Database> database_;
  const v1::NodeKind kind_;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_NODE_STATE_H_
