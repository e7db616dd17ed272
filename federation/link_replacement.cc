#include "federation/link_replacement.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

namespace paranet {
namespace {

constexpr absl::Duration kLeastPause = absl::Milliseconds(500);
// So that the peers of a node whose certificate has changed do not all come at once.
constexpr absl::Duration kSpread = absl::Milliseconds(200);
constexpr absl::Duration kBase = absl::Milliseconds(100);
constexpr absl::Duration kCap = absl::Seconds(3);

}  // namespace

LinkReplacement::LinkReplacement(std::shared_ptr<ControlThread> control, std::function<void()> due)
    : control_(std::move(control)), due_(std::move(due)), backoff_(kBase, kCap) {}

void LinkReplacement::Dialling() {
  Stop();
  again_ = false;
}

void LinkReplacement::Up(absl::Duration left) {
  Stop();
  up_ = true;
  last_ = absl::Now();
  backoff_.Reset();
  if (std::exchange(again_, false)) return Request();
  if (left == absl::InfiniteDuration()) return;
  Arm(last_ + std::max(left * absl::Uniform(random_, 0.6, 0.7), kLeastPause));
}

void LinkReplacement::Request() {
  if (!up_ || attempting_) {
    again_ = true;
    return;
  }
  Arm(std::max(absl::Now() + kSpread * absl::Uniform(random_, 0.0, 1.0), last_ + kLeastPause));
}

void LinkReplacement::Failed() {
  attempting_ = false;
  if (up_) Arm(absl::Now() + backoff_.Next());
}

void LinkReplacement::Stop() {
  up_ = false;
  attempting_ = false;
  armed_ = absl::InfiniteFuture();
  control_->Cancel(std::exchange(timer_, 0));
}

void LinkReplacement::Arm(absl::Time when) {
  if (when >= armed_) return;
  control_->Cancel(timer_);
  armed_ = when;
  timer_ = control_->At(when, [this] {
    timer_ = 0;
    armed_ = absl::InfiniteFuture();
    attempting_ = true;
    again_ = false;
    due_();
  });
}

}  // namespace paranet
