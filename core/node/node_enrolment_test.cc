#include "core/node/node_enrolment.h"

#include <sys/stat.h>

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pki/certificate_request.h"
#include "pki/enrolment/enrolment_testutil.h"

namespace paranet {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class NodeEnrolmentTest : public testing::Test {
 protected:
  void SetUp() override {
    served_.Serve();
    ASSERT_OK(MakeDirectories(data_dir_));
  }

  absl::StatusOr<v1::NodeEnrollResponse> Enroll(const std::string& token) {
    v1::NodeEnrollRequest request;
    request.set_token(token);
    request.add_dns_names("alpha.example");
    return enrolment_.Enroll(request, absl::Now() + absl::Minutes(1));
  }

  // The certificate that the root issues for the node's request, without anything of the network.
  absl::StatusOr<v1::InstallCertificateRequest> Issue(const std::string& network = "acme") {
    v1::PrepareRequestRequest prepare;
    prepare.set_network(network);
    prepare.add_ip_addresses("10.0.0.1");
    const auto prepared = enrolment_.PrepareRequest(prepare);
    if (!prepared.ok()) return prepared.status();
    return IssueFor(*pki::CertificateRequest::FromDer(prepared->request()));
  }
  v1::InstallCertificateRequest IssueFor(const pki::CertificateRequest& request) {
    const auto chain = served_.root().Issue(request);
    EXPECT_OK(chain);
    v1::InstallCertificateRequest install;
    for (const pki::Certificate& certificate : chain->certificates()) install.add_chain(certificate.ToDer());
    install.add_roots(served_.root().root_certificate().ToDer());
    return install;
  }
  bool Pending() const {
    struct stat info {};
    return stat((data_dir_ + "/pending-key.pem").c_str(), &info) == 0;
  }

  pki::ServedRoot served_;
  const std::string data_dir_ = served_.DirOf("data");
  std::optional<pki::Identity> self_;
  absl::Status installs_ = absl::OkStatus();
  // What was installed.
  std::string serial_;
  std::optional<std::string> endpoint_;
  v1::TrustBundle bundle_;
  NodeEnrolment enrolment_{{.name = "alpha",
                            .data_dir = data_dir_,
                            .clock = &served_.clock(),
                            .self = [this] { return self_; },
                            .install =
                                [this](const pki::NodeIdentity& identity, const std::optional<std::string>& endpoint,
                                       const v1::TrustBundle& bundle) {
                                  if (!installs_.ok()) return installs_;
                                  EXPECT_EQ(identity.key().public_key(), identity.chain().leaf().public_key());
                                  serial_ = identity.chain().leaf().serial();
                                  endpoint_ = endpoint;
                                  bundle_ = bundle;
                                  return absl::OkStatus();
                                }}};
};

TEST_F(NodeEnrolmentTest, ByToken) {
  ASSERT_OK_AND_ASSIGN(const v1::NodeEnrollResponse response, Enroll(served_.Token("alpha").ToText()));
  EXPECT_EQ(response.certificate().identity(), "paranet://acme/node/alpha");
  EXPECT_THAT(response.certificate().dns_names(), ElementsAre("alpha.example"));
  EXPECT_EQ(response.certificate().serial(), serial_);
  EXPECT_EQ(endpoint_, served_.address());
  EXPECT_EQ(bundle_.roots_size(), 1);
}

TEST_F(NodeEnrolmentTest, AgainByTokenInTheSameNetwork) {
  self_ = served_.Names("alpha").identity;
  EXPECT_OK(Enroll(served_.Token("alpha").ToText()));
}

TEST_F(NodeEnrolmentTest, WhatIsRefusedDoesNotUseTheToken) {
  EXPECT_THAT(Enroll("nothing"), StatusIs(absl::StatusCode::kInvalidArgument));
  const pki::JoinToken beta = served_.Token("beta");
  EXPECT_THAT(Enroll(beta.ToText()), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("node/beta")));
  const pki::JoinToken token = served_.Token("alpha");
  self_ = pki::Identity{.network = "other", .role = pki::Role::kNode, .name = "alpha"};
  EXPECT_THAT(Enroll(token.ToText()),
              StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr("\"other\""), HasSubstr("\"acme\""))));
  EXPECT_EQ(serial_, "");
  self_.reset();
  EXPECT_OK(Enroll(token.ToText()));
}

TEST_F(NodeEnrolmentTest, WhatCannotBeInstalledIsAnError) {
  installs_ = absl::UnavailableError("stopping");
  EXPECT_THAT(Enroll(served_.Token("alpha").ToText()), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(NodeEnrolmentTest, ByFiles) {
  ASSERT_OK_AND_ASSIGN(const v1::InstallCertificateRequest install, Issue());
  EXPECT_TRUE(Pending());
  EXPECT_OK(CheckPrivate(data_dir_ + "/pending-key.pem"));
  ASSERT_OK_AND_ASSIGN(const v1::NodeEnrollResponse response, enrolment_.Install(install));
  EXPECT_EQ(response.certificate().serial(), serial_);
  EXPECT_THAT(response.certificate().ip_addresses(), ElementsAre("10.0.0.1"));
  EXPECT_EQ(endpoint_, std::nullopt);
  EXPECT_EQ(bundle_.roots_size(), 1);
  EXPECT_EQ(bundle_.authorities_size(), 1);
  EXPECT_FALSE(Pending());
  EXPECT_THAT(enrolment_.Install(install), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no request")));
}

TEST_F(NodeEnrolmentTest, OnlyTheLastRequestCounts) {
  ASSERT_OK_AND_ASSIGN(const v1::InstallCertificateRequest first, Issue());
  ASSERT_OK_AND_ASSIGN(const v1::InstallCertificateRequest second, Issue());
  EXPECT_THAT(enrolment_.Install(first), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("made last")));
  EXPECT_TRUE(Pending());
  EXPECT_OK(enrolment_.Install(second));
}

TEST_F(NodeEnrolmentTest, WhatIsNotInstalledWaitsOn) {
  ASSERT_OK_AND_ASSIGN(const v1::InstallCertificateRequest install, Issue());
  installs_ = absl::InternalError("disk full");
  EXPECT_THAT(enrolment_.Install(install), StatusIs(absl::StatusCode::kInternal));
  installs_ = absl::OkStatus();
  EXPECT_OK(enrolment_.Install(install));
}

TEST_F(NodeEnrolmentTest, FilesThatAreNotWhatTheyShouldBe) {
  ASSERT_OK_AND_ASSIGN(const v1::InstallCertificateRequest install, Issue());
  v1::InstallCertificateRequest bad = install;
  bad.set_chain(0, "no DER");
  EXPECT_THAT(enrolment_.Install(bad), StatusIs(absl::StatusCode::kInvalidArgument));
  bad = install;
  bad.clear_roots();
  EXPECT_FALSE(enrolment_.Install(bad).ok());
  bad = install;
  bad.clear_chain();
  EXPECT_FALSE(enrolment_.Install(bad).ok());
  bad = install;
  pki::ServedRoot other("acme");
  bad.set_roots(0, other.root().root_certificate().ToDer());
  EXPECT_THAT(enrolment_.Install(bad), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("UNTRUSTED_ROOT")));
  EXPECT_EQ(serial_, "");
  EXPECT_OK(enrolment_.Install(install));
}

TEST_F(NodeEnrolmentTest, AnExpiredCertificateIsRefused) {
  ASSERT_OK_AND_ASSIGN(const v1::InstallCertificateRequest install, Issue());
  served_.clock().Advance(absl::Hours(25));
  EXPECT_THAT(enrolment_.Install(install), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("EXPIRED")));
}

TEST_F(NodeEnrolmentTest, RequestsForNothingAndForAnotherNetwork) {
  v1::PrepareRequestRequest request;
  EXPECT_THAT(enrolment_.PrepareRequest(request), StatusIs(absl::StatusCode::kInvalidArgument));
  request.set_network("acme");
  request.add_dns_names("no name!");
  EXPECT_THAT(enrolment_.PrepareRequest(request), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(Pending());
  self_ = pki::Identity{.network = "other", .role = pki::Role::kNode, .name = "alpha"};
  EXPECT_THAT(Issue(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace paranet
