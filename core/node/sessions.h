// Who is connected: the live connections of each certificate, and their end when it is no longer to be trusted.
#ifndef PARANET_CORE_NODE_SESSIONS_H_
#define PARANET_CORE_NODE_SESSIONS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/log.h"
#include "core/node/audit_log.h"
#include "core/rpc/tcp_listener.h"
#include "grpcpp/security/auth_context.h"
#include "pki/node_trust.h"

namespace paranet {

// A connection is known from its first call on. When a certificate has been revoked, has expired or is below no trusted
// root any more, exactly its connections are closed: a second after a change of the trust, two seconds after it
// expired. Its calls are refused at once; the second lets it hear why. Thread-safe.
class Sessions {
 public:
  struct Options {
    std::shared_ptr<pki::NodeTrust> trust;
    // Accepts the connections; outlives this object.
    TcpListener* listener = nullptr;
    // Where refusals and closed connections are recorded; outlives this object. Null: nowhere.
    AuditLog* audit = nullptr;
    Logger logger;
  };
  explicit Sessions(Options options);
  ~Sessions();
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  // NodeTrust::Authenticate for a call from `peer` (as gRPC names it). The connection of one that is refused is closed
  // a second later.
  absl::StatusOr<std::shared_ptr<const pki::Peer>> Authenticate(const grpc::AuthContext& auth_context,
                                                                const std::string& peer);
  // A connection has ended (TcpListener::Serve).
  void Ended(uint64_t connection);

  // How many connections are known.
  size_t size() const;

 private:
  struct Session {
    std::string peer;
    std::string certificate;
  };
  struct Certificate {
    std::shared_ptr<const pki::Peer> peer;
    absl::flat_hash_set<uint64_t> connections;
  };

  void Note(const std::shared_ptr<const pki::Peer>& peer, const std::string& address);
  void NoteRefused(const std::string& address);
  // Whether that is new.
  bool CloseSoon(uint64_t connection) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Run();
  // Condemns the connections of those that are no longer to be trusted, and ends those whose time has come.
  void Sweep();
  bool Wanted() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stopped_ || changed_; }
  bool Busy() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stopped_ || !sessions_.empty() || !condemned_.empty(); }

  const Options options_;
  uint64_t subscription_ = 0;
  mutable absl::Mutex mu_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  bool changed_ ABSL_GUARDED_BY(mu_) = false;
  absl::flat_hash_map<uint64_t, Session> sessions_ ABSL_GUARDED_BY(mu_);
  // Peers whose connection is known.
  absl::flat_hash_set<std::string> known_ ABSL_GUARDED_BY(mu_);
  // By serial and authority.
  absl::flat_hash_map<std::string, Certificate> certificates_ ABSL_GUARDED_BY(mu_);
  // Connections to be closed, and when.
  absl::flat_hash_map<uint64_t, absl::Time> condemned_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_SESSIONS_H_
