#include "core/runtime/native_call.h"

#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace paranet {
namespace {

bool IsValidKey(absl::string_view key) {
  if (key.empty() || absl::StartsWith(key, "grpc-")) return false;
  for (const char c : key) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

// gRPC drops a call whose text metadata has anything but printable ASCII.
bool IsValidValue(absl::string_view key, absl::string_view value) {
  if (absl::EndsWith(key, "-bin")) return true;
  for (const char c : value) {
    if (!absl::ascii_isprint(c)) return false;
  }
  return true;
}

}  // namespace

void NativeCall::SetTimer(DeadlineTimer::Id timer) {
  absl::MutexLock lock(&mu_);
  timer_ = timer;
}

DeadlineTimer::Id NativeCall::timer() const {
  absl::MutexLock lock(&mu_);
  return timer_;
}

bool NativeCall::Wait(ActorLock& lock, absl::Duration time) {
  ActorLock::Suspended suspended(lock);
  absl::MutexLock mutex_lock(&mu_);
  return !mu_.AwaitWithTimeout(absl::Condition(&over_), time);
}

bool NativeCall::AddChild(uint64_t id, std::shared_ptr<CallHandle> child) {
  absl::MutexLock lock(&mu_);
  if (over_) return false;
  children_.emplace_back(id, std::move(child));
  return true;
}

void NativeCall::RemoveChild(uint64_t id) {
  // Destroyed without the mutex: it may be the last reference.
  std::shared_ptr<CallHandle> removed;
  absl::MutexLock lock(&mu_);
  // Mostly the last, and mostly the only one.
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
    if (child->first != id) continue;
    removed = std::move(child->second);
    children_.erase(std::next(child).base());
    return;
  }
}

void NativeCall::CancelChildren() {
  std::vector<std::pair<uint64_t, std::shared_ptr<CallHandle>>> children;
  {
    absl::MutexLock lock(&mu_);
    children.swap(children_);
  }
  for (const auto& [id, child] : children) child->Cancel();
}

bool NativeCall::AddTrailer(absl::string_view key, absl::string_view value) {
  if (!IsValidKey(key) || !IsValidValue(key, value)) return false;
  absl::MutexLock lock(&mu_);
  if (over_) return false;
  trailers_.emplace_back(key, value);
  return true;
}

void NativeCall::LeaveThread() {
  const std::shared_ptr<NativeCall> self = shared_from_this();
  if (DropThread()) owner_->OnReleased(*this);
}

void NativeCall::Ended() {
  if (left_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
  // OnReleased lets go of what may be the last other reference.
  const std::shared_ptr<NativeCall> self = shared_from_this();
  owner_->OnReleased(*this);
}

void NativeCall::Respond(const absl::Status&, absl::string_view) {
  owner_->OnMisuse(*this, "respond in a streaming call");
}

bool NativeCall::Read(ActorLock&, paranet_bytes*) {
  owner_->OnMisuse(*this, "read in a unary call");
  return false;
}

bool NativeCall::Write(ActorLock&, absl::string_view) {
  owner_->OnMisuse(*this, "write in a unary call");
  return false;
}

void NativeCall::Finish(const absl::Status&) { owner_->OnMisuse(*this, "finish in a unary call"); }

grpc::Slice SingleSlice(const Payload& payload) {
  grpc::Slice slice;
  if (!payload.Valid()) return slice;
  if (!payload.TrySingleSlice(&slice).ok()) payload.DumpToSingleSlice(&slice).IgnoreError();
  return slice;
}

}  // namespace paranet
