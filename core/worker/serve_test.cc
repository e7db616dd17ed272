#include "core/worker/serve.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "core/worker/frame.h"
#include "core/worker/frame_socket.h"
#include "core/worker/window.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// A frame with bytes of its own.
struct Got {
  FrameType type = FrameType::kPing;
  bool outgoing = false;
  uint16_t code = 0;
  uint64_t call = 0;
  uint64_t parent = 0;
  int64_t number = 0;
  std::string text;
  std::string list;
  std::string payload;
};

// What the actor of a test does. One at a time.
struct Actor {
  std::function<void(paranet_call call, std::string request)> unary = [](paranet_call, const std::string&) {};
  std::function<void(paranet_call call)> stream = [](paranet_call) {};
  std::function<bool()> create = [] { return true; };
  const paranet_host* host = nullptr;
  int stopped = 0;
  int destroyed = 0;
};

// The module has no other way to the test.
Actor* present = nullptr;

paranet_text Text(const char* text) { return {text, std::strlen(text)}; }

const paranet_module* Module() {
  static constexpr char kDo[] = "/t.T/Do";
  static constexpr char kTalk[] = "/t.T/Talk";
  static const paranet_method methods[] = {
      {{kDo, sizeof(kDo) - 1}, 0}, {{kTalk, sizeof(kTalk) - 1}, PARANET_CLIENT_STREAMS | PARANET_SERVER_STREAMS}};
  static const paranet_module module = {
      .struct_size = sizeof(paranet_module),
      .abi_version = PARANET_ABI_VERSION,
      .method_size = sizeof(paranet_method),
      .methods = methods,
      .method_count = 2,
      .create = [](const paranet_host* host, paranet_text, const paranet_option*, size_t, char* error,
                   size_t size) -> paranet_instance* {
        present->host = host;
        if (present->create()) return reinterpret_cast<paranet_instance*>(present);
        std::strncpy(error, "it is too cold", size);
        return nullptr;
      },
      .unary =
          [](paranet_instance*, size_t, paranet_call call, paranet_bytes request) {
            present->unary(call, std::string(static_cast<const char*>(request.data), request.size));
          },
      .stream = [](paranet_instance*, size_t, paranet_call call) { present->stream(call); },
      .stop = [](paranet_instance*) { ++present->stopped; },
      .destroy = [](paranet_instance*) { ++present->destroyed; },
  };
  return &module;
}

// The node's end is the test.
class ServeTest : public testing::Test {
 protected:
  void SetUp() override {
    present = &actor_;
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds_), 0);
    socket_.emplace(fds_[0]);
  }

  void Start(bool concurrent = false) {
    thread_ = std::thread([this] { exit_code_ = Serve(fds_[1], Module()); });
    std::string config;
    AppendToFrameList("unit", "celsius", config);
    Send({.type = FrameType::kStart,
          .code = static_cast<uint16_t>(concurrent ? 1 : 0),
          .text = "thing",
          .list = config});
  }
  void StartReady(bool concurrent = false) {
    Start(concurrent);
    ASSERT_EQ(Next().type, FrameType::kReady);
  }

  void TearDown() override {
    ::shutdown(fds_[0], SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(fds_[0]);
  }

  int Join() {
    thread_.join();
    return exit_code_;
  }

  void Send(const Frame& frame) { EXPECT_EQ(socket_->Send(frame), FrameSocket::Sent::kAll); }
  void Call(uint64_t id, absl::string_view request, int64_t deadline = INT64_MAX) {
    std::string metadata;
    AppendToFrameList("trace", "a", metadata);
    AppendToFrameList("trace", "b", metadata);
    Send({.type = FrameType::kCall,
          .code = 0,
          .call = id,
          .number = deadline,
          .text = "uid:7",
          .list = metadata,
          .payload = request});
  }

  // The next frame of the worker. Not blocked for ever only because tests have a time limit.
  Got Next() {
    Frame frame;
    while (true) {
      const absl::StatusOr<bool> next = parser_.Next(&frame);
      EXPECT_OK(next.status());
      if (!next.ok()) return {};
      if (*next) break;
      const auto [room, size] = parser_.Room();
      const ssize_t got = ::recv(fds_[0], room, size, 0);
      if (got <= 0) return {.type = FrameType::kStart};
      parser_.Commit(static_cast<size_t>(got));
    }
    return {.type = frame.type,
            .outgoing = frame.outgoing,
            .code = frame.code,
            .call = frame.call,
            .parent = frame.parent,
            .number = frame.number,
            .text = std::string(frame.text),
            .list = std::string(frame.list),
            .payload = std::string(frame.payload)};
  }

  void Respond(paranet_call call, const std::string& response) {
    actor_.host->respond(actor_.host, call, 0, {nullptr, 0}, {response.data(), response.size()});
  }

  Actor actor_;
  int fds_[2] = {-1, -1};
  std::optional<FrameSocket> socket_;
  FrameParser parser_{FrameSender::kWorker};
  std::thread thread_;
  int exit_code_ = -1;
};

TEST_F(ServeTest, SaysWhatItServesAndEndsWhenItIsTold) {
  Start();
  const Got ready = Next();
  ASSERT_EQ(ready.type, FrameType::kReady);
  ASSERT_OK_AND_ASSIGN(const FrameList methods, ParseFrameList(ready.list));
  EXPECT_THAT(methods, ElementsAre(Pair("/t.T/Do", "0"), Pair("/t.T/Talk", "3")));
  Send({.type = FrameType::kStop});
  EXPECT_EQ(Join(), 0);
  EXPECT_EQ(actor_.stopped, 1);
  EXPECT_EQ(actor_.destroyed, 1);
}

TEST_F(ServeTest, SaysWhyItDoesNotStart) {
  actor_.create = [] { return false; };
  Start();
  const Got failed = Next();
  EXPECT_EQ(failed.type, FrameType::kFailed);
  EXPECT_EQ(failed.text, "it is too cold");
  EXPECT_EQ(Join(), 1);
  EXPECT_EQ(actor_.destroyed, 0);
}

TEST_F(ServeTest, ServeFailureSaysWhyAndCloses) {
  EXPECT_EQ(ServeFailure(fds_[1], "no module"), 1);
  const Got failed = Next();
  EXPECT_EQ(failed.type, FrameType::kFailed);
  EXPECT_EQ(failed.text, "no module");
}

TEST_F(ServeTest, ACallHasAllThatTheHostOffers) {
  actor_.unary = [this](paranet_call call, const std::string& request) {
    const paranet_host* host = actor_.host;
    const paranet_text caller = host->caller(host, call);
    EXPECT_EQ(std::string(caller.data, caller.size), "uid:7");
    paranet_text value;
    ASSERT_EQ(host->metadata(host, call, Text("trace"), 1, &value), 1);
    EXPECT_EQ(std::string(value.data, value.size), "b");
    EXPECT_EQ(host->metadata(host, call, Text("trace"), 2, &value), 0);
    ASSERT_EQ(host->config(host, Text("unit"), &value), 1);
    EXPECT_EQ(std::string(value.data, value.size), "celsius");
    EXPECT_EQ(host->config(host, Text("else"), &value), 0);
    EXPECT_EQ(host->deadline(host, call), INT64_MAX);
    EXPECT_EQ(host->is_cancelled(host, call), 0);
    EXPECT_EQ(host->add_trailer(host, call, Text("cost"), Text("3")), 1);
    EXPECT_EQ(host->add_trailer(host, call, Text("grpc-no"), Text("3")), 0);
    host->log(host, PARANET_LOG_WARNING, Text("hello"));
    Respond(call, "<" + request + ">");
  };
  StartReady();
  Call(5, "request");
  const Got log = Next();
  EXPECT_EQ(log.type, FrameType::kLog);
  EXPECT_EQ(log.text, "hello");
  EXPECT_EQ(log.code, PARANET_LOG_WARNING);
  const Got answer = Next();
  EXPECT_EQ(answer.type, FrameType::kRespond);
  EXPECT_EQ(answer.call, 5U);
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.payload, "<request>");
  ASSERT_OK_AND_ASSIGN(const FrameList trailers, ParseFrameList(answer.list));
  EXPECT_THAT(trailers, ElementsAre(Pair("cost", "3")));
}

TEST_F(ServeTest, AnswersOnceWhateverHappens) {
  actor_.unary = [this](paranet_call call, const std::string& request) {
    if (request == "throw") throw std::runtime_error("thrown");
    Respond(call, "one");
    Respond(call, "two");
  };
  StartReady();
  Call(1, "throw");
  Got answer = Next();
  if (answer.type == FrameType::kLog) answer = Next();
  EXPECT_EQ(answer.code, 13);
  EXPECT_THAT(answer.text, HasSubstr("thrown"));
  Call(2, "");
  EXPECT_EQ(Next().payload, "one");
  Call(3, "");
  const Got third = Next();
  EXPECT_EQ(third.call, 3U);
  EXPECT_EQ(third.payload, "one");
}

TEST_F(ServeTest, CancelReachesAHandlerThatWaits) {
  actor_.unary = [this](paranet_call call, const std::string&) {
    EXPECT_EQ(actor_.host->wait(actor_.host, call, 60'000'000), 0);
    EXPECT_EQ(actor_.host->is_cancelled(actor_.host, call), 1);
  };
  StartReady();
  Call(1, "");
  Send({.type = FrameType::kCancel, .call = 1});
  const Got answer = Next();
  EXPECT_EQ(answer.call, 1U);
  EXPECT_EQ(answer.code, 1);
}

TEST_F(ServeTest, ADeadlineEndsAWait) {
  actor_.unary = [this](paranet_call call, const std::string&) {
    EXPECT_EQ(actor_.host->wait(actor_.host, call, 60'000'000), 0);
    Respond(call, "late");
  };
  StartReady();
  Call(1, "", absl::ToUnixMicros(absl::Now() + absl::Milliseconds(20)));
  const Got answer = Next();
  EXPECT_EQ(answer.call, 1U);
}

TEST_F(ServeTest, ACallThatWaitsForItsTurnCanBeCancelled) {
  absl::Notification go;
  actor_.unary = [&](paranet_call call, const std::string&) {
    go.WaitForNotification();
    Respond(call, "");
  };
  StartReady();
  Call(1, "");
  Call(2, "");
  Send({.type = FrameType::kCancel, .call = 2});
  const Got second = Next();
  EXPECT_EQ(second.call, 2U);
  EXPECT_EQ(second.code, 1);
  go.Notify();
  EXPECT_EQ(Next().call, 1U);
}

TEST_F(ServeTest, StreamsFlowBothWaysAndAreBounded) {
  constexpr int kMessages = 200;
  actor_.stream = [this](paranet_call call) {
    paranet_bytes message;
    while (actor_.host->read(actor_.host, call, &message) != 0) {
      EXPECT_EQ(actor_.host->write(actor_.host, call, message), 1);
    }
    actor_.host->finish(actor_.host, call, 0, {nullptr, 0});
  };
  StartReady();
  Send({.type = FrameType::kOpen, .code = 1, .call = 9, .number = INT64_MAX});
  SendWindow window;
  ReceiveWindow receive;
  int sent = 0;
  int received = 0;
  bool finished = false;
  while (!finished) {
    while (sent < kMessages && window.open()) {
      window.Sent(1);
      Send({.type = FrameType::kMessage, .call = 9, .payload = "x"});
      if (++sent == kMessages) Send({.type = FrameType::kHalfClose, .call = 9});
    }
    const Got got = Next();
    ASSERT_EQ(got.call, 9U);
    if (got.type == FrameType::kCredit) {
      ASSERT_TRUE(window.Credit(got.code, got.number));
    } else if (got.type == FrameType::kMessage) {
      ++received;
      ASSERT_TRUE(receive.Received(got.payload.size())) << "more than the window allows";
      uint16_t messages = 0;
      int64_t bytes = 0;
      if (receive.Used(got.payload.size(), &messages, &bytes)) {
        Send({.type = FrameType::kCredit, .code = messages, .call = 9, .number = bytes});
      }
    } else {
      ASSERT_EQ(got.type, FrameType::kFinish);
      EXPECT_EQ(got.code, 0);
      finished = true;
    }
  }
  EXPECT_EQ(received, kMessages);
}

TEST_F(ServeTest, CallsOtherSkills) {
  actor_.unary = [this](paranet_call call, const std::string&) {
    paranet_bytes result;
    const int32_t code =
        actor_.host->call_and_wait(actor_.host, call, Text("weather/current"), INT64_MAX, {"Oslo", 4}, &result);
    Respond(call, std::to_string(code) + std::string(static_cast<const char*>(result.data), result.size));
  };
  StartReady();
  Call(1, "");
  const Got out = Next();
  ASSERT_EQ(out.type, FrameType::kCall);
  EXPECT_TRUE(out.outgoing);
  EXPECT_EQ(out.parent, 1U);
  EXPECT_EQ(out.text, "weather/current");
  EXPECT_EQ(out.payload, "Oslo");
  Send({.type = FrameType::kRespond, .outgoing = true, .call = out.call, .payload = "cold"});
  EXPECT_EQ(Next().payload, "0cold");

  Call(2, "");
  const Got second = Next();
  Send({.type = FrameType::kRespond, .outgoing = true, .code = 5, .call = second.call, .text = "none"});
  EXPECT_EQ(Next().payload, "5none");
}

TEST_F(ServeTest, StreamsFromOtherSkills) {
  actor_.unary = [this](paranet_call call, const std::string&) {
    const paranet_host* host = actor_.host;
    const paranet_outgoing out = host->open(host, call, Text("weather/watch"), INT64_MAX);
    EXPECT_EQ(host->send(host, out, {"q", 1}), 1);
    host->close_send(host, out);
    std::string all;
    paranet_bytes message;
    while (host->receive(host, out, &message) != 0) all.append(static_cast<const char*>(message.data), message.size);
    paranet_text text;
    const int32_t code = host->outcome(host, out, &text);
    Respond(call, all + std::to_string(code) + std::string(text.data, text.size));
  };
  StartReady();
  Call(1, "");
  const Got open = Next();
  ASSERT_EQ(open.type, FrameType::kOpen);
  EXPECT_EQ(Next().payload, "q");
  EXPECT_EQ(Next().type, FrameType::kHalfClose);
  for (const char* payload : {"a", "b"}) {
    Send({.type = FrameType::kMessage, .outgoing = true, .call = open.call, .payload = payload});
  }
  Send({.type = FrameType::kFinish, .outgoing = true, .code = 14, .call = open.call, .text = "gone"});
  EXPECT_EQ(Next().payload, "ab14gone");
}

TEST_F(ServeTest, PongsUnlessItHangs) {
  absl::Notification began;
  absl::Notification go;
  actor_.unary = [&](paranet_call call, const std::string& request) {
    if (request == "hang") {
      began.Notify();
      go.WaitForNotification();
    }
    Respond(call, "");
  };
  StartReady();
  Send({.type = FrameType::kPing, .number = 1});
  EXPECT_EQ(Next().number, 1);
  Call(1, "hang");
  ASSERT_TRUE(began.WaitForNotificationWithTimeout(absl::Seconds(20)));
  // It works, as far as anybody can tell.
  Send({.type = FrameType::kPing, .number = 2});
  EXPECT_EQ(Next().number, 2);
  // Nobody waits for it any more, and it does not end.
  Send({.type = FrameType::kCancel, .call = 1});
  Send({.type = FrameType::kPing, .number = 3});
  // Answered by who reads, after the ping.
  Call(2, "");
  Send({.type = FrameType::kCancel, .call = 2});
  const Got second = Next();
  EXPECT_EQ(second.type, FrameType::kRespond) << "no pong";
  EXPECT_EQ(second.call, 2U);
  go.Notify();
  EXPECT_EQ(Next().call, 1U);
  Send({.type = FrameType::kPing, .number = 4});
  EXPECT_EQ(Next().number, 4);
}

TEST_F(ServeTest, LetsRunningCallsEndBeforeItStops) {
  absl::Notification began;
  absl::Notification go;
  actor_.unary = [&](paranet_call call, const std::string&) {
    began.Notify();
    go.WaitForNotification();
    Respond(call, "done");
  };
  StartReady();
  Call(1, "");
  ASSERT_TRUE(began.WaitForNotificationWithTimeout(absl::Seconds(20)));
  Send({.type = FrameType::kStop});
  go.Notify();
  EXPECT_EQ(Next().payload, "done");
  EXPECT_EQ(Join(), 0);
}

TEST_F(ServeTest, EndsWithTheNode) {
  absl::Notification began;
  actor_.unary = [&](paranet_call call, const std::string&) {
    began.Notify();
    EXPECT_EQ(actor_.host->wait(actor_.host, call, 60'000'000), 0);
  };
  StartReady();
  Call(1, "");
  ASSERT_TRUE(began.WaitForNotificationWithTimeout(absl::Seconds(20)));
  ::shutdown(fds_[0], SHUT_RDWR);
  EXPECT_EQ(Join(), 2);
  EXPECT_EQ(actor_.destroyed, 1);
}

TEST_F(ServeTest, GarbageIsTheEnd) {
  StartReady();
  const std::string garbage(100, '\xff');
  ASSERT_EQ(::send(fds_[0], garbage.data(), garbage.size(), MSG_NOSIGNAL), 100);
  EXPECT_EQ(Join(), 2);
}

}  // namespace
}  // namespace paranet
