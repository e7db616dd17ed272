#include "core/node/sessions.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace paranet {
namespace {

// How often expiry is looked for while there are connections.
constexpr absl::Duration kInterval = absl::Seconds(1);
// How long a connection whose peer is refused stays open, so that the refusal and a link's Goodbye reach it.
constexpr absl::Duration kGrace = absl::Seconds(1);

std::string CertificateKey(const pki::Peer& peer) {
  return absl::StrCat(peer.serial, "/", peer.authority_key_id, "/", peer.issuer_der);
}

}  // namespace

Sessions::Sessions(Options options) : options_(std::move(options)) {
  thread_ = std::thread([this] { Run(); });
  subscription_ = options_.trust->Subscribe([this](const std::shared_ptr<const pki::TrustState>&) {
    absl::MutexLock lock(&mu_);
    changed_ = true;
  });
}

Sessions::~Sessions() {
  options_.trust->Unsubscribe(subscription_);
  {
    absl::MutexLock lock(&mu_);
    stopped_ = true;
  }
  thread_.join();
}

absl::StatusOr<std::shared_ptr<const pki::Peer>> Sessions::Authenticate(const grpc::AuthContext& auth_context,
                                                                        const std::string& peer) {
  absl::StatusOr<std::shared_ptr<const pki::Peer>> authenticated = options_.trust->Authenticate(auth_context);
  if (authenticated.ok()) {
    Note(*authenticated, peer);
    return authenticated;
  }
  NoteRefused(peer);
  if (options_.audit != nullptr) options_.audit->NoteRefusedPeer(authenticated.status());
  return authenticated;
}

void Sessions::NoteRefused(const std::string& address) {
  absl::MutexLock lock(&mu_);
  const std::optional<uint64_t> connection = options_.listener->Find(address);
  if (connection.has_value()) CloseSoon(*connection);
}

bool Sessions::CloseSoon(uint64_t connection) {
  return condemned_.try_emplace(connection, absl::Now() + kGrace).second;
}

void Sessions::Note(const std::shared_ptr<const pki::Peer>& peer, const std::string& address) {
  {
    absl::ReaderMutexLock lock(&mu_);
    if (known_.contains(address)) return;
  }
  absl::MutexLock lock(&mu_);
  // Held, so that Ended of this connection comes after.
  const std::optional<uint64_t> connection = options_.listener->Find(address);
  if (!connection.has_value() || sessions_.contains(*connection)) return;
  std::string key = CertificateKey(*peer);
  Certificate& certificate = certificates_[key];
  if (certificate.peer == nullptr) certificate.peer = peer;
  certificate.connections.insert(*connection);
  known_.insert(address);
  sessions_.emplace(*connection, Session{address, std::move(key)});
}

void Sessions::Ended(uint64_t connection) {
  absl::MutexLock lock(&mu_);
  condemned_.erase(connection);
  const auto found = sessions_.find(connection);
  if (found == sessions_.end()) return;
  known_.erase(found->second.peer);
  const auto certificate = certificates_.find(found->second.certificate);
  certificate->second.connections.erase(connection);
  if (certificate->second.connections.empty()) certificates_.erase(certificate);
  sessions_.erase(found);
}

size_t Sessions::size() const {
  absl::MutexLock lock(&mu_);
  return sessions_.size();
}

void Sessions::Run() {
  for (;;) {
    {
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(this, &Sessions::Busy));
      absl::Time next = absl::Now() + kInterval;
      for (const auto& [connection, due] : condemned_) next = std::min(next, due);
      if (!stopped_) mu_.AwaitWithDeadline(absl::Condition(this, &Sessions::Wanted), next);
      if (stopped_) return;
      changed_ = false;
    }
    Sweep();
  }
}

void Sessions::Sweep() {
  std::vector<std::shared_ptr<const pki::Peer>> peers;
  {
    absl::MutexLock lock(&mu_);
    const absl::Time now = absl::Now();
    for (auto& [connection, due] : condemned_) {
      if (due > now) continue;
      options_.listener->Close(connection);
      // Until it has Ended.
      due = absl::InfiniteFuture();
    }
    for (const auto& [key, certificate] : certificates_) peers.push_back(certificate.peer);
  }
  for (const std::shared_ptr<const pki::Peer>& peer : peers) {
    const absl::Status status = options_.trust->CheckPeer(*peer);
    if (status.ok()) continue;
    absl::MutexLock lock(&mu_);
    const auto found = certificates_.find(CertificateKey(*peer));
    if (found == certificates_.end()) continue;
    size_t closing = 0;
    for (const uint64_t connection : found->second.connections) closing += CloseSoon(connection) ? 1 : 0;
    if (closing == 0) continue;
    options_.logger->warn("closing {} connections of {}: {}", closing, peer->identity.ToUri(),
                          std::string(status.message()));
    if (options_.audit != nullptr) {
      options_.audit->Note(AuditKind::kSessionClosed, kAuditNode, peer->identity.ToUri(), status.message());
    }
  }
}

}  // namespace paranet
