#include "core/runtime/framed/frame_outgoing.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/worker/window.h"

namespace paranet {
namespace {

std::string EncodeMetadata(const Metadata& metadata) {
  std::string list;
  for (const auto& [key, value] : metadata) {
    if (list.size() + key.size() + value.size() + 8 > kMaxFrameList) break;
    AppendToFrameList(key, value, list);
  }
  return list;
}

}  // namespace

// The caller's end of a stream that the worker has opened.
class FrameOutgoing::Stream final : public ServerStream {
 public:
  Stream(uint64_t id, std::weak_ptr<FrameOutgoing> owner, std::shared_ptr<FrameLink> link)
      : id_(id), owner_(std::move(owner)), link_(std::move(link)) {}

  ~Stream() override { End(absl::InternalError("the provider has dropped the call"), {}); }

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override {
    std::optional<Payload> message;
    {
      absl::MutexLock lock(&mu_);
      if (inbox_.empty() && !half_closed_ && !over_) {
        read_ = std::move(done);
        return;
      }
      if (!inbox_.empty() && !over_) message = TakeMessage();
    }
    std::move(done)(std::move(message));
  }

  void Write(Payload payload, absl::AnyInvocable<void(bool)> done) override {
    bool ok = false;
    {
      absl::MutexLock lock(&mu_);
      ok = !over_ && payload.Length() <= kMaxFramePayload;
      if (ok) {
        send_.Sent(payload.Length());
        link_->Send({.type = FrameType::kMessage, .outgoing = true, .call = id_}, payload);
        if (!send_.open()) {
          write_ = std::move(done);
          return;
        }
      }
    }
    std::move(done)(ok);
  }

  void Finish(absl::Status status, Metadata trailers) override { End(status, trailers); }

  void OnCancel(absl::AnyInvocable<void()> cancelled) override {
    {
      absl::MutexLock lock(&mu_);
      if (!cancelled_) {
        on_cancel_ = std::move(cancelled);
        return;
      }
    }
    std::move(cancelled)();
  }

  // From the worker.
  bool OnMessage(absl::string_view bytes) {
    absl::AnyInvocable<void(std::optional<Payload>)> read;
    std::optional<Payload> message;
    {
      absl::MutexLock lock(&mu_);
      if (over_) return true;
      if (half_closed_ || !receive_.Received(bytes.size())) return false;
      inbox_.push_back(MakePayload(bytes));
      if (read_ == nullptr) return true;
      read = std::exchange(read_, nullptr);
      message = TakeMessage();
    }
    std::move(read)(std::move(message));
    return true;
  }
  void OnHalfClose() {
    absl::AnyInvocable<void(std::optional<Payload>)> read;
    {
      absl::MutexLock lock(&mu_);
      half_closed_ = true;
      read = std::exchange(read_, nullptr);
    }
    if (read != nullptr) std::move(read)(std::nullopt);
  }
  bool OnCredit(uint16_t messages, int64_t bytes) {
    absl::AnyInvocable<void(bool)> write;
    {
      absl::MutexLock lock(&mu_);
      if (over_) return true;
      if (!send_.Credit(messages, bytes)) return false;
      if (send_.open()) write = std::exchange(write_, nullptr);
    }
    if (write != nullptr) std::move(write)(true);
    return true;
  }
  void Cancel() {
    absl::AnyInvocable<void(std::optional<Payload>)> read;
    absl::AnyInvocable<void(bool)> write;
    absl::AnyInvocable<void()> cancelled;
    {
      absl::MutexLock lock(&mu_);
      if (over_) return;
      over_ = true;
      cancelled_ = true;
      read = std::exchange(read_, nullptr);
      write = std::exchange(write_, nullptr);
      cancelled = std::exchange(on_cancel_, nullptr);
      inbox_.clear();
    }
    if (read != nullptr) std::move(read)(std::nullopt);
    if (write != nullptr) std::move(write)(false);
    if (cancelled != nullptr) std::move(cancelled)();
  }

 private:
  Payload TakeMessage() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    Payload message = inbox_.front();
    inbox_.pop_front();
    uint16_t messages = 0;
    int64_t bytes = 0;
    if (receive_.Used(message.Length(), &messages, &bytes)) {
      link_->Send({.type = FrameType::kCredit, .outgoing = true, .code = messages, .call = id_, .number = bytes});
    }
    return message;
  }

  // Once, even where it was cancelled: the worker waits for it.
  void End(const absl::Status& status, const Metadata& trailers) {
    absl::AnyInvocable<void(std::optional<Payload>)> read;
    {
      absl::MutexLock lock(&mu_);
      if (std::exchange(finished_, true)) return;
      over_ = true;
      read = std::exchange(read_, nullptr);
      on_cancel_ = nullptr;
      const std::string list = EncodeMetadata(trailers);
      link_->Send({.type = FrameType::kFinish,
                   .outgoing = true,
                   .code = static_cast<uint16_t>(status.code()),
                   .call = id_,
                   .text = status.message().substr(0, kMaxFrameText),
                   .list = list});
    }
    if (read != nullptr) std::move(read)(std::nullopt);
    if (const std::shared_ptr<FrameOutgoing> owner = owner_.lock()) owner->Erase(id_);
  }

  const uint64_t id_;
  const std::weak_ptr<FrameOutgoing> owner_;
  const std::shared_ptr<FrameLink> link_;
  absl::Mutex mu_;
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mu_) = false;
  std::deque<Payload> inbox_ ABSL_GUARDED_BY(mu_);
  ReceiveWindow receive_ ABSL_GUARDED_BY(mu_);
  SendWindow send_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void(std::optional<Payload>)> read_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void(bool)> write_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void()> on_cancel_ ABSL_GUARDED_BY(mu_);
};

bool FrameOutgoing::OnFrame(const Frame& frame) {
  if (frame.type == FrameType::kCall || frame.type == FrameType::kOpen) return Begin(frame);
  Entry entry;
  {
    absl::MutexLock lock(&mu_);
    const auto found = calls_.find(frame.call);
    // What was on its way when the call ended.
    if (found == calls_.end()) return true;
    entry = found->second;
  }
  if (frame.type == FrameType::kCancel) {
    Cancel(entry);
    return true;
  }
  if (!entry.streaming) return false;
  const std::shared_ptr<Stream> stream = entry.stream.lock();
  if (stream == nullptr) return true;
  switch (frame.type) {
    case FrameType::kMessage:
      return stream->OnMessage(frame.payload);
    case FrameType::kHalfClose:
      stream->OnHalfClose();
      return true;
    case FrameType::kCredit:
      return stream->OnCredit(frame.code, frame.number);
    default:
      return false;
  }
}

bool FrameOutgoing::Begin(const Frame& frame) {
  const bool streaming = frame.type == FrameType::kOpen;
  CallOrigin origin;
  absl::Status refused;
  if (frame.parent == 0) {
    origin.caller = absl::StrCat("actor:", name_);
  } else if (std::optional<CallOrigin> parent = find_origin_(frame.parent); parent.has_value()) {
    origin = *std::move(parent);
  } else {
    refused = absl::CancelledError("the call on whose behalf this one was made is over");
  }
  if (frame.number != INT64_MAX) origin.deadline = std::min(origin.deadline, absl::FromUnixMicros(frame.number));
  if (caller_ == nullptr) refused = absl::UnavailableError(absl::StrCat(name_, " runs where no other skills are"));

  const uint64_t id = frame.call;
  const auto answer = [link = link_, id, streaming](const absl::Status& status, const Payload& response) {
    link->Send({.type = streaming ? FrameType::kFinish : FrameType::kRespond,
                .outgoing = true,
                .code = static_cast<uint16_t>(status.code()),
                .call = id,
                .text = status.message().substr(0, kMaxFrameText)},
               response);
  };
  std::shared_ptr<Stream> stream;
  {
    absl::MutexLock lock(&mu_);
    if (closed_) return true;
    if (calls_.contains(id)) return false;
    if (calls_.size() - streams_ >= kMaxCalls && !streaming) {
      refused = absl::ResourceExhaustedError(absl::StrCat(name_, " already has ", kMaxCalls, " calls under way"));
    } else if (streams_ >= kMaxStreams && streaming) {
      refused = absl::ResourceExhaustedError(absl::StrCat(name_, " already has ", kMaxStreams, " streams under way"));
    } else if (refused.ok()) {
      if (streaming) {
        stream = std::make_shared<Stream>(id, weak_from_this(), link_);
        ++streams_;
      }
      calls_.emplace(id, Entry{.parent = frame.parent, .handle = nullptr, .streaming = streaming, .stream = stream});
    }
  }
  if (!refused.ok()) {
    answer(refused, Payload());
    return true;
  }
  const std::string skill(frame.text);
  if (streaming) {
    caller_->CallStream(skill, std::move(origin), std::move(stream));
    return true;
  }
  std::shared_ptr<CallHandle> handle = caller_->CallUnary(
      skill, std::move(origin), MakePayload(frame.payload), [answer, id, weak = weak_from_this()](UnaryResult result) {
        if (result.status.ok() && result.response.Length() > kMaxFramePayload) {
          result.status = absl::ResourceExhaustedError("the response is larger than 64 MiB");
        }
        if (const std::shared_ptr<FrameOutgoing> self = weak.lock()) self->Erase(id);
        answer(result.status, result.status.ok() ? result.response : Payload());
      });
  bool cancel = false;
  {
    absl::MutexLock lock(&mu_);
    const auto found = calls_.find(id);
    cancel = closed_;
    if (found != calls_.end()) found->second.handle = handle;
  }
  // The parent may have ended in between.
  if (cancel || (frame.parent != 0 && !find_origin_(frame.parent).has_value())) handle->Cancel();
  return true;
}

void FrameOutgoing::Cancel(const Entry& entry) {
  if (entry.handle != nullptr) entry.handle->Cancel();
  if (const std::shared_ptr<Stream> stream = entry.stream.lock()) stream->Cancel();
}

void FrameOutgoing::Erase(uint64_t id) {
  Entry erased;
  absl::MutexLock lock(&mu_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  if (found->second.streaming) --streams_;
  erased = std::move(found->second);
  calls_.erase(found);
}

void FrameOutgoing::OnParentOver(uint64_t parent) {
  std::vector<Entry> entries;
  {
    absl::MutexLock lock(&mu_);
    if (calls_.empty()) return;
    for (const auto& [id, entry] : calls_) {
      if (entry.parent == parent) entries.push_back(entry);
    }
  }
  for (const Entry& entry : entries) Cancel(entry);
}

void FrameOutgoing::Close() {
  std::vector<Entry> entries;
  {
    absl::MutexLock lock(&mu_);
    closed_ = true;
    for (const auto& [id, entry] : calls_) entries.push_back(entry);
  }
  for (const Entry& entry : entries) Cancel(entry);
}

}  // namespace paranet
