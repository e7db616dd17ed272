// Notices threads that are away for longer than they should, so that somebody else does what waits for them.
#ifndef PARANET_CORE_RPC_STALL_WATCH_H_
#define PARANET_CORE_RPC_STALL_WATCH_H_

#include <cstdint>
#include <memory>
#include <thread>

#include "absl/time/time.h"

namespace paranet {

// Work that a thread has begun and others could take over.
class Stallable {
 public:
  virtual ~Stallable() = default;
  // The thread has not come to the end in time. On the watch's thread; must not block.
  virtual void OnStalled() = 0;
};

// Thread-safe. A thread of its own, which sleeps while nothing has been watched for a while; what is watched costs two
// uncontended locks.
class StallWatch {
 public:
  explicit StallWatch(absl::Duration patience = absl::Milliseconds(1));
  // Nothing is watched any more; waits for an OnStalled that runs, unless that is who calls this.
  ~StallWatch();
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;

  // The calling thread begins `work`: if End does not come within once to twice the patience, OnStalled runs, once.
  uint64_t Begin(std::shared_ptr<Stallable> work);
  // OnStalled may run, or still begin, where it has been too late for that.
  void End(uint64_t id);

 private:
  struct State;

  const std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace paranet

#endif  // PARANET_CORE_RPC_STALL_WATCH_H_
