// Both ends of a carried call on one stream in memory.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "federation/call_frames.h"
#include "federation/carry_call.h"
#include "federation/carry_stream.h"
#include "federation/fake_stream_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::HasSubstr;

constexpr size_t kMessageBytes = 1 << 20;

class CarryTest : public testing::Test {
 protected:
  CarryTest() {
    auto [near, far] = FakeStream::MakePair();
    near_ = near;
    far_ = far;
    header_.set_path("/p");
  }
  ~CarryTest() override {
    served_ = nullptr;
    near_->Abort();
    control_->Stop();
  }
  CarryCall::Options Options() {
    CarryCall::Options options;
    options.header = header_;
    options.message_bytes = kMessageBytes;
    options.aborted = [this] { aborted_ = true; };
    options.ended = [this] { call_ended_ = true; };
    return options;
  }
  void StartCall() {
    call_ = std::make_shared<CarryCall>(caller_.TakeStream(), Options());
    call_->Start();
    call_->Attach(near_);
  }
  void StartServing() {
    CarryStream::Options options;
    options.message_bytes = kMessageBytes;
    options.control = control_;
    options.serve = [this](const v1::CallHeader& header, absl::Time, std::shared_ptr<ServerStream> stream) {
      served_path_ = header.path();
      served_ = std::move(stream);
      served_->OnCancel([this] { cancelled_.Notify(); });
    };
    options.ended = [this] { serving_ended_ = true; };
    serving_ = std::make_shared<CarryStream>(far_, std::move(options));
    serving_->Start();
  }
  std::optional<std::string> ServedRead() {
    std::optional<std::string> text;
    served_->Read([&](std::optional<Payload> payload) {
      if (payload.has_value()) text = PayloadToString(*payload);
    });
    return text;
  }

  const std::shared_ptr<ControlThread> control_ = std::make_shared<ControlThread>();
  std::shared_ptr<FakeStream> near_, far_;
  v1::CallHeader header_;
  TestStreamCaller caller_;
  bool call_ended_ = false, aborted_ = false, serving_ended_ = false;
  std::shared_ptr<CarryCall> call_;
  std::shared_ptr<CarryStream> serving_;
  std::string served_path_;
  std::shared_ptr<ServerStream> served_;
  absl::Notification cancelled_;
};

TEST_F(CarryTest, CarriesBothWaysAndEnds) {
  StartServing();
  StartCall();
  EXPECT_EQ(served_path_, "/p");
  caller_.Send("1");
  caller_.Send("2");
  EXPECT_EQ(ServedRead(), "1");
  EXPECT_EQ(ServedRead(), "2");
  served_->Write(MakePayload("r1"), [](bool ok) { EXPECT_TRUE(ok); });
  EXPECT_EQ(caller_.NextResponse(), "r1");
  caller_.HalfClose();
  EXPECT_EQ(ServedRead(), std::nullopt);
  EXPECT_EQ(ServedRead(), std::nullopt);
  served_->Write(MakePayload("r2"), [](bool) {});
  served_->Finish(absl::OkStatus(), {{"k", "v"}});
  EXPECT_OK(caller_.WaitForStatus());
  EXPECT_EQ(caller_.NextResponse(), "r2");
  EXPECT_EQ(caller_.trailers(), (Metadata{{"k", "v"}}));
  EXPECT_TRUE(call_ended_);
  EXPECT_TRUE(serving_ended_);
  EXPECT_FALSE(cancelled_.HasBeenNotified());
  EXPECT_FALSE(aborted_);
}

TEST_F(CarryTest, TheProviderMayEndBeforeTheCallerHasHalfClosed) {
  StartServing();
  StartCall();
  served_->Finish(absl::ResourceExhaustedError("enough"), {});
  EXPECT_THAT(caller_.WaitForStatus(), StatusIs(absl::StatusCode::kResourceExhausted, "enough"));
}

TEST_F(CarryTest, CancelReachesTheProviderThatDoesNotRead) {
  StartServing();
  StartCall();
  caller_.Send("1");
  caller_.Send("2");
  caller_.Cancel();
  cancelled_.WaitForNotification();
  bool written = true;
  served_->Write(MakePayload("late"), [&](bool ok) { written = ok; });
  EXPECT_FALSE(written);
  EXPECT_EQ(ServedRead(), std::nullopt);
  EXPECT_TRUE(call_ended_);
  EXPECT_TRUE(aborted_);
}

TEST_F(CarryTest, LossEndsBothEnds) {
  StartServing();
  StartCall();
  near_->Abort();
  EXPECT_THAT(caller_.WaitForStatus(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("link was lost")));
  cancelled_.WaitForNotification();
  EXPECT_TRUE(serving_ended_);
}

TEST_F(CarryTest, TheServingEndEnforcesTheDeadline) {
  header_.set_timeout_us(10'000);
  StartServing();
  StartCall();
  cancelled_.WaitForNotification();
}

TEST_F(CarryTest, DroppedByTheProviderItEndsWithInternal) {
  StartServing();
  StartCall();
  served_ = nullptr;
  EXPECT_THAT(caller_.WaitForStatus(), StatusIs(absl::StatusCode::kInternal));
}

TEST_F(CarryTest, ACallThatEndedBeforeItsStreamCameAbortsTheStream) {
  call_ = std::make_shared<CarryCall>(caller_.TakeStream(), Options());
  call_->Start();
  caller_.Cancel();
  call_->Attach(near_);
  EXPECT_TRUE(near_->over());
}

TEST_F(CarryTest, BackPressureReachesTheProvider) {
  TestStreamCaller narrow(/*room=*/1);
  call_ = std::make_shared<CarryCall>(narrow.TakeStream(), Options());
  call_->Start();
  near_->HoldWrites();
  far_->HoldWrites();
  StartServing();
  call_->Attach(near_);
  bool second = false;
  served_->Write(MakePayload("1"), [&](bool) { served_->Write(MakePayload("2"), [&](bool) { second = true; }); });
  EXPECT_FALSE(second);
  far_->ReleaseWrite();
  EXPECT_FALSE(second);
  EXPECT_EQ(narrow.NextResponse(), "1");
  far_->ReleaseWrite();
  EXPECT_TRUE(second);
}

TEST_F(CarryTest, WhatIsTooLargeForTheLinkIsAnErrorOfTheCall) {
  StartServing();
  StartCall();
  caller_.Send(std::string(kMessageBytes, 'x'));
  EXPECT_THAT(caller_.WaitForStatus(), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("the request has")));
}

TEST_F(CarryTest, SoIsAResponse) {
  StartServing();
  StartCall();
  served_->Write(MakePayload(std::string(kMessageBytes, 'x')), [](bool ok) { EXPECT_FALSE(ok); });
  EXPECT_THAT(caller_.WaitForStatus(), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("the response has")));
}

TEST_F(CarryTest, ACallBeginsWithItsHeader) {
  StartServing();
  v1::CarryFrame frame;
  frame.set_payload("x");
  near_->Write(Encode(frame), [](bool) {});
  std::optional<v1::CarryFrame> answer;
  near_->Read([&](std::optional<Payload> payload) {
    if (!payload.has_value()) return;
    answer.emplace();
    EXPECT_TRUE(Decode(*payload, &*answer));
  });
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(GetStatus(answer->status()), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(served_, nullptr);
}

TEST_F(CarryTest, RubbishFromThePeerEndsTheCall) {
  StartCall();
  far_->Write(MakePayload("\xff"), [](bool) {});
  EXPECT_THAT(caller_.WaitForStatus(), StatusIs(absl::StatusCode::kInternal));
}

TEST_F(CarryTest, FramesOfANewerVersionAreIgnored) {
  StartServing();
  StartCall();
  far_->Write(Encode(v1::CarryFrame()), [](bool) {});
  served_->Write(MakePayload("r"), [](bool) {});
  EXPECT_EQ(caller_.NextResponse(), "r");
}

}  // namespace
}  // namespace paranet
