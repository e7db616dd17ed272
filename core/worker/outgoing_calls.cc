#include "core/worker/outgoing_calls.h"

#include <utility>

#include "absl/synchronization/notification.h"

namespace paranet {
namespace {

constexpr int32_t kCancelled = 1;
constexpr int32_t kInvalidArgument = 3;
constexpr int32_t kResourceExhausted = 8;
constexpr int32_t kUnavailable = 14;
constexpr absl::string_view kGone = "the node is gone";

paranet_text Text(absl::string_view view) { return {view.data(), view.size()}; }

// What the end of a call was, for who waits for it.
struct Waiter {
  absl::Notification done;
  int32_t code = 0;
  std::string result;
};

// Kept for the thread's caller, as abi.h says.
std::string& ThreadResult() {
  thread_local std::string result;
  return result;
}

}  // namespace

std::shared_ptr<OutgoingCalls::Outgoing> OutgoingCalls::Insert(paranet_done done, void* user) {
  auto call = std::make_shared<Outgoing>();
  call->done = done;
  call->user = user;
  absl::MutexLock lock(&mu_);
  if (failed_) return nullptr;
  call->id = next_++;
  calls_.emplace(call->id, call);
  return call;
}

std::shared_ptr<OutgoingCalls::Outgoing> OutgoingCalls::Find(uint64_t id) const {
  absl::MutexLock lock(&mu_);
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : found->second;
}

void OutgoingCalls::Send(const Frame& frame) {
  socket_.Queue(frame);
  if (!threads_.inside()) socket_.FlushAll();
}

void OutgoingCalls::Call(paranet_call parent, absl::string_view skill, int64_t deadline, absl::string_view request,
                         paranet_done done, void* user) {
  if (skill.size() > kMaxFrameText) {
    done(user, kInvalidArgument, Text("the skill's name is longer than any name of a skill"), {nullptr, 0});
    return;
  }
  if (request.size() > kMaxFramePayload) {
    done(user, kResourceExhausted, Text("the request is larger than 64 MiB"), {nullptr, 0});
    return;
  }
  const std::shared_ptr<Outgoing> call = Insert(done, user);
  if (call == nullptr) {
    done(user, kUnavailable, Text(kGone), {nullptr, 0});
    return;
  }
  Send({.type = FrameType::kCall,
        .outgoing = true,
        .call = call->id,
        .parent = parent,
        .number = deadline,
        .text = skill,
        .payload = request});
}

int32_t OutgoingCalls::CallAndWait(paranet_call parent, absl::string_view skill, int64_t deadline,
                                   absl::string_view request, paranet_bytes* result) {
  const auto waiter = std::make_shared<Waiter>();
  auto* user = new std::shared_ptr<Waiter>(waiter);
  Call(
      parent, skill, deadline, request,
      [](void* given, int32_t code, paranet_text message, paranet_bytes response) {
        const std::unique_ptr<std::shared_ptr<Waiter>> ended(static_cast<std::shared_ptr<Waiter>*>(given));
        Waiter& to = **ended;
        to.code = code;
        if (code == 0) {
          to.result.assign(static_cast<const char*>(response.data), response.size);
        } else {
          to.result.assign(message.data, message.size);
        }
        to.done.Notify();
      },
      user);
  if (parent != 0) {
    const ServeThreads::Blocked blocked(threads_);
    waiter->done.WaitForNotification();
  } else {
    // Keeps the lane; somebody else reads, after a moment. What it has queued must go.
    socket_.FlushAll();
    waiter->done.WaitForNotification();
  }
  ThreadResult() = std::move(waiter->result);
  if (result != nullptr) *result = {ThreadResult().data(), ThreadResult().size()};
  return waiter->code;
}

paranet_outgoing OutgoingCalls::Open(paranet_call parent, absl::string_view skill, int64_t deadline) {
  std::shared_ptr<Outgoing> call = Insert(nullptr, nullptr);
  if (call != nullptr && skill.size() <= kMaxFrameText) {
    Send({.type = FrameType::kOpen,
          .outgoing = true,
          .call = call->id,
          .parent = parent,
          .number = deadline,
          .text = skill});
    return call->id;
  }
  // Never fails at once: it is there, and over.
  absl::MutexLock lock(&mu_);
  if (call == nullptr) {
    call = std::make_shared<Outgoing>();
    call->id = next_++;
    calls_.emplace(call->id, call);
  }
  call->code = failed_ ? kUnavailable : kInvalidArgument;
  call->message = failed_ ? std::string(kGone) : "the skill's name is longer than any name of a skill";
  call->ends.Over(false);
  return call->id;
}

bool OutgoingCalls::Send(paranet_outgoing id, absl::string_view message) {
  const std::shared_ptr<Outgoing> call = Find(id);
  if (call == nullptr || call->done != nullptr || message.size() > kMaxFramePayload) return false;
  {
    absl::MutexLock lock(&mu_);
    if (call->send_closed) return false;
  }
  if (!call->ends.writable()) {
    const ServeThreads::Blocked blocked(threads_);
    if (!call->ends.TakeRoom(true, absl::InfiniteFuture(), message.size())) return false;
  } else if (!call->ends.TakeRoom(true, absl::InfiniteFuture(), message.size())) {
    return false;
  }
  Send(Frame{.type = FrameType::kMessage, .outgoing = true, .call = id, .payload = message});
  return true;
}

void OutgoingCalls::CloseSend(paranet_outgoing id) {
  const std::shared_ptr<Outgoing> call = Find(id);
  if (call == nullptr || call->done != nullptr) return;
  {
    absl::MutexLock lock(&mu_);
    if (std::exchange(call->send_closed, true)) return;
  }
  if (!call->ends.over()) Send({.type = FrameType::kHalfClose, .outgoing = true, .call = id});
}

bool OutgoingCalls::Receive(paranet_outgoing id, paranet_bytes* message) {
  const std::shared_ptr<Outgoing> call = Find(id);
  if (call == nullptr || call->done != nullptr) return false;
  uint16_t messages = 0;
  int64_t bytes = 0;
  bool taken = false;
  if (call->ends.readable()) {
    taken = call->ends.TakeMessage(false, absl::InfiniteFuture(), &call->current, &messages, &bytes);
  } else {
    const ServeThreads::Blocked blocked(threads_);
    taken = call->ends.TakeMessage(true, absl::InfiniteFuture(), &call->current, &messages, &bytes);
  }
  if (messages > 0 && !call->ends.over()) {
    Send({.type = FrameType::kCredit, .outgoing = true, .code = messages, .call = id, .number = bytes});
  }
  if (taken) *message = {call->current.data(), call->current.size()};
  return taken;
}

int32_t OutgoingCalls::Outcome(paranet_outgoing id, paranet_text* message) {
  const std::shared_ptr<Outgoing> call = Find(id);
  if (call == nullptr || call->done != nullptr) {
    if (message != nullptr) *message = Text("there is no such call");
    return kInvalidArgument;
  }
  if (!call->ends.over()) {
    const ServeThreads::Blocked blocked(threads_);
    // What nobody will receive must not hold up the end.
    std::string dropped;
    uint16_t messages = 0;
    int64_t bytes = 0;
    while (call->ends.TakeMessage(true, absl::InfiniteFuture(), &dropped, &messages, &bytes)) {
      if (messages > 0) {
        Send({.type = FrameType::kCredit, .outgoing = true, .code = messages, .call = id, .number = bytes});
        socket_.FlushAll();
      }
    }
    call->ends.AwaitOver();
  }
  absl::MutexLock lock(&mu_);
  calls_.erase(id);
  ThreadResult() = call->message;
  if (message != nullptr) *message = Text(ThreadResult());
  return call->code;
}

void OutgoingCalls::Cancel(paranet_outgoing id) {
  const std::shared_ptr<Outgoing> call = Find(id);
  if (call == nullptr || call->done != nullptr || call->ends.over()) return;
  {
    absl::MutexLock lock(&mu_);
    if (call->ends.over()) return;
    call->code = kCancelled;
    call->message = "cancelled";
    call->ends.Over(false);
  }
  Send({.type = FrameType::kCancel, .outgoing = true, .call = id});
}

bool OutgoingCalls::OnFrame(const Frame& frame) {
  const std::shared_ptr<Outgoing> call = Find(frame.call);
  // What is still on its way for a call that is over.
  if (call == nullptr) return true;
  switch (frame.type) {
    case FrameType::kRespond: {
      if (call->done == nullptr) return false;
      {
        absl::MutexLock lock(&mu_);
        calls_.erase(frame.call);
      }
      call->done(call->user, frame.code, Text(frame.text), {frame.payload.data(), frame.payload.size()});
      return true;
    }
    case FrameType::kMessage:
      return call->done == nullptr && call->ends.Received(frame.payload);
    case FrameType::kCredit:
      return call->done == nullptr && call->ends.Credited(frame.code, frame.number);
    case FrameType::kFinish: {
      if (call->done != nullptr) return false;
      absl::MutexLock lock(&mu_);
      if (call->ends.over()) return true;
      call->code = frame.code;
      call->message = std::string(frame.text);
      call->ends.Over(true);
      return true;
    }
    default:
      return false;
  }
}

void OutgoingCalls::FailAll() {
  absl::flat_hash_map<uint64_t, std::shared_ptr<Outgoing>> calls;
  {
    absl::MutexLock lock(&mu_);
    failed_ = true;
    calls = calls_;
    for (auto it = calls_.begin(); it != calls_.end();) {
      if (it->second->done != nullptr) {
        calls_.erase(it++);
        continue;
      }
      if (!it->second->ends.over()) {
        it->second->code = kUnavailable;
        it->second->message = std::string(kGone);
        it->second->ends.Over(false);
      }
      ++it;
    }
  }
  for (const auto& [id, call] : calls) {
    if (call->done != nullptr) call->done(call->user, kUnavailable, Text(kGone), {nullptr, 0});
  }
}

}  // namespace paranet
