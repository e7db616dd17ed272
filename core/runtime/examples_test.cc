// The example packages, as they are deployed, through the runtime. Requests and responses are JSON.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/package/manifest_yaml.h"
#include "core/routing/node_skill_caller.h"
#include "core/routing/router.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/native_provider_testutil.h"
#include "core/runtime/package_runtime.h"
#include "core/skill/catalogue.h"
#include "core/skill/json.h"
#include "core/skill/provider_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The one actor of the package in examples/FOLDER.
class Example {
 public:
  explicit Example(const std::string& folder, const std::map<std::string, std::string>& env = {},
                   std::shared_ptr<SkillCaller> caller = nullptr) {
    const std::string dir = absl::StrCat("examples/", folder);
    absl::StatusOr<std::string> yaml = ReadFile(dir + "/paranet.yaml");
    if (!yaml.ok()) {
      status_ = yaml.status();
      return;
    }
    absl::StatusOr<v1::Manifest> manifest = ParseManifestYaml(*yaml);
    if (!manifest.ok()) {
      status_ = manifest.status();
      return;
    }
    for (const auto& [key, value] : env) (*manifest->mutable_actors(0)->mutable_env())[key] = value;
    auto package = StartPackage(
        *manifest, dir,
        {.executor = std::make_shared<ActorExecutor>(), .caller = std::move(caller), .logger = MakeNullLogger()});
    status_ = package.status();
    if (!package.ok()) return;
    package_ = *std::move(package);
    set_ = package_->offers()[0].skill_sets.at(0);
    provider_ = package_->offers()[0].provider;
  }

  const absl::Status& status() const { return status_; }
  const ActorLog& log() const { return package_->log(0); }
  const RunningPackage::Offer& offer() const { return package_->offers()[0]; }

  CallContext Context(absl::string_view action) const {
    CallContext context;
    context.skill_set = set_;
    for (const Skill& skill : set_->skills()) {
      if (skill.id.action == action) context.skill = &skill;
    }
    EXPECT_NE(context.skill, nullptr) << action;
    return context;
  }

  std::string ToBytes(absl::string_view action, const std::string& json) const {
    absl::StatusOr<Payload> payload = RequestFromJson(*Context(action).skill, json);
    EXPECT_OK(payload.status());
    return payload.ok() ? PayloadToString(*payload) : "";
  }
  std::string ToJson(absl::string_view action, const std::string& bytes) const {
    absl::StatusOr<std::string> json = ResponseToJson(*Context(action).skill, MakePayload(absl::string_view(bytes)));
    EXPECT_OK(json.status());
    return json.value_or("");
  }

  // The response as JSON, or the error's text.
  std::string Unary(absl::string_view action, const std::string& json) {
    return UnaryBytes(action, ToBytes(action, json));
  }
  std::string UnaryBytes(absl::string_view action, const std::string& bytes) {
    TestUnaryCaller caller;
    provider_->CallUnary(Context(action), MakePayload(absl::string_view(bytes)), caller.Done());
    const UnaryResult& result = caller.Result();
    return result.status.ok() ? ToJson(action, PayloadToString(result.response)) : result.status.ToString();
  }

  void Stream(absl::string_view action, TestStreamCaller& caller) {
    provider_->CallStream(Context(action), caller.TakeStream());
  }
  // All responses to `requests`, and the status.
  std::pair<std::vector<std::string>, absl::Status> Stream(absl::string_view action,
                                                           const std::vector<std::string>& requests) {
    TestStreamCaller caller;
    Stream(action, caller);
    for (const std::string& request : requests) caller.Send(ToBytes(action, request));
    caller.HalfClose();
    std::vector<std::string> responses;
    while (const std::optional<std::string> response = caller.NextResponse()) {
      responses.push_back(ToJson(action, *response));
    }
    return {responses, caller.WaitForStatus()};
  }

 private:
  absl::Status status_;
  std::unique_ptr<RunningPackage> package_;
  std::shared_ptr<const SkillSet> set_;
  std::shared_ptr<Provider> provider_;
};

TEST(LedgerSumTest, AddsUpAStream) {
  Example ledger("ledger_sum");
  ASSERT_OK(ledger.status());
  const auto [responses, status] =
      ledger.Stream("sum", {R"({"account": "rent", "cents": -90000})", R"({"account": "pay", "cents": 250000})",
                            R"({"account": "rent", "cents": 10})"});
  EXPECT_OK(status);
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_THAT(responses[0], AllOf(HasSubstr(R"("entries":"3")"), HasSubstr(R"("cents":"160010")"),
                                  HasSubstr(R"("rent":"-89990")"), HasSubstr(R"("pay":"250000")")));
}

TEST(LedgerSumTest, AnEmptyStreamIsZero) {
  Example ledger("ledger_sum");
  ASSERT_OK(ledger.status());
  const auto [responses, status] = ledger.Stream("sum", std::vector<std::string>{});
  EXPECT_OK(status);
  EXPECT_EQ(responses.size(), 1u);
}

TEST(LedgerSumTest, BadEntriesAreRefusedByTheirNumber) {
  Example ledger("ledger_sum");
  ASSERT_OK(ledger.status());
  EXPECT_THAT(ledger.Stream("sum", {R"({"account": "a"})", "{}"}).second,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("entry 2 ")));
  EXPECT_THAT(
      ledger.Stream("sum", {R"({"account": "a", "cents": "9223372036854775807"})", R"({"account": "b", "cents": "1"})"})
          .second,
      StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("entry 2 ")));
}

TEST(CounterTest, CountsUpAndDown) {
  Example counter("counter_c");
  ASSERT_OK(counter.status());
  EXPECT_THAT(counter.Unary("add", "{}"), HasSubstr("\"3\""));
  EXPECT_THAT(counter.Unary("add", R"({"by": 297})"), HasSubstr("\"300\""));
  const auto [responses, status] = counter.Stream("count-down", {"{}"});
  EXPECT_OK(status);
  ASSERT_EQ(responses.size(), 301u);
  EXPECT_THAT(responses.front(), HasSubstr("\"300\""));
  ASSERT_EQ(counter.log().Tail(0).size(), 1u);
  EXPECT_EQ(counter.log().Tail(0)[0].text, "ready to count");
}

TEST(CounterTest, MalformedRequestsAndTooLargeNumbersAreErrors) {
  Example counter("counter_c");
  ASSERT_OK(counter.status());
  for (const std::string bytes : {"\x08", "\x10\x01", "\x08\xff", "x"}) {
    EXPECT_THAT(counter.UnaryBytes("add", bytes), HasSubstr("INVALID_ARGUMENT"));
  }
  EXPECT_THAT(counter.Unary("add", R"({"by": "18446744073709551615"})"), HasSubstr("OUT_OF_RANGE"));
  EXPECT_THAT(counter.Unary("add", "{}"), HasSubstr("\"3\""));
}

TEST(CounterTest, OthersCountWhileOneCountsDown) {
  Example counter("counter_c");
  ASSERT_OK(counter.status());
  TestStreamCaller caller;
  counter.Stream("count-down", caller);
  caller.Send(counter.ToBytes("count-down", R"({"interval_ms": 3600000})"));
  EXPECT_TRUE(caller.NextResponse().has_value());
  EXPECT_THAT(counter.Unary("add", R"({"by": 1})"), HasSubstr("\"4\""));
  caller.Cancel();
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kCancelled));
}

TEST(CounterTest, AStartThatIsNoNumberIsRefused) {
  const Example counter("counter_c", {{"START", "many"}});
  EXPECT_THAT(counter.status(), StatusIs(absl::StatusCode::kInvalidArgument,
                                         AllOf(HasSubstr("counter"), HasSubstr("START is \"many\""))));
}

TEST(ChatTest, WhatOneSaysTheOthersInTheRoomHear) {
  Example chat("chat");
  ASSERT_OK(chat.status());
  TestStreamCaller ada;
  TestStreamCaller bob;
  TestStreamCaller eve;
  auto join = [&](TestStreamCaller& who, const std::string& line) {
    chat.Stream("join", who);
    who.Send(chat.ToBytes("join", line));
    const std::optional<std::string> welcome = who.NextResponse();
    ASSERT_TRUE(welcome.has_value());
    EXPECT_THAT(chat.ToJson("join", *welcome), HasSubstr("room"));
  };
  join(ada, R"({"room": "tea", "author": "Ada"})");
  join(eve, R"({"room": "coffee", "author": "Eve", "text": "Who is there?"})");
  join(bob, R"({"room": "tea", "author": "Bob", "text": "Hello, Ada"})");
  ada.Send(chat.ToBytes("join", R"({"author": "Mallory", "text": "Hello, Bob"})"));
  const std::optional<std::string> at_bob = bob.NextResponse();
  ASSERT_TRUE(at_bob.has_value());
  EXPECT_THAT(chat.ToJson("join", *at_bob), AllOf(HasSubstr("\"Ada\""), HasSubstr("Hello, Bob")));
  const std::optional<std::string> at_ada = ada.NextResponse();
  ASSERT_TRUE(at_ada.has_value());
  EXPECT_THAT(chat.ToJson("join", *at_ada), AllOf(HasSubstr("\"Bob\""), HasSubstr("Hello, Ada")));
  for (TestStreamCaller* const who : {&ada, &bob, &eve}) {
    who->HalfClose();
    EXPECT_OK(who->WaitForStatus());
  }
  EXPECT_FALSE(ada.NextResponse().has_value());
  EXPECT_FALSE(eve.NextResponse().has_value());
}

TEST(ChatTest, WithoutRoomOrAuthorThereIsNoChat) {
  Example chat("chat");
  ASSERT_OK(chat.status());
  for (const char* line : {"{}", R"({"room": "tea"})", R"({"author": "Ada"})"}) {
    EXPECT_THAT(chat.Stream("join", {line}).second, StatusIs(absl::StatusCode::kInvalidArgument)) << line;
  }
  EXPECT_THAT(chat.Stream("join", std::vector<std::string>{}).second,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("first line")));
}

class UmbrellaTest : public testing::Test {
 protected:
  Catalogue catalogue_;
  const Router router_{&catalogue_};
  Example umbrella_{"umbrella", {}, std::make_shared<NodeSkillCaller>(&router_)};
};

TEST_F(UmbrellaTest, WithoutWeatherThereIsNoAdvice) {
  ASSERT_OK(umbrella_.status());
  EXPECT_THAT(umbrella_.Unary("advise", R"({"city": "Oslo"})"),
              AllOf(HasSubstr("NOT_FOUND"), HasSubstr("/weather.v1.Weather/Current")));
  EXPECT_THAT(umbrella_.Unary("advise-travellers", R"({"cities": ["Oslo"]})"), HasSubstr("NOT_FOUND"));
  EXPECT_THAT(umbrella_.Unary("await-rain", R"({"city": "Oslo"})"), HasSubstr("NOT_FOUND"));
}

TEST_F(UmbrellaTest, AsksForTheWeatherInThreeWays) {
  ASSERT_OK(umbrella_.status());
  Example weather("weather");
  ASSERT_OK(weather.status());
  ASSERT_OK(catalogue_.Offer(weather.offer().provider, weather.offer().skill_sets));
  EXPECT_THAT(umbrella_.Unary("advise", R"({"city": "oslo"})"), HasSubstr("Oslo"));
  EXPECT_THAT(umbrella_.Unary("advise", R"({"city": "Osllo"})"), AllOf(HasSubstr("NOT_FOUND"), HasSubstr("Oslo")));
  EXPECT_THAT(umbrella_.Unary("advise-travellers", R"({"cities": ["Oslo", "Madrid", "Oslo"]})"), HasSubstr("cities"));
  EXPECT_THAT(umbrella_.Unary("advise-travellers", R"({"cities": ["Oslo", "Osllo"]})"), HasSubstr("NOT_FOUND"));
  EXPECT_THAT(umbrella_.Unary("await-rain", R"({"city": "Oslo"})"), HasSubstr("reports"));
  catalogue_.Withdraw(weather.offer().provider->name());
}

}  // namespace
}  // namespace paranet
