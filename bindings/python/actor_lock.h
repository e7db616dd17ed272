// Keeps the handlers of an actor apart where some of them are `async def`: those run on the event loop's thread, which
// the host's own lock (core/actor/abi.h, THREADS) knows nothing of.
#ifndef PARANET_BINDINGS_PYTHON_ACTOR_LOCK_H_
#define PARANET_BINDINGS_PYTHON_ACTOR_LOCK_H_

#include <atomic>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace paranet::python {

// Thread-safe. To be acquired without the GIL: who holds it may be waiting for that.
class ActorLock {
 public:
  ActorLock() = default;
  ActorLock(const ActorLock&) = delete;
  ActorLock& operator=(const ActorLock&) = delete;

  void Acquire() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    mu_.Lock();
    owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  }
  // By the thread that has it.
  void Release() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    owner_.store(std::thread::id(), std::memory_order_relaxed);
    mu_.Unlock();
  }
  bool HeldByThisThread() const { return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

  // Holds `lock` while it lives; null: nothing.
  class Holder {
   public:
    explicit Holder(ActorLock* lock) : lock_(lock) {
      if (lock_ != nullptr) lock_->Acquire();
    }
    ~Holder() {
      if (lock_ != nullptr) lock_->Release();
    }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

   private:
    ActorLock* const lock_;
  };

  // Lets go of `lock` while it lives, if this thread has it; null: nothing.
  class LetGo {
   public:
    explicit LetGo(ActorLock* lock) : lock_(lock != nullptr && lock->HeldByThisThread() ? lock : nullptr) {
      if (lock_ != nullptr) lock_->Release();
    }
    ~LetGo() {
      if (lock_ != nullptr) lock_->Acquire();
    }
    LetGo(const LetGo&) = delete;
    LetGo& operator=(const LetGo&) = delete;

   private:
    ActorLock* const lock_;
  };

 private:
  absl::Mutex mu_;
  std::atomic<std::thread::id> owner_;
};

}  // namespace paranet::python

#endif  // PARANET_BINDINGS_PYTHON_ACTOR_LOCK_H_
