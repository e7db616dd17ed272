#include "core/node/json_call.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Both messages of the skill set with their field `city`, which has number 1 in both.
std::string City(const std::string& name) { return std::string("\x0a") + static_cast<char>(name.size()) + name; }

class JsonCallTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(catalogue_.Offer(provider_, {WeatherSkillSet()})); }

  // A call of `skill` with these messages; what is answered goes to answers_.
  JsonCall Make(const std::string& skill, std::vector<std::string> messages) {
    auto next = std::make_shared<size_t>(0);
    auto all = std::make_shared<std::vector<std::string>>(std::move(messages));
    JsonCall call;
    call.skill = skill;
    call.next_request = [next, all]() -> std::optional<std::string> {
      return *next < all->size() ? std::optional((*all)[(*next)++]) : std::nullopt;
    };
    call.on_response = [this](std::string json) {
      answers_.push_back(std::move(json));
      return true;
    };
    return call;
  }

  void AnswerWith(const std::string& response) {
    provider_->AnswerWith([response](const CallContext&, const std::string&) {
      return UnaryResult{.status = absl::OkStatus(), .response = MakePayload(absl::string_view(response))};
    });
  }

  Catalogue catalogue_;
  Router router_{&catalogue_};
  std::shared_ptr<FakeProvider> provider_ = std::make_shared<FakeProvider>("weather@1.0.0");
  std::function<bool()> may_bring_skills_ = [] { return false; };
  JsonCaller caller_{
      {.catalogue = &catalogue_, .router = &router_, .may_bring_skills = [this] { return may_bring_skills_(); }}};
  std::vector<std::string> answers_;
};

TEST_F(JsonCallTest, Unary) {
  AnswerWith(City("Oslo"));
  JsonCall call = Make("weather/current", {R"({"city":"Oslo"})"});
  call.caller = "uid:7";
  call.deadline = absl::Now() + absl::Hours(1);
  ASSERT_OK(caller_.Call(call));
  EXPECT_THAT(answers_, ElementsAre(HasSubstr(R"("city":"Oslo")")));
  ASSERT_EQ(provider_->call_count(), 1u);
  EXPECT_EQ(provider_->calls()[0]->request(), City("Oslo"));
  EXPECT_EQ(provider_->calls()[0]->context().caller, "uid:7");
  EXPECT_EQ(provider_->calls()[0]->context().deadline, call.deadline);
}

TEST_F(JsonCallTest, WrongJsonReachesNobody) {
  EXPECT_THAT(caller_.Call(Make("weather/current", {R"({"citty":"Oslo"})"})),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("citty"), HasSubstr("weather/current"))));
  EXPECT_EQ(provider_->call_count(), 0u);
}

TEST_F(JsonCallTest, ExactlyOneMessageUnlessTheClientStreams) {
  for (const char* skill : {"weather/current", "weather/watch"}) {
    EXPECT_THAT(caller_.Call(Make(skill, {})),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("takes one message, and there is none")));
    EXPECT_THAT(caller_.Call(Make(skill, {"{}", "{}"})),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("takes one message, and there are more")));
  }
  EXPECT_EQ(provider_->call_count(), 0u);
}

TEST_F(JsonCallTest, UnknownSkillGetsTheNearestNames) {
  EXPECT_THAT(caller_.Call(Make("weather/curent", {"{}"})),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("\"weather/current\"")));
  EXPECT_THAT(caller_.Call(Make("Weather Current", {"{}"})), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(JsonCallTest, PinnedProvider) {
  AnswerWith(City("Oslo"));
  JsonCall call = Make("weather/current", {"{}"});
  call.provider = "beta";
  EXPECT_THAT(caller_.Call(call), StatusIs(absl::StatusCode::kNotFound, HasSubstr("beta")));
  call = Make("weather/current", {"{}"});
  call.provider = "weather@1.0.0";
  EXPECT_OK(caller_.Call(call));
}

TEST_F(JsonCallTest, AnErrorOfTheActorNamesTheSkill) {
  provider_->AnswerWith([](const CallContext&, const std::string&) {
    return UnaryResult{.status = absl::OutOfRangeError("no such day")};
  });
  EXPECT_THAT(caller_.Call(Make("weather/current", {"{}"})),
              StatusIs(absl::StatusCode::kOutOfRange, "\"weather/current\": no such day"));
}

TEST_F(JsonCallTest, AnAnswerThatIsNoneIsDataLoss) {
  AnswerWith("\xff\xff");
  EXPECT_THAT(caller_.Call(Make("weather/current", {"{}"})), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(JsonCallTest, ServerStream) {
  provider_->ServeStreamsWith([](CallContext, std::shared_ptr<ServerStream> stream) {
    stream->Read([stream](std::optional<Payload> request) {
      EXPECT_EQ(PayloadToString(*request), City("Oslo"));
      stream->Write(MakePayload(City("a")), [stream](bool) {
        stream->Write(MakePayload(City("b")), [stream](bool) { stream->Finish(absl::OkStatus(), {}); });
      });
    });
  });
  ASSERT_OK(caller_.Call(Make("weather/watch", {R"({"city":"Oslo"})"})));
  EXPECT_THAT(answers_, ElementsAre(HasSubstr(R"("a")"), HasSubstr(R"("b")")));
}

TEST_F(JsonCallTest, TheCallerMayGiveUpAfterAnAnswer) {
  JsonCall call = Make("weather/watch", {"{}"});
  call.on_response = [](const std::string&) { return false; };
  std::thread actor([&] {
    std::optional<FakeStreamCall> stream = provider_->WaitForStream();
    ASSERT_TRUE(stream.has_value());
    absl::Notification cancelled;
    stream->stream->OnCancel([&] { cancelled.Notify(); });
    stream->stream->Write(MakePayload(City("a")), [](bool) {});
    EXPECT_TRUE(cancelled.WaitForNotificationWithTimeout(kTestPatience));
    stream->stream->Finish(absl::CancelledError(), {});
  });
  EXPECT_THAT(caller_.Call(call), StatusIs(absl::StatusCode::kCancelled, HasSubstr("weather/watch")));
  actor.join();
}

TEST_F(JsonCallTest, ClientStream) {
  provider_->ServeStreamsWith([](CallContext, std::shared_ptr<ServerStream> stream) {
    auto count = std::make_shared<int>(0);
    auto read = std::make_shared<std::function<void()>>();
    *read = [=] {
      stream->Read([=](std::optional<Payload> request) {
        if (request.has_value()) {
          ++*count;
          return (*read)();
        }
        stream->Write(MakePayload(City(std::to_string(*count))), [=](bool) {
          stream->Finish(absl::OkStatus(), {});
          *read = nullptr;
        });
      });
    };
    (*read)();
  });
  ASSERT_OK(caller_.Call(Make("weather/report", {"{}", "{}", "{}"})));
  EXPECT_THAT(answers_, ElementsAre(HasSubstr(R"("3")")));
}

TEST_F(JsonCallTest, AClientStreamWithoutAnAnswerIsInternal) {
  provider_->ServeStreamsWith(
      [](CallContext, std::shared_ptr<ServerStream> stream) { stream->Finish(absl::OkStatus(), {}); });
  EXPECT_THAT(caller_.Call(Make("weather/report", {})), StatusIs(absl::StatusCode::kInternal));
}

TEST_F(JsonCallTest, WrongJsonInAStreamCancelsIt) {
  JsonCall call = Make("weather/chat", {"{}", "[]"});
  absl::Notification cancelled;
  provider_->ServeStreamsWith([&](CallContext, std::shared_ptr<ServerStream> stream) {
    stream->OnCancel([stream, &cancelled] { cancelled.Notify(); });
  });
  EXPECT_THAT(caller_.Call(call), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(cancelled.HasBeenNotified());
}

TEST_F(JsonCallTest, BidiIsInterleaved) {
  provider_->ServeStreamsWith([](CallContext, std::shared_ptr<ServerStream> stream) {
    auto step = std::make_shared<std::function<void()>>();
    *step = [=] {
      stream->Read([=](std::optional<Payload> request) {
        if (request.has_value()) return stream->Write(*std::move(request), [=](bool) { (*step)(); });
        stream->Finish(absl::OkStatus(), {});
        *step = nullptr;
      });
    };
    (*step)();
  });
  // Each message is sent when the answer to the one before has come.
  absl::Mutex mu;
  int answered = 0;
  int asked = 0;
  JsonCall call = Make("weather/chat", {});
  call.next_request = [&]() -> std::optional<std::string> {
    absl::MutexLock lock(&mu);
    const auto due = [&] { return answered == asked; };
    mu.Await(absl::Condition(&due));
    if (asked == 3) return std::nullopt;
    ++asked;
    return R"({"city":"Oslo"})";
  };
  call.on_response = [&](const std::string&) {
    absl::MutexLock lock(&mu);
    ++answered;
    return true;
  };
  EXPECT_OK(caller_.Call(call));
  EXPECT_EQ(answered, 3);
}

TEST_F(JsonCallTest, OnEndFreesACallerThatWaitsForItsNextMessage) {
  provider_->ServeStreamsWith([](CallContext, std::shared_ptr<ServerStream> stream) {
    stream->Finish(absl::ResourceExhaustedError("enough"), {});
  });
  absl::Notification ended;
  JsonCall call = Make("weather/chat", {});
  call.next_request = [&]() -> std::optional<std::string> {
    ended.WaitForNotification();
    return std::nullopt;
  };
  call.on_end = [&] { ended.Notify(); };
  EXPECT_THAT(caller_.Call(call), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("enough")));
}

TEST_F(JsonCallTest, TheDeadlineEndsAStream) {
  JsonCall call = Make("weather/watch", {"{}"});
  call.deadline = absl::Now() + absl::Milliseconds(20);
  EXPECT_THAT(caller_.Call(call), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("weather/watch")));
}

TEST_F(JsonCallTest, CancelFromAnotherThread) {
  std::function<void()> cancel;
  JsonCall call = Make("weather/current", {"{}"});
  call.on_start = [&](std::function<void()> function) { cancel = std::move(function); };
  std::thread other([&] {
    const std::shared_ptr<FakeCall> waiting = provider_->WaitForCall();
    ASSERT_NE(waiting, nullptr);
    cancel();
    EXPECT_TRUE(waiting->WaitForCancel());
  });
  EXPECT_THAT(caller_.Call(call), StatusIs(absl::StatusCode::kCancelled));
  other.join();
  // Stays valid.
  cancel();
}

TEST_F(JsonCallTest, CancelBeforeTheCallHasBegun) {
  JsonCall call = Make("weather/watch", {"{}"});
  call.on_start = [](const std::function<void()>& cancel) { cancel(); };
  EXPECT_THAT(caller_.Call(call), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(JsonCallTest, UnavailableAtOnceOrWhenAskedToWaitLater) {
  provider_->set_available(false);
  EXPECT_THAT(caller_.Call(Make("weather/current", {"{}"})), StatusIs(absl::StatusCode::kUnavailable));
  AnswerWith(City("Oslo"));
  JsonCall call = Make("weather/current", {"{}"});
  call.wait_for_ready = true;
  call.deadline = absl::Now() + kTestPatience;
  absl::Notification started;
  call.on_start = [&](const std::function<void()>&) { started.Notify(); };
  std::thread later([&] {
    started.WaitForNotification();
    provider_->set_available(true);
    catalogue_.Touch();
  });
  EXPECT_OK(caller_.Call(call));
  later.join();
}

TEST_F(JsonCallTest, WaitsForASkillThatALinkMayBring) {
  catalogue_.Withdraw("weather@1.0.0");
  AnswerWith(City("Oslo"));
  absl::Notification asked;
  may_bring_skills_ = [&] {
    if (!asked.HasBeenNotified()) asked.Notify();
    return true;
  };
  JsonCall call = Make("weather/current", {"{}"});
  call.wait_for_ready = true;
  call.deadline = absl::Now() + kTestPatience;
  std::thread link([&] {
    asked.WaitForNotification();
    EXPECT_OK(catalogue_.Offer(provider_, {WeatherSkillSet()}));
  });
  EXPECT_OK(caller_.Call(call));
  link.join();
}

TEST_F(JsonCallTest, DoesNotWaitForASkillThatNobodyMayBring) {
  catalogue_.Withdraw("weather@1.0.0");
  JsonCall call = Make("weather/current", {"{}"});
  call.wait_for_ready = true;
  EXPECT_THAT(caller_.Call(call), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(JsonCallTest, WaitsNoLongerThanTheDeadline) {
  provider_->set_available(false);
  JsonCall call = Make("weather/current", {"{}"});
  call.wait_for_ready = true;
  call.deadline = absl::Now() + absl::Milliseconds(20);
  EXPECT_THAT(caller_.Call(call), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("weather/current")));
}

TEST_F(JsonCallTest, ACallThatWaitsCanBeCancelled) {
  provider_->set_available(false);
  JsonCall call = Make("weather/current", {"{}"});
  call.wait_for_ready = true;
  std::thread other;
  call.on_start = [&](std::function<void()> cancel) { other = std::thread(std::move(cancel)); };
  EXPECT_THAT(caller_.Call(call), StatusIs(absl::StatusCode::kCancelled));
  other.join();
}

TEST_F(JsonCallTest, ACallThatReachedNoActorIsBegunAgain) {
  int attempts = 0;
  provider_->AnswerWith([&](const CallContext&, const std::string&) {
    if (++attempts == 1) return UnaryResult{.status = absl::UnavailableError("link lost"), .unprocessed = true};
    return UnaryResult{.status = absl::OkStatus(), .response = MakePayload(absl::string_view(City("Oslo")))};
  });
  EXPECT_OK(caller_.Call(Make("weather/current", {"{}"})));
  EXPECT_EQ(attempts, 2);
}

TEST_F(JsonCallTest, ACallThatMayHaveReachedAnActorIsNot) {
  int attempts = 0;
  provider_->AnswerWith([&](const CallContext&, const std::string&) {
    ++attempts;
    return UnaryResult{.status = absl::UnavailableError("link lost")};
  });
  EXPECT_THAT(caller_.Call(Make("weather/current", {"{}"})), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(attempts, 1);
}

TEST_F(JsonCallTest, ShutdownCancelsWhatRunsAndRefusesWhatComes) {
  std::thread other([&] {
    ASSERT_NE(provider_->WaitForCall(), nullptr);
    caller_.Shutdown(absl::Now());
  });
  EXPECT_THAT(caller_.Call(Make("weather/current", {"{}"})), StatusIs(absl::StatusCode::kCancelled));
  other.join();
  EXPECT_THAT(caller_.Call(Make("weather/current", {"{}"})),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("stopping")));
  EXPECT_THAT(answers_, IsEmpty());
}

TEST_F(JsonCallTest, ShutdownEndsCallsThatWaitForAProvider) {
  provider_->set_available(false);
  JsonCall call = Make("weather/current", {"{}"});
  call.wait_for_ready = true;
  absl::Notification started;
  call.on_start = [&](const std::function<void()>&) { started.Notify(); };
  std::thread other([&] {
    started.WaitForNotification();
    caller_.Shutdown(absl::InfiniteFuture());
  });
  EXPECT_THAT(caller_.Call(call), StatusIs(absl::StatusCode::kUnavailable));
  other.join();
}

}  // namespace
}  // namespace paranet
