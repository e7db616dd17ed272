#include "core/runtime/unary_call.h"

#include <memory>
#include <string>
#include <vector>

#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/runtime/call_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class UnaryCallTest : public testing::Test {
 protected:
  std::shared_ptr<UnaryCall> Make(std::string request) {
    return std::make_shared<UnaryCall>(
        MakeTestContext("current"), MakePayload(std::move(request)),
        [this](UnaryResult result) {
          owner_->Add("done");
          results_.push_back(std::move(result));
        },
        owner_);
  }

  const std::shared_ptr<FakeOwner> owner_ = std::make_shared<FakeOwner>();
  std::vector<UnaryResult> results_;
};

TEST_F(UnaryCallTest, HandsOverTheRequestWithoutCopying) {
  const grpc::Slice original(std::string(100'000, 'x'));
  auto call = std::make_shared<UnaryCall>(
      MakeTestContext("current"), Payload(&original, 1), [](UnaryResult) {}, owner_);
  grpc::Slice request;
  ASSERT_TRUE(call->Begin(&request));
  EXPECT_EQ(request.begin(), original.begin());
  EXPECT_EQ(request.size(), original.size());
  call->Abort(absl::CancelledError());
}

TEST_F(UnaryCallTest, AnswersWithTheResponseAndTheTrailers) {
  auto call = Make("request");
  grpc::Slice request;
  ASSERT_TRUE(call->Begin(&request));
  EXPECT_TRUE(call->AddTrailer("cost", "3"));
  call->Respond(absl::OkStatus(), "response");
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_OK(results_[0].status);
  EXPECT_EQ(PayloadToString(results_[0].response), "response");
  EXPECT_THAT(results_[0].trailers, ElementsAre(std::make_pair("cost", "3")));
  EXPECT_FALSE(results_[0].unprocessed);
  call->LeaveThread();
  EXPECT_THAT(owner_->events(), ElementsAre("ended", "done", "released"));
}

TEST_F(UnaryCallTest, RequestOfSeveralSlicesArrivesWhole) {
  const grpc::Slice slices[] = {grpc::Slice("ab"), grpc::Slice("cd")};
  auto call = std::make_shared<UnaryCall>(
      MakeTestContext("current"), Payload(slices, 2), [](UnaryResult) {}, owner_);
  grpc::Slice request;
  ASSERT_TRUE(call->Begin(&request));
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(request.begin()), request.size()), "abcd");
  call->Abort(absl::CancelledError());
}

TEST_F(UnaryCallTest, PayloadThatWasNeverSetIsAnEmptyRequest) {
  auto call = std::make_shared<UnaryCall>(
      MakeTestContext("current"), Payload(), [](UnaryResult) {}, owner_);
  grpc::Slice request;
  ASSERT_TRUE(call->Begin(&request));
  EXPECT_EQ(request.size(), 0u);
  call->Abort(absl::CancelledError());
}

TEST_F(UnaryCallTest, SecondAnswerIsIgnoredAndReported) {
  auto call = Make("");
  grpc::Slice request;
  ASSERT_TRUE(call->Begin(&request));
  call->Respond(absl::OkStatus(), "first");
  call->Respond(absl::InternalError("second"), "");
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_EQ(PayloadToString(results_[0].response), "first");
  EXPECT_THAT(owner_->events(), ElementsAre("ended", "done", "respond for the second time"));
}

TEST_F(UnaryCallTest, AnswerAfterTheEndIsIgnoredSilently) {
  auto call = Make("");
  grpc::Slice request;
  ASSERT_TRUE(call->Begin(&request));
  call->Abort(absl::DeadlineExceededError("late"));
  call->Respond(absl::OkStatus(), "too late");
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_THAT(results_[0].status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_FALSE(results_[0].unprocessed);
  EXPECT_THAT(owner_->events(), ElementsAre("ended", "done"));
}

TEST_F(UnaryCallTest, CancelledBeforeTheActorSawItIsUnprocessed) {
  auto call = Make("");
  call->Cancel();
  call->Cancel();
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_THAT(results_[0].status, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_TRUE(results_[0].unprocessed);
  grpc::Slice request;
  EXPECT_FALSE(call->Begin(&request));
  EXPECT_TRUE(call->over());
}

TEST_F(UnaryCallTest, IsReleasedWhenEndedAndOffItsThreadWhicheverIsLast) {
  auto call = Make("");
  grpc::Slice request;
  ASSERT_TRUE(call->Begin(&request));
  call->LeaveThread();
  EXPECT_THAT(owner_->events(), ElementsAre());
  call->Respond(absl::OkStatus(), "later");
  EXPECT_THAT(owner_->events(), ElementsAre("ended", "done", "released"));
}

TEST_F(UnaryCallTest, StreamingFunctionsAreMisuse) {
  auto call = Make("");
  ActorLock lock(true);
  paranet_bytes bytes;
  EXPECT_FALSE(call->Read(lock, &bytes));
  EXPECT_FALSE(call->Write(lock, ""));
  call->Finish(absl::OkStatus());
  EXPECT_THAT(owner_->events(), ElementsAre(HasSubstr("read"), HasSubstr("write"), HasSubstr("finish")));
  EXPECT_TRUE(results_.empty());
  call->Abort(absl::CancelledError());
}

}  // namespace
}  // namespace paranet
