#include "federation/lane.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "federation/call_frames.h"

namespace paranet {
namespace {

// A message is closed once it has this many bytes of payload.
constexpr size_t kBatchBytes = 1 << 20;
// Frames that are not held back for others any more.
constexpr size_t kHeldFrames = 64;

}  // namespace

class Lane::Handle final : public CallHandle {
 public:
  Handle(std::weak_ptr<Lane> lane, uint64_t id) : lane_(std::move(lane)), id_(id) {}
  void Cancel() override {
    if (const std::shared_ptr<Lane> lane = lane_.lock()) {
      lane->GiveUp(id_, absl::CancelledError("the caller gave up"));
    }
  }

 private:
  const std::weak_ptr<Lane> lane_;
  const uint64_t id_;
};

Lane::Lane(std::shared_ptr<MessageStream> stream, Options options)
    : stream_(std::move(stream)),
      limits_(std::move(options.limits)),
      serve_(std::move(options.serve)),
      cancel_carried_(std::move(options.cancel_carried)),
      control_(std::move(options.control)),
      queue_to_lend_(options.queue),
      stalls_(std::move(options.stalls)),
      ended_(std::move(options.ended)) {}

Lane::~Lane() = default;

void Lane::Start() {
  const std::weak_ptr<Lane> weak = weak_from_this();
  writer_ = std::make_shared<StreamWriter>(stream_, [weak]() -> std::optional<Payload> {
    const std::shared_ptr<Lane> lane = weak.lock();
    return lane == nullptr ? std::nullopt : lane->NextMessage();
  });
  stream_->OnEnd([self = shared_from_this()](const absl::Status& reason) { self->End(reason, /*tell=*/true); });
  Read();
}

std::shared_ptr<CallHandle> Lane::Call(v1::CallHeader header, const Payload& request, absl::Time deadline,
                                       UnaryDone done) {
  v1::LaneFrame frame;
  v1::CallFrame* const call = frame.mutable_call();
  *call->mutable_header() = std::move(header);
  *call->mutable_payload() = PayloadToString(request);
  UnaryResult refused;
  std::shared_ptr<CallHandle> handle;
  bool much = false;
  {
    absl::MutexLock lock(&mu_);
    const size_t most = limits_.lane_calls();
    if (over_) {
      refused.status = absl::UnavailableError("the link is down; try again when it is back");
    } else if (outgoing_.size() >= most || queue_.size() >= 4 * most) {
      refused.status = absl::ResourceExhaustedError(
          absl::StrCat(most, " calls are in flight on the link, which is its limit; try again later"));
    } else {
      const uint64_t id = next_id_++;
      call->set_call_id(id);
      Outgoing& entry = outgoing_[id];
      entry.done = std::move(done);
      entry.deadline = deadline;
      if (deadline != absl::InfiniteFuture()) {
        deadlines_.emplace(deadline, id);
        Arm(deadline);
      }
      queue_.push_back(std::move(frame));
      much = queue_.size() >= kHeldFrames;
      handle = std::make_shared<Handle>(weak_from_this(), id);
    }
  }
  if (handle != nullptr) {
    much ? writer_->Flush() : writer_->Wake();
    return handle;
  }
  refused.unprocessed = true;
  // Not moved from where there is no handle.
  done(std::move(refused));  // NOLINT(bugprone-use-after-move)
  return std::make_shared<Handle>(std::weak_ptr<Lane>(), 0);
}

void Lane::CancelCarried(uint64_t carry_id) {
  v1::LaneFrame frame;
  frame.mutable_cancel()->set_call_id(carry_id);
  {
    absl::MutexLock lock(&mu_);
    if (over_) return;
    queue_.push_back(std::move(frame));
  }
  writer_->Wake();
}

void Lane::Close(const absl::Status& reason) { End(reason, /*tell=*/false); }

void Lane::Read() {
  stream_->Read([self = shared_from_this()](std::optional<Payload> message) {
    // The end is told by OnEnd.
    if (message.has_value()) self->OnMessage(*message);
  });
}

void Lane::OnMessage(const Payload& message) {
  const bool lend = queue_to_lend_ != nullptr && queue_to_lend_->IsPolled();
  Handles lent;
  // What becomes of one message goes back as one.
  writer_->Hold();
  v1::LaneFrames frames;
  absl::Status status = absl::InvalidArgumentError("the peer sent a message that is no LaneFrames");
  if (Decode(message, &frames)) status = OnFrames(std::move(frames), lend ? &lent : nullptr);
  if (status.ok()) {
    // The next message is for another thread, while this one is with the actors.
    Read();
  } else {
    End(status, /*tell=*/true);
    stream_->Abort();
  }
  if (!lent.empty()) Run(std::move(lent));
  writer_->Release();
}

// Calls that wait for the thread that has read them. Where that stays with one of them for long, the others get threads
// of the actors' own.
class Lane::Lent final : public Stallable {
 public:
  Lent(Handles calls, std::shared_ptr<StreamWriter> writer) : calls_(std::move(calls)), writer_(std::move(writer)) {}

  // The next; null if there is none.
  std::shared_ptr<CallHandle> Take() {
    absl::MutexLock lock(&mu_);
    return next_ == calls_.size() ? nullptr : std::move(calls_[next_++]);
  }
  void OnStalled() override {
    while (const std::shared_ptr<CallHandle> call = Take()) call->RunElsewhere();
    writer_->Flush();
  }

 private:
  absl::Mutex mu_;
  Handles calls_ ABSL_GUARDED_BY(mu_);
  size_t next_ ABSL_GUARDED_BY(mu_) = 0;
  const std::shared_ptr<StreamWriter> writer_;
};

void Lane::Run(Handles lent) {
  // Nobody waits for a single one.
  if (lent.size() == 1) {
    writer_->Release();
    lent[0]->RunHere();
    writer_->Hold();
    return;
  }
  const auto calls = std::make_shared<Lent>(std::move(lent), writer_);
  const uint64_t watched = stalls_->Begin(calls);
  while (const std::shared_ptr<CallHandle> call = calls->Take()) call->RunHere();
  stalls_->End(watched);
}

absl::Status Lane::OnFrames(v1::LaneFrames frames, Handles* lent) {
  for (v1::LaneFrame& frame : *frames.mutable_frames()) {
    switch (frame.frame_case()) {
      case v1::LaneFrame::kCall:
        if (absl::Status status = OnCall(std::move(*frame.mutable_call()), lent); !status.ok()) return status;
        break;
      case v1::LaneFrame::kResult:
        OnResult(std::move(*frame.mutable_result()));
        break;
      case v1::LaneFrame::kCancel:
        OnCancel(frame.cancel().call_id());
        break;
      case v1::LaneFrame::FRAME_NOT_SET:
        // Of a newer version.
        break;
    }
  }
  return absl::OkStatus();
}

absl::Status Lane::OnCall(v1::CallFrame frame, Handles* lent) {
  const uint64_t id = frame.call_id();
  bool full = false;
  {
    absl::MutexLock lock(&mu_);
    if (over_) return absl::OkStatus();
    // Some room above the limit, because the peer frees a call before our end of it is gone. Beyond, the peer does not
    // keep to the protocol, and answering each frame would be unbounded too.
    const size_t most = limits_.lane_calls();
    if (incoming_.size() >= 4 * most) {
      return absl::ResourceExhaustedError("the peer sends far more calls than the link's limit");
    }
    full = incoming_.size() >= 2 * most;
    if (!incoming_.try_emplace(id).second) {
      return absl::InvalidArgumentError(absl::StrCat("the peer used call id ", id, " twice"));
    }
  }
  if (full) {
    UnaryResult result{.status = absl::ResourceExhaustedError("too many calls are in flight on the link")};
    result.unprocessed = true;
    Respond(id, std::move(result));
    return absl::OkStatus();
  }
  std::shared_ptr<CallHandle> handle =
      serve_(frame.header(), MakePayload(std::move(*frame.mutable_payload())), lent != nullptr,
             [self = shared_from_this(), id](UnaryResult result) { self->Respond(id, std::move(result)); });
  bool cancel = false;
  {
    absl::MutexLock lock(&mu_);
    const auto entry = incoming_.find(id);
    // Without an entry it is over, by the result or with the lane.
    cancel = over_ || (entry != incoming_.end() && entry->second.cancelled);
    if (entry != incoming_.end()) entry->second.handle = handle;
  }
  if (cancel && handle != nullptr) handle->Cancel();
  if (lent != nullptr && handle != nullptr) lent->push_back(std::move(handle));
  return absl::OkStatus();
}

void Lane::OnResult(v1::ResultFrame frame) {
  UnaryDone done;
  {
    absl::MutexLock lock(&mu_);
    const auto entry = outgoing_.find(frame.call_id());
    // Given up meanwhile.
    if (entry == outgoing_.end()) return;
    done = std::move(entry->second.done);
    deadlines_.erase({entry->second.deadline, frame.call_id()});
    outgoing_.erase(entry);
  }
  UnaryResult result;
  result.status = GetStatus(frame.status());
  result.trailers = GetMetadata(frame.status().trailers());
  result.unprocessed = !result.status.ok() && frame.status().unprocessed();
  if (result.status.ok()) result.response = MakePayload(std::move(*frame.mutable_payload()));
  done(std::move(result));
}

void Lane::OnCancel(uint64_t id) {
  if ((id & kCarriedBit) != 0) {
    if (cancel_carried_) cancel_carried_(id);
    return;
  }
  std::shared_ptr<CallHandle> handle;
  {
    absl::MutexLock lock(&mu_);
    const auto entry = incoming_.find(id);
    if (entry == incoming_.end()) return;
    entry->second.cancelled = true;
    handle = entry->second.handle;
  }
  if (handle != nullptr) handle->Cancel();
}

void Lane::Respond(uint64_t id, UnaryResult result) {
  v1::LaneFrame frame;
  v1::ResultFrame* const out = frame.mutable_result();
  out->set_call_id(id);
  if (result.status.ok() && result.response.Length() + kFrameOverheadBytes > limits_.message_bytes()) {
    result.status = absl::ResourceExhaustedError(absl::StrCat("the response has ", result.response.Length(),
                                                              " bytes, and a link carries at most ",
                                                              limits_.message_bytes() - kFrameOverheadBytes));
  }
  *out->mutable_status() = MakeCallStatus(result.status, result.trailers, result.unprocessed);
  if (result.status.ok()) *out->mutable_payload() = PayloadToString(result.response);
  bool much = false;
  {
    absl::MutexLock lock(&mu_);
    const auto entry = incoming_.find(id);
    if (over_ || entry == incoming_.end()) return;
    if (entry->second.cancelled) {
      // The peer has forgotten the call.
      incoming_.erase(entry);
      return;
    }
    queue_.push_back(std::move(frame));
    much = queue_.size() >= kHeldFrames;
  }
  if (much) return writer_->Flush();
  writer_->Wake();
}

void Lane::GiveUp(uint64_t id, const absl::Status& status) {
  UnaryResult result;
  UnaryDone done;
  bool wake = false;
  {
    absl::MutexLock lock(&mu_);
    const auto entry = outgoing_.find(id);
    if (entry == outgoing_.end()) return;
    done = std::move(entry->second.done);
    deadlines_.erase({entry->second.deadline, id});
    result.unprocessed = !entry->second.sent;
    if (entry->second.sent) {
      v1::LaneFrame frame;
      frame.mutable_cancel()->set_call_id(id);
      queue_.push_back(std::move(frame));
      wake = true;
    }
    outgoing_.erase(entry);
  }
  if (wake) writer_->Wake();
  result.status = status;
  done(std::move(result));
}

void Lane::Arm(absl::Time deadline) {
  if (deadline >= armed_) return;
  armed_ = deadline;
  control_->At(deadline, [weak = weak_from_this()] {
    if (const std::shared_ptr<Lane> lane = weak.lock()) lane->ExpireCalls();
  });
}

void Lane::ExpireCalls() {
  std::vector<uint64_t> expired;
  {
    absl::MutexLock lock(&mu_);
    const absl::Time now = absl::Now();
    for (const auto& [deadline, id] : deadlines_) {
      if (deadline > now) break;
      expired.push_back(id);
    }
  }
  for (const uint64_t id : expired) {
    GiveUp(id, absl::DeadlineExceededError("the deadline passed before the peer answered"));
  }
  absl::MutexLock lock(&mu_);
  armed_ = absl::InfiniteFuture();
  if (!deadlines_.empty()) Arm(deadlines_.begin()->first);
}

std::optional<Payload> Lane::NextMessage() {
  v1::LaneFrames message;
  size_t bytes = 0;
  {
    absl::MutexLock lock(&mu_);
    while (!queue_.empty()) {
      v1::LaneFrame& frame = queue_.front();
      size_t size = 0;
      if (frame.has_call()) {
        const auto entry = outgoing_.find(frame.call().call_id());
        if (entry == outgoing_.end()) {
          // Given up before it was sent.
          queue_.pop_front();
          continue;
        }
        size = frame.call().payload().size();
      } else if (frame.has_result()) {
        size = frame.result().payload().size();
      }
      if (bytes > 0 && bytes + size > kBatchBytes) break;
      if (frame.has_call()) {
        outgoing_.find(frame.call().call_id())->second.sent = true;
      } else if (frame.has_result()) {
        incoming_.erase(frame.result().call_id());
      }
      // What is small has a cost too.
      bytes += size + 64;
      message.mutable_frames()->Add(std::move(frame));
      queue_.pop_front();
    }
  }
  if (message.frames().empty()) return std::nullopt;
  return Encode(message);
}

void Lane::End(const absl::Status& reason, bool tell) {
  absl::AnyInvocable<void(absl::Status)> ended;
  absl::flat_hash_map<uint64_t, Outgoing> outgoing;
  absl::flat_hash_map<uint64_t, Incoming> incoming;
  {
    absl::MutexLock lock(&mu_);
    if (over_) return;
    over_ = true;
    ended = std::move(ended_);
    ended_ = nullptr;
    outgoing.swap(outgoing_);
    incoming.swap(incoming_);
    deadlines_.clear();
    queue_.clear();
  }
  for (auto& [id, call] : incoming) {
    if (call.handle != nullptr) call.handle->Cancel();
  }
  for (auto& [id, call] : outgoing) {
    UnaryResult result{
        .status = absl::UnavailableError(absl::StrCat("the link was lost during the call: ", reason.message()))};
    result.unprocessed = !call.sent;
    call.done(std::move(result));
  }
  if (tell && ended) ended(reason);
}

}  // namespace paranet
