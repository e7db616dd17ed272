#include "pki/p256.h"

#include <string>

#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/private_key.h"

namespace paranet::pki {
namespace {

TEST(P256Test, ReadsThePublicKeyOfAPrivateKey) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  EXPECT_NE(ParseP256PublicKey(key.public_key()), nullptr);
}

TEST(P256Test, RefusesOtherBytes) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  const std::string& spki = key.public_key();
  EXPECT_EQ(ParseP256PublicKey(""), nullptr);
  EXPECT_EQ(ParseP256PublicKey(spki.substr(0, spki.size() - 1)), nullptr);
  EXPECT_EQ(ParseP256PublicKey(spki + "x"), nullptr);
  std::string other_curve = spki;
  other_curve[22] ^= 1;
  EXPECT_EQ(ParseP256PublicKey(other_curve), nullptr);
  std::string off_curve = spki;
  off_curve.back() ^= 1;
  EXPECT_EQ(ParseP256PublicKey(off_curve), nullptr);
}

TEST(P256Test, VerifiesSignaturesOfTheSameDataByTheSameKeyAlone) {
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  ASSERT_OK_AND_ASSIGN(const PrivateKey other, PrivateKey::Generate());
  ASSERT_OK_AND_ASSIGN(const std::string signature, key.Sign("data"));
  EXPECT_TRUE(VerifyP256Signature(key.public_key(), "data", signature));
  EXPECT_FALSE(VerifyP256Signature(key.public_key(), "date", signature));
  EXPECT_FALSE(VerifyP256Signature(other.public_key(), "data", signature));
  EXPECT_FALSE(VerifyP256Signature("no key", "data", signature));
  EXPECT_FALSE(VerifyP256Signature(key.public_key(), "data", ""));
  EXPECT_FALSE(VerifyP256Signature(key.public_key(), "data", signature + "x"));
  std::string altered = signature;
  altered.back() ^= 1;
  EXPECT_FALSE(VerifyP256Signature(key.public_key(), "data", altered));
}

}  // namespace
}  // namespace paranet::pki
