#include "pki/trust_store.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/testutil/forge.h"
#include "pki/testutil/test_network.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(TrustStoreTest, KnowsForWhichNetworkARootSpeaks) {
  TestNetwork acme("acme");
  TestNetwork other("other-1");
  ASSERT_OK_AND_ASSIGN(const auto store,
                       TrustStore::Create({acme.root().root_certificate(), other.root().root_certificate()}));
  ASSERT_EQ(store->roots().size(), 2u);
  EXPECT_EQ(store->roots()[0].network, "acme");
  EXPECT_EQ(store->roots()[1].network, "other-1");
  EXPECT_EQ(store->roots()[1].certificate, other.root().root_certificate());
}

TEST(TrustStoreTest, PemRoundTrip) {
  TestNetwork acme;
  ASSERT_OK_AND_ASSIGN(const auto store, TrustStore::FromPem(acme.trust()->ToPem()));
  ASSERT_EQ(store->roots().size(), 1u);
  EXPECT_EQ(store->roots()[0].certificate, acme.root().root_certificate());
}

TEST(TrustStoreTest, TwoRootsOfOneNetwork) {
  const ForgedNetwork a("acme");
  const ForgedNetwork b("acme");
  EXPECT_OK(TrustStore::Create({a.root, b.root}));
}

TEST(TrustStoreTest, RefusesNoneAndTwice) {
  EXPECT_THAT(TrustStore::Create(std::vector<Certificate>()), StatusIs(kInvalid));
  EXPECT_THAT(TrustStore::FromPem(""), StatusIs(kInvalid));
  const ForgedNetwork a("acme");
  EXPECT_THAT(TrustStore::Create({a.root, a.root}), StatusIs(kInvalid, HasSubstr("twice")));
}

TEST(TrustStoreTest, RefusesWhatIsNoRoot) {
  const ForgedNetwork a("acme");
  EXPECT_THAT(TrustStore::Create({a.authority}), StatusIs(kInvalid, HasSubstr("acme Issuing Authority")));
  EXPECT_THAT(TrustStore::Create({a.Chain(Forgery::Leaf({"acme", Role::kNode, "alpha"})).leaf()}),
              StatusIs(kInvalid, HasSubstr("may not certify")));
  Forgery forgery = Forgery::Root("acme");
  forgery.common_name = "Some CA";
  EXPECT_THAT(TrustStore::Create({Forge(forgery, a.root_key.get(), nullptr, a.root_key.get())}), StatusIs(kInvalid));
}

TEST(TrustStoreTest, ConstraintsAreKept) {
  const ForgedNetwork a("acme");
  const TrustConstraints constraints{{Role::kNode}, {"alpha", "beta"}};
  ASSERT_OK_AND_ASSIGN(const auto store,
                       TrustStore::Create(std::vector<TrustStore::Root>{{a.root, "any", constraints}}));
  EXPECT_EQ(store->roots()[0].network, "acme");
  EXPECT_EQ(store->roots()[0].constraints, constraints);
  EXPECT_THAT(TrustStore::Create(std::vector<TrustStore::Root>{{a.root, "", {{}, {"Alpha"}}}}),
              StatusIs(kInvalid, HasSubstr("\"Alpha\"")));
  EXPECT_THAT(TrustStore::Create(std::vector<TrustStore::Root>()), StatusIs(kInvalid));
}

TEST(TrustStoreTest, RefusesRootsThatHaveNotSignedThemselves) {
  const ForgedNetwork a("acme");
  Forgery forgery = Forgery::Root("acme");
  forgery.break_signature = true;
  EXPECT_THAT(TrustStore::Create({Forge(forgery, a.root_key.get(), nullptr, a.root_key.get())}),
              StatusIs(kInvalid, HasSubstr("has not signed it")));
}

}  // namespace
}  // namespace paranet::pki
