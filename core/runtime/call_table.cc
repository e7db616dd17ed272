#include "core/runtime/call_table.h"

#include <algorithm>
#include <utility>

namespace paranet {
namespace {

// Slots that are made at once, and take turns.
constexpr uint32_t kBlock = 32;

uint32_t IndexOf(paranet_call handle) { return static_cast<uint32_t>(handle); }
uint32_t UsesOf(paranet_call handle) { return static_cast<uint32_t>(handle >> 32); }

}  // namespace

paranet_call CallTable::Insert(std::shared_ptr<NativeCall> call) {
  absl::MutexLock lock(&mu_);
  if (free_.empty()) {
    const size_t end = std::min<size_t>(capacity_, slots_.size() + kBlock);
    while (slots_.size() < end) {
      free_.push_back(static_cast<uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
  }
  if (free_.empty()) return 0;
  const uint32_t index = free_.front();
  free_.pop_front();
  Slot& slot = slots_[index];
  if (++slot.uses == 0) slot.uses = 1;
  slot.call = std::move(call);
  return (uint64_t{slot.uses} << 32) | index;
}

const CallTable::Slot* CallTable::SlotOf(paranet_call handle) const {
  if (IndexOf(handle) >= slots_.size()) return nullptr;
  const Slot& slot = slots_[IndexOf(handle)];
  return slot.uses == UsesOf(handle) && slot.call != nullptr ? &slot : nullptr;
}

std::shared_ptr<NativeCall> CallTable::Find(paranet_call handle) const {
  absl::MutexLock lock(&mu_);
  const Slot* const slot = SlotOf(handle);
  return slot != nullptr ? slot->call : nullptr;
}

void CallTable::Erase(paranet_call handle) {
  // Destroyed without the mutex: it may be the last reference.
  std::shared_ptr<NativeCall> erased;
  absl::MutexLock lock(&mu_);
  if (SlotOf(handle) == nullptr) return;
  erased = std::move(slots_[IndexOf(handle)].call);
  free_.push_back(IndexOf(handle));
}

std::vector<std::shared_ptr<NativeCall>> CallTable::All() const {
  std::vector<std::shared_ptr<NativeCall>> calls;
  absl::MutexLock lock(&mu_);
  for (const Slot& slot : slots_) {
    if (slot.call != nullptr) calls.push_back(slot.call);
  }
  return calls;
}

}  // namespace paranet
