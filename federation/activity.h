// Counts what is under way, so that an owner can wait until nothing of it runs any more.
#ifndef PARANET_FEDERATION_ACTIVITY_H_
#define PARANET_FEDERATION_ACTIVITY_H_

#include <cstdint>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace paranet {

// Thread-safe.
class Activity {
 public:
  // One thing under way. Movable; the Activity must outlive it.
  class Token {
   public:
    Token() = default;
    Token(Token&& other) noexcept : activity_(std::exchange(other.activity_, nullptr)) {}
    Token& operator=(Token&& other) noexcept {
      if (this != &other) {
        Release();
        activity_ = std::exchange(other.activity_, nullptr);
      }
      return *this;
    }
    ~Token() { Release(); }

    explicit operator bool() const { return activity_ != nullptr; }
    void Release() {
      if (activity_ != nullptr) std::exchange(activity_, nullptr)->End();
    }

   private:
    friend class Activity;
    explicit Token(Activity* activity) : activity_(activity) {}
    Activity* activity_ = nullptr;
  };

  // An empty token once CloseAndWait has begun.
  Token Begin() {
    absl::MutexLock lock(&mu_);
    if (closed_) return Token();
    ++count_;
    return Token(this);
  }

  // Lets nothing begin any more.
  void Close() {
    absl::MutexLock lock(&mu_);
    closed_ = true;
  }
  // Close(), then blocks until all tokens are gone.
  void CloseAndWait() {
    absl::MutexLock lock(&mu_);
    closed_ = true;
    mu_.Await(absl::Condition(
        +[](int64_t* count) { return *count == 0; }, &count_));
  }

 private:
  void End() {
    absl::MutexLock lock(&mu_);
    --count_;
  }

  absl::Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  int64_t count_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_ACTIVITY_H_
