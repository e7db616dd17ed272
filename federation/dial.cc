#include "federation/dial.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/rpc/server.h"
#include "federation/call_frames.h"
#include "federation/control_stream.h"
#include "federation/handshake.h"
#include "federation/link_trust.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/support/channel_arguments.h"
#include "pki/grpc_credentials.h"

namespace paranet {
namespace {

constexpr char kLinkPath[] = "/paranet.v1.Federation/Link";
// For connection and handshake together.
constexpr absl::Duration kDialTime = absl::Seconds(10);
// A connection that is silent for the two together is lost, in milliseconds.
constexpr int kKeepaliveTimeMs = 2'000;
constexpr int kKeepaliveTimeoutMs = 2'000;

grpc::ChannelArguments MakeArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // A connection of its own for each attempt: the pauses between attempts are ours, not gRPC's.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // gRPC repeats no call of ours, and in 1.51 a call that is cancelled right after its first message may never end
  // while its filter for that is in the way.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  return arguments;
}

}  // namespace

void Dial::Start() {
  const std::weak_ptr<Dial> weak = weak_from_this();
  // Before the credentials, which show this one or a newer one.
  own_certificate_ = context_->trust->state()->identity->chain().leaf().fingerprint();
  auto credentials = pki::MakeChannelCredentials(
      context_->trust, options_.peer, context_->clock, [weak, control = context_->control](const absl::Status& status) {
        control->Post([weak, status] {
          if (const auto self = weak.lock(); self != nullptr && self->refused_.ok()) self->refused_ = status;
        });
      });
  if (!credentials.ok()) {
    context_->control->Post([self = shared_from_this(), status = credentials.status()] {
      self->Done({.status = status, .refused = true});
    });
    return;
  }
  channel_ = grpc::CreateCustomChannel(options_.address, *credentials, MakeArguments());
  auto stream = OpenStream(channel_, kLinkPath, {}, absl::InfiniteFuture(), context_->queue, context_->activity.get());
  if (stream == nullptr) {
    context_->control->Post([self = shared_from_this()] {
      self->Done({.status = absl::UnavailableError("this node stops"), .refused = false});
    });
    return;
  }
  stream_ = std::make_shared<ControlStream>(std::move(stream), context_->control);
  stream_->OnEnd([self = shared_from_this()](const absl::Status& status) { self->OnEnd(status); });
  timer_ = context_->control->At(absl::Now() + kDialTime, [weak] {
    const auto self = weak.lock();
    if (self == nullptr || self->over_) return;
    self->stream_->Abort();
    self->OnEnd(absl::UnavailableError(absl::StrCat("no answer within ", absl::FormatDuration(kDialTime))));
  });
  v1::LinkMessage hello;
  *hello.mutable_hello() = MakeHello(context_->trust->self(), options_.peer.name, options_.mode, options_.fresh);
  hello.mutable_hello()->set_replaces(options_.replaces);
  stream_->Write(Encode(hello), [self = shared_from_this()](bool) {
    self->hello_written_ = true;
    if (self->welcome_.has_value()) self->OnWelcome(std::exchange(self->welcome_, std::nullopt));
  });
  stream_->Read([self = shared_from_this()](std::optional<Payload> payload) { self->OnWelcome(std::move(payload)); });
}

void Dial::Cancel() {
  if (over_) return;
  over_ = true;
  options_.done = nullptr;
  context_->control->Cancel(timer_);
  if (stream_ != nullptr) stream_->Abort();
}

void Dial::OnWelcome(std::optional<Payload> payload) {
  // The end is told by OnEnd.
  if (over_ || !payload.has_value()) return;
  if (!hello_written_) {
    // The answer may be heard of before the end of the write is, and whoever gets the stream writes at once.
    welcome_ = std::move(payload);
    return;
  }
  v1::LinkMessage message;
  if (!Decode(*payload, &message) || (!message.has_welcome() && !message.has_refusal())) {
    return Fail(
        MakeRefusal(v1::Refusal::PROTOCOL, absl::StrCat("what answers at ", options_.address,
                                                        " does not speak the federation protocol; check the address")));
  }
  if (message.has_refusal()) return Fail(message.refusal());
  if (const auto refusal = CheckWelcome(options_.peer, message.welcome()); refusal.has_value()) return Fail(*refusal);
  absl::StatusOr<std::shared_ptr<const pki::Peer>> peer = context_->trust->Authenticate(*stream_->auth_context());
  if (!peer.ok()) {
    stream_->Abort();
    return Distrust(peer.status());
  }
  DialResult result;
  result.peer = *std::move(peer);
  result.own_certificate = own_certificate_;
  result.channel = std::move(channel_);
  result.stream = stream_;
  result.welcome = std::move(*message.mutable_welcome());
  Done(std::move(result));
}

void Dial::OnEnd(const absl::Status& status) {
  if (over_) return;
  if (!refused_.ok()) return Distrust(refused_);
  // The peer's node answers this where it does not federate with the likes of us, or not at all.
  const bool refused = absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status);
  if (refused || absl::IsUnimplemented(status)) {
    return Done(
        {.status = absl::PermissionDeniedError(absl::StrCat("node ", options_.peer.name, " at ", options_.address,
                                                            " does not federate with this node: ", status.message())),
         .refused = true});
  }
  Done({.status = absl::UnavailableError(absl::StrCat("node ", options_.peer.name, " cannot be reached at ",
                                                      options_.address, ": ", status.message()))});
}

void Dial::Distrust(const absl::Status& why) {
  Done({.status = absl::PermissionDeniedError(
            absl::StrCat("node ", options_.peer.name, " at ", options_.address, " was refused: ", why.message())),
        .refused = true,
        .passes = RefusalPasses(why)});
}

void Dial::Fail(const v1::Refusal& refusal) {
  stream_->Abort();
  Done(
      {.status = RefusalStatus(refusal), .refused = true, .defederated = refusal.reason() == v1::Refusal::DEFEDERATED});
}

void Dial::Done(DialResult result) {
  if (over_) return;
  over_ = true;
  context_->control->Cancel(timer_);
  auto done = std::exchange(options_.done, nullptr);
  stream_ = nullptr;
  channel_ = nullptr;
  done(std::move(result));
}

}  // namespace paranet
