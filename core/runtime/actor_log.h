// The last lines of each actor, for its operator; and into the node's log, under the actor's name.
#ifndef PARANET_CORE_RUNTIME_ACTOR_LOG_H_
#define PARANET_CORE_RUNTIME_ACTOR_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/log.h"

namespace paranet {

// Thread-safe. Bounded: lines over 4 KiB are cut, the oldest go first, and what comes faster than 1,000 lines a second
// over a while is counted and not passed on to the node's log.
class ActorLog {
 public:
  enum class Level { kDebug, kInfo, kWarning, kError, kStdout, kStderr };
  struct Line {
    absl::Time at;
    Level level;
    std::string text;
  };
  // What is kept of one actor.
  static constexpr size_t kMaxLines = 1'000;
  static constexpr size_t kMaxBytes = size_t{256} << 10;

  // `actor`: `weather@1.0.0`.
  ActorLog(std::string actor, Logger logger) : actor_(std::move(actor)), logger_(std::move(logger)) {}

  // One line, or several: control characters and what is not UTF-8 are escaped.
  void Write(Level level, absl::string_view text);

  // The newest `lines`, oldest of them first; 0: all.
  std::vector<Line> Tail(size_t lines) const;
  // Lines that are not kept any more.
  uint64_t dropped() const;

 private:
  void WriteLine(Level level, absl::string_view line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string actor_;
  const Logger logger_;
  mutable absl::Mutex mu_;
  std::deque<Line> lines_ ABSL_GUARDED_BY(mu_);
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t dropped_ ABSL_GUARDED_BY(mu_) = 0;
  // For the rate: tokens left, as of `refilled_`.
  double tokens_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Time refilled_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  uint64_t suppressed_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_ACTOR_LOG_H_
