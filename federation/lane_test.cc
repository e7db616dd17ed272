#include "federation/lane.h"

#include <deque>
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
#include "core/rpc/queue_threads.h"
#include "core/rpc/rpc_queue.h"
#include "core/rpc/stall_watch.h"
#include "federation/call_frames.h"
#include "federation/fake_stream_testutil.h"
#include "federation/handshake.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

UnaryResult Pending() { return {.status = absl::UnknownError("pending")}; }

struct ServedCall {
  v1::CallHeader header;
  std::string request;
  UnaryDone done;
  bool run_here = false;
  std::shared_ptr<bool> cancelled = std::make_shared<bool>(false);
};

class RecordingHandle final : public CallHandle {
 public:
  RecordingHandle(std::shared_ptr<bool> cancelled, std::function<void(bool here)> run)
      : cancelled_(std::move(cancelled)), run_(std::move(run)) {}
  void Cancel() override { *cancelled_ = true; }
  void RunHere() override { run_(true); }
  void RunElsewhere() override { run_(false); }

 private:
  const std::shared_ptr<bool> cancelled_;
  const std::function<void(bool)> run_;
};

// Two lanes on one pair of streams; the far one serves by recording.
class LaneTest : public testing::Test {
 protected:
  LaneTest() : control_(std::make_shared<ControlThread>()) {
    limits_ = OwnLimits();
    limits_.set_lane_calls(4);
    auto [near, far] = FakeStream::MakePair();
    near_stream_ = near;
    far_stream_ = far;
  }
  ~LaneTest() override {
    near_stream_->Abort();
    served_.clear();
    control_->Stop();
  }

  void StartNear() { near_ = StartLane(near_stream_, &near_end_); }
  void StartFar() { far_ = StartLane(far_stream_, &far_end_); }
  std::shared_ptr<Lane> StartLane(std::shared_ptr<FakeStream> stream, std::optional<absl::Status>* end) {
    Lane::Options options;
    options.limits = limits_;
    options.control = control_;
    options.cancel_carried = [this](uint64_t id) { carried_cancelled_.push_back(id); };
    options.ended = [end](const absl::Status& status) { *end = status; };
    options.queue = lent_queue_;
    options.stalls = stalls_;
    options.serve = [this](const v1::CallHeader& header, Payload request, bool run_here, UnaryDone done) {
      served_.push_back({header, PayloadToString(request), std::move(done), run_here});
      return std::make_shared<RecordingHandle>(served_.back().cancelled,
                                               [this, i = served_.size() - 1](bool here) { run_(i, here); });
    };
    auto lane = std::make_shared<Lane>(stream, std::move(options));
    lane->Start();
    return lane;
  }
  // Frames that the near lane wrote, where there is no far lane.
  v1::LaneFrames NextFrames() {
    v1::LaneFrames frames;
    far_stream_->Read([&](std::optional<Payload> message) {
      if (message.has_value()) {
        EXPECT_TRUE(Decode(*message, &frames));
      }
    });
    return frames;
  }
  void SendToNear(const v1::LaneFrames& frames) {
    far_stream_->Write(Encode(frames), [](bool) {});
  }
  // Lives until all calls have ended, which for some is the end of the test.
  UnaryResult& NewResult() { return results_.emplace_back(Pending()); }
  std::shared_ptr<CallHandle> Call(const std::string& path, const std::string& request, UnaryResult* result,
                                   absl::Time deadline = absl::InfiniteFuture()) {
    v1::CallHeader header;
    header.set_path(path);
    return near_->Call(std::move(header), MakePayload(request), deadline,
                       [result](UnaryResult r) { *result = std::move(r); });
  }

  // Sends `paths` to the near lane in one message.
  void CallNear(const std::vector<std::string>& paths) {
    v1::LaneFrames frames;
    for (const std::string& path : paths) {
      v1::CallFrame* const call = frames.add_frames()->mutable_call();
      call->set_call_id(++last_id_);
      call->mutable_header()->set_path(path);
    }
    SendToNear(frames);
  }
  // Has lanes that are started from now on lend their threads.
  void Lend() {
    polled_ = std::make_unique<QueueThreads>(1);
    lent_queue_ = polled_->queue();
    while (!lent_queue_->IsPolled()) std::this_thread::yield();
  }

  const std::shared_ptr<ControlThread> control_;
  std::unique_ptr<QueueThreads> polled_;
  RpcQueue* lent_queue_ = nullptr;
  std::shared_ptr<StallWatch> stalls_ = std::make_shared<StallWatch>(absl::Hours(1));
  std::function<void(size_t call, bool here)> run_;
  uint64_t last_id_ = 0;
  v1::LinkLimits limits_;
  std::shared_ptr<FakeStream> near_stream_, far_stream_;
  std::optional<absl::Status> near_end_, far_end_;
  std::deque<UnaryResult> results_;
  std::vector<ServedCall> served_;
  std::vector<uint64_t> carried_cancelled_;
  std::shared_ptr<Lane> near_, far_;
};

TEST_F(LaneTest, CarriesACallAndItsResult) {
  StartNear();
  StartFar();
  UnaryResult& result = NewResult();
  Call("/p", "question", &result);
  ASSERT_THAT(served_, SizeIs(1));
  EXPECT_EQ(served_[0].header.path(), "/p");
  EXPECT_EQ(served_[0].request, "question");
  UnaryResult answer;
  answer.response = MakePayload("answer");
  answer.trailers = {{"k", "v"}};
  served_[0].done(std::move(answer));
  EXPECT_OK(result.status);
  EXPECT_EQ(PayloadToString(result.response), "answer");
  EXPECT_EQ(result.trailers, (Metadata{{"k", "v"}}));
}

TEST_F(LaneTest, CarriesAnErrorAndWhetherItWasProcessed) {
  StartNear();
  StartFar();
  UnaryResult& result = NewResult();
  Call("/p", "", &result);
  UnaryResult answer{.status = absl::ResourceExhaustedError("mailbox full")};
  answer.unprocessed = true;
  served_[0].done(std::move(answer));
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kResourceExhausted, "mailbox full"));
  EXPECT_TRUE(result.unprocessed);
}

TEST_F(LaneTest, AnswersComeInAnyOrder) {
  StartNear();
  StartFar();
  UnaryResult& first = NewResult();
  UnaryResult& second = NewResult();
  Call("/1", "", &first);
  Call("/2", "", &second);
  served_[1].done({.response = MakePayload("2")});
  EXPECT_EQ(PayloadToString(second.response), "2");
  EXPECT_FALSE(first.status.ok());
  served_[0].done({.response = MakePayload("1")});
  EXPECT_EQ(PayloadToString(first.response), "1");
}

TEST_F(LaneTest, BatchesFramesThatGatherDuringAWrite) {
  near_stream_->HoldWrites();
  StartNear();
  UnaryResult& result = NewResult();
  Call("/1", "", &result);
  Call("/2", "", &result);
  Call("/3", "", &result);
  EXPECT_THAT(NextFrames().frames(), SizeIs(1));
  ASSERT_TRUE(near_stream_->ReleaseWrite());
  EXPECT_THAT(NextFrames().frames(), SizeIs(2));
}

TEST_F(LaneTest, RunsHandlersOnTheThreadThatHasReadAndAnswersTogether) {
  Lend();
  StartNear();
  std::vector<size_t> ran;
  run_ = [&](size_t call, bool here) {
    EXPECT_TRUE(here);
    // All are known before the first runs.
    EXPECT_THAT(served_, SizeIs(3));
    EXPECT_EQ(near_stream_->writes(), 0);
    ran.push_back(call);
    served_[call].done({.response = MakePayload(served_[call].header.path())});
  };
  CallNear({"/1", "/2", "/3"});
  EXPECT_THAT(ran, ElementsAre(0, 1, 2));
  const v1::LaneFrames frames = NextFrames();
  ASSERT_THAT(frames.frames(), SizeIs(3));
  EXPECT_EQ(frames.frames(2).result().payload(), "/3");
}

TEST_F(LaneTest, LendsNoThreadThatNobodyStandsInFor) {
  StartNear();
  run_ = [](size_t, bool) { FAIL() << "the thread was lent"; };
  CallNear({"/1"});
  ASSERT_THAT(served_, SizeIs(1));
  EXPECT_FALSE(served_[0].run_here);
}

TEST_F(LaneTest, AHandlerThatTakesLongHoldsUpNoOther) {
  Lend();
  // Long enough for this thread to get to the second handler.
  stalls_ = std::make_shared<StallWatch>(absl::Milliseconds(200));
  StartNear();
  // What is ready does not wait.
  absl::Notification early;
  v1::LaneFrames frames;
  far_stream_->Read([&](std::optional<Payload> message) {
    if (!message.has_value()) return;
    EXPECT_TRUE(Decode(*message, &frames));
    early.Notify();
  });
  std::vector<size_t> elsewhere;
  run_ = [&](size_t call, bool here) {
    if (here && call == 0) {
      served_[0].done({.response = MakePayload("done early")});
    } else if (here) {
      EXPECT_EQ(call, 1);
      early.WaitForNotification();
    } else {
      elsewhere.push_back(call);
    }
  };
  CallNear({"/1", "/2", "/3", "/4"});
  EXPECT_THAT(elsewhere, ElementsAre(2, 3));
  ASSERT_THAT(frames.frames(), SizeIs(1));
  EXPECT_EQ(frames.frames(0).result().payload(), "done early");
}

TEST_F(LaneTest, CallsThatResultsLeadToGoTogether) {
  StartNear();
  near_stream_->HoldWrites();
  for (int i = 0; i < 3; ++i) {
    v1::CallHeader header;
    header.set_path("/first");
    near_->Call(std::move(header), MakePayload(""), absl::InfiniteFuture(), [this](const UnaryResult&) {
      v1::CallHeader next;
      next.set_path("/second");
      near_->Call(std::move(next), MakePayload(""), absl::InfiniteFuture(), [](const UnaryResult&) {});
    });
  }
  v1::LaneFrames results;
  for (const v1::LaneFrames& sent : {NextFrames(), (near_stream_->ReleaseWrite(), NextFrames())}) {
    for (const v1::LaneFrame& frame : sent.frames()) {
      results.add_frames()->mutable_result()->set_call_id(frame.call().call_id());
    }
  }
  near_stream_->ReleaseWrite();
  ASSERT_THAT(results.frames(), SizeIs(3));
  SendToNear(results);
  EXPECT_THAT(NextFrames().frames(), SizeIs(3));
  near_stream_->ReleaseWrite();
}

TEST_F(LaneTest, SplitsBatchesByBytes) {
  near_stream_->HoldWrites();
  StartNear();
  UnaryResult& result = NewResult();
  Call("/1", "", &result);
  for (int i = 0; i < 3; ++i) Call("/big", std::string(600 << 10, 'x'), &result);
  EXPECT_THAT(NextFrames().frames(), SizeIs(1));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(near_stream_->ReleaseWrite());
    EXPECT_THAT(NextFrames().frames(), SizeIs(1));
  }
}

TEST_F(LaneTest, CancelEndsTheCallAndTellsThePeer) {
  StartNear();
  StartFar();
  UnaryResult& result = NewResult();
  auto handle = Call("/p", "", &result);
  handle->Cancel();
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_FALSE(result.unprocessed);
  EXPECT_TRUE(*served_[0].cancelled);
  result = Pending();
  handle->Cancel();
  served_[0].done({.response = MakePayload("late")});
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnknown)) << "the callback ran twice";
}

TEST_F(LaneTest, ACallCancelledBeforeItWasWrittenIsNotSent) {
  near_stream_->HoldWrites();
  StartNear();
  UnaryResult& first = NewResult();
  UnaryResult& second = NewResult();
  Call("/1", "", &first);
  auto handle = Call("/2", "", &second);
  handle->Cancel();
  EXPECT_THAT(second.status, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_TRUE(second.unprocessed);
  EXPECT_THAT(NextFrames().frames(), SizeIs(1));
  near_stream_->ReleaseWrite();
  EXPECT_EQ(near_stream_->writes(), 1);
}

TEST_F(LaneTest, CancelsCarriedCallsToo) {
  StartNear();
  StartFar();
  near_->CancelCarried(kCarriedBit | 7);
  EXPECT_THAT(carried_cancelled_, testing::ElementsAre(kCarriedBit | 7));
}

TEST_F(LaneTest, EnforcesTheDeadline) {
  StartNear();
  StartFar();
  absl::Notification done;
  UnaryResult result;
  v1::CallHeader header;
  near_->Call(header, MakePayload(""), absl::Now() + absl::Milliseconds(20), [&](UnaryResult r) {
    result = std::move(r);
    done.Notify();
  });
  done.WaitForNotification();
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_FALSE(result.unprocessed);
}

TEST_F(LaneTest, AnEarlierDeadlineIsNotHiddenByALaterOne) {
  StartNear();
  StartFar();
  UnaryResult& later = NewResult();
  Call("/later", "", &later, absl::Now() + absl::Hours(1));
  absl::Notification done;
  near_->Call({}, MakePayload(""), absl::Now() + absl::Milliseconds(10), [&](UnaryResult) { done.Notify(); });
  EXPECT_TRUE(done.WaitForNotificationWithTimeout(absl::Seconds(10)));
  EXPECT_THAT(later.status, StatusIs(absl::StatusCode::kUnknown));
}

TEST_F(LaneTest, RefusesCallsAboveTheLimit) {
  StartNear();
  StartFar();
  UnaryResult& result = NewResult();
  for (int i = 0; i < 4; ++i) Call("/p", "", &result);
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnknown));
  UnaryResult& refused = NewResult();
  Call("/p", "", &refused);
  EXPECT_THAT(refused.status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_TRUE(refused.unprocessed);
  served_[0].done({});
  refused = Pending();
  Call("/p", "", &refused);
  EXPECT_THAT(refused.status, StatusIs(absl::StatusCode::kUnknown));
}

TEST_F(LaneTest, LossEndsCallsAndSaysWhichWereSent) {
  near_stream_->HoldWrites();
  StartNear();
  UnaryResult& sent = NewResult();
  UnaryResult& queued = NewResult();
  Call("/1", "", &sent);
  Call("/2", "", &queued);
  far_stream_->Abort();
  EXPECT_THAT(sent.status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(sent.unprocessed);
  EXPECT_THAT(queued.status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(queued.unprocessed);
  EXPECT_TRUE(near_end_.has_value());
  UnaryResult& after = NewResult();
  Call("/3", "", &after);
  EXPECT_THAT(after.status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(after.unprocessed);
}

TEST_F(LaneTest, LossCancelsWhatIsServed) {
  StartNear();
  StartFar();
  UnaryResult& result = NewResult();
  Call("/p", "", &result);
  near_stream_->Abort();
  EXPECT_TRUE(*served_[0].cancelled);
  served_[0].done({});
}

TEST_F(LaneTest, CloseEndsCallsWithoutTelling) {
  StartNear();
  StartFar();
  UnaryResult& result = NewResult();
  Call("/p", "", &result);
  near_->Close(absl::CancelledError("the operator ended it"));
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("the operator ended it")));
  EXPECT_FALSE(far_end_.has_value());
  near_->Abort();
  EXPECT_FALSE(near_end_.has_value());
  EXPECT_TRUE(far_end_.has_value());
}

TEST_F(LaneTest, RubbishEndsTheLane) {
  StartNear();
  far_stream_->Write(MakePayload("\xff\xff"), [](bool) {});
  ASSERT_TRUE(near_end_.has_value());
  EXPECT_THAT(*near_end_, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(near_stream_->over());
}

TEST_F(LaneTest, ACallIdUsedTwiceEndsTheLane) {
  StartNear();
  v1::LaneFrames frames;
  frames.add_frames()->mutable_call()->set_call_id(5);
  frames.add_frames()->mutable_call()->set_call_id(5);
  SendToNear(frames);
  ASSERT_TRUE(near_end_.has_value());
  EXPECT_THAT(near_end_->message(), HasSubstr("call id 5 twice"));
}

TEST_F(LaneTest, FramesThatMeanNothingAreIgnored) {
  StartNear();
  v1::LaneFrames frames;
  frames.add_frames();
  frames.add_frames()->mutable_result()->set_call_id(99);
  frames.add_frames()->mutable_cancel()->set_call_id(99);
  SendToNear(frames);
  EXPECT_FALSE(near_end_.has_value());
}

TEST_F(LaneTest, APeerThatFloodsIsRefusedThenCutOff) {
  StartNear();
  v1::LaneFrames frames;
  for (uint64_t id = 1; id <= 8; ++id) frames.add_frames()->mutable_call()->set_call_id(id);
  SendToNear(frames);
  EXPECT_THAT(served_, SizeIs(8));
  EXPECT_FALSE(near_end_.has_value());
  near_stream_->HoldWrites();
  v1::LaneFrames more;
  for (uint64_t id = 9; id <= 18; ++id) more.add_frames()->mutable_call()->set_call_id(id);
  SendToNear(more);
  EXPECT_THAT(served_, SizeIs(8)) << "calls beyond the limit were served";
  ASSERT_TRUE(near_end_.has_value());
  EXPECT_THAT(*near_end_, StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(LaneTest, AResponseTooLargeForTheLinkIsAnErrorOfThatCallAlone) {
  limits_.set_message_bytes(1 << 20);
  StartNear();
  StartFar();
  UnaryResult& result = NewResult();
  Call("/p", "", &result);
  served_[0].done({.response = MakePayload(std::string(2 << 20, 'x'))});
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("2097152 bytes")));
  EXPECT_FALSE(near_end_.has_value());
}

}  // namespace
}  // namespace paranet
