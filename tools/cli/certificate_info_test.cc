#include "pki/certificate_info.h"

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/root/network_root.h"
#include "tools/cli/certificate_info.h"

namespace paranet::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CertificateInfoTest : public testing::Test {
 protected:
  CertificateInfoTest() : clock_(absl::FromUnixSeconds(1'750'000'000)) {}

  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const TemporaryDirectory dir, TemporaryDirectory::Create());
    ASSERT_OK_AND_ASSIGN(root_, pki::NetworkRoot::Create(dir.path() + "/root", "acme", &clock_));
    ASSERT_OK_AND_ASSIGN(
        const auto issued,
        root_->IssueWithNewKey({.identity = {.network = "acme", .role = pki::Role::kNode, .name = "alpha"},
                                .dns_names = {"alpha.example"},
                                .ip_addresses = {"10.0.0.1"}},
                               {}));
    leaf_ = pki::DescribeCertificate(issued.chain.leaf());
  }

  FakeClock clock_;
  std::unique_ptr<pki::NetworkRoot> root_;
  v1::CertificateInfo leaf_;
};

TEST_F(CertificateInfoTest, AuthorityHasNoIdentity) {
  const v1::CertificateInfo info = pki::DescribeCertificate(root_->root_certificate());
  EXPECT_TRUE(info.authority());
  EXPECT_EQ(info.identity(), "");
  EXPECT_THAT(FormatCertificate(info, clock_.Now()), AllOf(HasSubstr("authority"), Not(HasSubstr("identity"))));
}

TEST_F(CertificateInfoTest, TextSaysHowLongItIsValid) {
  EXPECT_THAT(FormatCertificate(leaf_, clock_.Now()), HasSubstr("expires in 24h"));
  EXPECT_THAT(FormatCertificate(leaf_, clock_.Now() + absl::Hours(25)), HasSubstr("expired 1h ago"));
  EXPECT_THAT(FormatCertificate(leaf_, clock_.Now() - absl::Hours(1)), HasSubstr("not yet valid: begins in 59m"));
}

TEST(FormatUtcTest, Rfc3339) { EXPECT_EQ(FormatUtc(absl::FromUnixSeconds(0)), "1970-01-01T00:00:00Z"); }

}  // namespace
}  // namespace paranet::cli
