#include "pki/certificate.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "openssl/sha.h"
#include "pki/path/certificate_rules.h"
#include "pki/private_key.h"
#include "pki/testutil/forge.h"
#include "pki/testutil/test_network.h"

namespace paranet::pki {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Identity kAlpha{"acme", Role::kNode, "alpha"};

class CertificateTest : public testing::Test {
 protected:
  std::string LeafDer(const Forgery& forgery) {
    return ForgeDer(forgery, network_.leaf_key.get(), &network_.authority, network_.authority_key.get());
  }

  ForgedNetwork network_;
};

TEST_F(CertificateTest, TellsWhatALeafSays) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.dns_names = {"alpha.example"};
  forgery.ip_addresses = {"\x0a\x00\x00\x01"s};
  forgery.serial = "\x01\x02\xab";
  ASSERT_OK_AND_ASSIGN(const Certificate leaf, Certificate::FromDer(LeafDer(forgery)));
  EXPECT_EQ(leaf.subject(), "CN=alpha,O=acme");
  EXPECT_EQ(leaf.issuer(), "CN=acme Issuing Authority,O=acme");
  EXPECT_EQ(leaf.issuer_der(), network_.authority.subject_der());
  EXPECT_EQ(leaf.serial(), "0102ab");
  EXPECT_EQ(leaf.not_before(), forgery.not_before);
  EXPECT_EQ(leaf.not_after(), forgery.not_after);
  EXPECT_FALSE(leaf.is_ca());
  EXPECT_EQ(leaf.path_length(), std::nullopt);
  EXPECT_THAT(leaf.uris(), ElementsAre("paranet://acme/node/alpha"));
  EXPECT_THAT(leaf.dns_names(), ElementsAre("alpha.example"));
  EXPECT_THAT(leaf.ip_addresses(), ElementsAre("10.0.0.1"));
  EXPECT_EQ(leaf.other_names(), 0u);
  EXPECT_THAT(leaf.key_usages(), ElementsAre("digitalSignature"));
  EXPECT_THAT(leaf.extended_key_usages(), ElementsAre("serverAuth", "clientAuth"));
  EXPECT_THAT(leaf.critical_extensions(), ElementsAre("2.5.29.19", "2.5.29.15"));
  EXPECT_EQ(leaf.key_description(), "ECDSA P-256");
  EXPECT_EQ(leaf.authority_key_id(), network_.authority.subject_key_id());
  EXPECT_EQ(leaf.subject_key_id().size(), 20u);
}

TEST_F(CertificateTest, TellsWhatAnAuthoritySays) {
  EXPECT_TRUE(network_.authority.is_ca());
  EXPECT_EQ(network_.authority.path_length(), 0);
  EXPECT_THAT(network_.authority.key_usages(), ElementsAre("keyCertSign", "cRLSign"));
  EXPECT_THAT(network_.authority.extended_key_usages(), IsEmpty());
  EXPECT_THAT(network_.authority.uris(), IsEmpty());
}

TEST_F(CertificateTest, DescribesOtherKeys) {
  const ForgedKey p384 = ForgeP384Key();
  const ForgedKey rsa = ForgeRsaKey();
  EXPECT_EQ(Forge(Forgery::Leaf(kAlpha), p384.get(), nullptr, p384.get()).key_description(), "ECDSA P-384");
  EXPECT_EQ(Forge(Forgery::Leaf(kAlpha), rsa.get(), nullptr, rsa.get()).key_description(), "RSA 2048");
}

TEST_F(CertificateTest, ReadsWhatOthersIssue) {
  // Nothing of this is in the profile; all of it can be looked at.
  const uint8_t seed[32] = {1, 2, 3};
  const ForgedKey ed25519(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed, sizeof(seed)));
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.organization = "\xc5\xbdlu\xc5\xa5";
  forgery.digest = nullptr;
  forgery.emails = {"alpha@example.com"};
  forgery.extended_key_usage = {"emailProtection"};
  forgery.key_ids = false;
  ASSERT_OK_AND_ASSIGN(const Certificate certificate,
                       Certificate::FromDer(ForgeDer(forgery, ed25519.get(), nullptr, ed25519.get())));
  EXPECT_EQ(certificate.key_description(), "Ed25519");
  EXPECT_EQ(certificate.p256_key(), nullptr);
  EXPECT_FALSE(certificate.IsEcdsaSha256());
  EXPECT_FALSE(certificate.IsSignedBy(certificate));
  EXPECT_THAT(certificate.subject(), HasSubstr("O=\\C5\\BDlu\\C5\\A5"));
  EXPECT_EQ(certificate.other_names(), 1u);
}

TEST_F(CertificateTest, IssuersAndSignatures) {
  const CertificateChain chain = network_.Chain(Forgery::Leaf(kAlpha));
  EXPECT_TRUE(chain[0].IsIssuedBy(network_.authority));
  EXPECT_TRUE(chain[0].IsSignedBy(network_.authority));
  EXPECT_FALSE(chain[0].IsIssuedBy(network_.root));
  EXPECT_FALSE(chain[0].IsSignedBy(network_.root));
  EXPECT_TRUE(network_.root.IsSignedBy(network_.root));
  EXPECT_FALSE(network_.authority.IsSignedBy(network_.authority));
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.digest = EVP_sha384();
  EXPECT_FALSE(network_.Chain(forgery)[0].IsSignedBy(network_.authority));
  EXPECT_EQ(chain[0].extension("1.2.3"), std::nullopt);
  EXPECT_EQ(chain[0].extension("2.5.29.15"), "\x03\x02\x07\x80");
}

TEST_F(CertificateTest, DescribesOddSerialsAndUsages) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.negative_serial = true;
  forgery.serial = "\x05";
  forgery.extended_key_usage = {"1.2.3.4"};
  ASSERT_OK_AND_ASSIGN(const Certificate negative, Certificate::FromDer(LeafDer(forgery)));
  EXPECT_EQ(negative.serial(), "-05");
  EXPECT_THAT(negative.extended_key_usages(), ElementsAre("1.2.3.4"));
  forgery.negative_serial = false;
  forgery.serial = "";
  ASSERT_OK_AND_ASSIGN(const Certificate zero, Certificate::FromDer(LeafDer(forgery)));
  EXPECT_EQ(zero.serial(), "00");
}

TEST_F(CertificateTest, TimesFrom2050OnAreReadToo) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.not_after = absl::FromCivil(absl::CivilSecond(2051, 2, 28, 23, 59, 58), absl::UTCTimeZone());
  ASSERT_OK_AND_ASSIGN(const Certificate leaf, Certificate::FromDer(LeafDer(forgery)));
  EXPECT_EQ(leaf.not_after(), forgery.not_after);
}

TEST_F(CertificateTest, GeneralizedTimesBefore2050CanBeLookedAt) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.not_before = absl::FromCivil(absl::CivilSecond(2051, 1, 1), absl::UTCTimeZone());
  forgery.not_after = absl::FromCivil(absl::CivilSecond(2051, 2, 28, 23, 59, 58), absl::UTCTimeZone());
  const std::string der = LeafDer(forgery);
  ASSERT_OK_AND_ASSIGN(const Certificate plain, Certificate::FromDer(der));
  EXPECT_TRUE(plain.has_plain_times());
  ASSERT_OK_AND_ASSIGN(const Certificate odd,
                       Certificate::FromDer(absl::StrReplaceAll(der, {{"20510228235958Z", "20310228235958Z"}})));
  EXPECT_EQ(odd.not_after(), absl::FromCivil(absl::CivilSecond(2031, 2, 28, 23, 59, 58), absl::UTCTimeZone()));
  EXPECT_FALSE(odd.has_plain_times());
  const auto violation = CheckRules(odd);
  ASSERT_TRUE(violation.has_value());
  EXPECT_THAT(violation->diagnostic, HasSubstr("type of time"));
}

TEST_F(CertificateTest, RefusesTimesThatAreNone) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.not_after = absl::FromCivil(absl::CivilSecond(2031, 2, 28, 23, 59, 58), absl::UTCTimeZone());
  const std::string der = LeafDer(forgery);
  ASSERT_TRUE(absl::StrContains(der, "310228235958Z"));
  for (const char* time : {"310230235958Z", "311328235958Z", "310228245958Z", "310228236058Z", "310228235960Z",
                           "3102282359580", "31022823595 Z", "310200235958Z"}) {
    EXPECT_THAT(Certificate::FromDer(absl::StrReplaceAll(der, {{"310228235958Z", time}})),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << time;
  }
}

TEST_F(CertificateTest, DerAndPemRoundTrip) {
  const std::string der = LeafDer(Forgery::Leaf(kAlpha));
  ASSERT_OK_AND_ASSIGN(const Certificate leaf, Certificate::FromDer(der));
  EXPECT_EQ(leaf.ToDer(), der);
  ASSERT_OK_AND_ASSIGN(const Certificate read, Certificate::FromPem(leaf.ToPem()));
  EXPECT_EQ(read, leaf);
  EXPECT_EQ(read.fingerprint(), leaf.fingerprint());
  EXPECT_EQ(leaf.fingerprint().size(), 64u);
  EXPECT_FALSE(leaf == network_.root);
}

TEST_F(CertificateTest, RefusesTruncationAndAddition) {
  const std::string der = LeafDer(Forgery::Leaf(kAlpha));
  for (size_t size = 0; size < der.size(); ++size) {
    EXPECT_THAT(Certificate::FromDer(der.substr(0, size)), StatusIs(absl::StatusCode::kInvalidArgument)) << size;
  }
  EXPECT_THAT(Certificate::FromDer(der + "\0"s), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Certificate::FromDer(std::string(70000, '\x30')), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(CertificateTest, NoAlteredByteCrashesOrPassesForTheSame) {
  const std::string der = LeafDer(Forgery::Leaf(kAlpha));
  ASSERT_OK_AND_ASSIGN(const Certificate leaf, Certificate::FromDer(der));
  for (size_t i = 0; i < der.size(); ++i) {
    std::string altered = der;
    altered[i] ^= 0x55;
    const absl::StatusOr<Certificate> read = Certificate::FromDer(altered);
    if (read.ok()) {
      EXPECT_FALSE(*read == leaf);
      EXPECT_NE(read->fingerprint(), leaf.fingerprint());
    }
  }
}

TEST_F(CertificateTest, RefusesAnExtensionThatComesTwice) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.extensions = {{"2.5.29.19", true, "\x30\x00"s}};
  EXPECT_THAT(Certificate::FromDer(LeafDer(forgery)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2.5.29.19 comes twice")));
  forgery.extensions = {{"1.2.3.4", false, "x"}, {"1.2.3.4", false, "y"}};
  EXPECT_THAT(Certificate::FromDer(LeafDer(forgery)), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(CertificateTest, RefusesKnownExtensionsThatCannotBeDecoded) {
  const std::pair<const char*, std::string> bad[] = {
      {"2.5.29.19", ""s},                                  // basicConstraints: nothing
      {"2.5.29.19", "\x30\x03\x02\x01\x00"s},              // pathLen without cA
      {"2.5.29.19", "\x30\x06\x01\x01\xff\x02\x01\xff"s},  // pathLen negative
      {"2.5.29.19", "\x30\x00\x00"s},                      // bytes behind the end
      {"2.5.29.15", "\x03\x02\x07\x00"s},                  // keyUsage: no bit
      {"2.5.29.15", "\x04\x01\x80"s},                      // of another type
      {"2.5.29.37", "\x30\x00"s},                          // extKeyUsage: none
      {"2.5.29.14", "\x30\x00"s},                          // subjectKeyIdentifier: of another type
      {"2.5.29.35", "\x04\x00"s},                          // authorityKeyIdentifier: of another type
      {"2.5.29.17", "\x30\x00"s},                          // subjectAltName: none
      {"2.5.29.17", "\x30\x05\x86\x03"s + "a\0b"s},        // a NUL in it
      {"2.5.29.17", "\x30\x04\x87\x02\x01\x02"s},          // an address of two octets
  };
  for (const auto& [numbers, der] : bad) {
    Forgery forgery = Forgery::Leaf(kAlpha);
    forgery.has_basic_constraints = false;
    forgery.key_usage.clear();
    forgery.extended_key_usage.clear();
    forgery.uris.clear();
    forgery.key_ids = false;
    forgery.extensions = {{numbers, false, der}};
    EXPECT_THAT(Certificate::FromDer(LeafDer(forgery)), StatusIs(absl::StatusCode::kInvalidArgument)) << numbers;
  }
}

TEST_F(CertificateTest, KeepsUnknownExtensionsByNumber) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.extensions = {{"1.2.3.4", true, "anything"}, {"1.2.3.5", false, ""}};
  ASSERT_OK_AND_ASSIGN(const Certificate leaf, Certificate::FromDer(LeafDer(forgery)));
  EXPECT_THAT(leaf.extensions(), testing::IsSupersetOf({"1.2.3.4", "1.2.3.5"}));
  EXPECT_THAT(leaf.critical_extensions(), testing::Contains("1.2.3.4"));
}

TEST_F(CertificateTest, ChecksSignatures) {
  TestNetwork network;
  const NetworkRoot::IssuedKey issued = network.Issue(Role::kPublisher, "pub");
  ASSERT_OK_AND_ASSIGN(const std::string signature, issued.key.Sign("manifest"));
  EXPECT_TRUE(issued.chain.leaf().VerifySignature("manifest", signature));
  EXPECT_FALSE(issued.chain.leaf().VerifySignature("manifesto", signature));
  EXPECT_FALSE(issued.chain[1].VerifySignature("manifest", signature));
  EXPECT_FALSE(issued.chain.leaf().VerifySignature("manifest", "no signature"));
  const ForgedKey rsa = ForgeRsaKey();
  EXPECT_FALSE(Forge(Forgery::Leaf(kAlpha), rsa.get(), nullptr, rsa.get()).VerifySignature("manifest", signature));
}

TEST_F(CertificateTest, ChainRoundTrip) {
  const CertificateChain chain = network_.Chain(Forgery::Leaf(kAlpha));
  ASSERT_OK_AND_ASSIGN(const CertificateChain read, CertificateChain::FromPem("a chain\n" + chain.ToPem()));
  EXPECT_EQ(read.certificates(), chain.certificates());
  EXPECT_EQ(read.leaf(), chain[0]);
  ASSERT_OK_AND_ASSIGN(const CertificateChain decoded, CertificateChain::FromDer({chain[0].ToDer(), chain[1].ToDer()}));
  EXPECT_EQ(decoded.certificates(), chain.certificates());
}

TEST_F(CertificateTest, RefusesBadChains) {
  const std::string pem = network_.root.ToPem();
  EXPECT_THAT(CertificateChain::FromPem(""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CertificateChain::FromPem(pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("certificate 2")));
  std::string many;
  for (size_t i = 0; i <= CertificateChain::kMaxSize; ++i) many += pem;
  EXPECT_THAT(CertificateChain::FromPem(many), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("more than 16")));
  EXPECT_THAT(CertificateChain::FromDer({}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CertificateChain::FromDer({network_.root.ToDer(), "x"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("certificate 2")));
  EXPECT_THAT(CertificateChain::FromDer(std::vector<std::string>(17, network_.root.ToDer())),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Certificate::FromPem(pem + pem), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace paranet::pki
