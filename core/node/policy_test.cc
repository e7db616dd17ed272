#include "core/node/policy.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "core/node/node_state.h"
#include "core/skill/skill_set_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kAlice[] = "paranet://acme/operator/alice";
constexpr char kBeta[] = "paranet://acme/node/beta";

pki::Identity Of(const std::string& uri) { return *pki::Identity::Parse(uri); }

class PolicyTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create("policy"));
    dir_.emplace(std::move(dir));
    Open();
  }

  void Open() {
    policy_ = nullptr;
    audit_ = nullptr;
    database_ = nullptr;
    ASSERT_OK_AND_ASSIGN(database_, Database::Open(dir_->path() + "/node.db", NodeMigrations()));
    audit_ = std::make_unique<AuditLog>(
        AuditLog::Options{.database = database_.get(), .clock = &clock_, .logger = MakeNullLogger()});
    ASSERT_OK_AND_ASSIGN(
        policy_, Policy::Open({.database = database_.get(), .audit = audit_.get(), .clock = &clock_, .network = [this] {
                                 return network_;
                               }}));
  }

  absl::Status Grant(const std::string& who, const std::vector<v1::OperatorRole>& roles) {
    v1::UpdatePolicyRequest request;
    request.add_grant()->set_identity(who);
    for (const v1::OperatorRole role : roles) request.mutable_grant(0)->add_roles(role);
    return policy_->Update(request, "uid:7");
  }
  absl::Status Revoke(const std::string& who, const std::vector<v1::OperatorRole>& roles) {
    v1::UpdatePolicyRequest request;
    request.add_revoke()->set_identity(who);
    for (const v1::OperatorRole role : roles) request.mutable_revoke(0)->add_roles(role);
    return policy_->Update(request, "uid:7");
  }
  absl::Status SetRule(bool allow, const std::string& who, const std::string& what) {
    v1::UpdatePolicyRequest request;
    v1::CallRule* const rule = request.add_set_rules();
    rule->set_allow(allow);
    rule->set_who(who);
    rule->set_what(what);
    return policy_->Update(request, "uid:7");
  }
  absl::Status RemoveRule(const std::string& who, const std::string& what) {
    v1::UpdatePolicyRequest request;
    request.add_remove_rules()->set_who(who);
    request.mutable_remove_rules(0)->set_what(what);
    return policy_->Update(request, "uid:7");
  }
  bool May(const std::string& who, int skill = 0) {
    const absl::Status status = policy_->CheckCall(Of(who), weather_->skills().at(skill));
    if (!status.ok()) {
      EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(who)));
    }
    return status.ok();
  }
  std::vector<std::string> Events() {
    std::vector<std::string> events;
    const absl::StatusOr<std::vector<v1::AuditEvent>> listed = audit_->List(0, 0);
    EXPECT_OK(listed);
    for (const v1::AuditEvent& event : *listed) {
      events.push_back(absl::StrCat(event.actor(), " ", event.event(), " ", event.subject(), " ", event.detail()));
    }
    return events;
  }

  std::string network_ = "acme";
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  std::optional<TemporaryDirectory> dir_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<Policy> policy_;
  // weather/current and others of the subject, in weather.v1.Weather.
  std::shared_ptr<const SkillSet> weather_ = WeatherSkillSet();
};

TEST_F(PolicyTest, OperatorsOfTheOwnNetworkMayReadAndOthersNothing) {
  EXPECT_THAT(policy_->RolesOf(Of(kAlice)), ElementsAre(v1::OPERATOR_ROLE_READ));
  EXPECT_THAT(policy_->RolesOf(Of("paranet://other/operator/alice")), IsEmpty());
  EXPECT_THAT(policy_->RolesOf(Of(kBeta)), IsEmpty());
  EXPECT_OK(policy_->CheckRole(Of(kAlice), v1::OPERATOR_ROLE_READ));
  EXPECT_THAT(policy_->CheckRole(Of(kAlice), v1::OPERATOR_ROLE_DEPLOY),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       AllOf(HasSubstr("lacks the role \"deploy\""), HasSubstr("it has read"),
                             HasSubstr("paranet policy grant paranet://acme/operator/alice deploy"))));
  EXPECT_THAT(policy_->CheckRole(Of("paranet://other/operator/alice"), v1::OPERATOR_ROLE_READ),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("no role")));
  EXPECT_THAT(policy_->CheckRole(Of(kBeta), v1::OPERATOR_ROLE_READ),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("certificate of an operator")));
}

TEST_F(PolicyTest, RolesIncludeOthers) {
  ASSERT_OK(Grant("alice", {v1::OPERATOR_ROLE_DEPLOY}));
  EXPECT_THAT(policy_->RolesOf(Of(kAlice)), ElementsAre(v1::OPERATOR_ROLE_READ, v1::OPERATOR_ROLE_DEPLOY));
  ASSERT_OK(Grant(kAlice, {v1::OPERATOR_ROLE_ROOT}));
  EXPECT_THAT(policy_->RolesOf(Of(kAlice)), SizeIs(4));
  ASSERT_OK(Grant("paranet://other/operator/bob", {v1::OPERATOR_ROLE_FEDERATE}));
  EXPECT_THAT(policy_->RolesOf(Of("paranet://other/operator/bob")),
              ElementsAre(v1::OPERATOR_ROLE_READ, v1::OPERATOR_ROLE_FEDERATE));
}

TEST_F(PolicyTest, RevokesWhatIsThere) {
  ASSERT_OK(Grant("alice", {v1::OPERATOR_ROLE_DEPLOY, v1::OPERATOR_ROLE_FEDERATE}));
  EXPECT_THAT(Revoke("alice", {v1::OPERATOR_ROLE_ROOT}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("does not have root")));
  EXPECT_THAT(Revoke("alice", {v1::OPERATOR_ROLE_READ}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("deploy,federate includes")));
  ASSERT_OK(Revoke("alice", {v1::OPERATOR_ROLE_DEPLOY}));
  EXPECT_THAT(policy_->RolesOf(Of(kAlice)), ElementsAre(v1::OPERATOR_ROLE_READ, v1::OPERATOR_ROLE_FEDERATE));
  ASSERT_OK(Revoke("alice", {}));
  EXPECT_THAT(policy_->RolesOf(Of(kAlice)), IsEmpty());
  EXPECT_THAT(Revoke("alice", {}), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PolicyTest, TheRoleThatEverybodyHasCanBeTakenAway) {
  ASSERT_OK(Revoke("alice", {v1::OPERATOR_ROLE_READ}));
  EXPECT_THAT(policy_->RolesOf(Of(kAlice)), IsEmpty());
  EXPECT_THAT(policy_->RolesOf(Of("paranet://acme/operator/bob")), ElementsAre(v1::OPERATOR_ROLE_READ));
  ASSERT_OK(Grant("alice", {v1::OPERATOR_ROLE_READ}));
  EXPECT_THAT(policy_->RolesOf(Of(kAlice)), ElementsAre(v1::OPERATOR_ROLE_READ));
}

TEST_F(PolicyTest, RefusesWhatIsNoOperatorOrRole) {
  EXPECT_THAT(Grant("Alice", {v1::OPERATOR_ROLE_READ}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Grant(kBeta, {v1::OPERATOR_ROLE_READ}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("roles are for operators")));
  EXPECT_THAT(Grant("alice", {}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no role")));
  EXPECT_THAT(Grant("alice", {static_cast<v1::OperatorRole>(31)}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Grant("alice", {v1::OPERATOR_ROLE_UNSPECIFIED}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(policy_->Describe().operators(), IsEmpty());
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(PolicyTest, KnowsWhoMayCallEverything) {
  EXPECT_TRUE(policy_->MayCallAll(Of(kAlice)));
  EXPECT_TRUE(policy_->MayCallAll(Of(kBeta)));
  EXPECT_FALSE(policy_->MayCallAll(Of("paranet://other/operator/bob")));
  EXPECT_FALSE(policy_->MayCallAll(Of("paranet://acme/publisher/tools")));
  ASSERT_OK(SetRule(false, kBeta, "weather/*"));
  EXPECT_FALSE(policy_->MayCallAll(Of(kBeta)));
  EXPECT_TRUE(policy_->MayCallAll(Of("paranet://acme/node/gamma")));
  ASSERT_OK(SetRule(true, "operator", "weather/*"));
  EXPECT_FALSE(policy_->MayCallAll(Of(kAlice)));
}

TEST_F(PolicyTest, WithoutRulesTheCertificateDecides) {
  EXPECT_TRUE(May(kAlice));
  EXPECT_TRUE(May(kBeta));
  EXPECT_TRUE(May("paranet://other/node/gamma"));
  EXPECT_FALSE(May("paranet://other/operator/bob"));
  EXPECT_FALSE(May("paranet://acme/publisher/tools"));
}

TEST_F(PolicyTest, TheMostSpecificRuleDecides) {
  ASSERT_OK(SetRule(false, "operator", "*"));
  EXPECT_FALSE(May(kAlice));
  EXPECT_TRUE(May(kBeta));
  ASSERT_OK(SetRule(true, "operator", "weather/*"));
  EXPECT_TRUE(May(kAlice));
  ASSERT_OK(SetRule(false, "operator", "weather.v1.Weather"));
  EXPECT_FALSE(May(kAlice));
  ASSERT_OK(SetRule(true, "operator", weather_->skills()[0].id.ToString()));
  EXPECT_TRUE(May(kAlice));
  EXPECT_FALSE(May(kAlice, 1));
  ASSERT_OK(SetRule(false, kAlice, "*"));
  EXPECT_FALSE(May(kAlice));
  EXPECT_TRUE(May("paranet://acme/operator/bob"));
  ASSERT_OK(RemoveRule(kAlice, "*"));
  EXPECT_TRUE(May(kAlice));
}

TEST_F(PolicyTest, ARuleMayAllowOperatorsOfOtherNetworks) {
  ASSERT_OK(SetRule(true, "paranet://other/operator/bob", "weather/*"));
  EXPECT_TRUE(May("paranet://other/operator/bob"));
  EXPECT_FALSE(May("paranet://other/operator/eve"));
}

TEST_F(PolicyTest, ARuleReplacesTheOneForTheSame) {
  ASSERT_OK(SetRule(false, "node", "weather/*"));
  EXPECT_FALSE(May(kBeta));
  ASSERT_OK(SetRule(true, "node", "weather/*"));
  EXPECT_TRUE(May(kBeta));
  EXPECT_THAT(policy_->Describe().rules(), SizeIs(1));
}

TEST_F(PolicyTest, CarriedCallsAreRefusedForPeerAndForCaller) {
  const Skill& skill = weather_->skills()[0];
  EXPECT_OK(policy_->CheckCarriedCall(Of(kBeta), kAlice, skill));
  ASSERT_OK(SetRule(false, kAlice, "weather/*"));
  EXPECT_THAT(policy_->CheckCarriedCall(Of(kBeta), kAlice, skill),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(kAlice)));
  EXPECT_OK(policy_->CheckCarriedCall(Of(kBeta), kBeta, skill));
  EXPECT_OK(policy_->CheckCarriedCall(Of(kBeta), "uid:1000", skill));
  ASSERT_OK(SetRule(false, kBeta, "*"));
  EXPECT_THAT(policy_->CheckCarriedCall(Of(kBeta), "uid:1000", skill),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(kBeta)));
}

TEST_F(PolicyTest, RefusesRulesThatMeanNothing) {
  for (const char* who : {"", "alice", "publisher", "paranet://acme/publisher/tools", "paranet://acme/operator/*"}) {
    EXPECT_THAT(SetRule(false, who, "*"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("operator"))) << who;
  }
  for (const char* what :
       {"", "weather", "weather/", "Weather/*", "*/current", "weather/*/x", "a..B", "1.x", "a b.C"}) {
    EXPECT_THAT(SetRule(false, "node", what), StatusIs(absl::StatusCode::kInvalidArgument)) << what;
  }
  EXPECT_THAT(RemoveRule("node", "*"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(policy_->Describe().rules(), IsEmpty());
}

TEST_F(PolicyTest, AnUpdateIsDoneAsAWholeOrNotAtAll) {
  v1::UpdatePolicyRequest request;
  request.add_grant()->set_identity("alice");
  request.mutable_grant(0)->add_roles(v1::OPERATOR_ROLE_ROOT);
  request.add_remove_rules()->set_who("node");
  EXPECT_THAT(policy_->Update(request, "uid:7"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(policy_->RolesOf(Of(kAlice)), ElementsAre(v1::OPERATOR_ROLE_READ));
  EXPECT_THAT(Events(), IsEmpty());
  Open();
  EXPECT_THAT(policy_->RolesOf(Of(kAlice)), ElementsAre(v1::OPERATOR_ROLE_READ));
}

TEST_F(PolicyTest, SurvivesARestartAndIsRecorded) {
  ASSERT_OK(Grant("alice", {v1::OPERATOR_ROLE_DEPLOY}));
  ASSERT_OK(SetRule(false, "node", "weather/*"));
  Open();
  EXPECT_THAT(policy_->RolesOf(Of(kAlice)), ElementsAre(v1::OPERATOR_ROLE_READ, v1::OPERATOR_ROLE_DEPLOY));
  EXPECT_FALSE(May(kBeta));
  const v1::GetPolicyResponse described = policy_->Describe();
  EXPECT_EQ(described.operators(0).set_by(), "uid:7");
  EXPECT_EQ(described.rules(0).set_at_unix_ms(), 1'800'000'000'000);
  EXPECT_THAT(described.default_roles(), ElementsAre(v1::OPERATOR_ROLE_READ));
  ASSERT_OK(Revoke("alice", {v1::OPERATOR_ROLE_DEPLOY}));
  ASSERT_OK(RemoveRule("node", "weather/*"));
  EXPECT_THAT(
      Events(),
      ElementsAre("uid:7 rule-removed node weather/*", "uid:7 roles-revoked paranet://acme/operator/alice deploy",
                  "uid:7 rule-set node deny weather/*", "uid:7 roles-granted paranet://acme/operator/alice deploy"));
}

TEST_F(PolicyTest, TellsOfChanges) {
  int changes = 0;
  const uint64_t id = policy_->Subscribe([&] { changes += policy_->Describe().rules_size(); });
  ASSERT_OK(SetRule(false, "node", "weather/*"));
  EXPECT_EQ(changes, 1);
  EXPECT_FALSE(SetRule(false, "nobody", "weather/*").ok());
  policy_->Unsubscribe(id);
  ASSERT_OK(SetRule(false, "operator", "weather/*"));
  EXPECT_EQ(changes, 1);
}

TEST_F(PolicyTest, HasAnEnd) {
  v1::UpdatePolicyRequest request;
  for (int i = 0; i < 1000; ++i) {
    request.add_set_rules()->set_who("node");
    request.mutable_set_rules(i)->set_what(absl::StrCat("s", i, "/*"));
  }
  ASSERT_OK(policy_->Update(request, "uid:7"));
  EXPECT_THAT(SetRule(false, "node", "weather/*"), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_TRUE(May(kBeta));
}

TEST_F(PolicyTest, ATestNodeHasNone) {
  network_ = "";
  EXPECT_THAT(Grant(kAlice, {v1::OPERATOR_ROLE_ROOT}), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(policy_->RolesOf(Of(kAlice)), IsEmpty());
}

TEST_F(PolicyTest, CheckSaysWhy) {
  ASSERT_OK(SetRule(false, kAlice, "weather.v1.Weather"));
  v1::CheckPolicyRequest request;
  request.set_identity("alice");
  request.set_skill("weather/current");
  ASSERT_OK_AND_ASSIGN(const v1::CheckPolicyResponse denied, policy_->Check(request, "weather.v1.Weather"));
  EXPECT_FALSE(denied.may_call());
  EXPECT_THAT(denied.reason(), HasSubstr("`deny paranet://acme/operator/alice weather.v1.Weather`"));
  EXPECT_THAT(denied.roles(), ElementsAre(v1::OPERATOR_ROLE_READ));
  request.set_identity(kBeta);
  ASSERT_OK_AND_ASSIGN(const v1::CheckPolicyResponse allowed, policy_->Check(request, "weather.v1.Weather"));
  EXPECT_TRUE(allowed.may_call());
  EXPECT_THAT(allowed.reason(), HasSubstr("no rule"));
  request.set_identity("paranet://nothing");
  EXPECT_THAT(policy_->Check(request, ""), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace paranet
