#include "core/actor/stream.h"

#include "core/actor/fake_host.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"

namespace paranet::actor {
namespace {

using google::protobuf::StringValue;
using testing::ElementsAre;
using testing::HasSubstr;

std::string Bytes(const std::string& text) {
  StringValue value;
  value.set_value(text);
  return value.SerializeAsString();
}

TEST(StreamTest, ReadsTypedMessagesToTheEnd) {
  FakeHost host;
  host.requests = {Bytes("a"), Bytes("")};
  CallContext call(&host, 1);
  Stream stream(call);
  Reader<StringValue> reader(stream);
  StringValue message;
  ASSERT_TRUE(reader.Read(message));
  EXPECT_EQ(message.value(), "a");
  ASSERT_TRUE(reader.Read(message));
  EXPECT_EQ(message.value(), "");
  EXPECT_FALSE(reader.Read(message));
  EXPECT_OK(stream.status());
}

TEST(StreamTest, MalformedMessageEndsReading) {
  FakeHost host;
  host.requests = {"\xff", Bytes("after")};
  CallContext call(&host, 1);
  Stream stream(call);
  StringValue message;
  EXPECT_FALSE(Reader<StringValue>(stream).Read(message));
  EXPECT_THAT(stream.status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no valid google.protobuf.StringValue")));
  EXPECT_FALSE(Reader<StringValue>(stream).Read(message));
}

TEST(StreamTest, WritesTypedMessagesUntilTheCallIsOver) {
  FakeHost host;
  CallContext call(&host, 1);
  Stream stream(call);
  Writer<StringValue> writer(stream);
  StringValue message;
  message.set_value("x");
  EXPECT_TRUE(writer.Write(message));
  host.cancelled = true;
  EXPECT_FALSE(writer.Write(message));
  EXPECT_THAT(host.responses, ElementsAre(Bytes("x")));
}

}  // namespace
}  // namespace paranet::actor
