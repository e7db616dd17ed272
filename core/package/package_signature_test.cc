#include "core/package/package_signature.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "core/package/archive.h"
#include "core/package/package_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pki/testutil/test_network.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kDenied = absl::StatusCode::kPermissionDenied;

class PackageSignatureTest : public testing::Test {
 protected:
  absl::StatusOr<pki::Identity> Verify(const Package& package, absl::Time now = absl::Now()) {
    return VerifyPackageSignature(package, *network_.trust(), now);
  }

  Package SignedBy(const pki::NetworkRoot::IssuedKey& publisher) {
    Package package = WeatherPackage();
    EXPECT_OK(SignPackage(&package, publisher.key, publisher.chain));
    return package;
  }

  // As SignPackage, but for any certificate, and over any bytes.
  static Package SignedAnyhow(const pki::NetworkRoot::IssuedKey& signer, absl::string_view domain) {
    Package package = WeatherPackage();
    v1::Signature& signature = package.signature.emplace();
    for (const pki::Certificate& certificate : signer.chain.certificates()) {
      signature.add_certificates(certificate.ToDer());
    }
    signature.set_signature(*signer.key.Sign(absl::StrCat(domain, package.manifest_bytes)));
    return package;
  }

  static constexpr absl::string_view kDomain = absl::string_view("paranet package manifest v1\0", 28);

  pki::TestNetwork network_;
  const pki::NetworkRoot::IssuedKey publisher_ = network_.Issue(pki::Role::kPublisher, "acme-labs");
};

TEST_F(PackageSignatureTest, NamesThePublisher) {
  ASSERT_OK_AND_ASSIGN(const pki::Identity publisher, Verify(SignedBy(publisher_)));
  EXPECT_EQ(publisher.ToUri(), "paranet://acme/publisher/acme-labs");
}

TEST_F(PackageSignatureTest, SurvivesTheArchive) {
  ASSERT_OK_AND_ASSIGN(const std::string bytes, SerializeArchive(SignedBy(publisher_)));
  ASSERT_OK_AND_ASSIGN(const Package package, ParseArchive(bytes));
  EXPECT_OK(Verify(package));
}

TEST_F(PackageSignatureTest, SignsTheBytesThatTheFormatSays) {
  const Package package = SignedBy(publisher_);
  EXPECT_TRUE(publisher_.chain.leaf().VerifySignature(absl::StrCat(kDomain, package.manifest_bytes),
                                                      package.signature->signature()));
  EXPECT_EQ(package.signature->certificates_size(), 2);
  EXPECT_OK(Verify(SignedAnyhow(publisher_, kDomain)));
}

TEST_F(PackageSignatureTest, ASignatureForSomethingElseIsNone) {
  EXPECT_THAT(Verify(SignedAnyhow(publisher_, "")), StatusIs(kDenied, HasSubstr("was altered after")));
  EXPECT_THAT(Verify(SignedAnyhow(publisher_, "paranet package manifest v1")), StatusIs(kDenied));
}

TEST_F(PackageSignatureTest, SigningAgainReplacesTheSignature) {
  Package package = SignedBy(publisher_);
  const pki::NetworkRoot::IssuedKey other = network_.Issue(pki::Role::kPublisher, "other");
  ASSERT_OK(SignPackage(&package, other.key, other.chain));
  ASSERT_OK_AND_ASSIGN(const pki::Identity publisher, Verify(package));
  EXPECT_EQ(publisher.name, "other");
}

TEST_F(PackageSignatureTest, UnsignedIsRefused) {
  EXPECT_THAT(Verify(WeatherPackage()),
              StatusIs(kDenied, "package weather 1.0.0 is not signed; sign it with `paranet package sign`"));
}

TEST_F(PackageSignatureTest, AlteredIsRefused) {
  Package package = SignedBy(publisher_);
  Package altered = MakePackage(package.manifest, WeatherFiles(), {"lib/weather.so"});
  altered.signature = package.signature;
  EXPECT_THAT(Verify(altered), StatusIs(kDenied,
                                        "package weather 1.0.0 was altered after "
                                        "paranet://acme/publisher/acme-labs signed it; get it from its "
                                        "publisher again"));
  std::string& signature = *package.signature->mutable_signature();
  signature.back() = static_cast<char>(signature.back() ^ 1);
  EXPECT_THAT(Verify(package), StatusIs(kDenied, HasSubstr("was altered after")));
  signature.clear();
  EXPECT_THAT(Verify(package), StatusIs(kDenied, HasSubstr("was altered after")));
}

TEST_F(PackageSignatureTest, ANodeOrOperatorIsNoPublisher) {
  for (const pki::Role role : {pki::Role::kNode, pki::Role::kOperator}) {
    const pki::NetworkRoot::IssuedKey signer = network_.Issue(role, "beta");
    EXPECT_THAT(Verify(SignedAnyhow(signer, kDomain)),
                StatusIs(kDenied, AllOf(HasSubstr(absl::StrCat("by paranet://acme/", pki::RoleName(role), "/beta")),
                                        HasSubstr("who is not a publisher"))));
    Package package = WeatherPackage();
    EXPECT_THAT(SignPackage(&package, signer.key, signer.chain), StatusIs(kInvalid, HasSubstr("by a publisher")));
    EXPECT_FALSE(package.signature.has_value());
  }
}

TEST_F(PackageSignatureTest, AnotherNetworkIsRefused) {
  pki::TestNetwork foreign("evil");
  EXPECT_THAT(Verify(SignedBy(foreign.Issue(pki::Role::kPublisher, "acme-labs"))),
              StatusIs(kDenied, AllOf(HasSubstr("by paranet://evil/publisher/acme-labs"),
                                      HasSubstr("not by a Network Root of acme"))));
  // Nor does the same name make it the same network.
  pki::TestNetwork pretender("acme");
  EXPECT_THAT(Verify(SignedBy(pretender.Issue(pki::Role::kPublisher, "acme-labs"))),
              StatusIs(kDenied, HasSubstr("not by a Network Root of acme")));
}

TEST_F(PackageSignatureTest, ExpiredAndNotYetValidAreRefused) {
  const Package package = SignedBy(publisher_);
  EXPECT_THAT(Verify(package, absl::Now() + absl::Hours(24 * 3)),
              StatusIs(kDenied, AllOf(HasSubstr("whose certificate expired ("), HasSubstr("sign it again"))));
  EXPECT_THAT(Verify(package, absl::Now() - absl::Hours(24 * 3)),
              StatusIs(kDenied, AllOf(HasSubstr("not yet valid"), HasSubstr("check the clocks"))));
}

TEST_F(PackageSignatureTest, CertificatesThatAreNoneAreRefused) {
  Package package = SignedBy(publisher_);
  package.signature->clear_certificates();
  EXPECT_THAT(Verify(package), StatusIs(kDenied, HasSubstr("without a proper certificate")));
  package.signature->add_certificates("garbage");
  EXPECT_THAT(Verify(package), StatusIs(kDenied, HasSubstr("without a proper certificate")));
  // The leaf alone leads to no root.
  package.signature->clear_certificates();
  package.signature->add_certificates(publisher_.chain.leaf().ToDer());
  EXPECT_THAT(Verify(package), StatusIs(kDenied));
}

TEST_F(PackageSignatureTest, KeyAndCertificateBelongTogether) {
  const pki::NetworkRoot::IssuedKey other = network_.Issue(pki::Role::kPublisher, "other");
  Package package = WeatherPackage();
  EXPECT_THAT(SignPackage(&package, other.key, publisher_.chain),
              StatusIs(kInvalid, HasSubstr("not of this private key")));
  EXPECT_THAT(SignPackage(&package, other.key, pki::CertificateChain()), StatusIs(kInvalid));
}

}  // namespace
}  // namespace paranet
