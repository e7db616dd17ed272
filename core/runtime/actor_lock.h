// What keeps the handlers of one actor from running at the same time.
#ifndef PARANET_CORE_RUNTIME_ACTOR_LOCK_H_
#define PARANET_CORE_RUNTIME_ACTOR_LOCK_H_

#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace paranet {

// Held by a thread while it runs the actor's code, and let go while that code blocks in the host. Of an actor whose
// concurrency is CONCURRENT it does nothing. A thread holds at most one at a time: before it runs the
// code of a second actor, it lets go of the first.
class ActorLock {
 public:
  // `suspended` runs whenever a thread has let go of it in the middle of a handler.
  explicit ActorLock(bool enabled, std::function<void()> suspended = nullptr)
      : enabled_(enabled), suspended_(std::move(suspended)) {}
  ActorLock(const ActorLock&) = delete;
  ActorLock& operator=(const ActorLock&) = delete;

  void Enter() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (!enabled_) return;
    mu_.Lock();
    holder_ = this;
  }

  // Enters if nobody is inside; false, at once, otherwise.
  bool TryEnter() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (!enabled_) return true;
    if (!mu_.TryLock()) return false;
    holder_ = this;
    return true;
  }

  // Whether the calling thread is inside.
  bool HeldHere() const { return holder_ == this; }

  void Leave() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (!enabled_) return;
    holder_ = nullptr;
    mu_.Unlock();
  }

  // Lets go of it while it lives, if this thread holds it; a thread of the actor's own does not. Make it before the
  // call that blocks, and hold no other mutex where it ends.
  class Suspended {
   public:
    explicit Suspended(ActorLock& lock) : lock_(holder_ == &lock ? &lock : nullptr) {
      if (lock_ == nullptr) return;
      lock_->Leave();
      if (lock_->suspended_) lock_->suspended_();
    }
    ~Suspended() {
      if (lock_ != nullptr) lock_->Enter();
    }
    Suspended(const Suspended&) = delete;
    Suspended& operator=(const Suspended&) = delete;

   private:
    ActorLock* const lock_;
  };

 private:
  static inline thread_local const ActorLock* holder_ = nullptr;

  const bool enabled_;
  const std::function<void()> suspended_;
  absl::Mutex mu_;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_ACTOR_LOCK_H_
