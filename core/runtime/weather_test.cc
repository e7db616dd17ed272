// The example package, as it is deployed, through the runtime: C++ SDK, generated code, C ABI and provider in one.
#include <dlfcn.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/native_provider_testutil.h"
#include "core/runtime/package_runtime.h"
#include "core/skill/provider_testutil.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;
using testing::HasSubstr;

class WeatherTest : public testing::Test {
 protected:
  void SetUp() override {
    v1::Manifest manifest;
    manifest.set_id("weather");
    manifest.set_version("1.0.0");
    v1::ActorManifest* actor = manifest.add_actors();
    actor->set_id("weather");
    actor->set_version("1.0.0");
    actor->set_library("libweather.so");
    actor->add_skill_sets("weather.v1.Weather");
    actor->set_descriptors("weather.binpb");
    actor->set_isolation(v1::ActorManifest::IN_PROCESS);
    actor->set_concurrency(v1::ActorManifest::CONCURRENT);
    ASSERT_OK_AND_ASSIGN(
        package_, StartPackage(manifest, "examples/weather",
                               {.executor = std::make_shared<ActorExecutor>(), .logger = MakeStderrLogger("test")}));
    ASSERT_EQ(package_->offers().size(), 1u);
    set_ = package_->offers()[0].skill_sets.at(0);
    provider_ = package_->offers()[0].provider;
  }

  const Skill& SkillOf(absl::string_view action) const {
    for (const Skill& skill : set_->skills()) {
      if (skill.id.action == action) return skill;
    }
    ADD_FAILURE() << action;
    return set_->skills()[0];
  }

  CallContext Context(absl::string_view action) const {
    CallContext context;
    context.skill_set = set_;
    context.skill = &SkillOf(action);
    return context;
  }

  // Messages of the skill set's own types, as text.
  std::string Bytes(const Descriptor* type, const std::string& text) const {
    const std::unique_ptr<Message> message(set_->messages().GetPrototype(type)->New());
    EXPECT_TRUE(TextFormat::ParseFromString(text, message.get())) << text;
    return message->SerializeAsString();
  }
  std::string Text(const Descriptor* type, const std::string& bytes) const {
    const std::unique_ptr<Message> message(set_->messages().GetPrototype(type)->New());
    EXPECT_TRUE(message->ParseFromString(bytes));
    return message->ShortDebugString();
  }

  UnaryResult Current(const std::string& request) {
    TestUnaryCaller caller;
    provider_->CallUnary(Context("current"), MakePayload(request), caller.Done());
    return caller.Result();
  }

  // The responses to `request`, as text, and the status.
  std::vector<std::string> Watch(const std::string& request, absl::Status* status) {
    TestStreamCaller caller;
    provider_->CallStream(Context("watch"), caller.TakeStream());
    caller.Send(Bytes(SkillOf("watch").method->input_type(), request));
    caller.HalfClose();
    std::vector<std::string> responses;
    while (const std::optional<std::string> response = caller.NextResponse()) {
      responses.push_back(Text(SkillOf("watch").method->output_type(), *response));
    }
    *status = caller.WaitForStatus();
    return responses;
  }

  std::unique_ptr<RunningPackage> package_;
  std::shared_ptr<const SkillSet> set_;
  std::shared_ptr<Provider> provider_;
};

TEST_F(WeatherTest, SkillsAreWhatTheOptionsSay) {
  EXPECT_EQ(set_->version().ToString(), "1.0.0");
  EXPECT_EQ(SkillOf("current").id.ToString(), "weather/current");
  EXPECT_TRUE(SkillOf("current").idempotent);
  EXPECT_EQ(SkillOf("watch").shape, SkillShape::kServerStream);
}

TEST_F(WeatherTest, LibraryShowsNothingOfItsProtobufAndAbseil) {
  void* library = dlopen("examples/weather/libweather.so", RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr);
  EXPECT_NE(dlsym(library, "paranet_actor_module"), nullptr);
  // google::protobuf::internal::VerifyVersion, which all generated code calls.
  EXPECT_EQ(dlsym(library, "_ZN6google8protobuf8internal13VerifyVersionEiiPKc"), nullptr);
}

TEST_F(WeatherTest, CurrentReportsTheCity) {
  const UnaryResult result = Current(Bytes(SkillOf("current").method->input_type(), "city: 'oslo'"));
  ASSERT_OK(result.status);
  EXPECT_EQ(Text(SkillOf("current").method->output_type(), PayloadToString(result.response)),
            "city: \"Oslo\" celsius: 4.5 sky: SNOW wind_metres_per_second: 2.5");
}

TEST_F(WeatherTest, UnknownCityIsNotFoundWithTheNearest) {
  const UnaryResult result = Current(Bytes(SkillOf("current").method->input_type(), "city: 'Pariss'"));
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kNotFound, HasSubstr("Did you mean \"Paris\"")));
}

TEST_F(WeatherTest, BytesThatAreNoRequestAreInvalid) {
  EXPECT_THAT(Current("\xff\xff").status,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no valid weather.v1.CurrentRequest")));
}

TEST_F(WeatherTest, WatchStreamsAsManyReportsAsAskedFor) {
  absl::Status status;
  const std::vector<std::string> reports = Watch("city: 'Rome' count: 100 interval_ms: 0", &status);
  EXPECT_OK(status);
  ASSERT_EQ(reports.size(), 100u);
  EXPECT_THAT(reports[1], HasSubstr("celsius: 18 "));
  EXPECT_THAT(reports[99], HasSubstr("sequence: 99"));
}

TEST_F(WeatherTest, WatchRefusesWhatItCannotDo) {
  absl::Status status;
  EXPECT_TRUE(Watch("city: 'Rome'", &status).empty());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("count")));
  EXPECT_TRUE(Watch("city: 'Rom' count: 1", &status).empty());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound, HasSubstr("Rome")));
}

TEST_F(WeatherTest, WatchEndsWhenTheCallerGivesUpDuringAPause) {
  TestStreamCaller caller;
  provider_->CallStream(Context("watch"), caller.TakeStream());
  caller.Send(Bytes(SkillOf("watch").method->input_type(), "city: 'Rome' count: 2 interval_ms: 3600000"));
  caller.HalfClose();
  EXPECT_TRUE(caller.NextResponse().has_value());
  caller.Cancel();
  // Waits for the handler.
  package_->Stop(absl::Now() + absl::Hours(1));
  EXPECT_EQ(provider_->outstanding(), 0);
}

TEST_F(WeatherTest, StreamWithoutARequestIsInvalid) {
  TestStreamCaller caller;
  provider_->CallStream(Context("watch"), caller.TakeStream());
  caller.HalfClose();
  EXPECT_THAT(caller.WaitForStatus(),
              StatusIs(absl::StatusCode::kInvalidArgument, "the caller sent no weather.v1.WatchRequest"));
}

}  // namespace
}  // namespace paranet
