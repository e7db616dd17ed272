#include "core/node/visibility.h"

#include <memory>

#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

constexpr absl::string_view kText = R"txt(
    syntax = "proto3";
    package bank.v1;
    import "paranet/v1/options.proto";
    message M {}
    service Desk {
      rpc Open(M) returns (M);
      rpc Hidden(M) returns (M) { option (paranet.v1.skill).private = true; }
    }
    service Vault {
      option (paranet.v1.skill_set).private = true;
      rpc Unlock(M) returns (M);
    })txt";

CatalogueEntry Entry(absl::string_view service, Provider::Kind kind) {
  return {.set = MakeSkillSet(kText, service), .providers = {std::make_shared<FakeProvider>("p", kind)}};
}

TEST(Visibility, StrangersSeeNothing) {
  const CatalogueEntry entry = Entry("bank.v1.Desk", Provider::Kind::kActor);
  EXPECT_FALSE(IsVisible(entry, Visibility::kNothing));
  EXPECT_FALSE(IsVisible(entry, entry.set->skills()[0], Visibility::kNothing));
}

TEST(Visibility, PeersSeeWhatIsNotPrivate) {
  const CatalogueEntry desk = Entry("bank.v1.Desk", Provider::Kind::kActor);
  EXPECT_TRUE(IsVisible(desk, Visibility::kExported));
  EXPECT_TRUE(IsVisible(desk, desk.set->skills()[0], Visibility::kExported));
  EXPECT_FALSE(IsVisible(desk, desk.set->skills()[1], Visibility::kExported));
  const CatalogueEntry vault = Entry("bank.v1.Vault", Provider::Kind::kActor);
  EXPECT_FALSE(IsVisible(vault, Visibility::kExported));
  EXPECT_FALSE(IsVisible(vault, vault.set->skills()[0], Visibility::kExported));
}

TEST(Visibility, PeersSeeNoImports) {
  EXPECT_FALSE(IsVisible(Entry("bank.v1.Desk", Provider::Kind::kPeer), Visibility::kExported));
}

TEST(Visibility, OperatorsSeeEverything) {
  const CatalogueEntry vault = Entry("bank.v1.Vault", Provider::Kind::kPeer);
  EXPECT_TRUE(IsVisible(vault, Visibility::kEverything));
  EXPECT_TRUE(IsVisible(vault, vault.set->skills()[0], Visibility::kEverything));
}

}  // namespace
}  // namespace paranet
