#include "core/actor/client.h"

#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/actor/fake_host.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"

namespace paranet::actor {
namespace {

using google::protobuf::Int32Value;
using google::protobuf::StringValue;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr char kPath[] = "/text.v1.Text/Echo";

StringValue Value(const std::string& text) {
  StringValue value;
  value.set_value(text);
  return value;
}
std::string Bytes(const std::string& text) { return Value(text).SerializeAsString(); }

class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    host_.skill = [](FakeOutgoing& call) { call.responses.assign(call.requests.begin(), call.requests.end()); };
  }

  FakeHost host_;
  const CallContext call_{&host_, 7};
  const ActorContext actor_{&host_, "scribe"};
  Client client_{call_};
};

TEST_F(ClientTest, UnaryCallGoesOutOnBehalfOfTheCall) {
  ASSERT_OK_AND_ASSIGN(const StringValue response, client_.Call<StringValue>(kPath, Value("hello")));
  EXPECT_EQ(response.value(), "hello");
  ASSERT_THAT(host_.outgoing, SizeIs(1));
  EXPECT_EQ(host_.outgoing[0].parent, 7u);
  EXPECT_EQ(host_.outgoing[0].skill, kPath);
  EXPECT_EQ(host_.outgoing[0].deadline, std::numeric_limits<int64_t>::max());
  EXPECT_THAT(host_.outgoing[0].requests, ElementsAre(Bytes("hello")));
}

TEST_F(ClientTest, AnActorCallsOfItsOwnAccordWithDeadlineAndVersion) {
  const Client client(actor_, {.deadline = absl::FromUnixMicros(123), .version = "1.2"});
  EXPECT_OK(client.Call<StringValue>(kPath, Value("hello")).status());
  EXPECT_EQ(host_.outgoing[0].parent, 0u);
  EXPECT_EQ(host_.outgoing[0].skill, "/text.v1.Text/Echo~1.2");
  EXPECT_EQ(host_.outgoing[0].deadline, 123);
}

TEST_F(ClientTest, LargeMessagesArriveWhole) {
  const std::string large(10'000, 'x');
  ASSERT_OK_AND_ASSIGN(const StringValue response, client_.Call<StringValue>(kPath, Value(large)));
  EXPECT_EQ(response.value(), large);
}

TEST_F(ClientTest, TheSkillsErrorIsTheStatus) {
  host_.skill = [](FakeOutgoing& call) {
    call.code = 5;
    call.message = "not here";
  };
  EXPECT_THAT(client_.Call<StringValue>(kPath, Value("x")).status(), StatusIs(absl::StatusCode::kNotFound, "not here"));
}

TEST_F(ClientTest, AResponseThatDoesNotParseIsInternal) {
  host_.skill = [](FakeOutgoing& call) { call.responses = {"\xff"}; };
  EXPECT_THAT(client_.Call<StringValue>(kPath, Value("x")).status(),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("google.protobuf.StringValue")));
}

TEST_F(ClientTest, AsyncCallGivesTheResultToItsFunction) {
  std::vector<std::string> results;
  auto done = [&](absl::StatusOr<StringValue> result) {
    results.push_back(result.ok() ? result->value() : std::string(result.status().message()));
  };
  client_.CallAsync<StringValue>(kPath, Value("hello"), done);
  host_.skill = [](FakeOutgoing& call) {
    call.code = 14;
    call.message = "nobody there";
  };
  client_.CallAsync<StringValue>(kPath, Value("hello"), done);
  EXPECT_THAT(results, ElementsAre("hello", "nobody there"));
}

TEST_F(ClientTest, AnExceptionOfTheFunctionIsLogged) {
  client_.CallAsync<StringValue>(kPath, Value("x"),
                                 [](absl::StatusOr<StringValue>) { throw std::runtime_error("oh"); });
  EXPECT_THAT(host_.logged, SizeIs(1));
}

TEST_F(ClientTest, AHostWithoutCallsIsUnimplemented) {
  host_.struct_size = offsetof(paranet_host, call);
  EXPECT_THAT(client_.Call<StringValue>(kPath, Value("x")).status(), StatusIs(absl::StatusCode::kUnimplemented));
  std::optional<absl::Status> status;
  client_.CallAsync<StringValue>(kPath, Value("x"), [&](absl::StatusOr<StringValue> r) { status = r.status(); });
  ASSERT_TRUE(status.has_value());
  EXPECT_THAT(*status, StatusIs(absl::StatusCode::kUnimplemented));
  OutgoingWriter<StringValue, StringValue> writer(client_, kPath);
  EXPECT_FALSE(writer.Write(Value("x")));
  EXPECT_THAT(writer.Finish().status(), StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(host_.outgoing, SizeIs(0));
}

TEST_F(ClientTest, ServerStreamReadsToTheEnd) {
  host_.skill = [](FakeOutgoing& call) { call.responses = {Bytes("a"), Bytes("b")}; };
  OutgoingReader<StringValue> reader(client_, kPath, Value("x"));
  std::vector<std::string> read;
  for (StringValue response; reader.Read(response);) read.push_back(response.value());
  EXPECT_OK(reader.Finish());
  EXPECT_THAT(read, ElementsAre("a", "b"));
  EXPECT_THAT(host_.outgoing[0].requests, ElementsAre(Bytes("x")));
  EXPECT_TRUE(host_.outgoing[0].send_closed);
  EXPECT_THAT(reader.Finish(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(ClientTest, AMalformedResponseCancelsTheStream) {
  host_.skill = [](FakeOutgoing& call) { call.responses = {"\xff", Bytes("b")}; };
  OutgoingReader<StringValue> reader(client_, kPath, Value("x"));
  StringValue response;
  EXPECT_FALSE(reader.Read(response));
  EXPECT_FALSE(reader.Read(response));
  EXPECT_TRUE(host_.outgoing[0].cancelled);
  EXPECT_THAT(reader.Finish(), StatusIs(absl::StatusCode::kInternal));
}

TEST_F(ClientTest, ClientStreamGetsTheOneResponse) {
  host_.skill = [](FakeOutgoing& call) {
    Int32Value count;
    count.set_value(static_cast<int32_t>(call.requests.size()));
    call.responses = {count.SerializeAsString()};
  };
  OutgoingWriter<StringValue, Int32Value> writer(client_, kPath);
  EXPECT_TRUE(writer.Write(Value("a")));
  EXPECT_TRUE(writer.Write(Value("b")));
  ASSERT_OK_AND_ASSIGN(const Int32Value count, writer.Finish());
  EXPECT_EQ(count.value(), 2);
}

TEST_F(ClientTest, ClientStreamWithoutResponseIsInternal) {
  host_.skill = [](FakeOutgoing&) {};
  OutgoingWriter<StringValue, Int32Value> writer(client_, kPath);
  EXPECT_THAT(writer.Finish().status(), StatusIs(absl::StatusCode::kInternal, HasSubstr("without a response")));
}

TEST_F(ClientTest, ExchangeWritesAndReads) {
  OutgoingExchange<StringValue, StringValue> exchange(client_, kPath);
  EXPECT_TRUE(exchange.Write(Value("a")));
  exchange.CloseWrite();
  StringValue response;
  EXPECT_TRUE(exchange.Read(response));
  EXPECT_EQ(response.value(), "a");
  EXPECT_FALSE(exchange.Read(response));
  EXPECT_OK(exchange.Finish());
}

TEST_F(ClientTest, AStreamThatIsDroppedIsCancelledAndForgotten) {
  {
    OutgoingExchange<StringValue, StringValue> exchange(client_, kPath);
    OutgoingExchange<StringValue, StringValue> moved(std::move(exchange));
    EXPECT_TRUE(moved.Write(Value("a")));
    EXPECT_FALSE(host_.outgoing[0].cancelled);
  }
  EXPECT_TRUE(host_.outgoing[0].cancelled);
  EXPECT_TRUE(host_.outgoing[0].outcome_taken);
}

}  // namespace
}  // namespace paranet::actor
