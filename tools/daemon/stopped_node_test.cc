#include "tools/daemon/stopped_node.h"

#include <string>

#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/node/installed_kind.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pki/certificate_request.h"
#include "pki/enrolment/enrolment_testutil.h"
#include "pki/node_trust.h"

namespace paranet::daemon {
namespace {

using testing::HasSubstr;

class StoppedNodeTest : public testing::Test {
 protected:
  void SetUp() override { served_.Serve(); }

  absl::StatusOr<std::unique_ptr<StoppedNode>> Open() {
    return StoppedNode::Open("alpha", data_dir_, MakeStderrLogger("alpha"));
  }
  absl::Status Enroll() {
    const auto node = Open();
    if (!node.ok()) return node.status();
    v1::NodeEnrollRequest request;
    request.set_token(served_.Token("alpha").ToText());
    return (*node)->enrolment().Enroll(request, absl::Now() + absl::Minutes(1)).status();
  }
  std::shared_ptr<const pki::TrustState> Installed() {
    const auto trust = pki::NodeTrust::Open(
        {.dir = InstalledIdentityDir(data_dir_), .clock = &served_.clock(), .logger = MakeNullLogger()});
    EXPECT_OK(trust);
    return (*trust)->state();
  }

  pki::ServedRoot served_;
  const std::string data_dir_ = served_.DirOf("data");
};

TEST_F(StoppedNodeTest, EnrolsANewNodeAndATestNode) {
  ASSERT_OK(MakeDirectories(data_dir_));
  ASSERT_OK(MarkAsTestNode(data_dir_));
  ASSERT_OK(Enroll());
  EXPECT_EQ(ReadInstalledKind(data_dir_), InstalledKind::kStandard);
  EXPECT_EQ(Installed()->endpoint, served_.address());
  // And again.
  const std::string first = Installed()->identity->chain().leaf().serial();
  ASSERT_OK(Enroll());
  EXPECT_NE(Installed()->identity->chain().leaf().serial(), first);
}

TEST_F(StoppedNodeTest, RenewsAndAdoptsWhatTheNetworkTrusts) {
  ASSERT_OK(Enroll());
  const auto before = Installed();
  ASSERT_OK(served_.root().PrepareRotation(std::nullopt, "test"));
  ASSERT_OK_AND_ASSIGN(const auto node, Open());
  ASSERT_OK_AND_ASSIGN(const v1::NodeRenewResponse response, node->Renew(absl::Now() + absl::Minutes(1)));
  const auto after = Installed();
  EXPECT_EQ(response.certificate().serial(), after->identity->chain().leaf().serial());
  EXPECT_NE(response.certificate().serial(), before->identity->chain().leaf().serial());
  EXPECT_EQ(after->identity->trust()->roots().size(), 2U);
}

TEST_F(StoppedNodeTest, ACertificateByFilesKeepsTheEndpoint) {
  ASSERT_OK(Enroll());
  ASSERT_OK_AND_ASSIGN(const auto node, Open());
  v1::PrepareRequestRequest prepare;
  prepare.set_network("acme");
  ASSERT_OK_AND_ASSIGN(const v1::PrepareRequestResponse prepared, node->enrolment().PrepareRequest(prepare));
  ASSERT_OK_AND_ASSIGN(const auto chain, served_.root().Issue(*pki::CertificateRequest::FromDer(prepared.request())));
  v1::InstallCertificateRequest install;
  for (const pki::Certificate& certificate : chain.certificates()) install.add_chain(certificate.ToDer());
  install.add_roots(served_.root().root_certificate().ToDer());
  ASSERT_OK(node->enrolment().Install(install));
  EXPECT_EQ(Installed()->endpoint, served_.address());
  EXPECT_EQ(Installed()->identity->chain().leaf().serial(), chain.leaf().serial());
}

TEST_F(StoppedNodeTest, ANodeStaysInItsNetwork) {
  ASSERT_OK(Enroll());
  pki::ServedRoot other("other");
  other.Serve();
  ASSERT_OK_AND_ASSIGN(const auto node, Open());
  v1::NodeEnrollRequest request;
  request.set_token(other.Token("alpha").ToText());
  EXPECT_THAT(node->enrolment().Enroll(request, absl::Now() + absl::Minutes(1)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("\"other\"")));
}

TEST_F(StoppedNodeTest, WhatCannotBe) {
  {
    ASSERT_OK_AND_ASSIGN(const auto node, Open());
    EXPECT_THAT(node->Renew(absl::Now() + absl::Minutes(1)),
                StatusIs(absl::StatusCode::kNotFound, HasSubstr("node enroll")));
    // A node runs there.
    EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition));
  }
  EXPECT_OK(Open());
  EXPECT_THAT(StoppedNode::Open("No Name", data_dir_, MakeNullLogger()), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace paranet::daemon
