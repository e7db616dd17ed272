#include "core/runtime/call_table.h"

#include <numeric>
#include <utility>

namespace paranet {
namespace {

uint32_t SlotOf(paranet_call handle) { return static_cast<uint32_t>(handle); }
uint32_t UsesOf(paranet_call handle) { return static_cast<uint32_t>(handle >> 32); }

}  // namespace

CallTable::CallTable(uint32_t capacity)
    : capacity_(capacity), slots_(std::make_unique<Slot[]>(capacity)), free_(capacity), free_count_(capacity) {
  std::iota(free_.begin(), free_.end(), uint32_t{0});
}

paranet_call CallTable::Insert(std::shared_ptr<NativeCall> call) {
  uint32_t index = 0;
  {
    absl::MutexLock lock(&mu_);
    if (free_count_ == 0) return 0;
    index = free_[first_free_];
    first_free_ = (first_free_ + 1) % capacity_;
    --free_count_;
  }
  Slot& slot = slots_[index];
  absl::MutexLock lock(&slot.mu);
  if (++slot.uses == 0) slot.uses = 1;
  slot.call = std::move(call);
  return (uint64_t{slot.uses} << 32) | index;
}

std::shared_ptr<NativeCall> CallTable::Find(paranet_call handle) const {
  if (SlotOf(handle) >= capacity_ || UsesOf(handle) == 0) return nullptr;
  const Slot& slot = slots_[SlotOf(handle)];
  absl::MutexLock lock(&slot.mu);
  return slot.uses == UsesOf(handle) ? slot.call : nullptr;
}

void CallTable::Erase(paranet_call handle) {
  if (SlotOf(handle) >= capacity_) return;
  std::shared_ptr<NativeCall> erased;
  {
    Slot& slot = slots_[SlotOf(handle)];
    absl::MutexLock lock(&slot.mu);
    if (slot.uses != UsesOf(handle) || slot.call == nullptr) return;
    erased = std::move(slot.call);
    slot.call = nullptr;
  }
  absl::MutexLock lock(&mu_);
  free_[(first_free_ + free_count_) % capacity_] = SlotOf(handle);
  ++free_count_;
}

std::vector<std::shared_ptr<NativeCall>> CallTable::All() const {
  std::vector<std::shared_ptr<NativeCall>> calls;
  for (uint32_t i = 0; i < capacity_; ++i) {
    absl::MutexLock lock(&slots_[i].mu);
    if (slots_[i].call != nullptr) calls.push_back(slots_[i].call);
  }
  return calls;
}

}  // namespace paranet
