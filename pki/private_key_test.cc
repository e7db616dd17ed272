#include "pki/private_key.h"

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "openssl/bio.h"
#include "openssl/ec_key.h"
#include "openssl/evp.h"
#include "openssl/nid.h"
#include "openssl/pem.h"
#include "pki/p256.h"
#include "pki/secret_access.h"
#include "pki/secret_string.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const SecretAccess kAccess("test");

std::string Pem(const PrivateKey& key) { return std::string(key.ToPem(kAccess).view()); }

// A PEM block of a key of any kind, in the given form.
std::string NativePem(EVP_PKEY* key, int (*write)(BIO*, EVP_PKEY*)) {
  const bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  const uint8_t* text = nullptr;
  size_t size = 0;
  EXPECT_EQ(write(bio.get(), key), 1);
  EXPECT_EQ(BIO_mem_contents(bio.get(), &text, &size), 1);
  return std::string(reinterpret_cast<const char*>(text), size);
}

int WritePkcs8(BIO* bio, EVP_PKEY* key) {
  return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
}

int WriteEncrypted(BIO* bio, EVP_PKEY* key) {
  char password[] = "pass";
  return PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), password, 4, nullptr, nullptr);
}

int WriteSec1(BIO* bio, EVP_PKEY* key) {
  return PEM_write_bio_ECPrivateKey(bio, EVP_PKEY_get0_EC_KEY(key), nullptr, nullptr, 0, nullptr, nullptr);
}

bssl::UniquePtr<EVP_PKEY> EcKey(int curve) {
  const bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(curve));
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  EXPECT_EQ(EC_KEY_generate_key(ec.get()), 1);
  EXPECT_EQ(EVP_PKEY_set1_EC_KEY(key.get(), ec.get()), 1);
  return key;
}

class PrivateKeyTest : public testing::Test {
 protected:
  PrivateKeyTest() : dir_(*TemporaryDirectory::Create()), path_(dir_.path() + "/key.pem") {}

  TemporaryDirectory dir_;
  std::string path_;
};

TEST_F(PrivateKeyTest, EachIsNew) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey a, PrivateKey::Generate());
  ASSERT_OK_AND_ASSIGN(const PrivateKey b, PrivateKey::Generate());
  EXPECT_NE(a.public_key(), b.public_key());
}

TEST_F(PrivateKeyTest, PemRoundTrip) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  EXPECT_THAT(Pem(key), testing::StartsWith("-----BEGIN PRIVATE KEY-----\n"));
  ASSERT_OK_AND_ASSIGN(const PrivateKey read, PrivateKey::FromPem(Pem(key)));
  EXPECT_EQ(read.public_key(), key.public_key());
  ASSERT_OK_AND_ASSIGN(const std::string signature, read.Sign("data"));
  EXPECT_TRUE(VerifyP256Signature(key.public_key(), "data", signature));
}

TEST_F(PrivateKeyTest, SignsNothingAndMuch) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  for (const std::string& data : {std::string(), std::string(1 << 20, 'x'), std::string("a\0b", 3)}) {
    ASSERT_OK_AND_ASSIGN(const std::string signature, key.Sign(data));
    EXPECT_TRUE(VerifyP256Signature(key.public_key(), data, signature));
    EXPECT_FALSE(VerifyP256Signature(key.public_key(), data + "x", signature));
  }
}

TEST_F(PrivateKeyTest, CopiesShareTheKeyAndOutliveEachOther) {
  ASSERT_OK_AND_ASSIGN(PrivateKey key, PrivateKey::Generate());
  const std::string public_key = key.public_key();
  PrivateKey copy = key;
  ASSERT_OK_AND_ASSIGN(key, PrivateKey::Generate());
  EXPECT_EQ(copy.public_key(), public_key);
  PrivateKey moved = std::move(copy);
  ASSERT_OK_AND_ASSIGN(const std::string signature, moved.Sign("data"));
  EXPECT_TRUE(VerifyP256Signature(public_key, "data", signature));
}

TEST_F(PrivateKeyTest, RefusesOtherCurvesAndKinds) {
  EXPECT_THAT(PrivateKey::FromPem(NativePem(EcKey(NID_secp384r1).get(), WritePkcs8)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("P-256")));
  uint8_t seed[32] = {1};
  const bssl::UniquePtr<EVP_PKEY> ed25519(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed, sizeof(seed)));
  EXPECT_THAT(PrivateKey::FromPem(NativePem(ed25519.get(), WritePkcs8)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("P-256")));
}

TEST_F(PrivateKeyTest, RefusesOtherForms) {
  const bssl::UniquePtr<EVP_PKEY> key = EcKey(NID_X9_62_prime256v1);
  EXPECT_OK(PrivateKey::FromPem(NativePem(key.get(), WritePkcs8)));
  EXPECT_THAT(PrivateKey::FromPem(NativePem(key.get(), WriteSec1)), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(PrivateKey::FromPem(NativePem(key.get(), WriteEncrypted)), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(PrivateKeyTest, RefusesNoneTwoAndDamaged) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  const std::string pem = Pem(key);
  EXPECT_THAT(PrivateKey::FromPem(""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(PrivateKey::FromPem(pem + pem), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(PrivateKey::FromPem(pem.substr(0, pem.size() / 2)), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(PrivateKeyTest, NoAlteredCharacterMakesAnotherUsableKeyOrShowsTheBytes) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  const std::string pem = Pem(key);
  for (size_t i = 0; i < pem.size(); ++i) {
    std::string altered = pem;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    const absl::StatusOr<PrivateKey> read = PrivateKey::FromPem(altered);
    if (read.ok()) {
      // Bits that carry nothing, such as those of a version.
      EXPECT_EQ(read->public_key(), key.public_key()) << i;
    } else {
      EXPECT_THAT(read, StatusIs(absl::StatusCode::kInvalidArgument, Not(HasSubstr(pem.substr(60, 12)))));
    }
  }
}

TEST_F(PrivateKeyTest, FileRoundTripWithMode0600) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  ASSERT_OK(key.Save(path_));
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_OK_AND_ASSIGN(const PrivateKey read, PrivateKey::Load(path_));
  EXPECT_EQ(read.public_key(), key.public_key());
}

TEST_F(PrivateKeyTest, FileThatOthersCanAccessIsRefused) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  ASSERT_OK(key.Save(path_));
  for (mode_t mode : {0640u, 0604u, 0620u, 0601u, 0644u}) {
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    EXPECT_THAT(PrivateKey::Load(path_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(path_))) << mode;
  }
}

TEST_F(PrivateKeyTest, FileInADirectoryThatOthersCanEnterIsRefused) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  ASSERT_OK(key.Save(path_));
  for (mode_t mode : {0750u, 0705u, 0711u, 0777u}) {
    ASSERT_EQ(chmod(dir_.path().c_str(), mode), 0);
    EXPECT_THAT(PrivateKey::Load(path_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("chmod"))) << mode;
  }
  ASSERT_EQ(chmod(dir_.path().c_str(), 0700), 0);
  EXPECT_OK(PrivateKey::Load(path_));
}

// --- encrypted ------------------------------------------------------------------------------------

TEST_F(PrivateKeyTest, EncryptedRoundTrip) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  const SecretString passphrase("open sesame");
  ASSERT_OK_AND_ASSIGN(const std::string pem, key.ToEncryptedPem(passphrase));
  EXPECT_THAT(pem, testing::StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
  ASSERT_OK_AND_ASSIGN(const PrivateKey read, PrivateKey::FromPem(pem, SecretString("open sesame")));
  EXPECT_EQ(read.public_key(), key.public_key());
  // A new salt each time.
  ASSERT_OK_AND_ASSIGN(const std::string again, key.ToEncryptedPem(passphrase));
  EXPECT_NE(again, pem);
  EXPECT_THAT(key.ToEncryptedPem(SecretString("")), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(PrivateKeyTest, EncryptedFileRoundTripWithMode0600) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  ASSERT_OK(key.Save(path_, SecretString("open sesame")));
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_OK(PrivateKey::Load(path_, SecretString("open sesame")));
  EXPECT_THAT(PrivateKey::Load(path_, std::nullopt),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("give its passphrase")));
  EXPECT_THAT(PrivateKey::Load(path_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("give it without encryption")));
  EXPECT_THAT(
      PrivateKey::Load(path_, SecretString("sesame")),
      StatusIs(absl::StatusCode::kPermissionDenied,
               testing::AllOf(HasSubstr(path_), HasSubstr("the passphrase is not the one"), Not(HasSubstr("sesame")))));
}

TEST_F(PrivateKeyTest, PlainKeyNeedsNoPassphraseAndMindsNone) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  ASSERT_OK(key.Save(path_, std::nullopt));
  EXPECT_OK(PrivateKey::Load(path_));
  EXPECT_OK(PrivateKey::Load(path_, std::nullopt));
  EXPECT_OK(PrivateKey::Load(path_, SecretString("whatever")));
}

TEST_F(PrivateKeyTest, EncryptedByOthers) {
  const bssl::UniquePtr<EVP_PKEY> key = EcKey(NID_X9_62_prime256v1);
  EXPECT_OK(PrivateKey::FromPem(NativePem(key.get(), WriteEncrypted), SecretString("pass")));
  EXPECT_THAT(PrivateKey::FromPem(NativePem(EcKey(NID_secp384r1).get(), WriteEncrypted), SecretString("pass")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("P-256")));
}

TEST_F(PrivateKeyTest, DamagedEncryptedKeyIsNotTakenForAWrongPassphrase) {
  const std::string begin = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n";
  const std::string end = "\n-----END ENCRYPTED PRIVATE KEY-----\n";
  for (const char* content : {"MAA=", "AAAA", "MAUCAQUEAA=="}) {
    EXPECT_THAT(PrivateKey::FromPem(absl::StrCat(begin, content, end), SecretString("pass")),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("damaged")))
        << content;
  }
  EXPECT_THAT(PrivateKey::FromPem(absl::StrCat(begin, "!!!!", end), SecretString("pass")),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(PrivateKeyTest, MissingFileIsNotFound) {
  EXPECT_THAT(PrivateKey::Load(path_), StatusIs(absl::StatusCode::kNotFound, HasSubstr(path_)));
}

TEST_F(PrivateKeyTest, ErrorOfADamagedFileNamesItAndShowsNothingOfIt) {
  ASSERT_OK(WriteFileAtomically(path_, "-----BEGIN PRIVATE KEY-----\ntopsecret\n-----END PRIVATE KEY-----\n", 0600));
  EXPECT_THAT(PrivateKey::Load(path_), StatusIs(absl::StatusCode::kInvalidArgument,
                                                testing::AllOf(HasSubstr(path_), Not(HasSubstr("topsecret")))));
}

}  // namespace
}  // namespace paranet::pki
