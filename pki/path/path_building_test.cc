#include "pki/path/path_building.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pki/testutil/forge.h"

namespace paranet::pki {
namespace {

using ::testing::SizeIs;
using O = VerifyOutcome;

// An authority that others can certify, too.
struct Authority {
  explicit Authority(const std::string& name) : key(ForgeP256Key()), forgery(Forgery::Authority("any")) {
    forgery.common_name = name;
    forgery.path_length.reset();
  }
  Certificate BySelf() const { return Forge(forgery, key.get(), nullptr, key.get()); }
  Certificate By(const Certificate& issuer, const Authority& signer) const {
    return Forge(forgery, key.get(), &issuer, signer.key.get());
  }

  ForgedKey key;
  Forgery forgery;
};

class PathBuildingTest : public testing::Test {
 protected:
  PathBuildingTest() { options_.time = absl::Now(); }

  Certificate LeafBy(const Certificate& issuer, const Authority& signer) {
    return Forge(Forgery::Leaf({"any", Role::kNode, "leaf"}), leaf_key_.get(), &issuer, signer.key.get());
  }
  BuiltPath Build(const Certificate& leaf, const std::vector<Certificate>& pool,
                  const std::vector<Certificate>& anchors) {
    return BuildPath(leaf, pool, anchors, options_, limits_);
  }

  const ForgedKey leaf_key_ = ForgeP256Key();
  const Authority a_{"a"};
  const Authority b_{"b"};
  const Authority c_{"c"};
  const Certificate root_ = a_.BySelf();
  PathOptions options_;
  PathLimits limits_;
};

TEST_F(PathBuildingTest, FindsTheWayInAnyOrder) {
  const Certificate b = b_.By(root_, a_);
  const Certificate c = c_.By(b, b_);
  const Certificate leaf = LeafBy(c, c_);
  for (const auto& pool : {std::vector<Certificate>{b, c}, std::vector<Certificate>{c, root_, b, leaf}}) {
    const BuiltPath built = Build(leaf, pool, {root_});
    EXPECT_TRUE(built.result.ok()) << built.result.diagnostic;
    EXPECT_EQ(built.path, (std::vector<Certificate>{leaf, c, b}));
  }
}

TEST_F(PathBuildingTest, NoWay) {
  const Certificate b = b_.By(root_, a_);
  const Certificate leaf = LeafBy(b, b_);
  EXPECT_EQ(Build(leaf, {}, {root_}).result.outcome, O::kUntrustedRoot);
  EXPECT_EQ(Build(leaf, {b}, {}).result.outcome, O::kUntrustedRoot);
  EXPECT_EQ(Build(leaf, {b}, {c_.BySelf()}).result.outcome, O::kUntrustedRoot);
  EXPECT_THAT(Build(leaf, {b}, {}).path, SizeIs(1));
}

TEST_F(PathBuildingTest, CirclesEnd) {
  const Certificate b = b_.BySelf();
  const Certificate c = c_.BySelf();
  const Certificate b_by_c = b_.By(c, c_);
  const Certificate c_by_b = c_.By(b, b_);
  const Certificate leaf = LeafBy(b, b_);
  EXPECT_EQ(Build(leaf, {b_by_c, c_by_b, b, c}, {root_}).result.outcome, O::kUntrustedRoot);
  const Certificate c_by_root = c_.By(root_, a_);
  const BuiltPath built = Build(leaf, {b_by_c, c_by_b, c_by_root}, {root_});
  EXPECT_TRUE(built.result.ok()) << built.result.diagnostic;
  EXPECT_EQ(built.path, (std::vector<Certificate>{leaf, b_by_c, c_by_root}));
}

TEST_F(PathBuildingTest, AnotherWayIsTriedIfOneIsBad) {
  Forgery forgery = b_.forgery;
  forgery.not_after = options_.time - absl::Minutes(1);
  const Certificate old = Forge(forgery, b_.key.get(), &root_, a_.key.get());
  const Certificate good = b_.By(root_, a_);
  const Certificate leaf = LeafBy(good, b_);
  EXPECT_EQ(Build(leaf, {old}, {root_}).result.outcome, O::kExpired);
  EXPECT_EQ(Build(leaf, {old}, {root_}).result.index, 1u);
  EXPECT_TRUE(Build(leaf, {old, good}, {root_}).result.ok());
}

TEST_F(PathBuildingTest, WorkIsBounded) {
  // All of one name without key identifiers that tell them apart: any could have issued any.
  std::vector<Certificate> pool;
  Forgery forgery = c_.forgery;
  forgery.issuer_organization = "any";
  forgery.issuer_common_name = "c";
  forgery.key_ids = false;
  std::vector<ForgedKey> keys;
  for (int i = 0; i < 30; ++i) {
    keys.push_back(ForgeP256Key());
    pool.push_back(Forge(forgery, keys.back().get(), nullptr, c_.key.get()));
  }
  const Certificate leaf = LeafBy(pool[0], a_);
  limits_.max_signature_checks = 10;
  EXPECT_EQ(Build(leaf, pool, {root_}).result.outcome, O::kPathTooLong);
  limits_ = PathLimits();
  limits_.max_steps = 5;
  EXPECT_EQ(Build(leaf, pool, {root_}).result.outcome, O::kPathTooLong);
  limits_ = PathLimits();
  limits_.max_path = 1;
  const Certificate b = b_.By(root_, a_);
  EXPECT_FALSE(Build(LeafBy(b, b_), {b}, {root_}).result.ok());
}

}  // namespace
}  // namespace paranet::pki
