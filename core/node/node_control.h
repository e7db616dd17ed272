// What can be asked of a running node, by the program that it is in or over its control socket.
#ifndef PARANET_CORE_NODE_NODE_CONTROL_H_
#define PARANET_CORE_NODE_NODE_CONTROL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/node/audit_log.h"
#include "core/node/federation_control.h"
#include "core/node/json_call.h"
#include "core/node/policy.h"
#include "paranet/v1/node.pb.h"
#include "paranet/v1/package.pb.h"
#include "paranet/v1/pki.pb.h"
#include "pki/node_identity.h"
#include "pki/node_trust.h"

namespace paranet {

// Thread-safe.
class NodeControl {
 public:
  virtual ~NodeControl() = default;

  virtual const std::string& name() const = 0;
  virtual v1::GetStatusResponse Status() = 0;
  // Makes Node::WaitForStopRequest return. Not async-signal-safe: call it from a thread that waits for signals.
  virtual void RequestStop() = 0;

  // `archive`: an archive's bytes. Notes for the operator in the response. On any error nothing has changed.
  virtual absl::StatusOr<v1::DeployResponse> Deploy(std::string archive) = 0;
  // As in PackageManager (package_manager.h), as are the next four.
  virtual absl::StatusOr<v1::DeployResponse> RollBackPackage(const std::string& id, const std::string& version) = 0;
  virtual absl::StatusOr<v1::PackageInfo> Undeploy(const std::string& id) = 0;
  // An archive's bytes.
  virtual absl::StatusOr<std::string> PullPackage(const std::string& id, const std::string& version) = 0;
  virtual absl::StatusOr<v1::GetActorLogResponse> GetActorLog(const std::string& actor, uint32_t lines) = 0;
  // Sorted by id.
  virtual std::vector<v1::PackageInfo> ListPackages() = 0;

  // Sorted by name, then by version, highest first; without descriptors.
  virtual std::vector<v1::SkillSetEntry> ListSkills() = 0;
  // `weather/current` or `weather/current~1.2`. NOT_FOUND with the nearest names; INVALID_ARGUMENT.
  virtual absl::StatusOr<v1::GetSkillResponse> GetSkill(const std::string& skill) = 0;
  // Blocks until the call has ended (JsonCaller::Call).
  virtual absl::Status Call(const JsonCall& call) = 0;

  // Gives the node this identity. A Test Node becomes a Standard Node, in this process: its packages keep running, its
  // address serves mutual TLS from now on, the federation runs. A Standard Node has its certificate and roots replaced.
  // `endpoint`: of the Network Root; absent: as before. `bundle` as in NodeTrust::Install. Once this returns OK all is
  // on disk; after an error the node is what it was. PERMISSION_DENIED or FAILED_PRECONDITION: the identity is another
  // node's or of another network, or does not verify; the program cannot run Standard Nodes. UNAVAILABLE: the node is
  // stopping.
  virtual absl::Status Promote(const pki::NodeIdentity& identity, const std::optional<std::string>& endpoint,
                               const v1::TrustBundle& bundle) = 0;
  // A new certificate from the Network Root, now (TrustAgent::RenewNow). FAILED_PRECONDITION on a Test Node.
  virtual absl::Status Renew(absl::Time deadline) = 0;

  // Null for a Test Node, and before and after a Standard Node's federation runs.
  virtual FederationControl* federation() = 0;

  // Who may do what here, and what was decided about that.
  virtual Policy* policy() = 0;
  virtual AuditLog* audit() = 0;
  // Null for a Test Node.
  virtual pki::NodeTrust* trust() = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_NODE_CONTROL_H_
