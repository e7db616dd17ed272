// What callers ask of an actor, bounded and fair between them: one greedy caller cannot starve another.
#ifndef PARANET_CORE_RUNTIME_FAIR_QUEUE_H_
#define PARANET_CORE_RUNTIME_FAIR_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace paranet {

struct FairQueueOptions {
  // For messages: `weather@1.0.0`.
  std::string actor;
  // For messages: what is counted.
  std::string what = "calls waiting or running";
  // Of all callers together.
  uint32_t limit = 1024;
  // Of one caller; 0: a share that follows the need. See FairQueue.
  uint32_t per_caller = 0;
};

// Counts the calls of each caller from Admit to Release, and keeps those that wait in between, of type T.
//
// Where `per_caller` is 0, a caller may have up to four times as many calls as are free at that moment (dynamic
// thresholds: Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", IEEE/ACM
// Transactions on Networking 6(2), 1998). A caller that is alone gets four fifths of the limit (all of a limit of up to
// 4); among several greedy ones the room of each call that ends goes to those who have few, until n of them have
// 4/(4n+1) each and the rest is free for others.
//
// Waiting calls are taken in turns, one of each caller, and of each in the order in which they came. Not thread-safe:
// the owner has a mutex.
template <typename T>
class FairQueue {
 public:
  class Caller {
   public:
    const std::string& name() const { return name_; }

   private:
    friend class FairQueue;
    std::string name_;
    uint32_t calls_ = 0;
    std::list<T> waiting_;
    // The next whose turn it is.
    Caller* next_ = nullptr;
  };

  explicit FairQueue(FairQueueOptions options) : options_(std::move(options)) {}
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  // Counts one call of `name` more. The result is valid until its Release. RESOURCE_EXHAUSTED, naming the limit, if all
  // callers together or this one have as many as they may.
  absl::StatusOr<Caller*> Admit(absl::string_view name) {
    if (calls_ >= options_.limit) {
      return absl::ResourceExhaustedError(absl::StrCat("actor ", options_.actor, " already has ", options_.limit, " ",
                                                       options_.what, ", its limit; try again later"));
    }
    Caller* const caller = Find(name);
    const uint64_t share =
        options_.per_caller != 0 ? options_.per_caller : uint64_t{kSharesOfFree} * (options_.limit - calls_);
    if (caller->calls_ >= share) {
      return absl::ResourceExhaustedError(absl::StrCat("caller ", name, " already has ", caller->calls_, " ",
                                                       options_.what, " at actor ", options_.actor,
                                                       ", as many as one caller may have now; try again later"));
    }
    ++caller->calls_;
    ++calls_;
    return caller;
  }

  // Of a call that Admit has counted and that does not wait (any more).
  void Release(Caller* caller) {
    --caller->calls_;
    --calls_;
    if (caller->calls_ > 0 || callers_.size() <= kIdleCallers) return;
    if (last_ == caller) last_ = nullptr;
    callers_.erase(callers_.find(caller->name_));
  }

  // `item` waits for its turn; `caller` is of its Admit.
  void Push(Caller* caller, T item) {
    caller->waiting_.push_back(std::move(item));
    ++waiting_;
    if (caller->waiting_.size() == 1) Append(caller);
  }

  // The next whose turn it is, if any waits.
  std::optional<T> Pop() {
    if (first_ == nullptr) return std::nullopt;
    Caller* const caller = first_;
    first_ = caller->next_;
    if (first_ == nullptr) end_ = nullptr;
    std::optional<T> item(std::move(caller->waiting_.front()));
    caller->waiting_.pop_front();
    --waiting_;
    if (!caller->waiting_.empty()) Append(caller);
    return item;
  }

  // Calls that are counted, and those of them that wait.
  uint32_t calls() const { return calls_; }
  size_t waiting() const { return waiting_; }

 private:
  static constexpr uint32_t kSharesOfFree = 4;
  // Callers without calls that are remembered, so that one who calls and calls costs no memory each time.
  static constexpr size_t kIdleCallers = 32;

  Caller* Find(absl::string_view name) {
    if (last_ != nullptr && last_->name_ == name) return last_;
    std::unique_ptr<Caller>& caller = callers_[name];
    if (caller == nullptr) {
      caller = std::make_unique<Caller>();
      caller->name_ = std::string(name);
    }
    last_ = caller.get();
    return last_;
  }

  void Append(Caller* caller) {
    caller->next_ = nullptr;
    (end_ == nullptr ? first_ : end_->next_) = caller;
    end_ = caller;
  }

  const FairQueueOptions options_;
  absl::flat_hash_map<std::string, std::unique_ptr<Caller>> callers_;
  // Who was admitted last: mostly who comes next.
  Caller* last_ = nullptr;
  // Those who have calls that wait, in turn.
  Caller* first_ = nullptr;
  Caller* end_ = nullptr;
  uint32_t calls_ = 0;
  size_t waiting_ = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_FAIR_QUEUE_H_
