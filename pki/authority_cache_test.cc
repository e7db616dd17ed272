#include "pki/authority_cache.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/certificate.h"
#include "pki/testutil/test_network.h"

namespace paranet::pki {
namespace {

class AuthorityCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    chain_ = network_.Node("alpha")->chain();
    root_ = std::make_unique<Certificate>(network_.root().root_certificate());
  }

  const Certificate& leaf() const { return chain_[0]; }
  const Certificate& issuing() const { return chain_[1]; }
  const Certificate& root() const { return *root_; }

  TestNetwork network_;
  CertificateChain chain_;
  std::unique_ptr<Certificate> root_;
};

TEST_F(AuthorityCacheTest, FindsWhatItWasGiven) {
  AuthorityCache cache(10);
  EXPECT_EQ(cache.Find("pem"), nullptr);
  cache.Remember("pem", {issuing()});
  const AuthorityCache::Authorities found = cache.Find("pem");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(*found, std::vector<Certificate>{issuing()});
  EXPECT_EQ(cache.Find("pem "), nullptr);
}

TEST_F(AuthorityCacheTest, SaysWhatTheSignatureSaysEachTime) {
  AuthorityCache cache(10);
  TestNetwork other("acme");
  const CertificateChain stranger = other.Node("alpha")->chain();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(cache.IsSignedBy(issuing(), root()));
    EXPECT_TRUE(cache.IsSignedBy(leaf(), issuing()));
    EXPECT_FALSE(cache.IsSignedBy(leaf(), root()));
    EXPECT_FALSE(cache.IsSignedBy(stranger[1], root()));
    EXPECT_FALSE(cache.IsSignedBy(stranger[0], issuing()));
    EXPECT_FALSE(cache.IsSignedBy(issuing(), stranger[1]));
  }
}

// An authority's certificate with one bit of the signature changed is another certificate.
TEST_F(AuthorityCacheTest, IsNotMisledByAnAuthorityThatIsAlmostTheSame) {
  AuthorityCache cache(10);
  ASSERT_TRUE(cache.IsSignedBy(issuing(), root()));
  std::string der = issuing().ToDer();
  der.back() = static_cast<char>(der.back() ^ 1);
  ASSERT_OK_AND_ASSIGN(const Certificate altered, Certificate::FromDer(der));
  EXPECT_FALSE(cache.IsSignedBy(altered, root()));
}

TEST_F(AuthorityCacheTest, IsBounded) {
  AuthorityCache cache(3);
  for (int i = 0; i < 10; ++i) cache.Remember(absl::StrCat(i), {issuing()});
  int known = 0;
  for (int i = 0; i < 10; ++i) known += cache.Find(absl::StrCat(i)) != nullptr ? 1 : 0;
  EXPECT_LE(known, 3);
  EXPECT_NE(cache.Find("9"), nullptr);
  for (int i = 0; i < 5; ++i) {
    TestNetwork network;
    EXPECT_TRUE(cache.IsSignedBy(network.root().issuing_certificate(), network.root().root_certificate()));
  }
  EXPECT_TRUE(cache.IsSignedBy(issuing(), root()));
}

}  // namespace
}  // namespace paranet::pki
