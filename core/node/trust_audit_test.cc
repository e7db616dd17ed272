#include "core/node/trust_audit.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "core/node/node_state.h"
#include "core/node/trust_control.h"
#include "gtest/gtest.h"
#include "pki/revocation_list.h"
#include "pki/testutil/test_network.h"

namespace paranet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// What an operator sees and does (trust_control.h), and what is recorded of it.
class TrustAuditTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create("trust"));
    dir_.emplace(std::move(dir));
    ASSERT_OK_AND_ASSIGN(database_, Database::Open(dir_->path() + "/node.db", NodeMigrations()));
    audit_ = std::make_unique<AuditLog>(
        AuditLog::Options{.database = database_.get(), .clock = &clock_, .logger = MakeNullLogger()});
    ASSERT_OK_AND_ASSIGN(trust_, pki::NodeTrust::Install(
                                     {.dir = dir_->path() + "/identity", .clock = &clock_, .logger = MakeNullLogger()},
                                     *network_.Node("alpha"), "", {}));
    recorder_ = std::make_unique<TrustAudit>(trust_, audit_.get());
  }

  absl::Status AddRoot(const pki::Certificate& root, const std::vector<v1::Role>& roles = {},
                       const std::vector<std::string>& names = {}) {
    v1::UpdateTrustRequest request;
    v1::TrustedRoot* const added = request.add_add();
    added->set_der(root.ToDer());
    for (const v1::Role role : roles) added->add_roles(role);
    for (const std::string& name : names) added->add_names(name);
    return UpdateTrust(request, trust_.get());
  }
  std::vector<std::string> Events() {
    std::vector<std::string> events;
    const auto listed = audit_->List(0, 0);
    EXPECT_OK(listed);
    for (const v1::AuditEvent& event : *listed) {
      events.push_back(absl::StrCat(event.actor(), " ", event.event(), " ", event.subject(), ": ", event.detail()));
    }
    return events;
  }
  static pki::RevocationList RevokeBeta(pki::TestNetwork& network) {
    network.Issue(pki::Role::kNode, "beta");
    return network.Revoke("beta");
  }
  static const pki::Certificate& Root(pki::TestNetwork& network) { return network.trust()->roots()[0].certificate; }

  const SystemClock clock_;
  pki::TestNetwork network_{"acme"};
  pki::TestNetwork other_{"partner"};
  std::optional<TemporaryDirectory> dir_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<AuditLog> audit_;
  std::shared_ptr<pki::NodeTrust> trust_;
  std::unique_ptr<TrustAudit> recorder_;
};

TEST_F(TrustAuditTest, RootsComeAndGo) {
  const AuditLog::Acting acting(audit_.get(), "uid:7");
  ASSERT_OK(AddRoot(Root(other_), {v1::NODE, v1::OPERATOR}, {"gateway"}));
  const v1::GetTrustResponse trust = DescribeTrust(*trust_);
  ASSERT_EQ(trust.roots_size(), 2);
  EXPECT_FALSE(trust.roots(0).further());
  EXPECT_TRUE(trust.roots(1).further());
  EXPECT_EQ(trust.roots(1).der(), Root(other_).ToDer());
  EXPECT_EQ(trust.roots(1).certificate().fingerprint(), Root(other_).fingerprint());
  EXPECT_THAT(trust.roots(1).roles(), ElementsAre(v1::NODE, v1::OPERATOR));
  EXPECT_THAT(trust.roots(1).names(), ElementsAre("gateway"));

  v1::UpdateTrustRequest request;
  request.add_remove(Root(other_).fingerprint());
  ASSERT_OK(UpdateTrust(request, trust_.get()));
  EXPECT_EQ(DescribeTrust(*trust_).roots_size(), 1);
  EXPECT_THAT(UpdateTrust(request, trust_.get()), StatusIs(absl::StatusCode::kNotFound));
  const std::string subject = Root(other_).subject();
  EXPECT_THAT(Events(), ElementsAre(absl::StrCat("uid:7 root-removed ", subject, ": ", Root(other_).fingerprint()),
                                    absl::StrCat("uid:7 root-added ", subject, ": ", Root(other_).fingerprint(),
                                                 ", roles node,operator, names gateway")));
}

TEST_F(TrustAuditTest, ListsAreAdoptedOnce) {
  const pki::RevocationList list = RevokeBeta(network_);
  v1::UpdateTrustRequest request;
  request.add_revocation_lists(list.ToDer());
  ASSERT_OK(UpdateTrust(request, trust_.get()));
  const v1::GetTrustResponse trust = DescribeTrust(*trust_);
  ASSERT_EQ(trust.revocation_lists_size(), 1);
  EXPECT_EQ(trust.revocation_lists(0).fingerprint(), list.fingerprint());
  EXPECT_EQ(trust.revocation_lists(0).number(), list.number());
  EXPECT_FALSE(UpdateTrust(request, trust_.get()).ok());
  EXPECT_THAT(Events(),
              ElementsAre(StartsWith(absl::StrCat("node list-adopted ", list.issuer(), ": number ", list.number()))));
}

TEST_F(TrustAuditTest, ARenewedCertificateIsRecorded) {
  const auto next = network_.Node("alpha");
  ASSERT_OK(trust_->ReplaceCertificate(next->key(), next->chain()));
  EXPECT_THAT(Events(), ElementsAre(StartsWith(absl::StrCat("node renewed paranet://acme/node/alpha: serial ",
                                                            next->chain().leaf().serial(), ", until "))));
}

TEST_F(TrustAuditTest, WhatCannotBeReadChangesNothing) {
  v1::UpdateTrustRequest request;
  request.add_revocation_lists(RevokeBeta(network_).ToDer());
  request.add_add()->set_der("nothing");
  EXPECT_THAT(UpdateTrust(request, trust_.get()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("root 1")));
  request.clear_add();
  request.add_revocation_lists("nothing");
  EXPECT_THAT(UpdateTrust(request, trust_.get()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("revocation list 2")));
  EXPECT_THAT(AddRoot(Root(other_), {v1::ROOT}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(AddRoot(Root(other_), {}, {"Not A Name"}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(AddRoot(other_.Node("beta")->chain().leaf()).ok());
  EXPECT_EQ(DescribeTrust(*trust_).revocation_lists_size(), 0);
  EXPECT_EQ(DescribeTrust(*trust_).roots_size(), 1);
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(TrustAuditTest, ForeignListsAreRefused) {
  v1::UpdateTrustRequest request;
  request.add_revocation_lists(RevokeBeta(other_).ToDer());
  EXPECT_THAT(UpdateTrust(request, trust_.get()), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(TrustAuditTest, AtMostAHundredAtOnce) {
  v1::UpdateTrustRequest request;
  for (int i = 0; i < 101; ++i) request.add_remove("x");
  EXPECT_THAT(UpdateTrust(request, trust_.get()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("100")));
}

}  // namespace
}  // namespace paranet
