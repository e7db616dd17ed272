#include "examples/chat/room.h"

#include <memory>
#include <string>
#include <thread>

#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace chat::v1 {
namespace {

Line MakeLine(const std::string& text) {
  Line line;
  line.set_text(text);
  return line;
}

TEST(RoomTest, AllButTheSpeakerHear) {
  Room room;
  const std::shared_ptr<Ear> ada = room.Enter();
  const std::shared_ptr<Ear> bob = room.Enter();
  room.Say(MakeLine("hello"), ada);
  room.Say(MakeLine("hi"), bob);
  Line line;
  EXPECT_TRUE(bob->Take(&line));
  EXPECT_EQ(line.text(), "hello");
  EXPECT_TRUE(ada->Take(&line));
  EXPECT_EQ(line.text(), "hi");
}

TEST(RoomTest, WhoHasLeftHearsNothing) {
  Room room;
  const std::shared_ptr<Ear> ada = room.Enter();
  const std::shared_ptr<Ear> bob = room.Enter();
  room.Leave(bob);
  room.Say(MakeLine("hello"), ada);
  bob->Close(absl::OkStatus());
  Line line;
  EXPECT_FALSE(bob->Take(&line));
  EXPECT_TRUE(bob->status().ok());
}

TEST(RoomTest, WhoDoesNotListenIsPutOut) {
  Room room;
  const std::shared_ptr<Ear> deaf = room.Enter();
  for (size_t i = 0; i <= Ear::kMaxLines; ++i) room.Say(MakeLine("hello"), nullptr);
  EXPECT_THAT(deaf->status(), paranet::StatusIs(absl::StatusCode::kResourceExhausted));
  Line line;
  for (size_t i = 0; i < Ear::kMaxLines; ++i) EXPECT_TRUE(deaf->Take(&line));
  EXPECT_FALSE(deaf->Take(&line));
}

TEST(RoomTest, ClosingTheRoomEndsWhoWaits) {
  Room room;
  const std::shared_ptr<Ear> ear = room.Enter();
  std::thread closer([&] { room.Close(); });
  Line line;
  EXPECT_FALSE(ear->Take(&line));
  EXPECT_THAT(ear->status(), paranet::StatusIs(absl::StatusCode::kUnavailable));
  closer.join();
}

}  // namespace
}  // namespace chat::v1
