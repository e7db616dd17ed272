#include "federation/call_frames.h"

#include <string>

#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Codec, RoundTripsAndRefusesRubbish) {
  v1::CancelFrame frame;
  frame.set_call_id(7);
  v1::CancelFrame back;
  ASSERT_TRUE(Decode(Encode(frame), &back));
  EXPECT_EQ(back.call_id(), 7u);
  EXPECT_FALSE(Decode(MakePayload("\xff\xff\xff"), &back));
}

TEST(Metadata, RoundTripsInOrderWithBinaryValues) {
  google::protobuf::RepeatedPtrField<v1::Metadatum> wire;
  SetMetadata({{"b", "1"}, {"a-bin", std::string("\0\xff", 2)}, {"b", "2"}}, &wire);
  EXPECT_THAT(GetMetadata(wire), ElementsAre(Pair("b", "1"), Pair("a-bin", std::string("\0\xff", 2)), Pair("b", "2")));
}

TEST(Metadata, OfAPeerIsFiltered) {
  google::protobuf::RepeatedPtrField<v1::Metadatum> wire;
  SetMetadata({{":path", "/x"},
               {"grpc-timeout", "1S"},
               {"te", "x"},
               {"", "x"},
               {"Upper", "x"},
               {"sp ace", "x"},
               {"key", "line\r\nbreak"},
               {"key", "ok"}},
              &wire);
  EXPECT_THAT(GetMetadata(wire), ElementsAre(Pair("key", "ok")));
}

TEST(HeaderDeadline, ZeroAndAbsurdAreNone) {
  v1::CallHeader header;
  const absl::Time now = absl::FromUnixSeconds(1000);
  EXPECT_EQ(HeaderDeadline(header, now), absl::InfiniteFuture());
  header.set_timeout_us(~uint64_t{0});
  EXPECT_EQ(HeaderDeadline(header, now), absl::InfiniteFuture());
  header.set_timeout_us(1500);
  EXPECT_EQ(HeaderDeadline(header, now), now + absl::Microseconds(1500));
}

TEST(CallStatus, RoundTrips) {
  const v1::CallStatus wire = MakeCallStatus(absl::NotFoundError("no such city"), {{"k", "v"}}, true);
  EXPECT_THAT(GetStatus(wire), StatusIs(absl::StatusCode::kNotFound, "no such city"));
  EXPECT_THAT(GetMetadata(wire.trailers()), ElementsAre(Pair("k", "v")));
  EXPECT_TRUE(wire.unprocessed());
  EXPECT_OK(GetStatus(MakeCallStatus(absl::OkStatus(), {}, false)));
}

TEST(CallStatus, OfAPeerIsBounded) {
  v1::CallStatus wire;
  wire.set_code(4711);
  wire.set_message(std::string(1 << 20, 'x'));
  EXPECT_THAT(GetStatus(wire), StatusIs(absl::StatusCode::kUnknown));
  EXPECT_LE(GetStatus(wire).message().size(), 4096u);
  EXPECT_THAT(GetMetadata(wire.trailers()), IsEmpty());
}

}  // namespace
}  // namespace paranet
