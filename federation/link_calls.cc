#include "federation/link_calls.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "federation/call_admission.h"
#include "federation/call_frames.h"
#include "federation/unary_stream.h"

namespace paranet {
namespace {

constexpr char kLanePath[] = "/paranet.v1.Federation/Lane";
constexpr char kCarryPath[] = "/paranet.v1.Federation/Carry";
// How long the server of a link waits for the stream it asked for.
constexpr absl::Duration kClaimTime = absl::Seconds(10);

class NoHandle final : public CallHandle {
 public:
  void Cancel() override {}
};

std::shared_ptr<CallHandle> Refuse(const absl::Status& status, UnaryDone done) {
  UnaryResult result{.status = status};
  result.unprocessed = true;
  done(std::move(result));
  return std::make_shared<NoHandle>();
}

absl::Status LinkDown() { return absl::UnavailableError("the link is down; try again when it is back"); }

}  // namespace

LinkCalls::LinkCalls(std::shared_ptr<const LinkContext> context, Options options)
    : context_(std::move(context)),
      peer_(std::move(options.peer)),
      link_id_(std::move(options.link_id)),
      exports_(options.exports),
      limits_(std::move(options.limits)),
      channel_(std::move(options.channel)),
      counters_(std::move(options.counters)),
      open_carry_(std::move(options.open_carry)),
      lane_ended_(std::move(options.lane_ended)) {}

bool LinkCalls::OpenLane() {
  auto stream = OpenStream(channel_, kLanePath, {{kLinkIdKey, link_id_}}, absl::InfiniteFuture(), context_->queue,
                           context_->activity.get());
  return stream != nullptr && AttachLane(std::move(stream), context_->queue);
}

bool LinkCalls::AttachLane(std::shared_ptr<MessageStream> stream, RpcQueue* queue) {
  Lane::Options options;
  options.limits = limits_;
  options.control = context_->control;
  options.queue = queue;
  options.stalls = context_->stalls;
  options.serve = [weak = weak_from_this(), queue](const v1::CallHeader& header, Payload request, bool run_here,
                                                   UnaryDone done) {
    const auto self = weak.lock();
    if (self == nullptr) return Refuse(LinkDown(), std::move(done));
    return self->ServeOnLane(header, request, queue, run_here, std::move(done));
  };
  options.cancel_carried = [weak = weak_from_this()](uint64_t id) {
    if (const auto self = weak.lock()) self->CancelServed(id);
  };
  options.ended = [weak = weak_from_this()](const absl::Status& status) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    absl::AnyInvocable<void(absl::Status)> ended;
    {
      absl::MutexLock lock(&self->mu_);
      ended = std::exchange(self->lane_ended_, nullptr);
    }
    if (ended) ended(status);
  };
  auto lane = std::make_shared<Lane>(stream, std::move(options));
  {
    absl::MutexLock lock(&mu_);
    if (closed_ || lane_ != nullptr) return false;
    lane_ = lane;
  }
  lane->Start();
  return true;
}

void LinkCalls::Serve(std::shared_ptr<MessageStream> stream, RpcQueue* queue) {
  uint64_t id = 0;
  {
    absl::MutexLock lock(&mu_);
    id = next_id_++;
  }
  Serve(id, std::move(stream), queue);
}

void LinkCalls::Serve(uint64_t id, std::shared_ptr<MessageStream> stream, RpcQueue* queue) {
  std::shared_ptr<CarryStream> carry;
  {
    absl::MutexLock lock(&mu_);
    if (!closed_ && serving_.size() < 2 * size_t{limits_.lane_calls()} && !serving_.contains(id)) {
      CarryStream::Options options;
      options.message_bytes = limits_.message_bytes();
      options.control = context_->control;
      options.serve = [weak = weak_from_this(), queue](const v1::CallHeader& header, absl::Time deadline,
                                                       std::shared_ptr<ServerStream> call) {
        if (const auto self = weak.lock()) self->ServeCarried(header, deadline, queue, std::move(call));
      };
      options.ended = [weak = weak_from_this(), id] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        std::shared_ptr<CarryStream> ended;
        absl::MutexLock ended_lock(&self->mu_);
        const auto entry = self->serving_.find(id);
        if (entry == self->serving_.end()) return;
        ended = std::move(entry->second);
        self->serving_.erase(entry);
      };
      carry = std::make_shared<CarryStream>(stream, std::move(options));
      serving_[id] = carry;
    }
  }
  if (carry == nullptr) {
    stream->Close(absl::ResourceExhaustedError("too many calls are in flight on the link"));
    return;
  }
  carry->Start();
}

void LinkCalls::OpenAndServe(uint64_t carry_id) {
  auto stream = OpenStream(channel_, kCarryPath, {{kLinkIdKey, link_id_}, {kCarryIdKey, absl::StrCat(carry_id)}},
                           absl::InfiniteFuture(), context_->queue, context_->activity.get());
  if (stream != nullptr) Serve(carry_id | kCarriedBit, std::move(stream), context_->queue);
}

void LinkCalls::CancelServed(uint64_t carry_id) {
  std::shared_ptr<CarryStream> stream;
  {
    absl::MutexLock lock(&mu_);
    const auto entry = serving_.find(carry_id);
    if (entry != serving_.end()) stream = entry->second;
  }
  if (stream != nullptr) stream->Abort();
}

void LinkCalls::Claim(uint64_t carry_id, std::shared_ptr<MessageStream> stream) {
  std::shared_ptr<CarryCall> call;
  {
    absl::MutexLock lock(&mu_);
    const auto entry = carried_.find(carry_id);
    if (entry != carried_.end() && !std::exchange(entry->second.claimed, true)) call = entry->second.call;
  }
  if (call == nullptr) {
    stream->Close(absl::NotFoundError(absl::StrCat("there is no call ", carry_id, " that waits; it may have ended")));
    return;
  }
  call->Attach(std::move(stream));
}

absl::Status LinkCalls::CheckHops(const CallContext& context) {
  if (context.hops < kMostHops) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the call has crossed ", context.hops, " links and may cross ",
                                                    kMostHops, "; look for a loop among the nodes"));
}

absl::Status LinkCalls::CheckTrust() const {
  if (trusted_.load(std::memory_order_acquire)) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("the certificate of node ", peer_.name, " is no longer good; renew it or enrol the node anew"));
}

std::shared_ptr<CallHandle> LinkCalls::CallUnary(CallContext context, Payload request, UnaryDone done) {
  if (absl::Status status = CheckHops(context); !status.ok()) return Refuse(status, std::move(done));
  counters_->out.fetch_add(1, std::memory_order_relaxed);
  v1::CallHeader header = MakeCallHeader(context, absl::Now());
  if (request.Length() <= limits_.lane_payload_bytes()) {
    const std::shared_ptr<Lane> lane = this->lane();
    if (lane == nullptr) return Refuse(LinkDown(), std::move(done));
    return lane->Call(std::move(header), request, context.deadline, std::move(done));
  }
  auto stream = UnaryStream::Create(request, context.deadline, context_->control, std::move(done));
  Carry(std::move(header), context.deadline, context.queue, stream);
  return stream;
}

void LinkCalls::CallStream(CallContext context, std::shared_ptr<ServerStream> stream) {
  if (absl::Status status = CheckHops(context); !status.ok()) {
    stream->Finish(status, {});
    return;
  }
  counters_->out.fetch_add(1, std::memory_order_relaxed);
  v1::CallHeader header = MakeCallHeader(context, absl::Now());
  Carry(std::move(header), context.deadline, context.queue, std::move(stream));
}

void LinkCalls::Carry(v1::CallHeader header, absl::Time deadline, RpcQueue* queue,
                      std::shared_ptr<ServerStream> stream) {
  std::shared_ptr<CarryCall> call;
  uint64_t id = 0;
  absl::Status refused;
  {
    absl::MutexLock lock(&mu_);
    if (closed_) {
      refused = LinkDown();
    } else if (carried_.size() >= limits_.lane_calls()) {
      refused = absl::ResourceExhaustedError(
          absl::StrCat(limits_.lane_calls(), " calls are in flight on the link, which is its limit; try again later"));
    } else {
      id = next_id_++ | kCarriedBit;
      CarryCall::Options options;
      options.header = std::move(header);
      options.message_bytes = limits_.message_bytes();
      if (channel_ == nullptr) {
        options.aborted = [weak = weak_from_this(), id] {
          const auto self = weak.lock();
          const std::shared_ptr<Lane> lane = self == nullptr ? nullptr : self->lane();
          if (lane != nullptr) lane->CancelCarried(id);
        };
      }
      options.ended = [weak = weak_from_this(), id] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        std::shared_ptr<CarryCall> ended;
        absl::MutexLock ended_lock(&self->mu_);
        const auto entry = self->carried_.find(id);
        if (entry == self->carried_.end()) return;
        ended = std::move(entry->second.call);
        self->carried_.erase(entry);
      };
      call = std::make_shared<CarryCall>(stream, std::move(options));
      // The dialler opens the stream itself.
      carried_[id] = {call, channel_ != nullptr};
    }
  }
  if (call == nullptr) {
    stream->Finish(refused, {});
    return;
  }
  call->Start();
  if (channel_ == nullptr) {
    context_->control->At(absl::Now() + kClaimTime, [weak = weak_from_this(), id] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      std::shared_ptr<CarryCall> unclaimed;
      {
        absl::MutexLock lock(&self->mu_);
        const auto entry = self->carried_.find(id);
        if (entry == self->carried_.end() || entry->second.claimed) return;
        entry->second.claimed = true;
        unclaimed = entry->second.call;
      }
      unclaimed->Abort(absl::UnavailableError("the peer did not open a stream for the call; try again"));
    });
    open_carry_(id);
    return;
  }
  auto carry = OpenStream(channel_, kCarryPath, {{kLinkIdKey, link_id_}}, deadline,
                          queue != nullptr ? queue : context_->queue, context_->activity.get());
  if (carry == nullptr) {
    call->Abort(LinkDown());
    return;
  }
  call->Attach(std::move(carry));
}

std::shared_ptr<CallHandle> LinkCalls::ServeOnLane(const v1::CallHeader& header, const Payload& request,
                                                   RpcQueue* queue, bool run_here, UnaryDone done) {
  const Activity::Token token = context_->activity->Begin();
  if (!token) return Refuse(LinkDown(), std::move(done));
  if (absl::Status status = CheckTrust(); !status.ok()) return Refuse(status, std::move(done));
  counters_->in.fetch_add(1, std::memory_order_relaxed);
  absl::StatusOr<AdmittedCall> call = AdmitCall(*context_->catalogue, *context_->router, context_->policy, peer_,
                                                exports_, header, HeaderDeadline(header, absl::Now()), queue);
  if (!call.ok()) return Refuse(call.status(), std::move(done));
  if (call->context.skill->shape != SkillShape::kUnary) {
    return Refuse(absl::InvalidArgumentError("a streaming skill was called on the link's lane for unary calls; the "
                                             "peer has to open a stream"),
                  std::move(done));
  }
  call->context.run_here = run_here;
  return call->provider->CallUnary(std::move(call->context), request, std::move(done));
}

void LinkCalls::ServeCarried(const v1::CallHeader& header, absl::Time deadline, RpcQueue* queue,
                             std::shared_ptr<ServerStream> stream) {
  const Activity::Token token = context_->activity->Begin();
  if (!token) {
    stream->Finish(LinkDown(), {});
    return;
  }
  if (absl::Status status = CheckTrust(); !status.ok()) {
    stream->Finish(status, {});
    return;
  }
  counters_->in.fetch_add(1, std::memory_order_relaxed);
  absl::StatusOr<AdmittedCall> call =
      AdmitCall(*context_->catalogue, *context_->router, context_->policy, peer_, exports_, header, deadline, queue);
  if (!call.ok()) {
    stream->Finish(call.status(), {});
    return;
  }
  if (call->context.skill->shape == SkillShape::kUnary) {
    ServeUnary(std::move(stream), std::move(call->provider), std::move(call->context));
  } else {
    call->provider->CallStream(std::move(call->context), std::move(stream));
  }
}

std::shared_ptr<Lane> LinkCalls::lane() {
  absl::ReaderMutexLock lock(&mu_);
  return closed_ ? nullptr : lane_;
}

void LinkCalls::Close(const absl::Status& reason) {
  std::shared_ptr<Lane> lane;
  std::vector<std::shared_ptr<CarryCall>> calls;
  std::vector<std::shared_ptr<CarryStream>> streams;
  absl::AnyInvocable<void(absl::Status)> lane_ended;
  {
    absl::MutexLock lock(&mu_);
    if (std::exchange(closed_, true)) return;
    lane = lane_;
    lane_ended = std::exchange(lane_ended_, nullptr);
    for (const auto& [id, carried] : carried_) calls.push_back(carried.call);
    for (const auto& [id, carry] : serving_) streams.push_back(carry);
  }
  if (lane != nullptr) lane->Close(reason);
  for (const auto& call : calls) {
    call->Abort(absl::UnavailableError(absl::StrCat("the link was lost during the call: ", reason.message())));
  }
  for (const auto& stream : streams) stream->Abort();
}

void LinkCalls::Abort() {
  std::shared_ptr<Lane> lane;
  {
    absl::MutexLock lock(&mu_);
    lane = lane_;
  }
  if (lane != nullptr) lane->Abort();
}

}  // namespace paranet
