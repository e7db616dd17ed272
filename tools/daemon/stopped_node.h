// The trust of a node that does not run: enrolled and renewed in its data directory, so that it is a Standard Node when
// it starts.
#ifndef PARANET_TOOLS_DAEMON_STOPPED_NODE_H_
#define PARANET_TOOLS_DAEMON_STOPPED_NODE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/node/node_enrolment.h"
#include "paranet/v1/node.pb.h"

namespace paranet::daemon {

class StoppedNode {
 public:
  // Makes the data directory if it is missing, and locks it until the object goes. FAILED_PRECONDITION if a node runs
  // in it; INVALID_ARGUMENT for a name that is none.
  static absl::StatusOr<std::unique_ptr<StoppedNode>> Open(const std::string& name, const std::string& data_dir,
                                                           Logger logger);

  // Certificates against tokens and by files.
  NodeEnrolment& enrolment() { return *enrolment_; }
  // A new key and certificate from the Network Root. NOT_FOUND for a node without an identity; else the errors of
  // pki::NodeTrust::Open and pki::RenewNodeCertificate.
  absl::StatusOr<v1::NodeRenewResponse> Renew(absl::Time deadline);

 private:
  StoppedNode(std::string name, std::string data_dir, Logger logger, DirectoryLock lock);

  const std::string name_;
  const std::string data_dir_;
  const Logger logger_;
  // What is left of a connection may still ask it.
  const std::shared_ptr<const Clock> clock_ = std::make_shared<SystemClock>();
  const DirectoryLock lock_;
  std::unique_ptr<NodeEnrolment> enrolment_;
};

}  // namespace paranet::daemon

#endif  // PARANET_TOOLS_DAEMON_STOPPED_NODE_H_
