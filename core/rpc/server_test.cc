#include "core/rpc/server.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "core/base/status_testutil.h"
#include "core/rpc/client_stream.h"
#include "core/rpc/queue_threads.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/create_channel_posix.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

// Sends each request back, then finishes with the trailer `said: bye`.
void Echo(std::shared_ptr<IncomingCall> call) {
  call->Read([call](std::optional<Payload> request) {
    if (!request.has_value()) return call->Finish(absl::OkStatus(), {{"said", "bye"}});
    call->Write(*std::move(request), [call](bool ok) {
      if (ok) Echo(call);
    });
  });
}

// One call from the test's side, in blocking steps.
class TestCall {
 public:
  TestCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& path, const Metadata& metadata = {},
           absl::Time deadline = absl::InfiniteFuture())
      : stream_(ClientStream::Start(channel, path, metadata, deadline, /*wait_for_ready=*/true, queue_.queue(),
                                    [this](absl::Status status, Metadata trailers) {
                                      status_ = std::move(status);
                                      trailers_ = std::move(trailers);
                                      finished_.Notify();
                                    })) {}
  ~TestCall() {
    stream_->Cancel();
    finished_.WaitForNotification();
  }

  std::optional<std::string> Read() {
    absl::Notification done;
    std::optional<std::string> message;
    stream_->Read([&](std::optional<Payload> payload) {
      if (payload.has_value()) message = PayloadToString(*payload);
      done.Notify();
    });
    done.WaitForNotification();
    return message;
  }
  bool Write(const std::string& message) {
    absl::Notification done;
    bool written = false;
    stream_->Write(MakePayload(absl::string_view(message)), [&](bool ok) {
      written = ok;
      done.Notify();
    });
    done.WaitForNotification();
    return written;
  }
  ClientStream& stream() { return *stream_; }
  absl::Status status() {
    finished_.WaitForNotification();
    return status_;
  }
  Metadata trailers() {
    finished_.WaitForNotification();
    return trailers_;
  }

 private:
  QueueThreads queue_{1};
  absl::Status status_;
  Metadata trailers_;
  absl::Notification finished_;
  std::shared_ptr<ClientStream> stream_;
};

std::unique_ptr<RpcServer> StartServer(RpcServer::Handler handler) {
  auto server = RpcServer::Start({.address = "127.0.0.1:0"}, std::move(handler));
  EXPECT_OK(server);
  return *std::move(server);
}

std::shared_ptr<grpc::Channel> ChannelTo(const RpcServer& server) {
  return grpc::CreateChannel(absl::StrCat("127.0.0.1:", server.port()), grpc::InsecureChannelCredentials());
}

TEST(RpcServer, CarriesMessagesBothWaysAndTrailers) {
  auto server = StartServer(Echo);
  TestCall call(ChannelTo(*server), "/test.Echo/Say");
  EXPECT_TRUE(call.Write("one"));
  EXPECT_EQ(call.Read(), "one");
  EXPECT_TRUE(call.Write(std::string(1 << 20, 'x')));
  EXPECT_EQ(call.Read(), std::string(1 << 20, 'x'));
  call.stream().WritesDone();
  EXPECT_EQ(call.Read(), std::nullopt);
  EXPECT_OK(call.status());
  EXPECT_THAT(call.trailers(), Contains(Pair("said", "bye")));
}

TEST(RpcServer, HandsOverPathMetadataAndDeadline) {
  std::string path;
  Metadata metadata;
  absl::Time deadline;
  auto server = StartServer([&](std::shared_ptr<IncomingCall> call) {
    path = call->path();
    metadata = call->metadata();
    deadline = call->deadline();
    call->Finish(absl::AlreadyExistsError("twice"), {});
  });
  const absl::Time sent = absl::Now() + absl::Minutes(5);
  TestCall call(ChannelTo(*server), "/a.B/C", {{"k", "v"}, {"b-bin", std::string("\0\1", 2)}}, sent);
  EXPECT_THAT(call.status(), StatusIs(absl::StatusCode::kAlreadyExists, "twice"));
  EXPECT_EQ(path, "/a.B/C");
  EXPECT_THAT(metadata, Contains(Pair("k", "v")));
  EXPECT_THAT(metadata, Contains(Pair("b-bin", std::string("\0\1", 2))));
  EXPECT_LT(absl::AbsDuration(deadline - sent), absl::Seconds(10));
}

TEST(RpcServer, WithoutADeadlineThereIsNone) {
  absl::Time deadline;
  auto server = StartServer([&](std::shared_ptr<IncomingCall> call) {
    deadline = call->deadline();
    call->Finish(absl::OkStatus(), {});
  });
  TestCall call(ChannelTo(*server), "/a.B/C");
  EXPECT_OK(call.status());
  EXPECT_EQ(deadline, absl::InfiniteFuture());
}

TEST(RpcServer, AnswersAUnaryCallInOneBatch) {
  auto server = StartServer([](std::shared_ptr<IncomingCall> call) {
    call->Read([call](std::optional<Payload> request) { call->WriteAndFinish(*std::move(request), {{"t", "1"}}); });
  });
  TestCall call(ChannelTo(*server), "/a.B/C");
  EXPECT_TRUE(call.Write("hello"));
  call.stream().WritesDone();
  EXPECT_EQ(call.Read(), "hello");
  EXPECT_OK(call.status());
  EXPECT_THAT(call.trailers(), Contains(Pair("t", "1")));
}

TEST(RpcServer, TellsTheApplicationOfACancellation) {
  absl::Notification arrived, cancelled;
  std::shared_ptr<IncomingCall> held;
  auto server = StartServer([&](std::shared_ptr<IncomingCall> call) {
    held = call;
    call->OnCancel([&] { cancelled.Notify(); });
    arrived.Notify();
  });
  TestCall call(ChannelTo(*server), "/a.B/C");
  arrived.WaitForNotification();
  call.stream().Cancel();
  cancelled.WaitForNotification();
  EXPECT_THAT(call.status(), StatusIs(absl::StatusCode::kCancelled));
  held->Finish(absl::CancelledError(""), {});
}

TEST(RpcServer, TellsTheApplicationThatTheDeadlineHasPassed) {
  absl::Notification cancelled;
  std::shared_ptr<IncomingCall> held;
  auto server = StartServer([&](std::shared_ptr<IncomingCall> call) {
    held = call;
    call->OnCancel([&] { cancelled.Notify(); });
  });
  TestCall call(ChannelTo(*server), "/a.B/C", {}, absl::Now() + absl::Milliseconds(200));
  EXPECT_THAT(call.status(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  cancelled.WaitForNotification();
  held->Finish(absl::DeadlineExceededError(""), {});
}

TEST(RpcServer, RunsALateOnCancelAtOnce) {
  absl::Notification arrived;
  std::shared_ptr<IncomingCall> held;
  auto server = StartServer([&](std::shared_ptr<IncomingCall> call) {
    held = call;
    arrived.Notify();
  });
  TestCall call(ChannelTo(*server), "/a.B/C");
  arrived.WaitForNotification();
  call.stream().Cancel();
  EXPECT_THAT(call.status(), StatusIs(absl::StatusCode::kCancelled));
  absl::Notification read_ended;
  held->Read([&](std::optional<Payload> payload) {
    EXPECT_EQ(payload, std::nullopt);
    read_ended.Notify();
  });
  read_ended.WaitForNotification();
  absl::Notification cancelled;
  held->OnCancel([&] { cancelled.Notify(); });
  cancelled.WaitForNotification();
  held->Finish(absl::CancelledError(""), {});
}

TEST(RpcServer, EndsACallThatTheApplicationDrops) {
  auto server = StartServer([](std::shared_ptr<IncomingCall>) {});
  TestCall call(ChannelTo(*server), "/a.B/C");
  EXPECT_THAT(call.status(), StatusIs(absl::StatusCode::kInternal, HasSubstr("/a.B/C")));
}

TEST(RpcServer, IgnoresASecondFinish) {
  auto server = StartServer([](std::shared_ptr<IncomingCall> call) {
    call->Finish(absl::NotFoundError("first"), {});
    call->Finish(absl::OkStatus(), {});
  });
  TestCall call(ChannelTo(*server), "/a.B/C");
  EXPECT_THAT(call.status(), StatusIs(absl::StatusCode::kNotFound, "first"));
}

TEST(RpcServer, RefusesAPortInUseAndSaysSo) {
  auto server = StartServer(Echo);
  const std::string address = absl::StrCat("127.0.0.1:", server->port());
  EXPECT_THAT(RpcServer::Start({.address = address}, Echo).status(),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(address)));
}

TEST(RpcServer, RefusesAnAddressThatIsNone) {
  EXPECT_THAT(RpcServer::Start({.address = "not an address"}, Echo).status(),
              StatusIs(AnyOf(absl::StatusCode::kAlreadyExists, absl::StatusCode::kInvalidArgument)));
}

TEST(RpcServer, ServesASocketThatItIsGiven) {
  auto server = RpcServer::Start({}, Echo);
  ASSERT_OK(server);
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  (*server)->AddConnection(fds[0]);
  TestCall call(grpc::CreateInsecureChannelFromFd("socket", fds[1]), "/a.B/C");
  EXPECT_TRUE(call.Write("over a socket"));
  EXPECT_EQ(call.Read(), "over a socket");
}

TEST(RpcServer, ShutdownCancelsWhatIsStillRunning) {
  absl::Notification arrived;
  auto server = StartServer([&](std::shared_ptr<IncomingCall> call) {
    call->OnCancel([call] { call->Finish(absl::CancelledError(""), {}); });
    arrived.Notify();
  });
  TestCall call(ChannelTo(*server), "/a.B/C");
  arrived.WaitForNotification();
  server->Shutdown(absl::Now());
  EXPECT_THAT(call.status(), StatusIs(AnyOf(absl::StatusCode::kCancelled, absl::StatusCode::kUnavailable)));
}

TEST(RpcServer, ACallMayOutliveTheServer) {
  absl::Notification arrived;
  std::shared_ptr<IncomingCall> held;
  auto server = StartServer([&](std::shared_ptr<IncomingCall> call) {
    held = std::move(call);
    arrived.Notify();
  });
  TestCall call(ChannelTo(*server), "/a.B/C");
  arrived.WaitForNotification();
  server.reset();
  EXPECT_THAT(call.status(), StatusIs(AnyOf(absl::StatusCode::kCancelled, absl::StatusCode::kUnavailable)));
  bool read = true;
  held->Read([&](std::optional<Payload> payload) { read = payload.has_value(); });
  EXPECT_FALSE(read);
  bool written = true;
  held->Write(MakePayload("late"), [&](bool ok) { written = ok; });
  EXPECT_FALSE(written);
  held->Finish(absl::OkStatus(), {});
}

TEST(ClientStream, AnEndpointThatIsNotThereIsUnavailable) {
  auto server = StartServer(Echo);
  const std::string address = absl::StrCat("127.0.0.1:", server->port());
  server.reset();
  QueueThreads queue(1);
  absl::Notification finished;
  absl::Status status;
  auto stream = ClientStream::Start(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()), "/a.B/C", {},
                                    absl::InfiniteFuture(), /*wait_for_ready=*/false, queue.queue(),
                                    [&](absl::Status s, Metadata) {
                                      status = std::move(s);
                                      finished.Notify();
                                    });
  finished.WaitForNotification();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
  bool written = true;
  stream->Write(MakePayload("late"), [&](bool ok) { written = ok; });
  EXPECT_FALSE(written);
}

}  // namespace
}  // namespace paranet
