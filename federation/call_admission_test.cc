#include "federation/call_admission.h"

#include <memory>
#include <optional>
#include <string>

#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "core/node/audit_log.h"
#include "core/node/node_state.h"
#include "core/node/policy.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const pki::Identity kAlpha{"acme", pki::Role::kNode, "alpha"};

class CallAdmissionTest : public testing::Test {
 protected:
  CallAdmissionTest() : router_(&catalogue_) {
    EXPECT_OK(catalogue_.Offer(actor_, {WeatherSkillSet()}));
    header_.set_path("/weather.v1.Weather/Current");
    header_.set_version("1.0.0");
    header_.set_caller("paranet://acme/operator/ann");
    header_.set_hops(1);
    v1::Metadatum* const datum = header_.add_metadata();
    datum->set_key("trace");
    datum->set_value("x");
  }
  absl::StatusOr<AdmittedCall> Admit(bool exports = true) {
    return AdmitCall(catalogue_, router_, policy_.get(), kAlpha, exports, header_, absl::FromUnixSeconds(9), nullptr);
  }

  // Denies kAlpha, or a caller, the subject.
  void Deny(const std::string& who) {
    dir_.emplace(*TemporaryDirectory::Create("admission"));
    database_ = *Database::Open(dir_->path() + "/node.db", NodeMigrations());
    audit_ = std::make_unique<AuditLog>(
        AuditLog::Options{.database = database_.get(), .clock = &clock_, .logger = MakeNullLogger()});
    policy_ = *Policy::Open({.database = database_.get(), .audit = audit_.get(), .clock = &clock_, .network = [] {
                               return std::string("acme");
                             }});
    v1::UpdatePolicyRequest request;
    v1::CallRule* const rule = request.add_set_rules();
    rule->set_who(who);
    rule->set_what("weather/*");
    EXPECT_OK(policy_->Update(request, "uid:1"));
  }

  const SystemClock clock_;
  std::optional<TemporaryDirectory> dir_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<Policy> policy_;
  Catalogue catalogue_;
  Router router_;
  std::shared_ptr<FakeProvider> actor_ = std::make_shared<FakeProvider>("weather@1.0.0");
  v1::CallHeader header_;
};

TEST_F(CallAdmissionTest, PassesOnWhatTravels) {
  ASSERT_OK_AND_ASSIGN(const AdmittedCall call, Admit());
  EXPECT_EQ(call.provider, actor_);
  EXPECT_EQ(call.context.skill->path, "/weather.v1.Weather/Current");
  EXPECT_EQ(call.context.deadline, absl::FromUnixSeconds(9));
  EXPECT_EQ(call.context.caller, "paranet://acme/operator/ann");
  EXPECT_EQ(call.context.hops, 1);
  EXPECT_THAT(call.context.metadata, ElementsAre(Pair("trace", "x")));
}

TEST_F(CallAdmissionTest, RefusesTheForbiddenDirectionBeforeAnythingElse) {
  EXPECT_THAT(Admit(false), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("--bidirectional")));
  header_.set_path("/no.Such/Thing");
  EXPECT_THAT(Admit(false), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(CallAdmissionTest, WhatThePolicyForbidsThePeerLooksAsIfItWereNotThere) {
  Deny("paranet://acme/node/alpha");
  const absl::Status denied = Admit().status();
  header_.set_path("/no.Such/Thing");
  const absl::Status unknown = Admit().status();
  EXPECT_THAT(denied, StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("exports no skill at /weather.v1.Weather")));
  EXPECT_EQ(denied.code(), unknown.code());
}

TEST_F(CallAdmissionTest, WhatThePolicyForbidsTheCallerThePeerGetsNotEither) {
  Deny("paranet://acme/operator/ann");
  EXPECT_THAT(Admit(), StatusIs(absl::StatusCode::kUnimplemented));
  header_.set_caller("paranet://acme/operator/bob");
  EXPECT_OK(Admit());
}

TEST_F(CallAdmissionTest, RefusesTooManyHops) {
  header_.set_hops(16);
  EXPECT_OK(Admit());
  header_.set_hops(17);
  EXPECT_THAT(Admit(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("17 links")));
  header_.set_hops(~0u);
  EXPECT_THAT(Admit(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(CallerOf, IsWhatThePeerMayVouchFor) {
  EXPECT_EQ(CallerOf(kAlpha, "paranet://acme/node/gamma"), "paranet://acme/node/gamma");
  EXPECT_EQ(CallerOf(kAlpha, "paranet://other/node/gamma"), "paranet://acme/node/alpha");
  EXPECT_EQ(CallerOf(kAlpha, "uid:0"), "paranet://acme/node/alpha");
  EXPECT_EQ(CallerOf(kAlpha, "local"), "paranet://acme/node/alpha");
  EXPECT_EQ(CallerOf(kAlpha, ""), "paranet://acme/node/alpha");
}

}  // namespace
}  // namespace paranet
