// Records each change of what a node trusts, whoever makes it.
#ifndef PARANET_CORE_NODE_TRUST_AUDIT_H_
#define PARANET_CORE_NODE_TRUST_AUDIT_H_

#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/node/audit_log.h"
#include "pki/identity.h"
#include "pki/node_trust.h"

namespace paranet {

// From its construction on: renewed certificates, bundles of the Network Root, revocation lists, further roots added
// and removed, each as done by AuditLog::actor() of the thread that makes the change. Thread-safe.
class TrustAudit {
 public:
  // `audit` outlives this object.
  TrustAudit(std::shared_ptr<pki::NodeTrust> trust, AuditLog* audit);
  ~TrustAudit();
  TrustAudit(const TrustAudit&) = delete;
  TrustAudit& operator=(const TrustAudit&) = delete;

 private:
  void Changed(const std::shared_ptr<const pki::TrustState>& now);

  const std::shared_ptr<pki::NodeTrust> trust_;
  AuditLog* const audit_;
  const pki::Identity self_;
  absl::Mutex mu_;
  std::shared_ptr<const pki::TrustState> last_ ABSL_GUARDED_BY(mu_);
  uint64_t subscription_ = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_TRUST_AUDIT_H_
