// The links that are alive, for those who look one up without waiting for the control thread.
#ifndef PARANET_FEDERATION_LIVE_LINKS_H_
#define PARANET_FEDERATION_LIVE_LINKS_H_

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "federation/link.h"

namespace paranet {

// Thread-safe.
class LiveLinks {
 public:
  void Add(const std::shared_ptr<Link>& link) {
    absl::MutexLock lock(&mu_);
    if (by_id_.emplace(link->id(), link).second && link->exports()) ++exporting_[link->peer().name];
  }
  void Remove(const std::shared_ptr<Link>& link) {
    absl::MutexLock lock(&mu_);
    if (by_id_.erase(link->id()) == 0 || !link->exports()) return;
    const auto peer = exporting_.find(link->peer().name);
    if (--peer->second == 0) exporting_.erase(peer);
  }
  // Null if there is none. Only the peer of the link may use it: its certificate has to say `peer`.
  std::shared_ptr<Link> Find(const std::string& id, const pki::Identity& peer) {
    absl::ReaderMutexLock lock(&mu_);
    const auto link = by_id_.find(id);
    return link != by_id_.end() && link->second->peer() == peer ? link->second : nullptr;
  }
  // Whether a live link lets `peer` call here.
  bool ExportsTo(const std::string& peer) {
    absl::ReaderMutexLock lock(&mu_);
    return exporting_.contains(peer);
  }

 private:
  absl::Mutex mu_;
  absl::flat_hash_map<std::string, std::shared_ptr<Link>> by_id_ ABSL_GUARDED_BY(mu_);
  // Links per peer.
  std::map<std::string, int> exporting_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_LIVE_LINKS_H_
