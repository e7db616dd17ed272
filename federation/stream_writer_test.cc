#include "federation/stream_writer.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "federation/fake_stream_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;

class StreamWriterTest : public testing::Test {
 protected:
  StreamWriterTest() {
    auto [near, far] = FakeStream::MakePair();
    near_ = near;
    far_ = far;
    writer_ = std::make_shared<StreamWriter>(near_, [this]() -> std::optional<Payload> {
      if (queue_.empty()) return std::nullopt;
      std::string all;
      for (const std::string& text : queue_) all += text;
      queue_.clear();
      return MakePayload(all);
    });
    Receive();
  }
  void Receive() {
    far_->Read([this](std::optional<Payload> payload) {
      if (!payload.has_value()) return;
      received_.push_back(PayloadToString(*payload));
      Receive();
    });
  }

  std::shared_ptr<FakeStream> near_, far_;
  std::deque<std::string> queue_;
  std::vector<std::string> received_;
  std::shared_ptr<StreamWriter> writer_;
};

TEST_F(StreamWriterTest, BatchesWhatGathersDuringAWrite) {
  near_->HoldWrites();
  queue_ = {"a"};
  writer_->Wake();
  queue_ = {"b", "c"};
  writer_->Wake();
  writer_->Wake();
  EXPECT_THAT(received_, ElementsAre("a"));
  ASSERT_TRUE(near_->ReleaseWrite());
  EXPECT_THAT(received_, ElementsAre("a", "bc"));
  ASSERT_TRUE(near_->ReleaseWrite());
  EXPECT_FALSE(near_->ReleaseWrite());
}

TEST_F(StreamWriterTest, HoldGathersUntilRelease) {
  writer_->Hold();
  writer_->Hold();
  queue_ = {"a"};
  writer_->Wake();
  queue_.push_back("b");
  writer_->Wake();
  EXPECT_THAT(received_, ElementsAre());
  writer_->Release();
  EXPECT_THAT(received_, ElementsAre("ab"));
  queue_ = {"c"};
  writer_->Wake();
  EXPECT_THAT(received_, ElementsAre("ab"));
  writer_->Flush();
  EXPECT_THAT(received_, ElementsAre("ab", "c"));
  writer_->Release();
  queue_ = {"d"};
  writer_->Wake();
  EXPECT_THAT(received_, ElementsAre("ab", "c", "d"));
}

TEST_F(StreamWriterTest, ReleaseOfNothingWritesNothing) {
  writer_->Hold();
  writer_->Release();
  EXPECT_EQ(near_->writes(), 0);
}

TEST_F(StreamWriterTest, CloseWritesTheRestFirst) {
  near_->HoldWrites();
  queue_ = {"a"};
  writer_->Wake();
  queue_ = {"b"};
  writer_->Close(absl::OkStatus());
  EXPECT_FALSE(near_->over());
  near_->ReleaseWrite();
  EXPECT_FALSE(near_->over());
  near_->ReleaseWrite();
  EXPECT_THAT(received_, ElementsAre("a", "b"));
  EXPECT_TRUE(near_->over());
}

TEST_F(StreamWriterTest, NothingIsWrittenAfterAFailure) {
  near_->HoldWrites();
  queue_ = {"a"};
  writer_->Wake();
  near_->ReleaseWrite(false);
  queue_ = {"b"};
  writer_->Wake();
  EXPECT_EQ(near_->writes(), 1);
  writer_->Close(absl::CancelledError(""));
  EXPECT_EQ(near_->closed_with(), absl::CancelledError(""));
}

TEST_F(StreamWriterTest, NothingIsWrittenAfterTheEnd) {
  writer_->Close(absl::OkStatus());
  queue_ = {"b"};
  writer_->Wake();
  EXPECT_EQ(near_->writes(), 0);
}

}  // namespace
}  // namespace paranet
