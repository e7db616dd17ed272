// Numbers for calls: what an actor holds in place of a pointer, so that a stale one does no harm.
#ifndef PARANET_CORE_RUNTIME_CALL_TABLE_H_
#define PARANET_CORE_RUNTIME_CALL_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/actor/abi.h"
#include "core/runtime/native_call.h"

namespace paranet {

// The calls in flight of one actor. A number is the index of a slot and how often the slot has been used; it comes back
// after 2^32 uses of one slot, and slots take turns
// (at least 32 of them, where there are so many). Thread-safe.
class CallTable {
 public:
  explicit CallTable(uint32_t capacity) : capacity_(capacity) {}
  CallTable(const CallTable&) = delete;
  CallTable& operator=(const CallTable&) = delete;

  // A new number for `call`; 0 if `capacity` calls are there.
  paranet_call Insert(std::shared_ptr<NativeCall> call);
  // Null if the number is not, or no longer, that of a call.
  std::shared_ptr<NativeCall> Find(paranet_call handle) const;
  void Erase(paranet_call handle);
  // All calls that there are at this moment.
  std::vector<std::shared_ptr<NativeCall>> All() const;

 private:
  struct Slot {
    uint32_t uses = 0;
    std::shared_ptr<NativeCall> call;
  };

  // The slot of `handle`, or null if that is no call's.
  const Slot* SlotOf(paranet_call handle) const ABSL_SHARED_LOCKS_REQUIRED(mu_);

  const uint32_t capacity_;
  mutable absl::Mutex mu_;
  // As many as were needed at the same time.
  std::deque<Slot> slots_ ABSL_GUARDED_BY(mu_);
  // The slot that has been free for longest comes first.
  std::deque<uint32_t> free_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_CALL_TABLE_H_
