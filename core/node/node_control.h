// What can be asked of a running node, by the program that it is in or over its control socket.
#ifndef PARANET_CORE_NODE_NODE_CONTROL_H_
#define PARANET_CORE_NODE_NODE_CONTROL_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/node/federation_control.h"
#include "core/node/json_call.h"
#include "paranet/v1/node.pb.h"
#include "paranet/v1/package.pb.h"

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
  // Sorted by id.
  virtual std::vector<v1::PackageInfo> ListPackages() = 0;

  // Sorted by name, then by version, highest first; without descriptors.
  virtual std::vector<v1::SkillSetEntry> ListSkills() = 0;
  // `weather/current` or `weather/current~1.2`. NOT_FOUND with the nearest names; INVALID_ARGUMENT.
  virtual absl::StatusOr<v1::GetSkillResponse> GetSkill(const std::string& skill) = 0;
  // Blocks until the call has ended (JsonCaller::Call).
  virtual absl::Status Call(const JsonCall& call) = 0;

  // Null for a Test Node, and before and after a Standard Node's federation runs.
  virtual FederationControl* federation() = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_NODE_CONTROL_H_
