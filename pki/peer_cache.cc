#include "pki/peer_cache.h"

#include <utility>

namespace paranet::pki {

std::shared_ptr<const Peer> PeerCache::Find(absl::string_view leaf, absl::string_view rest) const {
  absl::ReaderMutexLock lock(&mu_);
  const auto found = shown_.find(leaf);
  return found != shown_.end() && found->second.rest == rest ? found->second.peer : nullptr;
}

void PeerCache::Remember(absl::string_view leaf, absl::string_view rest, std::shared_ptr<const Peer> peer) {
  absl::MutexLock lock(&mu_);
  if (shown_.size() >= limit_) shown_.clear();
  shown_.insert_or_assign(std::string(leaf), Shown{std::string(rest), std::move(peer)});
}

bool PeerCache::IsGood(absl::string_view id, const TrustState* state, absl::Time now) const {
  absl::ReaderMutexLock lock(&mu_);
  const auto found = verdicts_.find(id);
  return found != verdicts_.end() && found->second.state.get() == state && now >= found->second.from &&
         now < found->second.until;
}

void PeerCache::SetGood(absl::string_view id, std::shared_ptr<const TrustState> state, absl::Time from,
                        absl::Time until) {
  absl::MutexLock lock(&mu_);
  if (verdicts_.size() >= limit_) verdicts_.clear();
  verdicts_.insert_or_assign(std::string(id), Verdict{std::move(state), from, until});
}

}  // namespace paranet::pki
