#include "pki/enrolment/rate_limit.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace paranet::pki {
namespace {

// Of whoever is one too many. No party is called so.
constexpr char kOthers[] = "";
// A sweep looks at every party; that is not to be had for the asking.
constexpr absl::Duration kSweepInterval = absl::Seconds(1);

}  // namespace

double RateLimit::Level(const Bucket& bucket, absl::Time now) const {
  // A clock that was set back gives nothing and takes nothing.
  const double elapsed = std::max(0.0, absl::ToDoubleSeconds(now - bucket.at));
  return std::min(options_.burst, bucket.tokens + elapsed * options_.per_second);
}

RateLimit::Bucket& RateLimit::BucketOf(absl::string_view party, absl::Time now) {
  if (const auto found = buckets_.find(party); found != buckets_.end()) return found->second;
  if (buckets_.size() >= options_.parties && now >= next_sweep_) {
    next_sweep_ = now + kSweepInterval;
    absl::erase_if(buckets_, [&](const auto& entry) { return Level(entry.second, now) >= options_.burst; });
  }
  const absl::string_view name = buckets_.size() < options_.parties ? party : kOthers;
  return buckets_.try_emplace(name, Bucket{.tokens = options_.burst, .at = now}).first->second;
}

absl::Status RateLimit::Take(absl::string_view party) {
  if (options_.per_second <= 0) return absl::OkStatus();
  const absl::Time now = clock_->Now();
  absl::MutexLock lock(&mu_);
  Bucket& bucket = BucketOf(party, now);
  bucket = {.tokens = Level(bucket, now), .at = now};
  if (bucket.tokens < 1) {
    const double wait = std::ceil((1 - bucket.tokens) / options_.per_second);
    return absl::ResourceExhaustedError(absl::StrCat("too many requests from ", party, ": try again in ", wait, " s"));
  }
  bucket.tokens -= 1;
  return absl::OkStatus();
}

size_t RateLimit::parties() const {
  absl::MutexLock lock(&mu_);
  return buckets_.size();
}

}  // namespace paranet::pki
