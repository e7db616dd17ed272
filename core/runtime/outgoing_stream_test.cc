#include "core/runtime/outgoing_stream.h"

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;

class OutgoingStreamTest : public testing::Test {
 protected:
  // What the provider has read since the last call; "(end)" where there are no more.
  void ProviderReads() {
    server_->Read([this](std::optional<Payload> message) {
      read_.push_back(message.has_value() ? PayloadToString(*message) : "(end)");
    });
  }
  void ProviderWrites(const std::string& message) {
    server_->Write(MakePayload(message), [this](bool ok) { written_.push_back(ok); });
  }
  std::string Receive() {
    paranet_bytes message;
    if (!stream_->Receive(lock_, &message)) return "(none)";
    return std::string(static_cast<const char*>(message.data), message.size);
  }

  ActorLock lock_{true};
  std::vector<std::string> read_;
  std::vector<bool> written_;
  const std::shared_ptr<OutgoingStream> stream_ = std::make_shared<OutgoingStream>();
  std::shared_ptr<ServerStream> server_ = stream_->TakeServerEnd();
};

TEST_F(OutgoingStreamTest, MessagesGoBothWaysInOrder) {
  EXPECT_TRUE(stream_->Send(lock_, "1"));
  EXPECT_TRUE(stream_->Send(lock_, "2"));
  ProviderReads();
  ProviderReads();
  EXPECT_THAT(read_, ElementsAre("1", "2"));
  ProviderReads();
  EXPECT_TRUE(stream_->Send(lock_, "3"));
  EXPECT_THAT(read_, ElementsAre("1", "2", "3"));
  ProviderWrites("a");
  ProviderWrites("b");
  EXPECT_THAT(written_, ElementsAre(true, true));
  EXPECT_EQ(Receive(), "a");
  EXPECT_EQ(Receive(), "b");
}

TEST_F(OutgoingStreamTest, CloseSendEndsWhatTheProviderReads) {
  stream_->Send(lock_, "1");
  stream_->CloseSend();
  EXPECT_FALSE(stream_->Send(lock_, "2"));
  ProviderReads();
  ProviderReads();
  EXPECT_THAT(read_, ElementsAre("1", "(end)"));
}

TEST_F(OutgoingStreamTest, CloseSendReachesAProviderThatWaits) {
  ProviderReads();
  stream_->CloseSend();
  EXPECT_THAT(read_, ElementsAre("(end)"));
}

TEST_F(OutgoingStreamTest, WhatWasSentBeforeTheEndIsReceived) {
  ProviderWrites("a");
  server_->Finish(absl::NotFoundError("no more"), {});
  EXPECT_FALSE(stream_->Send(lock_, "1"));
  EXPECT_EQ(Receive(), "a");
  EXPECT_EQ(Receive(), "(none)");
  EXPECT_THAT(stream_->Outcome(lock_), StatusIs(absl::StatusCode::kNotFound, "no more"));
}

TEST_F(OutgoingStreamTest, CancelTellsTheProviderAndTheActor) {
  bool cancelled = false;
  server_->OnCancel([&] { cancelled = true; });
  ProviderReads();
  ProviderWrites("a");
  stream_->Cancel();
  EXPECT_TRUE(cancelled);
  EXPECT_THAT(read_, ElementsAre("(end)"));
  EXPECT_EQ(Receive(), "(none)");
  EXPECT_THAT(stream_->Outcome(lock_), StatusIs(absl::StatusCode::kCancelled));
  ProviderWrites("b");
  EXPECT_THAT(written_, ElementsAre(true, false));
  server_->Finish(absl::OkStatus(), {});
  EXPECT_THAT(stream_->Outcome(lock_), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(OutgoingStreamTest, ACancelBeforeTheProviderListensIsHeardAtOnce) {
  stream_->Cancel();
  bool cancelled = false;
  server_->OnCancel([&] { cancelled = true; });
  EXPECT_TRUE(cancelled);
}

TEST_F(OutgoingStreamTest, AProviderThatDropsTheCallEndsItWithInternal) {
  server_.reset();
  EXPECT_EQ(Receive(), "(none)");
  EXPECT_THAT(stream_->Outcome(lock_), StatusIs(absl::StatusCode::kInternal));
}

TEST_F(OutgoingStreamTest, AProviderThatIsTooFastWaits) {
  for (size_t i = 0; i < OutgoingStream::kMaxMessages; ++i) ProviderWrites("x");
  EXPECT_EQ(written_.size(), OutgoingStream::kMaxMessages - 1);
  EXPECT_EQ(Receive(), "x");
  EXPECT_EQ(written_.size(), OutgoingStream::kMaxMessages);
}

TEST_F(OutgoingStreamTest, AnActorThatIsTooFastWaitsAndLetsGoOfItsLock) {
  absl::Notification full;
  absl::Notification sent;
  std::thread actor([&] {
    lock_.Enter();
    for (size_t i = 0; i < OutgoingStream::kMaxMessages; ++i) EXPECT_TRUE(stream_->Send(lock_, "x"));
    full.Notify();
    EXPECT_TRUE(stream_->Send(lock_, "y"));
    EXPECT_TRUE(lock_.HeldHere());
    lock_.Leave();
    sent.Notify();
  });
  full.WaitForNotification();
  // Succeeds when the thread waits in Send.
  lock_.Enter();
  EXPECT_FALSE(sent.HasBeenNotified());
  lock_.Leave();
  ProviderReads();
  sent.WaitForNotification();
  actor.join();
  EXPECT_THAT(read_, ElementsAre("x"));
}

TEST_F(OutgoingStreamTest, ReceiveWaitsForTheProvider) {
  std::thread provider([&] { ProviderWrites("late"); });
  EXPECT_EQ(Receive(), "late");
  provider.join();
}

}  // namespace
}  // namespace paranet
