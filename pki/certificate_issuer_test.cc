#include "pki/certificate_issuer.h"

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/certificate_profile.h"
#include "pki/identity.h"

namespace paranet::pki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class CertificateIssuerTest : public testing::Test {
 protected:
  CertificateIssuerTest()
      : now_(absl::FromUnixSeconds(1'800'000'000)),
        day_{now_, now_ + absl::Hours(24)},
        root_key_(*PrivateKey::Generate()),
        root_(*IssueRoot("acme", root_key_, {now_, now_ + absl::Hours(72)})),
        authority_key_(*PrivateKey::Generate()),
        authority_(*IssueAuthority(authority_key_.public_key(), root_, root_key_, {now_, now_ + absl::Hours(48)})),
        key_(*PrivateKey::Generate()) {}

  absl::StatusOr<Certificate> Leaf(const LeafNames& names) {
    return IssueLeaf(names, key_.public_key(), authority_, authority_key_, day_);
  }

  const absl::Time now_;
  const CertificateValidity day_;
  const PrivateKey root_key_;
  const Certificate root_;
  const PrivateKey authority_key_;
  const Certificate authority_;
  const PrivateKey key_;
};

TEST_F(CertificateIssuerTest, RootSaysWhatTheProfileSays) {
  EXPECT_EQ(root_.subject(), "CN=acme Network Root,O=acme");
  EXPECT_EQ(root_.issuer(), root_.subject());
  EXPECT_TRUE(root_.is_ca());
  EXPECT_EQ(root_.path_length(), 1);
  EXPECT_EQ(root_.not_before(), now_);
  EXPECT_EQ(root_.not_after(), now_ + absl::Hours(72));
  EXPECT_THAT(root_.critical_extensions(), ElementsAre("2.5.29.19", "2.5.29.15"));
  EXPECT_EQ(root_.authority_key_id(), root_.subject_key_id());
}

TEST_F(CertificateIssuerTest, AuthoritySaysWhatTheProfileSays) {
  EXPECT_EQ(authority_.subject(), "CN=acme Issuing Authority,O=acme");
  EXPECT_EQ(authority_.issuer_der(), root_.subject_der());
  EXPECT_EQ(authority_.authority_key_id(), root_.subject_key_id());
  EXPECT_EQ(authority_.path_length(), 0);
}

TEST_F(CertificateIssuerTest, LeafSaysWhatTheProfileSays) {
  ASSERT_OK_AND_ASSIGN(const Certificate leaf, Leaf({.identity = {"acme", Role::kNode, "alpha"},
                                                     .dns_names = {"alpha.example"},
                                                     .ip_addresses = {"10.0.0.1", "::1"}}));
  EXPECT_EQ(leaf.subject(), "CN=alpha,O=acme");
  EXPECT_THAT(leaf.uris(), ElementsAre("paranet://acme/node/alpha"));
  EXPECT_THAT(leaf.dns_names(), ElementsAre("alpha.example"));
  EXPECT_THAT(leaf.ip_addresses(), ElementsAre("10.0.0.1", "::1"));
  EXPECT_THAT(leaf.key_usages(), ElementsAre("digitalSignature"));
  EXPECT_THAT(leaf.extended_key_usages(), ElementsAre("serverAuth", "clientAuth"));
  EXPECT_EQ(leaf.public_key(), key_.public_key());
  EXPECT_EQ(leaf.authority_key_id(), authority_.subject_key_id());
  EXPECT_FALSE(leaf.is_ca());
}

TEST_F(CertificateIssuerTest, ExtendedKeyUsageByRole) {
  ASSERT_OK_AND_ASSIGN(const Certificate eve, Leaf({.identity = {"acme", Role::kOperator, "eve"}}));
  EXPECT_THAT(eve.extended_key_usages(), ElementsAre("clientAuth"));
  ASSERT_OK_AND_ASSIGN(const Certificate pub, Leaf({.identity = {"acme", Role::kPublisher, "pub"}}));
  EXPECT_THAT(pub.extended_key_usages(), ElementsAre("codeSigning"));
}

TEST_F(CertificateIssuerTest, SerialsAreLongPositiveAndDifferent) {
  std::set<std::string> serials;
  for (int i = 0; i < 50; ++i) {
    ASSERT_OK_AND_ASSIGN(const Certificate leaf, Leaf({.identity = {"acme", Role::kNode, "alpha"}}));
    EXPECT_EQ(leaf.serial().size(), 32u);
    EXPECT_NE(leaf.serial()[0], '-');
    serials.insert(leaf.serial());
  }
  EXPECT_EQ(serials.size(), 50u);
}

// UTCTime until 2049, GeneralizedTime from then on (RFC 5280 section 4.1.2.5).
TEST_F(CertificateIssuerTest, TimesAreInTheTypeOfTheirYear) {
  const absl::Time begin = absl::FromUnixSeconds(0);
  const absl::Time end = absl::FromUnixSeconds(2'540'000'000);
  ASSERT_OK_AND_ASSIGN(const Certificate root, IssueRoot("acme", root_key_, {begin, end}));
  EXPECT_TRUE(root.has_plain_times());
  EXPECT_EQ(root.not_before(), begin);
  EXPECT_EQ(root.not_after(), end);
  EXPECT_NE(root.ToDer().find("700101000000Z"), std::string::npos);
  EXPECT_NE(root.ToDer().find("20500628033320Z"), std::string::npos);
}

TEST_F(CertificateIssuerTest, RefusesBadNames) {
  EXPECT_THAT(IssueRoot("Acme", root_key_, day_), StatusIs(kInvalid));
  EXPECT_THAT(IssueRoot(std::string(kMaxNetworkName + 1, 'a'), root_key_, day_), StatusIs(kInvalid, HasSubstr("46")));
  EXPECT_THAT(Leaf({.identity = {"acme", Role::kNode, "Alpha"}}), StatusIs(kInvalid));
  EXPECT_THAT(Leaf({.identity = {"acme", Role::kNode, ""}}), StatusIs(kInvalid));
  EXPECT_THAT(Leaf({.identity = {"other", Role::kNode, "alpha"}}), StatusIs(kInvalid, HasSubstr("another network")));
  EXPECT_THAT(Leaf({.identity = {"acme", Role::kNode, "a"}, .dns_names = {"*.x"}}), StatusIs(kInvalid));
}

TEST_F(CertificateIssuerTest, RefusesBadValidities) {
  const LeafNames names{.identity = {"acme", Role::kNode, "alpha"}};
  const auto issue = [&](CertificateValidity validity) {
    return IssueLeaf(names, key_.public_key(), authority_, authority_key_, validity);
  };
  EXPECT_OK(issue({now_, now_}));
  EXPECT_THAT(issue({now_, now_ - absl::Seconds(1)}), StatusIs(kInvalid));
  EXPECT_THAT(issue({absl::InfinitePast(), now_}), StatusIs(kInvalid));
  EXPECT_THAT(issue({now_, authority_.not_after() + absl::Seconds(1)}), StatusIs(kInvalid, HasSubstr("issuer")));
  EXPECT_THAT(IssueRoot("acme", root_key_, {now_, absl::InfiniteFuture()}), StatusIs(kInvalid));
  EXPECT_THAT(IssueRoot("acme", root_key_, {now_, absl::FromUnixSeconds(300'000'000'000)}), StatusIs(kInvalid));
}

TEST_F(CertificateIssuerTest, RefusesKeysThatAreNotTheIssuers) {
  EXPECT_THAT(IssueLeaf({.identity = {"acme", Role::kNode, "alpha"}}, key_.public_key(), authority_, root_key_, day_),
              StatusIs(kInvalid, HasSubstr("the key is not that of")));
  EXPECT_THAT(IssueAuthority(key_.public_key(), root_, authority_key_, day_), StatusIs(kInvalid));
}

TEST_F(CertificateIssuerTest, RefusesIssuersOfTheWrongKind) {
  EXPECT_THAT(IssueLeaf({.identity = {"acme", Role::kNode, "alpha"}}, key_.public_key(), root_, root_key_, day_),
              StatusIs(kInvalid, HasSubstr("cannot issue this")));
  EXPECT_THAT(IssueAuthority(key_.public_key(), authority_, authority_key_, day_), StatusIs(kInvalid));
}

TEST_F(CertificateIssuerTest, RefusesKeysThatAreNotP256) {
  EXPECT_THAT(IssueLeaf({.identity = {"acme", Role::kNode, "alpha"}}, "no key", authority_, authority_key_, day_),
              StatusIs(kInvalid, HasSubstr("P-256")));
}

}  // namespace
}  // namespace paranet::pki
