#include "core/worker/frame.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

// Feeds `bytes` in pieces of `step`; the names of what came out, and how it ended.
struct Parsed {
  std::vector<std::string> payloads;
  absl::Status status;
};

Parsed Parse(const std::string& bytes, FrameSender sender, size_t step) {
  FrameParser parser(sender);
  Parsed parsed;
  for (size_t at = 0; at < bytes.size();) {
    const auto [data, room] = parser.Room();
    const size_t size = std::min({step, room, bytes.size() - at});
    std::memcpy(data, bytes.data() + at, size);
    parser.Commit(size);
    at += size;
    Frame frame;
    while (true) {
      const absl::StatusOr<bool> next = parser.Next(&frame);
      if (!next.ok()) {
        parsed.status = next.status();
        return parsed;
      }
      if (!*next) break;
      parsed.payloads.emplace_back(frame.payload);
    }
  }
  return parsed;
}

std::string Encode(const Frame& frame) {
  std::string bytes;
  AppendFrame(frame, bytes);
  return bytes;
}

absl::Status Refusal(const Frame& frame, FrameSender sender) { return Parse(Encode(frame), sender, 1 << 20).status; }

TEST(FrameTest, GoesThroughAsItWas) {
  std::string list;
  AppendToFrameList("trace", "a", list);
  AppendToFrameList("", "", list);
  const std::string bytes = Encode({.type = FrameType::kCall,
                                    .code = 7,
                                    .call = 0x1122334455667788,
                                    .number = -5,
                                    .text = "uid:1000",
                                    .list = list,
                                    .payload = "request"});
  FrameParser parser(FrameSender::kNode);
  std::memcpy(parser.Room().first, bytes.data(), bytes.size());
  parser.Commit(bytes.size());
  Frame frame;
  ASSERT_OK_AND_ASSIGN(const bool there, parser.Next(&frame));
  ASSERT_TRUE(there);
  EXPECT_EQ(frame.type, FrameType::kCall);
  EXPECT_EQ(frame.code, 7);
  EXPECT_EQ(frame.call, 0x1122334455667788U);
  EXPECT_EQ(frame.number, -5);
  EXPECT_EQ(frame.text, "uid:1000");
  EXPECT_EQ(frame.payload, "request");
  ASSERT_OK_AND_ASSIGN(const FrameList entries, ParseFrameList(frame.list));
  EXPECT_THAT(entries, ElementsAre(Pair("trace", "a"), Pair("", "")));
}

TEST(FrameTest, IsTheSameInPiecesOfAnySize) {
  std::string bytes;
  const std::string large(300'000, 'x');
  for (const std::string& payload : {std::string("one"), std::string(), large, std::string("four")}) {
    AppendFrame({.type = FrameType::kMessage, .call = 3, .payload = payload}, bytes);
  }
  for (const size_t step : {size_t{1}, size_t{7}, size_t{41}, size_t{65'536}, bytes.size()}) {
    const Parsed parsed = Parse(bytes, FrameSender::kWorker, step);
    EXPECT_OK(parsed.status);
    EXPECT_THAT(parsed.payloads, ElementsAre("one", "", large, "four")) << step;
  }
}

TEST(FrameTest, LittleEndianOnTheWire) {
  const std::string bytes = Encode({.type = FrameType::kPing, .number = 0x0102});
  EXPECT_EQ(bytes.size(), kFrameHeaderBytes);
  EXPECT_EQ(bytes.substr(24, 2), std::string("\x02\x01", 2));
  EXPECT_EQ(bytes[4], 13);
}

TEST(FrameTest, RefusesWhatASideMayNotSend) {
  EXPECT_THAT(Refusal({.type = FrameType::kPing}, FrameSender::kWorker).message(), HasSubstr("ping is not for"));
  EXPECT_THAT(Refusal({.type = FrameType::kStart}, FrameSender::kWorker).message(), HasSubstr("start is not for"));
  EXPECT_THAT(Refusal({.type = FrameType::kReady}, FrameSender::kNode).message(), HasSubstr("ready is not for"));
  EXPECT_THAT(Refusal({.type = FrameType::kLog}, FrameSender::kNode).message(), HasSubstr("log is not for"));
  // A call that the node began is answered by the worker, and the other way round.
  EXPECT_THAT(Refusal({.type = FrameType::kRespond, .call = 1}, FrameSender::kNode).message(), HasSubstr("not for"));
  EXPECT_OK(Refusal({.type = FrameType::kRespond, .call = 1}, FrameSender::kWorker));
  EXPECT_OK(Refusal({.type = FrameType::kRespond, .outgoing = true, .call = 1}, FrameSender::kNode));
  EXPECT_THAT(Refusal({.type = FrameType::kCall, .call = 1}, FrameSender::kWorker).message(), HasSubstr("not for"));
  EXPECT_OK(Refusal({.type = FrameType::kCall, .outgoing = true, .call = 1}, FrameSender::kWorker));
  EXPECT_THAT(Refusal({.type = FrameType::kCancel, .call = 1}, FrameSender::kWorker).message(), HasSubstr("not for"));
}

TEST(FrameTest, RefusesWhatATypeHasNoUseFor) {
  const FrameSender worker = FrameSender::kWorker;
  std::string list;
  AppendToFrameList("a", "b", list);
  EXPECT_THAT(Refusal({.type = FrameType::kPong, .call = 1}, worker).message(), HasSubstr("has a call"));
  EXPECT_THAT(Refusal({.type = FrameType::kRespond}, worker).message(), HasSubstr("has no call"));
  EXPECT_THAT(Refusal({.type = FrameType::kPong, .outgoing = true}, worker).message(), HasSubstr("has a flag"));
  EXPECT_THAT(Refusal({.type = FrameType::kPong, .code = 1}, worker).message(), HasSubstr("has a code"));
  EXPECT_THAT(Refusal({.type = FrameType::kReady, .number = 1}, worker).message(), HasSubstr("has a number"));
  EXPECT_THAT(Refusal({.type = FrameType::kReady, .text = "x"}, worker).message(), HasSubstr("has a text"));
  EXPECT_THAT(Refusal({.type = FrameType::kFailed, .list = list}, worker).message(), HasSubstr("has a list"));
  EXPECT_THAT(Refusal({.type = FrameType::kFailed, .payload = "x"}, worker).message(), HasSubstr("has a payload"));
  EXPECT_THAT(Refusal({.type = FrameType::kCall, .call = 1, .parent = 2}, FrameSender::kNode).message(),
              HasSubstr("has a parent"));
  EXPECT_THAT(Refusal({.type = FrameType::kRespond, .code = 17, .call = 1}, worker).message(),
              HasSubstr("status code that there is not"));
  EXPECT_THAT(Refusal({.type = FrameType::kRespond, .code = 2, .call = 1, .payload = "x"}, worker).message(),
              HasSubstr("beside an error"));
  EXPECT_THAT(Refusal({.type = FrameType::kLog, .code = 4}, worker).message(), HasSubstr("level"));
  EXPECT_THAT(Refusal({.type = FrameType::kCredit, .call = 1}, worker).message(), HasSubstr("gives back nothing"));
  EXPECT_THAT(Refusal({.type = FrameType::kOpen, .outgoing = true, .code = 1, .call = 1}, worker).message(),
              HasSubstr("has a method"));
}

TEST(FrameTest, RefusesByTheHeaderAlone) {
  std::string bytes = Encode({.type = FrameType::kMessage, .call = 1, .payload = "x"});
  bytes.resize(kFrameHeaderBytes);
  std::string huge = bytes;
  huge[3] = '\x7f';
  EXPECT_THAT(Parse(huge, FrameSender::kWorker, 1).status.message(), HasSubstr("over the limits"));
  std::string text = bytes;
  text[32] = '\x02';  // More text than there is size.
  EXPECT_THAT(Parse(text, FrameSender::kWorker, 1).status.message(), HasSubstr("over the limits"));
  std::string type = bytes;
  type[4] = '\x10';
  EXPECT_THAT(Parse(type, FrameSender::kWorker, 1).status.message(), HasSubstr("no type of frame 16"));
  std::string zero = bytes;
  zero[4] = '\0';
  EXPECT_THAT(Parse(zero, FrameSender::kWorker, 1).status.message(), HasSubstr("no type of frame 0"));
  std::string flags = bytes;
  flags[5] = '\x02';
  EXPECT_THAT(Parse(flags, FrameSender::kWorker, 1).status.message(), HasSubstr("flags"));
}

TEST(FrameTest, AnnouncedBytesTakeNoMemoryUntilTheyCome) {
  const std::string payload(kMaxFramePayload, 'x');
  const std::string bytes =
      Encode({.type = FrameType::kMessage, .call = 1, .payload = payload}).substr(0, kFrameHeaderBytes + 10);
  FrameParser parser(FrameSender::kWorker);
  std::memcpy(parser.Room().first, bytes.data(), bytes.size());
  parser.Commit(bytes.size());
  Frame frame;
  ASSERT_OK_AND_ASSIGN(const bool there, parser.Next(&frame));
  EXPECT_FALSE(there);
  EXPECT_LT(parser.Room().second, size_t{1} << 20);
}

TEST(FrameListTest, RefusesWhatIsCutOff) {
  std::string list;
  AppendToFrameList("key", "value", list);
  for (size_t size = 1; size < list.size(); ++size) {
    EXPECT_FALSE(ParseFrameList(absl::string_view(list).substr(0, size)).ok()) << size;
  }
  std::string overflowing(8, '\xff');
  EXPECT_FALSE(ParseFrameList(overflowing + "more").ok());
  ASSERT_OK_AND_ASSIGN(const FrameList none, ParseFrameList(""));
  EXPECT_THAT(none, IsEmpty());
}

}  // namespace
}  // namespace paranet
