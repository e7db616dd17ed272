#include "core/skill/skill_set.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

namespace pb = google::protobuf;

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr absl::string_view kHead = R"txt(
    syntax = "proto3";
    package weather.v1;
    import "paranet/v1/options.proto";
    message M {})txt";

std::string Text(absl::string_view body) { return absl::StrCat(kHead, body); }

absl::StatusOr<std::shared_ptr<const SkillSet>> Create(absl::string_view body,
                                                       absl::string_view service = "weather.v1.Weather") {
  return SkillSet::Create(CompileProto(Text(body)), service);
}

constexpr absl::string_view kPrivate = R"txt(
    service Weather {
      rpc Current(M) returns (M);
      rpc Hidden(M) returns (M) { option (paranet.v1.skill).private = true; }
      rpc Watch(M) returns (stream M);
    })txt";

TEST(SkillSet, TakesNamesWhereThereAreNoOptions) {
  ASSERT_OK_AND_ASSIGN(const auto set,
                       Create("service LedgerSum { rpc WatchAll(M) returns (M); }", "weather.v1.LedgerSum"));
  EXPECT_EQ(set->name(), "weather.v1.LedgerSum");
  EXPECT_EQ(set->version().ToString(), "1.0.0");
  EXPECT_EQ(set->subject(), "ledger-sum");
  EXPECT_EQ(set->description(), "");
  EXPECT_FALSE(set->is_private());
  ASSERT_THAT(set->skills(), SizeIs(1));
  const Skill& skill = set->skills()[0];
  EXPECT_EQ(skill.id.ToString(), "ledger-sum/watch-all");
  EXPECT_EQ(skill.path, "/weather.v1.LedgerSum/WatchAll");
  EXPECT_EQ(skill.set, set.get());
  EXPECT_FALSE(skill.idempotent);
  EXPECT_FALSE(skill.is_private);
}

TEST(SkillSet, ReadsOptions) {
  ASSERT_OK_AND_ASSIGN(const auto set, Create(R"txt(
    service Weather {
      option (paranet.v1.skill_set) = { subject: "sky" version: "1.4.0-rc.1" description: "Weather." private: true };
      rpc Current(M) returns (M) {
        option (paranet.v1.skill) = { action: "now" description: "Now." idempotent: true private: true };
      }
    })txt"));
  EXPECT_EQ(set->subject(), "sky");
  EXPECT_EQ(set->version().ToString(), "1.4.0-rc.1");
  EXPECT_EQ(set->description(), "Weather.");
  EXPECT_TRUE(set->is_private());
  const Skill& skill = set->skills()[0];
  EXPECT_EQ(skill.id.ToString(), "sky/now");
  EXPECT_EQ(skill.description, "Now.");
  EXPECT_TRUE(skill.idempotent);
  EXPECT_TRUE(skill.is_private);
}

TEST(SkillSet, KnowsTheFourShapes) {
  const auto set = WeatherSkillSet();
  ASSERT_THAT(set->skills(), SizeIs(4));
  EXPECT_EQ(set->skills()[0].shape, SkillShape::kUnary);
  EXPECT_EQ(set->skills()[1].shape, SkillShape::kClientStream);
  EXPECT_EQ(set->skills()[2].shape, SkillShape::kServerStream);
  EXPECT_EQ(set->skills()[3].shape, SkillShape::kBidiStream);
  EXPECT_TRUE(set->skills()[3].client_streams() && set->skills()[3].server_streams());
  EXPECT_TRUE(!set->skills()[0].client_streams() && !set->skills()[0].server_streams());
}

TEST(SkillSet, KebabCase) {
  for (const auto& [name, kebab] : std::vector<std::pair<std::string, std::string>>{{"HTTPGet", "http-get"},
                                                                                    {"watch_all", "watch-all"},
                                                                                    {"Sha256Sum", "sha256-sum"},
                                                                                    {"GetURL", "get-url"},
                                                                                    {"_X__Y", "x-y"},
                                                                                    {"A", "a"},
                                                                                    {"getA1", "get-a1"}}) {
    ASSERT_OK_AND_ASSIGN(const auto set, Create(absl::StrCat("service Weather { rpc ", name, "(M) returns (M); }")));
    EXPECT_EQ(set->skills()[0].id.action, kebab) << name;
  }
}

TEST(SkillSet, RefusesBadOptionsAndNamesTheCulprit) {
  EXPECT_THAT(Create("service Weather {}"), StatusIs(absl::StatusCode::kInvalidArgument,
                                                     AllOf(HasSubstr("weather.v1.Weather"), HasSubstr("no methods"))));
  EXPECT_THAT(
      Create(R"txt(service Weather { option (paranet.v1.skill_set).version = "1.x"; rpc A(M) returns (M); })txt"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"1.x\"")));
  EXPECT_THAT(
      Create(R"txt(service Weather { option (paranet.v1.skill_set).subject = "A B"; rpc A(M) returns (M); })txt"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("subject \"A B\"")));
  EXPECT_THAT(Create(R"txt(service Weather { rpc A(M) returns (M) { option (paranet.v1.skill).action = "a/b"; } })txt"),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("method A"), HasSubstr("a/b"))));
  EXPECT_THAT(
      Create("service Weather { rpc GetIt(M) returns (M); rpc get_it(M) returns (M); }"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("GetIt and get_it are both skill weather/get-it")));
  EXPECT_THAT(Create(absl::StrCat("service Weather { option (paranet.v1.skill_set).description = \"",
                                  std::string(5'000, 'x'), "\"; rpc A(M) returns (M); }")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("description")));
}

TEST(SkillSet, OptionsThatOnlyLookLikeOursAreNone) {
  pb::FileDescriptorSet files;
  ASSERT_TRUE(files.ParseFromString(CompileProto(Text("service Weather { rpc A(M) returns (M); }"))));
  files.mutable_file(0)->mutable_service(0)->mutable_options()->mutable_unknown_fields()->AddVarint(51951, 7);
  ASSERT_OK_AND_ASSIGN(const auto set, SkillSet::Create(files.SerializeAsString(), "weather.v1.Weather"));
  EXPECT_EQ(set->subject(), "weather");
  files.mutable_file(0)->mutable_service(0)->mutable_options()->mutable_unknown_fields()->AddLengthDelimited(51951,
                                                                                                             "\xff");
  EXPECT_THAT(SkillSet::Create(files.SerializeAsString(), "weather.v1.Weather"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(SkillSet, DescriptorsThatDoNotLinkAreRefusedWithProtobufsReasons) {
  pb::FileDescriptorSet files;
  ASSERT_TRUE(files.ParseFromString(CompileProto(Text("service Weather { rpc A(M) returns (M); }"))));
  files.mutable_file(0)->mutable_service(0)->mutable_method(0)->set_input_type(".weather.v1.None");
  EXPECT_THAT(SkillSet::Create(files.SerializeAsString(), "weather.v1.Weather"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("do not link"), HasSubstr("test.proto"), HasSubstr("weather.v1.None"))));
  files.mutable_file(0)->mutable_service(0)->mutable_method(0)->set_input_type(".weather.v1.M");
  for (int i = 0; i < 50; ++i) files.mutable_file(0)->add_message_type()->set_name(absl::StrCat("bad name ", i));
  EXPECT_THAT(
      SkillSet::Create(files.SerializeAsString(), "weather.v1.Weather"),
      StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("and more"), SizeIs(::testing::Lt(2'000u)))));
}

TEST(SkillSet, TheEntryOfAMapIsNoRequest) {
  pb::FileDescriptorSet files;
  ASSERT_TRUE(files.ParseFromString(
      CompileProto(Text("message H { map<string, string> m = 1; } service Weather { rpc A(M) returns (M); }"))));
  files.mutable_file(0)->mutable_service(0)->mutable_method(0)->set_input_type(".weather.v1.H.MEntry");
  EXPECT_THAT(SkillSet::Create(files.SerializeAsString(), "weather.v1.Weather"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("entry of a map")));
}

TEST(SkillSet, ALongChainOfMessagesCostsNoStack) {
  pb::FileDescriptorSet files;
  ASSERT_TRUE(files.ParseFromString(CompileProto(Text("service Weather { rpc A(M) returns (M); }"))));
  pb::FileDescriptorProto* file = files.mutable_file(0);
  for (int i = 0; i < 3'990; ++i) {
    pb::DescriptorProto* message = file->add_message_type();
    message->set_name(absl::StrCat("M", i));
    pb::FieldDescriptorProto* field = message->add_field();
    field->set_name("next");
    field->set_number(1);
    field->set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
    field->set_type(pb::FieldDescriptorProto::TYPE_MESSAGE);
    field->set_type_name(absl::StrCat(".weather.v1.M", (i + 1) % 3'990));
  }
  file->mutable_service(0)->mutable_method(0)->set_input_type(".weather.v1.M0");
  ASSERT_OK_AND_ASSIGN(const auto set, SkillSet::Create(files.SerializeAsString(), "weather.v1.Weather"));
  EXPECT_NE(set->messages().GetPrototype(set->skills()[0].method->input_type()), nullptr);
}

TEST(SkillSet, SpoiledBytesAreNeverMoreThanAnError) {
  const std::string whole = CompileProto(Text(kPrivate));
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string spoiled = whole;
    spoiled[i] = static_cast<char>(~static_cast<unsigned char>(spoiled[i]));
    (void)SkillSet::Create(spoiled, "weather.v1.Weather").ok();
    (void)SkillSet::Create(whole.substr(0, i), "weather.v1.Weather").ok();
  }
}

TEST(SkillSet, MessagesOfItsTypesCanBeMadeOnAnyThread) {
  const auto set = WeatherSkillSet();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (const Skill& skill : set->skills()) {
        const std::unique_ptr<pb::Message> message(set->messages().GetPrototype(skill.method->input_type())->New());
        EXPECT_EQ(message->GetTypeName(), "weather.v1.CurrentRequest");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(SkillSet, DescriptorsAndDigestAreReproducible) {
  const auto set = WeatherSkillSet();
  ASSERT_OK_AND_ASSIGN(const auto again, SkillSet::Create(set->descriptors(), set->name()));
  EXPECT_EQ(again->descriptors(), set->descriptors());
  EXPECT_EQ(again->digest(), set->digest());
  EXPECT_THAT(set->digest(), SizeIs(32));
  EXPECT_NE(WeatherSkillSet("1.0.1")->digest(), set->digest());
}

TEST(SkillSet, SurvivesTheWayToAPeer) {
  const auto set = WeatherSkillSet("1.2.3");
  const v1::SkillSet proto = set->ToProto(/*with_descriptors=*/true, /*for_peer=*/true);
  EXPECT_EQ(proto.skills(2).name(), "weather/watch");
  EXPECT_EQ(proto.skills(2).shape(), v1::SKILL_SHAPE_SERVER_STREAM);
  EXPECT_EQ(proto.skills(2).request_type(), "weather.v1.CurrentRequest");
  ASSERT_OK_AND_ASSIGN(const auto imported, SkillSet::FromProto(proto));
  EXPECT_EQ(imported->digest(), set->digest());
  EXPECT_EQ(imported->ToProto(true, false).SerializeAsString(), proto.SerializeAsString());
  const v1::SkillSet without = set->ToProto(/*with_descriptors=*/false, /*for_peer=*/true);
  EXPECT_EQ(without.descriptors(), "");
  EXPECT_EQ(without.descriptors_digest(), set->digest());
}

TEST(SkillSet, APeerNeverLearnsOfPrivateSkills) {
  ASSERT_OK_AND_ASSIGN(const auto set, Create(kPrivate));
  EXPECT_EQ(set->ToProto(true, /*for_peer=*/false).skills_size(), 3);
  const v1::SkillSet proto = set->ToProto(true, /*for_peer=*/true);
  EXPECT_EQ(proto.skills_size(), 2);
  EXPECT_THAT(proto.SerializeAsString(), Not(HasSubstr("Hidden")));
  EXPECT_NE(proto.descriptors_digest(), set->digest());
  ASSERT_OK_AND_ASSIGN(const auto imported, SkillSet::FromProto(proto));
  ASSERT_THAT(imported->skills(), SizeIs(2));
  EXPECT_EQ(imported->skills()[1].id.ToString(), "weather/watch");
}

TEST(SkillSet, RefusesAPeersLie) {
  const v1::SkillSet truth = WeatherSkillSet()->ToProto(/*with_descriptors=*/true, /*for_peer=*/true);
  ASSERT_OK(SkillSet::FromProto(truth));
  const auto lie = [&](auto change) {
    v1::SkillSet proto = truth;
    change(proto);
    return SkillSet::FromProto(proto).status();
  };
  EXPECT_THAT(lie([](v1::SkillSet& proto) { proto.set_version("1.0.1"); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("its version is not what its descriptors say")));
  EXPECT_THAT(lie([](v1::SkillSet& proto) { proto.set_subject("bank"); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("subject")));
  EXPECT_THAT(lie([](v1::SkillSet& proto) { proto.set_description("x"); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("description")));
  EXPECT_THAT(lie([](v1::SkillSet& proto) { proto.set_private_(true); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("privacy")));
  EXPECT_THAT(lie([](v1::SkillSet& proto) { proto.mutable_skills()->RemoveLast(); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("number of skills")));
  EXPECT_THAT(lie([](v1::SkillSet& proto) { proto.mutable_skills(1)->set_idempotent(true); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("skill weather/report")));
  EXPECT_THAT(lie([](v1::SkillSet& proto) { proto.set_name("weather.v1.Wetter"); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no service weather.v1.Wetter")));
  EXPECT_THAT(lie([](v1::SkillSet& proto) { proto.clear_descriptors(); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("digest")));
  EXPECT_THAT(lie([](v1::SkillSet& proto) { proto.clear_descriptors_digest(); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("digest")));
  EXPECT_THAT(SkillSet::FromProto(v1::SkillSet()), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(SkillSet, FieldsOfANewerPeerDoNotHurt) {
  v1::SkillSet proto = WeatherSkillSet()->ToProto(/*with_descriptors=*/true, /*for_peer=*/true);
  proto.mutable_skills(0)->GetReflection()->MutableUnknownFields(proto.mutable_skills(0))->AddVarint(999, 1);
  EXPECT_OK(SkillSet::FromProto(proto));
}

}  // namespace
}  // namespace paranet
