#include "core/actor/sdk.h"

#include <memory>
#include <stdexcept>
#include <string>

#include "core/actor/fake_host.h"
#include "gmock/gmock.h"
#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"

namespace paranet::actor {
namespace {

using google::protobuf::Int32Value;
using google::protobuf::StringValue;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// What protoc-gen-paranet makes, by hand.
class TextSkillSet {
 public:
  virtual ~TextSkillSet() = default;
  virtual absl::StatusOr<StringValue> Echo(CallContext& call, const StringValue& request) = 0;
  virtual absl::Status Repeat(CallContext& call, const StringValue& request, Writer<StringValue>& writer) = 0;
  virtual absl::StatusOr<Int32Value> Count(CallContext& call, Reader<StringValue>& reader) = 0;
  virtual absl::Status Chat(CallContext& call, Reader<StringValue>& reader, Writer<StringValue>& writer) = 0;
  static absl::Span<const Method> ParanetMethods() {
    static constexpr Method kMethods[] = {
        Handler<&TextSkillSet::Echo>::Bind("/text.v1.Text/Echo"),
        Handler<&TextSkillSet::Repeat>::Bind("/text.v1.Text/Repeat"),
        Handler<&TextSkillSet::Count>::Bind("/text.v1.Text/Count"),
        Handler<&TextSkillSet::Chat>::Bind("/text.v1.Text/Chat"),
    };
    return kMethods;
  }
};

class SecondSkillSet {
 public:
  virtual ~SecondSkillSet() = default;
  virtual absl::StatusOr<StringValue> Who(CallContext& call, const StringValue& request) = 0;
  static absl::Span<const Method> ParanetMethods() {
    static constexpr Method kMethods[] = {Handler<&SecondSkillSet::Who>::Bind("/text.v1.Second/Who")};
    return kMethods;
  }
};

enum { kEcho, kRepeat, kCount, kChat, kWho };

class TextActor final : public TextSkillSet, public SecondSkillSet {
 public:
  static absl::StatusOr<std::unique_ptr<TextActor>> Create(const ActorContext& context) {
    const std::string mode = context.Config("mode").value_or("");
    if (mode == "fail") return absl::FailedPreconditionError("no ink");
    if (mode == "throw") throw std::runtime_error("no paper");
    return std::make_unique<TextActor>(context);
  }
  explicit TextActor(const ActorContext& context) : context_(context) {}
  ~TextActor() override { context_.Log(LogLevel::kInfo, "destroyed"); }
  void Stop() { context_.Log(LogLevel::kInfo, "stopping"); }

  absl::StatusOr<StringValue> Echo(CallContext&, const StringValue& request) override {
    if (request.value() == "throw") throw std::runtime_error("oh dear");
    if (request.value() == "throw 7") throw 7;
    if (request.value() == "fail") return absl::NotFoundError("not here");
    return request;
  }
  absl::Status Repeat(CallContext&, const StringValue& request, Writer<StringValue>& writer) override {
    for (int i = 0; i < 3; ++i) writer.Write(request);
    return absl::OkStatus();
  }
  absl::StatusOr<Int32Value> Count(CallContext&, Reader<StringValue>& reader) override {
    Int32Value count;
    for (StringValue message; reader.Read(message);) count.set_value(count.value() + 1);
    return count;
  }
  absl::Status Chat(CallContext&, Reader<StringValue>& reader, Writer<StringValue>& writer) override {
    for (StringValue message; reader.Read(message);) {
      if (message.value() == "throw") throw std::runtime_error("oh dear");
      writer.Write(message);
    }
    return absl::OkStatus();
  }
  absl::StatusOr<StringValue> Who(CallContext& call, const StringValue&) override {
    StringValue who;
    who.set_value(context_.id() + " to " + std::string(call.caller()));
    return who;
  }

 private:
  const ActorContext context_;
};

std::string Bytes(const std::string& text) {
  StringValue value;
  value.set_value(text);
  return value.SerializeAsString();
}

class SdkTest : public testing::Test {
 protected:
  const paranet_module* module() { return ExportActor<TextActor, TextSkillSet, SecondSkillSet>(PARANET_ABI_VERSION); }

  paranet_instance* Create() { return module()->create(&host_, {"scribe", 6}, nullptr, 0, error_, sizeof(error_)); }
  void Unary(size_t method, const std::string& request) {
    paranet_instance* instance = Create();
    ASSERT_NE(instance, nullptr);
    module()->unary(instance, method, 1, {request.data(), request.size()});
    module()->destroy(instance);
    EXPECT_EQ(host_.ends, 1);
  }
  void RunStream(size_t method, std::deque<std::string> requests) {
    host_.requests = std::move(requests);
    paranet_instance* instance = Create();
    ASSERT_NE(instance, nullptr);
    module()->stream(instance, method, 1);
    module()->destroy(instance);
    EXPECT_EQ(host_.ends, 1);
  }

  FakeHost host_;
  char error_[256] = "";
};

TEST_F(SdkTest, ModuleListsTheMethodsOfAllSkillSets) {
  ASSERT_EQ(module()->method_count, 5u);
  EXPECT_EQ(std::string(module()->methods[kChat].path.data, module()->methods[kChat].path.size), "/text.v1.Text/Chat");
  EXPECT_EQ(module()->methods[kEcho].shape, 0u);
  EXPECT_EQ(module()->methods[kRepeat].shape, uint32_t{PARANET_SERVER_STREAMS});
  EXPECT_EQ(module()->methods[kCount].shape, uint32_t{PARANET_CLIENT_STREAMS});
  EXPECT_EQ(module()->methods[kChat].shape, uint32_t{PARANET_CLIENT_STREAMS} | PARANET_SERVER_STREAMS);
  EXPECT_EQ(module(), module());
}

TEST_F(SdkTest, AnotherVersionOfTheHostGetsNoModule) {
  EXPECT_EQ((ExportActor<TextActor, TextSkillSet, SecondSkillSet>(PARANET_ABI_VERSION + 1)), nullptr);
}

TEST_F(SdkTest, UnaryHandlerAnswersOnce) {
  Unary(kEcho, Bytes("hello"));
  EXPECT_EQ(host_.code, 0);
  EXPECT_THAT(host_.responses, ElementsAre(Bytes("hello")));
}

TEST_F(SdkTest, HandlersOfTheSecondSkillSetFindTheirObject) {
  host_.caller_name = "uid:7";
  Unary(kWho, "");
  EXPECT_THAT(host_.responses, ElementsAre(Bytes("scribe to uid:7")));
}

TEST_F(SdkTest, StatusOfTheHandlerIsTheAnswer) {
  Unary(kEcho, Bytes("fail"));
  EXPECT_EQ(host_.code, 5);
  EXPECT_EQ(host_.message, "not here");
}

TEST_F(SdkTest, RequestThatDoesNotParseIsInvalidArgument) {
  Unary(kEcho, "\xff");
  EXPECT_EQ(host_.code, 3);
  EXPECT_THAT(host_.message, HasSubstr("google.protobuf.StringValue"));
}

TEST_F(SdkTest, ExceptionBecomesInternal) {
  Unary(kEcho, Bytes("throw"));
  EXPECT_EQ(host_.code, 13);
  EXPECT_EQ(host_.message, "/text.v1.Text/Echo threw an exception: oh dear");
}

TEST_F(SdkTest, ExceptionOfAnyTypeBecomesInternal) {
  Unary(kEcho, Bytes("throw 7"));
  EXPECT_EQ(host_.code, 13);
}

TEST_F(SdkTest, ServerStreamingHandlerGetsTheOneRequest) {
  RunStream(kRepeat, {Bytes("x")});
  EXPECT_EQ(host_.code, 0);
  EXPECT_THAT(host_.responses, ElementsAre(Bytes("x"), Bytes("x"), Bytes("x")));
}

TEST_F(SdkTest, ServerStreamingWithoutRequestIsInvalidArgument) {
  RunStream(kRepeat, {});
  EXPECT_EQ(host_.code, 3);
}

TEST_F(SdkTest, ClientStreamingHandlerSendsItsOneResponse) {
  RunStream(kCount, {Bytes("a"), Bytes("b")});
  EXPECT_EQ(host_.code, 0);
  Int32Value two;
  two.set_value(2);
  EXPECT_THAT(host_.responses, ElementsAre(two.SerializeAsString()));
}

TEST_F(SdkTest, MalformedMessageInAStreamIsInvalidArgument) {
  RunStream(kCount, {Bytes("a"), "\xff"});
  EXPECT_EQ(host_.code, 3);
  EXPECT_TRUE(host_.responses.empty());
}

TEST_F(SdkTest, BidirectionalHandlerAndItsException) {
  RunStream(kChat, {Bytes("a"), Bytes("throw"), Bytes("b")});
  EXPECT_EQ(host_.code, 13);
  EXPECT_THAT(host_.responses, ElementsAre(Bytes("a")));
}

TEST_F(SdkTest, StartThatFailsSaysWhy) {
  host_.options["mode"] = "fail";
  EXPECT_EQ(Create(), nullptr);
  EXPECT_STREQ(error_, "no ink");
}

TEST_F(SdkTest, StartThatThrowsSaysWhy) {
  host_.options["mode"] = "throw";
  EXPECT_EQ(Create(), nullptr);
  EXPECT_STREQ(error_, "the start of the actor threw an exception: no paper");
}

TEST_F(SdkTest, LongErrorIsCutToTheRoomThereIs) {
  host_.options["mode"] = "fail";
  char small[4] = {'x', 'x', 'x', 'x'};
  EXPECT_EQ(module()->create(&host_, {"scribe", 6}, nullptr, 0, small, sizeof(small)), nullptr);
  EXPECT_STREQ(small, "no ");
}

TEST_F(SdkTest, StopAndDestroyReachTheActor) {
  paranet_instance* instance = Create();
  module()->stop(instance);
  module()->destroy(instance);
  EXPECT_THAT(host_.logged, ElementsAre(Pair(PARANET_LOG_INFO, "stopping"), Pair(PARANET_LOG_INFO, "destroyed")));
}

}  // namespace
}  // namespace paranet::actor
