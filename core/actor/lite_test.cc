#include "core/actor/lite.h"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/actor/fake_host.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet::lite {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// As `paranet package proto` makes them; tools/cli_proto_test.py has all kinds of fields.
struct Text {
  std::string text;
  void EncodeTo(Encoder& out) const {
    if (!text.empty()) out.Bytes(1, text);
  }
  bool DecodeField(uint32_t number, Decoder& in) { return number == 1 ? in.Bytes(&text) : in.Skip(); }
};

class Talk {
 public:
  virtual ~Talk() = default;
  virtual Result<Text> Say(const Text& request, Call& call) = 0;
  virtual Status Down(const Text& request, Writer<Text>& responses, Call& call) = 0;
  virtual Result<Text> Up(Reader<Text>& requests, Call& call) = 0;
  virtual Status Both(Reader<Text>& requests, Writer<Text>& responses, Call& call) = 0;

  static const std::vector<Method<Talk>>& Methods() {
    static const std::vector<Method<Talk>> kMethods = {
        {"/t.Talk/Say", 0, [](Talk& set, Call& call, paranet_bytes bytes) { ServeUnary(set, &Talk::Say, call, bytes); },
         nullptr},
        {"/t.Talk/Down", 2, nullptr, [](Talk& set, Call& call) { ServeServerStream(set, &Talk::Down, call); }},
        {"/t.Talk/Up", 1, nullptr, [](Talk& set, Call& call) { ServeClientStream(set, &Talk::Up, call); }},
        {"/t.Talk/Both", 3, nullptr, [](Talk& set, Call& call) { ServeBidiStream(set, &Talk::Both, call); }},
    };
    return kMethods;
  }
};

class TalkActor final : public Talk {
 public:
  explicit TalkActor(const Actor& actor) : prefix_(actor.Config("PREFIX").value_or("")) {
    if (prefix_ == "bad") throw std::runtime_error("PREFIX is bad");
    if (prefix_ == "odd") throw 7;
    actor.Log(PARANET_LOG_INFO, actor.id() + " is there");
  }
  Result<Text> Say(const Text& request, Call& call) override {
    if (request.text == "who") return Text{call.Caller() + call.Metadata("trace").value_or("")};
    if (request.text == "fail") return Status(Code::kNotFound, "nothing");
    if (request.text == "throw") throw std::runtime_error("oh");
    if (request.text == "forget") return Status();
    if (request.text == "ask") return Ask<Text>(call, "other/skill", Text{"q"});
    return Text{prefix_ + request.text};
  }
  Status Down(const Text& request, Writer<Text>& responses, Call&) override {
    for (int i = 0; i < 2; ++i) responses.Write(request);
    return {};
  }
  Result<Text> Up(Reader<Text>& requests, Call&) override {
    Text all;
    for (Text next; requests.Read(&next);) all.text += next.text;
    return all;
  }
  Status Both(Reader<Text>& requests, Writer<Text>& responses, Call&) override {
    for (Text next; requests.Read(&next);) responses.Write(next);
    return {Code::kOutOfRange, "enough"};
  }

 private:
  const std::string prefix_;
};

class LiteTest : public testing::Test {
 protected:
  ~LiteTest() override {
    if (instance_ != nullptr) table_->destroy(instance_);
  }
  void Create() {
    char error[256] = "";
    instance_ = table_->create(&host_, {"talk", 4}, nullptr, 0, error, sizeof(error));
    error_ = error;
  }
  void Say(const std::string& bytes) {
    if (instance_ == nullptr) Create();
    ASSERT_NE(instance_, nullptr);
    table_->unary(instance_, 0, 1, {bytes.data(), bytes.size()});
  }
  void Stream(size_t method) {
    if (instance_ == nullptr) Create();
    ASSERT_NE(instance_, nullptr);
    table_->stream(instance_, method, 1);
  }

  const paranet_module* const table_ = Module<TalkActor, Talk>::Table();
  actor::FakeHost host_;
  paranet_instance* instance_ = nullptr;
  std::string error_;
};

TEST_F(LiteTest, TheTableHasTheMethods) {
  EXPECT_EQ(table_->abi_version, static_cast<uint32_t>(PARANET_ABI_VERSION));
  EXPECT_EQ(table_->struct_size, sizeof(paranet_module));
  ASSERT_EQ(table_->method_count, 4u);
  EXPECT_EQ(FromText(table_->methods[3].path), "/t.Talk/Both");
  EXPECT_EQ(table_->methods[3].shape, static_cast<uint32_t>(PARANET_CLIENT_STREAMS | PARANET_SERVER_STREAMS));
  EXPECT_EQ(table_, (Module<TalkActor, Talk>::Table()));
}

TEST_F(LiteTest, AnActorHasItsConfigurationAndLog) {
  host_.options = {{"PREFIX", "> "}};
  Say(Encode(Text{"hi"}));
  EXPECT_EQ(host_.code, 0);
  EXPECT_THAT(host_.responses, ElementsAre(Encode(Text{"> hi"})));
  ASSERT_THAT(host_.logged, SizeIs(1));
  EXPECT_EQ(host_.logged[0].second, "talk is there");
}

TEST_F(LiteTest, AConstructorThatThrowsSaysWhy) {
  host_.options = {{"PREFIX", "bad"}};
  Create();
  EXPECT_EQ(instance_, nullptr);
  EXPECT_EQ(error_, "PREFIX is bad");
  host_.options = {{"PREFIX", "odd"}};
  Create();
  EXPECT_EQ(instance_, nullptr);
  EXPECT_THAT(error_, HasSubstr("no std::exception"));
}

TEST_F(LiteTest, ACallKnowsItsCaller) {
  host_.caller_name = "uid:7";
  host_.caller_metadata = {{"trace", "/1"}};
  Say(Encode(Text{"who"}));
  EXPECT_THAT(host_.responses, ElementsAre(Encode(Text{"uid:7/1"})));
}

TEST_F(LiteTest, ErrorsKeepCodeAndMessage) {
  Say(Encode(Text{"fail"}));
  EXPECT_EQ(host_.code, static_cast<int32_t>(Code::kNotFound));
  EXPECT_EQ(host_.message, "nothing");
}

TEST_F(LiteTest, AnExceptionIsInternal) {
  Say(Encode(Text{"throw"}));
  EXPECT_EQ(host_.code, static_cast<int32_t>(Code::kInternal));
  EXPECT_THAT(host_.message, HasSubstr("oh"));
}

TEST_F(LiteTest, NeitherAnswerNorErrorIsInternal) {
  Say(Encode(Text{"forget"}));
  EXPECT_EQ(host_.code, static_cast<int32_t>(Code::kInternal));
}

TEST_F(LiteTest, ARequestThatIsNoneIsRefused) {
  Say("\x0a\x05x");
  EXPECT_EQ(host_.code, static_cast<int32_t>(Code::kInvalidArgument));
}

TEST_F(LiteTest, AnotherSkillCanBeAsked) {
  host_.skill = [](actor::FakeOutgoing& call) { call.responses = {Encode(Text{"a"})}; };
  Say(Encode(Text{"ask"}));
  EXPECT_THAT(host_.responses, ElementsAre(Encode(Text{"a"})));
  ASSERT_THAT(host_.outgoing, SizeIs(1));
  EXPECT_EQ(host_.outgoing[0].skill, "other/skill");
  EXPECT_EQ(host_.outgoing[0].parent, 1u);
  host_.skill = [](actor::FakeOutgoing& call) {
    call.code = 5;
    call.message = "no such skill";
  };
  Say(Encode(Text{"ask"}));
  EXPECT_EQ(host_.code, 5);
  EXPECT_EQ(host_.message, "no such skill");
}

TEST_F(LiteTest, StreamsOfEachShape) {
  host_.requests = {Encode(Text{"x"})};
  Stream(1);
  EXPECT_EQ(host_.code, 0);
  EXPECT_THAT(host_.responses, ElementsAre(Encode(Text{"x"}), Encode(Text{"x"})));
  host_.responses.clear();
  host_.requests = {Encode(Text{"a"}), Encode(Text{}), Encode(Text{"b"})};
  Stream(2);
  EXPECT_THAT(host_.responses, ElementsAre(Encode(Text{"ab"})));
  host_.responses.clear();
  host_.requests = {Encode(Text{"a"}), Encode(Text{"b"})};
  Stream(3);
  EXPECT_THAT(host_.responses, ElementsAre(Encode(Text{"a"}), Encode(Text{"b"})));
  EXPECT_EQ(host_.code, static_cast<int32_t>(Code::kOutOfRange));
  EXPECT_EQ(host_.ends, 3);
}

TEST_F(LiteTest, AStreamWithAMessageThatIsNoneIsRefused) {
  for (const size_t method : {size_t{1}, size_t{2}, size_t{3}}) {
    host_.requests = {"\xff"};
    Stream(method);
    EXPECT_EQ(host_.code, static_cast<int32_t>(Code::kInvalidArgument)) << method;
  }
  EXPECT_THAT(host_.responses, ElementsAre());
}

}  // namespace
}  // namespace paranet::lite
