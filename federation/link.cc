#include "federation/link.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "federation/call_frames.h"
#include "federation/export_policy.h"
#include "federation/handshake.h"

namespace paranet {
namespace {

// From the handshake until both catalogues have arrived.
constexpr absl::Duration kReadyTime = absl::Seconds(30);
// What a peer gets to answer a goodbye, and what it gets to read it.
constexpr absl::Duration kGoodbyeTime = absl::Seconds(1);
constexpr absl::Duration kLingerTime = absl::Milliseconds(100);

std::string Quote(const std::string& text) { return absl::CHexEscape(text.substr(0, 500)); }

}  // namespace

Link::Link(std::shared_ptr<const LinkContext> context, Options options)
    : context_(std::move(context)),
      options_(std::move(options)),
      revocations_(peer().name, options_.limits.message_bytes(), context_->logger) {}

void Link::Start() {
  token_ = context_->activity->Begin();
  const std::weak_ptr<Link> weak = weak_from_this();
  const std::shared_ptr<ControlThread> control = context_->control;
  LinkCalls::Options calls;
  calls.peer = peer();
  calls.link_id = options_.link_id;
  calls.exports = exports();
  calls.limits = options_.limits;
  calls.channel = options_.channel;
  calls.counters = options_.counters;
  calls.open_carry = [weak, control](uint64_t id) {
    control->Post([weak, id] {
      const auto self = weak.lock();
      if (self == nullptr || self->over_) return;
      v1::LinkMessage message;
      message.mutable_open_carry()->set_carry_id(id);
      self->Send(std::move(message));
    });
  };
  calls.lane_ended = [weak, control](const absl::Status& status) {
    control->Post([weak, status] {
      if (const auto self = weak.lock()) self->Down({LinkEnd::Kind::kLost, status});
    });
  };
  calls_ = std::make_shared<LinkCalls>(context_, std::move(calls));
  writer_ = std::make_shared<StreamWriter>(options_.stream, [weak]() -> std::optional<Payload> {
    const auto self = weak.lock();
    return self == nullptr ? std::nullopt : self->NextMessage();
  });
  options_.stream->OnEnd([self = shared_from_this()](const absl::Status& status) {
    // The end of a stream that the server closes reaches the dialler at once, perhaps before the goodbye is handled.
    const bool linger = self->over_ && !self->options_.dialler && self->said_goodbye_;
    self->Down({LinkEnd::Kind::kLost, status});
    if (!linger) return self->Cleanup();
    self->context_->control->Cancel(self->cleanup_timer_);
    self->cleanup_timer_ = self->context_->control->At(absl::Now() + kLingerTime, [self] { self->Cleanup(); });
  });
  if (options_.welcome.has_value()) {
    v1::LinkMessage message;
    *message.mutable_welcome() = *std::move(options_.welcome);
    messages_.push_back(std::move(message));
  }
  if (options_.dialler && calls_->OpenLane()) has_lane_ = true;
  ready_timer_ = control->At(absl::Now() + kReadyTime, [weak] {
    if (const auto self = weak.lock()) {
      self->Down({LinkEnd::Kind::kLost, absl::UnavailableError("the peer did not complete the link in time")});
    }
  });
  writer_->Wake();
  Read();
  trust_ = std::make_shared<LinkTrust>(context_, options_.peer, [weak](const absl::Status& why) {
    const auto self = weak.lock();
    if (self == nullptr || self->over_) return;
    self->calls_->Distrust();
    self->Leave(v1::Goodbye::UNTRUSTED,
                {LinkEnd::Kind::kUntrusted, absl::PermissionDeniedError(absl::StrCat(
                                                "node ", self->context_->trust->self().name, " no longer trusts node ",
                                                self->peer().name, ": ", why.message()))});
  });
  // It may have changed since the handshake.
  trust_->Check();
}

void Link::AttachLane(std::shared_ptr<MessageStream> stream, RpcQueue* queue) {
  if (over_ || options_.dialler || !calls_->AttachLane(stream, queue)) {
    stream->Close(absl::FailedPreconditionError("the link has a lane already, or has ended"));
    return;
  }
  has_lane_ = true;
  CheckReady();
}

void Link::CatalogueChanged() {
  if (!over_ && exports()) writer_->Wake();
}

void Link::TrustChanged() {
  if (over_) return;
  if (!retiring_) writer_->Wake();
  trust_->Check();
}

void Link::AskForRedial() {
  if (over_ || retiring_ || options_.dialler) return;
  v1::LinkMessage message;
  message.mutable_redial();
  Send(std::move(message));
}

void Link::Retire() {
  if (over_ || retiring_) return;
  retiring_ = true;
  context_->control->Cancel(ready_timer_);
  calls_->tally()->OnIdle([weak = weak_from_this(), control = context_->control] {
    control->Post([weak] {
      const auto self = weak.lock();
      if (self == nullptr || self->over_) return;
      self->drained_ = true;
      v1::LinkMessage message;
      message.mutable_drained();
      self->Send(std::move(message));
      self->CheckDrained();
    });
  });
}

void Link::Close(v1::Goodbye::Reason reason, const std::string& message) {
  if (over_) return;
  over_ = true;
  said_goodbye_ = true;
  v1::LinkMessage goodbye;
  goodbye.mutable_goodbye()->set_reason(reason);
  goodbye.mutable_goodbye()->set_message(message);
  messages_.push_back(std::move(goodbye));
  Shut(absl::UnavailableError(message));
}

void Link::Read() {
  options_.stream->Read([self = shared_from_this()](std::optional<Payload> payload) {
    // The end is told by OnEnd.
    if (!payload.has_value()) return;
    v1::LinkMessage message;
    if (!Decode(*payload, &message)) {
      self->Refuse(absl::InvalidArgumentError("the peer sent a message that is no LinkMessage"));
      return;
    }
    if (!self->over_) self->OnMessage(std::move(message));
    self->Read();
  });
}

void Link::OnMessage(v1::LinkMessage message) {
  switch (message.message_case()) {
    case v1::LinkMessage::kCatalogue:
      OnCatalogue(message.catalogue());
      return;
    case v1::LinkMessage::kCatalogueAck:
      if (!exports()) return Refuse(absl::InvalidArgumentError("the peer acknowledged a catalogue it was not sent"));
      acknowledged_ = true;
      CheckReady();
      return;
    case v1::LinkMessage::kOpenCarry:
      if (!options_.dialler) return Refuse(absl::InvalidArgumentError("the dialler of the link sent OpenCarry"));
      calls_->OpenAndServe(message.open_carry().carry_id());
      return;
    case v1::LinkMessage::kGoodbye: {
      const v1::Goodbye& goodbye = message.goodbye();
      LinkEnd::Kind kind = LinkEnd::Kind::kLost;
      if (goodbye.reason() == v1::Goodbye::DEFEDERATED) kind = LinkEnd::Kind::kDefederated;
      if (goodbye.reason() == v1::Goodbye::UNTRUSTED) kind = LinkEnd::Kind::kDistrusted;
      Down({kind,
            absl::UnavailableError(absl::StrCat("node ", peer().name, " ended the link: ", Quote(goodbye.message())))});
      return;
    }
    case v1::LinkMessage::kRevocation:
      if (absl::Status status = revocations_.Take(message.revocation(), *context_->trust); !status.ok()) Refuse(status);
      return;
    case v1::LinkMessage::kRedial:
      if (!options_.dialler) return Refuse(absl::InvalidArgumentError("the dialler of the link sent Redial"));
      options_.redial();
      return;
    case v1::LinkMessage::kDrained:
      peer_drained_ = true;
      return CheckDrained();
    case v1::LinkMessage::kRefusal:
      Down({LinkEnd::Kind::kRefused, RefusalStatus(message.refusal())});
      return;
    case v1::LinkMessage::kHello:
    case v1::LinkMessage::kWelcome:
      return Refuse(absl::InvalidArgumentError("the peer began a second handshake"));
    case v1::LinkMessage::MESSAGE_NOT_SET:
      // Of a newer version.
      return;
  }
}

void Link::OnCatalogue(const v1::CatalogueUpdate& update) {
  if (!imports()) return Refuse(absl::PermissionDeniedError("the peer exports over a link that does not permit it"));
  const absl::StatusOr<bool> complete = import_.Apply(update);
  if (!complete.ok()) return Refuse(complete.status());
  for (const std::string& warning : import_.TakeWarnings()) {
    context_->logger->warn("node {}: {}", peer().name, warning);
  }
  if (!*complete) return;
  has_imported_ = true;
  options_.imported();
  v1::LinkMessage message;
  message.mutable_catalogue_ack()->set_revision(import_.revision());
  Send(std::move(message));
  CheckReady();
}

std::optional<Payload> Link::NextMessage() {
  if (!messages_.empty()) {
    const v1::LinkMessage message = std::move(messages_.front());
    messages_.pop_front();
    return Encode(message);
  }
  if (over_ || retiring_) return std::nullopt;
  // Before the catalogue: what is no longer trusted should not be used meanwhile.
  if (auto lists = revocations_.Next(*context_->trust->state()->revocations)) {
    v1::LinkMessage message;
    *message.mutable_revocation() = *std::move(lists);
    return Encode(message);
  }
  if (!exports()) return std::nullopt;
  std::optional<v1::CatalogueUpdate> update =
      export_.Next(*context_->catalogue->snapshot(),
                   [this](const SkillSet& set) { return MayCallSome(context_->policy, peer(), set); });
  if (!update.has_value()) return std::nullopt;
  v1::LinkMessage message;
  *message.mutable_catalogue() = *std::move(update);
  return Encode(message);
}

void Link::Send(v1::LinkMessage message) {
  if (over_) return;
  messages_.push_back(std::move(message));
  writer_->Wake();
}

void Link::CheckReady() {
  if (over_ || ready_ || retiring_ || !has_lane_) return;
  if ((imports() && !has_imported_) || (exports() && !acknowledged_)) return;
  ready_ = true;
  context_->control->Cancel(ready_timer_);
  options_.ready();
}

void Link::CheckDrained() {
  if (!options_.dialler || !drained_ || !peer_drained_) return;
  Leave(v1::Goodbye::REPLACED,
        {LinkEnd::Kind::kLost, absl::UnavailableError("a newer connection has taken the place of this one")});
}

void Link::Leave(v1::Goodbye::Reason reason, LinkEnd end) {
  if (over_) return;
  said_goodbye_ = true;
  v1::LinkMessage message;
  message.mutable_goodbye()->set_reason(reason);
  message.mutable_goodbye()->set_message(std::string(end.status.message()));
  messages_.push_back(std::move(message));
  Down(std::move(end));
}

void Link::Refuse(const absl::Status& why) {
  if (over_) return;
  const std::string message = absl::StrCat("node ", context_->trust->self().name, " ended the link with node ",
                                           peer().name, ": ", why.message());
  v1::LinkMessage refusal;
  *refusal.mutable_refusal() = MakeRefusal(v1::Refusal::PROTOCOL, message);
  Send(std::move(refusal));
  Down({LinkEnd::Kind::kRefused, absl::PermissionDeniedError(message)});
}

void Link::Down(LinkEnd end) {
  if (over_) return;
  over_ = true;
  const std::function<void(const LinkEnd&)> down = std::exchange(options_.down, nullptr);
  Shut(end.status);
  down(end);
}

void Link::Shut(const absl::Status& reason) {
  options_.imported = nullptr;
  options_.ready = nullptr;
  options_.redial = nullptr;
  options_.down = nullptr;
  context_->control->Cancel(ready_timer_);
  if (trust_ != nullptr) trust_->Stop();
  calls_->Close(reason);
  writer_->Close(absl::OkStatus());
  // The lane stays until the peer has taken notice, because its end would overtake the goodbye.
  cleanup_timer_ = context_->control->At(absl::Now() + kGoodbyeTime, [self = shared_from_this()] {
    self->options_.stream->Abort();
    self->Cleanup();
  });
}

void Link::Cleanup() {
  context_->control->Cancel(std::exchange(cleanup_timer_, 0));
  calls_->Abort();
  token_.Release();
}

}  // namespace paranet
