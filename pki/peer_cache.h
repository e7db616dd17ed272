// What is known of the certificates of peers, by their bytes. Private to pki.
#ifndef PARANET_PKI_PEER_CACHE_H_
#define PARANET_PKI_PEER_CACHE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace paranet::pki {

struct Peer;
struct TrustState;

// Thread-safe. Holds at most `limit` of each kind and forgets all when there would be more: whoever asks again finds
// out again.
class PeerCache {
 public:
  explicit PeerCache(size_t limit) : limit_(limit) {}

  // The peer that shows `leaf` and `rest` (PEM, as gRPC hands them on); null if it is not known.
  std::shared_ptr<const Peer> Find(absl::string_view leaf, absl::string_view rest) const;
  void Remember(absl::string_view leaf, absl::string_view rest, std::shared_ptr<const Peer> peer);

  // Whether the chain that `id` names has been found good under `state`, for `now`.
  bool IsGood(absl::string_view id, const TrustState* state, absl::Time now) const;
  void SetGood(absl::string_view id, std::shared_ptr<const TrustState> state, absl::Time from, absl::Time until);

 private:
  struct Shown {
    std::string rest;
    std::shared_ptr<const Peer> peer;
  };
  struct Verdict {
    // Held, so that no other state can come to have its address.
    std::shared_ptr<const TrustState> state;
    // Good at each moment of [from, until).
    absl::Time from;
    absl::Time until;
  };

  const size_t limit_;
  mutable absl::Mutex mu_;
  absl::flat_hash_map<std::string, Shown> shown_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, Verdict> verdicts_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_PEER_CACHE_H_
