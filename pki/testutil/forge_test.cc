#include "pki/testutil/forge.h"

#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet::pki {
namespace {

TEST(ForgeTest, ObeysToTheLetter) {
  const ForgedNetwork network;
  Forgery forgery = Forgery::Leaf({"acme", Role::kOperator, "eve"});
  forgery.common_name = "mallory";
  forgery.uris.push_back("https://two");
  const Certificate leaf = network.Chain(forgery).leaf();
  EXPECT_EQ(leaf.subject(), "CN=mallory,O=acme");
  EXPECT_THAT(leaf.uris(), testing::ElementsAre("paranet://acme/operator/eve", "https://two"));
  EXPECT_EQ(leaf.issuer_der(), network.authority.subject_der());
}

TEST(ForgeTest, BreaksSignatures) {
  const ForgedNetwork network;
  Forgery forgery = Forgery::Leaf({"acme", Role::kNode, "alpha"});
  EXPECT_EQ(X509_verify(network.Chain(forgery).leaf().native(), network.authority_key.get()), 1);
  forgery.break_signature = true;
  EXPECT_EQ(X509_verify(network.Chain(forgery).leaf().native(), network.authority_key.get()), 0);
}

}  // namespace
}  // namespace paranet::pki
