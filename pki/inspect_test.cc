#include "pki/inspect.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/certificate.h"
#include "pki/certificate_request.h"
#include "pki/private_key.h"
#include "pki/revocation_list.h"
#include "pki/secret_access.h"
#include "pki/testutil/test_network.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using Kind = Inspected::Kind;

// openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024, its public half.
constexpr char kRsaPublicKey[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDbuXkG4CwvXC1L9N/gQWBZJEJi\n"
    "JhrJnbQz7G7sdoLL0VWZ9llDTcbLzmZ7zEYoFaXM0qAvObgs1WqrB4/kTAS2S6z1\n"
    "f7H20xx5PzwjLsJFFJfSE6pmcFZnT6gSOH6LbJXrOhiuAI/cPPgzOsMI+FWPfxwy\n"
    "TMglk+h/AAkdVu535QIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

std::string Pem(absl::string_view label, absl::string_view content) {
  const std::string body = absl::Base64Escape(content);
  std::string pem = absl::StrCat("-----BEGIN ", label, "-----\n");
  for (size_t at = 0; at < body.size(); at += 64) absl::StrAppend(&pem, body.substr(at, 64), "\n");
  return absl::StrCat(pem, "-----END ", label, "-----\n");
}

class InspectTest : public testing::Test {
 protected:
  Inspected Only(absl::string_view bytes) {
    const absl::StatusOr<std::vector<Inspected>> all = Inspect(bytes);
    EXPECT_OK(all);
    EXPECT_THAT(*all, SizeIs(1));
    return all->front();
  }
  std::string KeyPem() const {
    return std::string(node_->key().ToPem(SecretAccess("to see that nothing of it comes out")).view());
  }

  TestNetwork network_;
  std::unique_ptr<NodeIdentity> node_ = network_.Node("alpha");
};

TEST_F(InspectTest, Certificates) {
  const Certificate& leaf = node_->chain().leaf();
  const absl::StatusOr<std::vector<Inspected>> all = Inspect(absl::StrCat("text\n", node_->chain().ToPem()));
  ASSERT_OK(all);
  ASSERT_THAT(*all, SizeIs(node_->chain().size()));
  EXPECT_EQ((*all)[0].kind, Kind::kCertificate);
  EXPECT_EQ((*all)[0].label, "CERTIFICATE");
  EXPECT_EQ((*all)[0].certificate.fingerprint(), leaf.fingerprint());
  EXPECT_EQ((*all)[0].certificate.identity(), "paranet://acme/node/alpha");
  EXPECT_EQ((*all)[0].key, "ECDSA P-256");
  EXPECT_EQ((*all)[0].note, "");
  EXPECT_TRUE((*all)[1].certificate.authority());
  const Inspected der = Only(leaf.ToDer());
  EXPECT_EQ(der.label, "DER");
  EXPECT_EQ(der.certificate.serial(), leaf.serial());
}

TEST_F(InspectTest, Requests) {
  const absl::StatusOr<CertificateRequest> request = CertificateRequest::Create(
      node_->key(), {.identity = node_->identity(), .dns_names = {"a.example"}, .ip_addresses = {"10.0.0.1"}});
  ASSERT_OK(request);
  for (const std::string& form :
       {request->ToPem(), request->ToDer(), Pem("NEW CERTIFICATE REQUEST", request->ToDer())}) {
    const Inspected found = Only(form);
    EXPECT_EQ(found.kind, Kind::kRequest);
    EXPECT_EQ(found.certificate.identity(), "paranet://acme/node/alpha");
    EXPECT_EQ(found.certificate.dns_names(0), "a.example");
    EXPECT_EQ(found.certificate.ip_addresses(0), "10.0.0.1");
    EXPECT_TRUE(found.signed_by_its_key);
    EXPECT_EQ(found.note, "");
    EXPECT_EQ(found.public_key_fingerprint, Only(KeyPem()).public_key_fingerprint);
  }
}

TEST_F(InspectTest, ARequestWithAWrongSignatureIsSaidToHaveOne) {
  const absl::StatusOr<CertificateRequest> request =
      CertificateRequest::Create(node_->key(), {.identity = node_->identity()});
  ASSERT_OK(request);
  std::string der = request->ToDer();
  der.back() = static_cast<char>(der.back() ^ 1);
  const Inspected found = Only(der);
  EXPECT_FALSE(found.signed_by_its_key);
  EXPECT_NE(found.note, "");
}

TEST_F(InspectTest, OfPrivateKeysOnlyWhatIsPublic) {
  const std::string pem = KeyPem();
  const Inspected found = Only(pem);
  EXPECT_EQ(found.kind, Kind::kPrivateKey);
  EXPECT_EQ(found.label, "PRIVATE KEY");
  EXPECT_EQ(found.key, "ECDSA P-256");
  EXPECT_EQ(found.public_key_fingerprint, Only(node_->chain().leaf().ToPem()).public_key_fingerprint);
}

TEST_F(InspectTest, OtherKeys) {
  const Inspected rsa = Only(kRsaPublicKey);
  EXPECT_EQ(rsa.kind, Kind::kPublicKey);
  EXPECT_EQ(rsa.key, "RSA 1024");
  EXPECT_THAT(rsa.note, HasSubstr("P-256"));
  const Inspected own = Only(Pem("PUBLIC KEY", node_->key().public_key()));
  EXPECT_EQ(own.public_key_fingerprint, Only(KeyPem()).public_key_fingerprint);
  EXPECT_EQ(own.note, "");
  // An EncryptedPrivateKeyInfo whose octets nobody can read.
  const std::string encrypted("\x30\x0c\x30\x05\x06\x03\x2a\x03\x04\x04\x03xyz", 14);
  EXPECT_EQ(Only(Pem("ENCRYPTED PRIVATE KEY", encrypted)).kind, Kind::kEncryptedPrivateKey);
  EXPECT_EQ(Only(encrypted).kind, Kind::kEncryptedPrivateKey);
  EXPECT_EQ(Only("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n"
                 "-----END EC PRIVATE KEY-----\n")
                .kind,
            Kind::kEncryptedPrivateKey);
}

TEST_F(InspectTest, BlocksOfOtherKindsAreNamed) {
  const Inspected found = Only(Pem("EC PARAMETERS", "\x06\x01\x2a"));
  EXPECT_EQ(found.kind, Kind::kOther);
  EXPECT_EQ(found.label, "EC PARAMETERS");
}

TEST_F(InspectTest, RefusesEverythingElse) {
  const std::string der = node_->chain().leaf().ToDer();
  for (const std::string& bad :
       {std::string(), std::string("hello"), std::string("\x30\x03\x02\x01\x05", 5), der.substr(0, der.size() - 1),
        der + "x", std::string("-----BEGIN CERTIFICATE-----\nAAAA\n"), std::string("-----BEGIN \n"),
        Pem("CERTIFICATE", "hello"), Pem("CERTIFICATE", der + "x"), Pem("X509 CRL", der), Pem("PRIVATE KEY", der),
        Pem("CERTIFICATE REQUEST", der), Pem("PUBLIC KEY", der), Pem("ENCRYPTED PRIVATE KEY", "\x30\x02\x05"),
        Pem("PKCS7", der), absl::StrCat(Pem("CERTIFICATE", der), "-----BEGIN CERTIFICATE-----\nA"),
        std::string(kMaxInspected + 1, 'x')}) {
    EXPECT_THAT(Inspect(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad.substr(0, 300);
  }
  EXPECT_THAT(Inspect(absl::StrCat(Pem("CERTIFICATE", der), Pem("CERTIFICATE", "secret"))),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("PEM block 2 (CERTIFICATE)")));
}

TEST_F(InspectTest, CutOffAnywhereItIsRefusedOrLess) {
  const std::string whole = absl::StrCat(node_->chain().ToPem(), KeyPem());
  for (size_t size = 0; size < whole.size(); size += 7) {
    const absl::StatusOr<std::vector<Inspected>> some = Inspect(whole.substr(0, size));
    EXPECT_LT(some.ok() ? some->size() : 0, 3u) << size;
  }
}

}  // namespace
}  // namespace paranet::pki
