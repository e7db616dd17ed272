#include "pki/certificate_info.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "paranet/v1/pki.pb.h"
#include "pki/identity.h"
#include "pki/testutil/test_network.h"

namespace paranet::pki {
namespace {

TEST(CertificateInfoTest, DescribesALeaf) {
  TestNetwork network;
  const NetworkRoot::IssuedKey issued =
      network.Issue("alpha", {.dns_names = {"alpha.example"}, .ip_addresses = {"10.0.0.1"}});
  const v1::CertificateInfo info = DescribeCertificate(issued.chain.leaf());
  EXPECT_EQ(info.identity(), "paranet://acme/node/alpha");
  EXPECT_EQ(info.role(), v1::NODE);
  EXPECT_EQ(info.network(), "acme");
  EXPECT_EQ(info.name(), "alpha");
  EXPECT_EQ(info.subject(), "CN=alpha,O=acme");
  EXPECT_EQ(info.issuer(), "CN=acme Issuing Authority,O=acme");
  EXPECT_EQ(info.serial(), issued.chain.leaf().serial());
  EXPECT_EQ(info.fingerprint(), issued.chain.leaf().fingerprint());
  EXPECT_EQ(info.not_before_unix(), absl::ToUnixSeconds(issued.chain.leaf().not_before()));
  EXPECT_EQ(info.not_after_unix(), absl::ToUnixSeconds(issued.chain.leaf().not_after()));
  ASSERT_EQ(info.dns_names_size(), 1);
  EXPECT_EQ(info.dns_names(0), "alpha.example");
  ASSERT_EQ(info.ip_addresses_size(), 1);
  EXPECT_EQ(info.ip_addresses(0), "10.0.0.1");
  EXPECT_FALSE(info.authority());
  EXPECT_EQ(info.key(), "ECDSA P-256");
  ASSERT_EQ(info.key_usages_size(), 1);
  EXPECT_EQ(info.key_usages(0), "digitalSignature");
  EXPECT_EQ(info.extended_key_usages_size(), 2);
}

TEST(CertificateInfoTest, DescribesEachRole) {
  TestNetwork network;
  EXPECT_EQ(DescribeCertificate(network.Issue(Role::kOperator, "eve").chain.leaf()).role(), v1::OPERATOR);
  EXPECT_EQ(DescribeCertificate(network.Issue(Role::kPublisher, "pub").chain.leaf()).role(), v1::PUBLISHER);
}

TEST(CertificateInfoTest, AuthoritiesHaveNoIdentity) {
  TestNetwork network;
  const v1::CertificateInfo info = DescribeCertificate(network.root().root_certificate());
  EXPECT_EQ(info.identity(), "");
  EXPECT_EQ(info.role(), v1::ROLE_UNSPECIFIED);
  EXPECT_TRUE(info.authority());
  EXPECT_EQ(info.subject(), "CN=acme Network Root,O=acme");
}

}  // namespace
}  // namespace paranet::pki
