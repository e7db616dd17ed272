#include "federation/unary_stream.h"

#include <memory>
#include <optional>
#include <string>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

class UnaryStreamTest : public testing::Test {
 protected:
  ~UnaryStreamTest() override { control_->Stop(); }
  std::shared_ptr<UnaryStream> Make(absl::Time deadline = absl::InfiniteFuture()) {
    return UnaryStream::Create(MakePayload("question"), deadline, control_, [this](UnaryResult result) {
      result_ = std::move(result);
      ++ended_;
      done_.Notify();
    });
  }
  static std::optional<std::string> Read(ServerStream& stream) {
    std::optional<std::string> text;
    stream.Read([&](std::optional<Payload> payload) {
      if (payload.has_value()) text = PayloadToString(*payload);
    });
    return text;
  }

  const std::shared_ptr<ControlThread> control_ = std::make_shared<ControlThread>();
  UnaryResult result_;
  int ended_ = 0;
  absl::Notification done_;
};

TEST_F(UnaryStreamTest, GivesOneRequestAndTakesOneResponse) {
  auto stream = Make();
  EXPECT_EQ(Read(*stream), "question");
  EXPECT_EQ(Read(*stream), std::nullopt);
  stream->Write(MakePayload("answer"), [](bool ok) { EXPECT_TRUE(ok); });
  stream->Finish(absl::OkStatus(), {{"k", "v"}});
  EXPECT_OK(result_.status);
  EXPECT_EQ(PayloadToString(result_.response), "answer");
  EXPECT_EQ(result_.trailers, (Metadata{{"k", "v"}}));
}

TEST_F(UnaryStreamTest, NoneOrTwoResponsesAreAnError) {
  Make()->Finish(absl::OkStatus(), {});
  EXPECT_THAT(result_.status, StatusIs(absl::StatusCode::kInternal));
}

TEST_F(UnaryStreamTest, TwoResponsesAreAnError) {
  auto stream = Make();
  stream->Write(MakePayload("1"), [](bool) {});
  stream->Write(MakePayload("2"), [](bool) {});
  stream->Finish(absl::OkStatus(), {});
  EXPECT_THAT(result_.status, StatusIs(absl::StatusCode::kInternal));
}

TEST_F(UnaryStreamTest, CancelEndsItOnceAndTellsTheOtherSide) {
  auto stream = Make();
  bool cancelled = false;
  stream->OnCancel([&] { cancelled = true; });
  stream->Cancel();
  stream->Cancel();
  EXPECT_TRUE(cancelled);
  EXPECT_THAT(result_.status, StatusIs(absl::StatusCode::kCancelled));
  stream->Finish(absl::OkStatus(), {});
  EXPECT_EQ(ended_, 1);
}

TEST_F(UnaryStreamTest, TheDeadlineEndsIt) {
  auto stream = Make(absl::Now() + absl::Milliseconds(10));
  absl::Notification cancelled;
  // As a link does: it finishes what was cancelled, in other words.
  stream->OnCancel([&, stream] {
    stream->Finish(absl::CancelledError("other words"), {});
    cancelled.Notify();
  });
  done_.WaitForNotification();
  cancelled.WaitForNotification();
  EXPECT_THAT(result_.status, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(UnaryStreamTest, DroppedItEndsWithInternal) {
  Make();
  EXPECT_THAT(result_.status, StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(ended_, 1);
}

TEST(ServeUnary, AnswersAndFails) {
  auto provider = std::make_shared<FakeProvider>("p");
  TestStreamCaller good, bad;
  good.Send("q");
  ServeUnary(good.TakeStream(), provider, {});
  EXPECT_EQ(provider->WaitForCall()->request(), "q");
  provider->calls()[0]->Answer("a");
  EXPECT_OK(good.WaitForStatus());
  EXPECT_EQ(good.NextResponse(), "a");
  bad.Send("q");
  ServeUnary(bad.TakeStream(), provider, {});
  provider->calls()[1]->Fail(absl::NotFoundError("no such city"));
  EXPECT_THAT(bad.WaitForStatus(), StatusIs(absl::StatusCode::kNotFound, "no such city"));
}

TEST(ServeUnary, NeedsARequest) {
  auto provider = std::make_shared<FakeProvider>("p");
  TestStreamCaller caller;
  caller.HalfClose();
  ServeUnary(caller.TakeStream(), provider, {});
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(provider->call_count(), 0u);
}

TEST(ServeUnary, PassesACancellationOn) {
  auto provider = std::make_shared<FakeProvider>("p");
  TestStreamCaller caller;
  caller.Send("q");
  ServeUnary(caller.TakeStream(), provider, {});
  auto call = provider->WaitForCall();
  caller.Cancel();
  EXPECT_TRUE(call->WaitForCancel());
}

}  // namespace
}  // namespace paranet
