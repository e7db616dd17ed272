#include "core/routing/node_skill_caller.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "core/skill/catalogue.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class NodeSkillCallerTest : public testing::Test {
 protected:
  std::shared_ptr<FakeProvider> Offer(const std::string& name, const std::string& version) {
    auto provider = std::make_shared<FakeProvider>(name);
    provider->AnswerWith([name](const CallContext&, const std::string& request) {
      return UnaryResult{.response = MakePayload(name + " got " + request)};
    });
    EXPECT_OK(catalogue_.Offer(provider, {WeatherSkillSet(version)}));
    return provider;
  }

  UnaryResult Call(absl::string_view skill, CallOrigin origin = {}) {
    UnaryResult result;
    int ends = 0;
    const std::shared_ptr<CallHandle> handle =
        caller_.CallUnary(skill, std::move(origin), MakePayload("Oslo"), [&](UnaryResult ended) {
          result = std::move(ended);
          ++ends;
        });
    EXPECT_NE(handle, nullptr);
    EXPECT_EQ(ends, 1);
    handle->Cancel();
    return result;
  }
  std::string Answer(absl::string_view skill) {
    const UnaryResult result = Call(skill);
    EXPECT_OK(result.status);
    return PayloadToString(result.response);
  }
  absl::Status StreamStatus(absl::string_view skill) {
    TestStreamCaller stream;
    caller_.CallStream(skill, {}, stream.TakeStream());
    return stream.WaitForStatus();
  }

  Catalogue catalogue_;
  Router router_{&catalogue_};
  NodeSkillCaller caller_{&router_};
};

TEST_F(NodeSkillCallerTest, CallsByPathAndByName) {
  Offer("weather@1.0.0", "1.0.0");
  EXPECT_EQ(Answer("/weather.v1.Weather/Current"), "weather@1.0.0 got Oslo");
  EXPECT_EQ(Answer("weather/current"), "weather@1.0.0 got Oslo");
}

TEST_F(NodeSkillCallerTest, APinChoosesTheVersionInBothForms) {
  Offer("old@1.0.0", "1.2.0");
  Offer("new@1.0.0", "1.3.0");
  EXPECT_EQ(Answer("/weather.v1.Weather/Current"), "new@1.0.0 got Oslo");
  EXPECT_EQ(Answer("/weather.v1.Weather/Current~1.2"), "old@1.0.0 got Oslo");
  EXPECT_EQ(Answer("/weather.v1.Weather/Current~1"), "new@1.0.0 got Oslo");
  EXPECT_EQ(Answer("weather/current~1.2.0"), "old@1.0.0 got Oslo");
}

TEST_F(NodeSkillCallerTest, TheProviderLearnsWhoCallsAndByWhen) {
  const std::shared_ptr<FakeProvider> provider = Offer("weather@1.0.0", "1.0.0");
  const absl::Time deadline = absl::Now() + absl::Hours(1);
  CallContext seen;
  provider->AnswerWith([&](const CallContext& context, const std::string&) {
    seen = context;
    return UnaryResult{};
  });
  EXPECT_OK(Call("weather/current",
                 {.caller = "uid:7", .deadline = deadline, .hops = 2, .metadata = {{"traceparent", "00-1-2-03"}}})
                .status);
  EXPECT_EQ(seen.caller, "uid:7");
  EXPECT_EQ(seen.deadline, deadline);
  EXPECT_EQ(seen.hops, 2);
  EXPECT_THAT(seen.metadata, ElementsAre(Pair("traceparent", "00-1-2-03")));
  EXPECT_EQ(seen.skill->path, "/weather.v1.Weather/Current");
  EXPECT_EQ(seen.skill->set, seen.skill_set.get());
}

TEST_F(NodeSkillCallerTest, UnknownSkillsAreNotFoundWithTheNearest) {
  Offer("weather@1.0.0", "1.0.0");
  for (const char* skill : {"/weather.v1.Weather/Curent", "weather/curent"}) {
    const UnaryResult result = Call(skill);
    EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kNotFound, HasSubstr("urrent"))) << skill;
    EXPECT_TRUE(result.unprocessed) << skill;
  }
  EXPECT_THAT(Call("/weather.v1.Weather/Current~2").status, StatusIs(absl::StatusCode::kNotFound, HasSubstr("1.0.0")));
  EXPECT_THAT(StreamStatus("weather/wach"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("weather/watch")));
}

TEST_F(NodeSkillCallerTest, MalformedSkillsAreInvalidArgument) {
  Offer("weather@1.0.0", "1.0.0");
  for (const char* skill :
       {"", "weather", "weather/current~x", "/weather.v1.Weather/Current~", "Weather/Current~1~2"}) {
    EXPECT_THAT(Call(skill).status, StatusIs(absl::StatusCode::kInvalidArgument)) << skill;
  }
}

TEST_F(NodeSkillCallerTest, NoProviderAvailableIsUnavailable) {
  Offer("weather@1.0.0", "1.0.0")->set_available(false);
  EXPECT_THAT(Call("weather/current").status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(StreamStatus("weather/watch"), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(NodeSkillCallerTest, TheShapeMustBeTheSkills) {
  Offer("weather@1.0.0", "1.0.0");
  EXPECT_THAT(Call("weather/watch").status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("streams")));
  EXPECT_THAT(StreamStatus("weather/current"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unary")));
}

TEST_F(NodeSkillCallerTest, StreamsReachTheProvider) {
  Offer("weather@1.0.0", "1.0.0")->ServeStreamsWith([](CallContext context, std::shared_ptr<ServerStream> stream) {
    stream->Finish(absl::AbortedError(context.caller), {});
  });
  TestStreamCaller stream;
  caller_.CallStream("weather/watch", {.caller = "uid:7"}, stream.TakeStream());
  EXPECT_THAT(stream.WaitForStatus(), StatusIs(absl::StatusCode::kAborted, "uid:7"));
}

}  // namespace
}  // namespace paranet
