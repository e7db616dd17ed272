#include "pki/certificate_request.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "openssl/digest.h"
#include "openssl/ec_key.h"
#include "openssl/evp.h"
#include "openssl/mem.h"
#include "openssl/nid.h"
#include "openssl/x509.h"
#include "pki/identity.h"
#include "pki/secret_access.h"

namespace paranet::pki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
const Identity kBeta{"acme", Role::kNode, "beta"};

std::string Der(X509_REQ* request) {
  uint8_t* der = nullptr;
  const int size = i2d_X509_REQ(request, &der);
  const bssl::UniquePtr<uint8_t> owner(der);
  return std::string(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
}

TEST(CertificateRequestTest, SaysWhatWasAsked) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  ASSERT_OK_AND_ASSIGN(
      const CertificateRequest made,
      CertificateRequest::Create(
          key, {.identity = kBeta, .dns_names = {"beta.example", "localhost"}, .ip_addresses = {"127.0.0.1", "::1"}}));
  for (const auto& read : {CertificateRequest::FromDer(made.ToDer()), CertificateRequest::FromPem(made.ToPem())}) {
    ASSERT_OK(read);
    EXPECT_EQ(read->names().identity, kBeta);
    EXPECT_THAT(read->names().dns_names, ElementsAre("beta.example", "localhost"));
    EXPECT_THAT(read->names().ip_addresses, ElementsAre("127.0.0.1", "::1"));
    EXPECT_EQ(read->public_key(), key.public_key());
    EXPECT_EQ(read->ToDer(), made.ToDer());
  }
}

TEST(CertificateRequestTest, RefusesBadNames) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  const auto create = [&](LeafNames names) {
    names.identity = kBeta;
    return CertificateRequest::Create(key, names);
  };
  EXPECT_OK(create({.dns_names = {"a", "a-1.b2.example"}}));
  for (const char* name :
       {"", ".", "a.", ".a", "a..b", "A.example", "*.example", "-a", "a-", "a_b", "a b", "\xc3\xa4"}) {
    EXPECT_THAT(create({.dns_names = {name}}), StatusIs(kInvalid, HasSubstr("host name"))) << name;
  }
  EXPECT_THAT(create({.dns_names = {std::string(64, 'a')}}), StatusIs(kInvalid));
  EXPECT_THAT(create({.dns_names = {"a", "b", "a"}}), StatusIs(kInvalid, HasSubstr("twice")));
  for (const char* address :
       {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", ":::", "2001:DB8::1", "a", "1.2.3.4 "}) {
    EXPECT_THAT(create({.ip_addresses = {address}}), StatusIs(kInvalid, HasSubstr("IP address"))) << address;
  }
  EXPECT_THAT(create({.dns_names = std::vector<std::string>(33, "a")}), StatusIs(kInvalid, HasSubstr("more than 32")));
  EXPECT_THAT(CertificateRequest::Create(key, {.identity = {"acme", Role::kNode, "Beta"}}), StatusIs(kInvalid));
}

TEST(CertificateRequestTest, RefusesTruncationAdditionAndOtherFiles) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  ASSERT_OK_AND_ASSIGN(const CertificateRequest made, CertificateRequest::Create(key, {.identity = kBeta}));
  for (size_t size = 0; size < made.ToDer().size(); ++size) {
    EXPECT_THAT(CertificateRequest::FromDer(made.ToDer().substr(0, size)), StatusIs(kInvalid)) << size;
  }
  EXPECT_THAT(CertificateRequest::FromDer(made.ToDer() + "x"), StatusIs(kInvalid));
  EXPECT_THAT(CertificateRequest::FromDer(std::string(70000, '0')), StatusIs(kInvalid));
  EXPECT_THAT(CertificateRequest::FromPem("hello"), StatusIs(kInvalid));
  EXPECT_THAT(CertificateRequest::FromPem(made.ToPem() + made.ToPem()), StatusIs(kInvalid));
}

// Proof of possession: whatever is changed, the signature no longer fits.
TEST(CertificateRequestTest, NoAlteredByteIsAccepted) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  ASSERT_OK_AND_ASSIGN(const CertificateRequest made, CertificateRequest::Create(key, {.identity = kBeta}));
  for (size_t i = 0; i < made.ToDer().size(); ++i) {
    std::string altered = made.ToDer();
    altered[i] ^= 0x01;
    EXPECT_THAT(CertificateRequest::FromDer(altered), StatusIs(kInvalid)) << i;
  }
}

class ForgedRequestTest : public testing::Test {
 protected:
  ForgedRequestTest() : key_(*PrivateKey::Generate()), other_(*PrivateKey::Generate()), request_(X509_REQ_new()) {
    EXPECT_EQ(X509_REQ_set_pubkey(request_.get(), key_.Native(access_)), 1);
  }

  // Asks for an extension `nid` of value `der`.
  void Ask(int nid, const std::string& der) {
    const bssl::UniquePtr<ASN1_OCTET_STRING> value(ASN1_OCTET_STRING_new());
    EXPECT_EQ(ASN1_STRING_set(value.get(), der.data(), static_cast<int>(der.size())), 1);
    bssl::UniquePtr<X509_EXTENSION> extension(X509_EXTENSION_create_by_NID(nullptr, nid, 0, value.get()));
    EXPECT_TRUE(bssl::PushToStack(extensions_.get(), std::move(extension)));
  }
  static std::string UriName(const std::string& uri) {
    return absl::StrCat("\x30", std::string(1, static_cast<char>(uri.size() + 2)), "\x86",
                        std::string(1, static_cast<char>(uri.size())), uri);
  }
  absl::Status Send(const PrivateKey& signer, const EVP_MD* digest = EVP_sha256()) {
    if (sk_X509_EXTENSION_num(extensions_.get()) > 0) {
      EXPECT_EQ(X509_REQ_add_extensions(request_.get(), extensions_.get()), 1);
    }
    EXPECT_GT(X509_REQ_sign(request_.get(), signer.Native(access_), digest), 0);
    return CertificateRequest::FromDer(Der(request_.get())).status();
  }

  const SecretAccess access_{"test"};
  const PrivateKey key_;
  const PrivateKey other_;
  const bssl::UniquePtr<X509_REQ> request_;
  const bssl::UniquePtr<STACK_OF(X509_EXTENSION)> extensions_{sk_X509_EXTENSION_new_null()};
};

TEST_F(ForgedRequestTest, WellMadeIsAccepted) {
  Ask(NID_subject_alt_name, UriName("paranet://acme/node/beta"));
  EXPECT_OK(Send(key_));
}

TEST_F(ForgedRequestTest, SignedByAnotherKeyIsRefused) {
  Ask(NID_subject_alt_name, UriName("paranet://acme/node/beta"));
  EXPECT_THAT(Send(other_), StatusIs(kInvalid, HasSubstr("has not signed it")));
}

TEST_F(ForgedRequestTest, OtherDigestIsRefused) {
  Ask(NID_subject_alt_name, UriName("paranet://acme/node/beta"));
  EXPECT_THAT(Send(key_, EVP_sha384()), StatusIs(kInvalid, HasSubstr("SHA-256")));
}

TEST_F(ForgedRequestTest, NoExtensionIsRefused) { EXPECT_THAT(Send(key_), StatusIs(kInvalid, HasSubstr("extension"))); }

TEST_F(ForgedRequestTest, FurtherExtensionIsRefused) {
  Ask(NID_subject_alt_name, UriName("paranet://acme/node/beta"));
  Ask(NID_basic_constraints, "\x30\x03\x01\x01\xff");
  EXPECT_THAT(Send(key_), StatusIs(kInvalid, HasSubstr("exactly one extension")));
}

TEST_F(ForgedRequestTest, UriThatIsNoIdentityIsRefused) {
  Ask(NID_subject_alt_name, UriName("https://acme"));
  EXPECT_THAT(Send(key_), StatusIs(kInvalid, HasSubstr("no identity")));
}

TEST_F(ForgedRequestTest, NoUriIsRefused) {
  Ask(NID_subject_alt_name,
      "\x30\x03\x82\x01"
      "a");
  EXPECT_THAT(Send(key_), StatusIs(kInvalid, HasSubstr("one URI")));
}

TEST_F(ForgedRequestTest, WildcardIsRefused) {
  Ask(NID_subject_alt_name, "\x30\x1f\x86\x18paranet://acme/node/beta\x82\x03*.a");
  EXPECT_THAT(Send(key_), StatusIs(kInvalid, HasSubstr("host name")));
}

TEST_F(ForgedRequestTest, OtherCurveIsRefused) {
  const bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_secp384r1));
  const bssl::UniquePtr<EVP_PKEY> p384(EVP_PKEY_new());
  ASSERT_EQ(EC_KEY_generate_key(ec.get()), 1);
  ASSERT_EQ(EVP_PKEY_set1_EC_KEY(p384.get(), ec.get()), 1);
  ASSERT_EQ(X509_REQ_set_pubkey(request_.get(), p384.get()), 1);
  ASSERT_GT(X509_REQ_sign(request_.get(), p384.get(), EVP_sha256()), 0);
  EXPECT_THAT(CertificateRequest::FromDer(Der(request_.get())), StatusIs(kInvalid, HasSubstr("P-256")));
}

}  // namespace
}  // namespace paranet::pki
