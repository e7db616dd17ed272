// How often each of many parties may do something: one token bucket a party, in memory that no party can grow.
#ifndef PARANET_PKI_ENROLMENT_RATE_LIMIT_H_
#define PARANET_PKI_ENROLMENT_RATE_LIMIT_H_

#include <cstddef>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"

namespace paranet::pki {

// Thread-safe.
class RateLimit {
 public:
  struct Options {
    // 0: no limit.
    double per_second = 0;
    // How many at once after a pause; at least 1.
    double burst = 1;
    // How many parties are told apart. What is beyond them shares one bucket until one of them has paused for long
    // enough to be forgotten.
    size_t parties = 4096;
  };
  // `clock` outlives the object.
  RateLimit(const Options& options, const Clock* clock) : options_(options), clock_(clock) {}

  // OK, or RESOURCE_EXHAUSTED that names the party and says when to try again.
  absl::Status Take(absl::string_view party);

  // How many are remembered now.
  size_t parties() const;

 private:
  struct Bucket {
    double tokens = 0;
    absl::Time at;
  };
  Bucket& BucketOf(absl::string_view party, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  double Level(const Bucket& bucket, absl::Time now) const;

  const Options options_;
  const Clock* const clock_;
  mutable absl::Mutex mu_;
  absl::flat_hash_map<std::string, Bucket> buckets_ ABSL_GUARDED_BY(mu_);
  absl::Time next_sweep_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_RATE_LIMIT_H_
