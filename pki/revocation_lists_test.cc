#include "pki/revocation_lists.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/testutil/forge.h"
#include "pki/testutil/forge_list.h"

namespace paranet::pki {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kDenied = absl::StatusCode::kPermissionDenied;
constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

class RevocationListsTest : public testing::Test {
 protected:
  RevocationListsTest() : trust_(*TrustStore::Create({network_.root})), now_(absl::Now()) {}

  static ListForgery Numbered(uint64_t number) {
    ListForgery forgery;
    forgery.number = number;
    return forgery;
  }
  RevocationList OfRoot(const ListForgery& forgery) {
    return ForgeList(forgery, network_.root, network_.root_key.get());
  }
  RevocationList OfAuthority(const ListForgery& forgery) {
    return ForgeList(forgery, network_.authority, network_.authority_key.get());
  }
  absl::StatusOr<std::shared_ptr<const RevocationLists>> Add(const std::shared_ptr<const RevocationLists>& lists,
                                                             const RevocationList& list) {
    return lists->With(list, *trust_, {network_.authority}, now_);
  }

  ForgedNetwork network_;
  std::shared_ptr<const TrustStore> trust_;
  const absl::Time now_;
  const std::shared_ptr<const RevocationLists> empty_ = RevocationLists::Empty();
};

TEST_F(RevocationListsTest, FindsTheListOfEachAuthority) {
  const RevocationList of_root = OfRoot(Numbered(1));
  const RevocationList of_authority = OfAuthority(Numbered(1));
  ASSERT_OK_AND_ASSIGN(const auto one, Add(empty_, of_root));
  ASSERT_OK_AND_ASSIGN(const auto both, Add(one, of_authority));
  EXPECT_TRUE(empty_->lists().empty());
  EXPECT_EQ(one->lists().size(), 1u);
  EXPECT_EQ(both->lists().size(), 2u);
  const auto of = [](const RevocationLists& lists, const Certificate& authority) {
    return lists.Of(authority.subject_der(), authority.subject_key_id());
  };
  ASSERT_NE(of(*both, network_.root), nullptr);
  EXPECT_EQ(*of(*both, network_.root), of_root);
  ASSERT_NE(of(*both, network_.authority), nullptr);
  EXPECT_EQ(*of(*both, network_.authority), of_authority);
  EXPECT_EQ(of(*one, network_.authority), nullptr);
  EXPECT_EQ(both->Of(network_.root.subject_der(), network_.authority.subject_key_id()), nullptr);
}

TEST_F(RevocationListsTest, ANewerOneTakesThePlaceOfAnOlder) {
  ASSERT_OK_AND_ASSIGN(const auto first, Add(empty_, OfRoot(Numbered(9))));
  ASSERT_OK_AND_ASSIGN(const auto second, Add(first, OfRoot(Numbered(16))));
  ASSERT_EQ(second->lists().size(), 1u);
  EXPECT_EQ(second->lists()[0].number(), "10");
}

TEST_F(RevocationListsTest, NeverRollsBack) {
  const RevocationList newest = OfRoot(Numbered(16));
  ASSERT_OK_AND_ASSIGN(const auto lists, Add(empty_, newest));
  EXPECT_THAT(Add(lists, newest), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(Add(lists, OfRoot(Numbered(15))), StatusIs(kPrecondition, AllOf(HasSubstr(" f "), HasSubstr("10"))));
  ListForgery other = Numbered(16);
  other.entries = {{"\x01", other.this_update, {}}};
  EXPECT_THAT(Add(lists, OfRoot(other)), StatusIs(kPrecondition, HasSubstr("differs")));
}

TEST_F(RevocationListsTest, ValidityAndTheClock) {
  const auto add = [&](const std::function<void(ListForgery&)>& change) {
    ListForgery forgery;
    change(forgery);
    return Add(empty_, OfRoot(forgery));
  };
  EXPECT_OK(add([&](ListForgery& f) { f.this_update = now_ + absl::Seconds(55); }));
  EXPECT_THAT(add([&](ListForgery& f) { f.this_update = now_ + absl::Seconds(65); }),
              StatusIs(kPrecondition, HasSubstr("check the clocks")));
  EXPECT_THAT(add([&](ListForgery& f) { f.next_update = now_ - absl::Seconds(2); }),
              StatusIs(kPrecondition, HasSubstr("was good until")));
  EXPECT_OK(add([&](ListForgery& f) { f.next_update = now_ + absl::Seconds(2); }));
}

TEST_F(RevocationListsTest, RefusesListsOfStrangers) {
  const ForgedNetwork other("other");
  EXPECT_THAT(Add(empty_, ForgeList(ListForgery(), other.root, other.root_key.get())),
              StatusIs(kDenied, HasSubstr("none of the trusted roots")));
  const ForgedNetwork impostor("acme");
  EXPECT_THAT(Add(empty_, ForgeList(ListForgery(), impostor.root, impostor.root_key.get())), StatusIs(kDenied));
  ListForgery broken;
  broken.break_signature = true;
  EXPECT_THAT(Add(empty_, OfRoot(broken)), StatusIs(kDenied));
  // The authority's certificate is not at hand.
  EXPECT_THAT(empty_->With(OfAuthority(ListForgery()), *trust_, {}, now_),
              StatusIs(kDenied, HasSubstr("was not presented")));
}

TEST_F(RevocationListsTest, AuthoritiesAreChecked) {
  const auto with = [&](const Certificate& authority, EVP_PKEY* key) {
    return empty_->With(ForgeList(ListForgery(), authority, key), *trust_, {authority}, now_);
  };
  const auto forged = [&](const std::function<void(Forgery&)>& change) {
    Forgery forgery = Forgery::Authority("acme");
    change(forgery);
    return Forge(forgery, network_.authority_key.get(), &network_.root, network_.root_key.get());
  };
  EXPECT_OK(with(forged([](Forgery&) {}), network_.authority_key.get()));
  const ForgedNetwork other("other");
  EXPECT_THAT(with(other.authority, other.authority_key.get()), StatusIs(kDenied, HasSubstr("no trusted root")));
  EXPECT_THAT(with(forged([](Forgery& f) { f.break_signature = true; }), network_.authority_key.get()),
              StatusIs(kDenied, HasSubstr("no trusted root")));
  EXPECT_THAT(with(forged([&](Forgery& f) { f.not_after = now_ - absl::Minutes(1); }), network_.authority_key.get()),
              StatusIs(kDenied, HasSubstr("not valid")));
  EXPECT_THAT(with(forged([](Forgery& f) { f.path_length = 3; }), network_.authority_key.get()),
              StatusIs(kDenied, HasSubstr("pathLenConstraint")));
  // A leaf signs no list, whatever it says about itself.
  Forgery leaf = Forgery::Leaf({"acme", Role::kNode, "alpha"});
  leaf.key_usage = {0, 6};
  const Certificate made = network_.Chain(leaf).leaf();
  EXPECT_THAT(with(made, network_.leaf_key.get()), StatusIs(kDenied));
}

TEST_F(RevocationListsTest, ARevokedAuthoritySignsNoMore) {
  ListForgery forgery;
  forgery.entries = {{"\x11\x22\x33\x44", forgery.this_update, {}}};
  ASSERT_OK_AND_ASSIGN(const auto lists, Add(empty_, OfRoot(forgery)));
  EXPECT_THAT(Add(lists, OfAuthority(ListForgery())), StatusIs(kDenied, HasSubstr("has been revoked")));
}

TEST_F(RevocationListsTest, WithListOfAsksForTheSignatureOnly) {
  const ForgedNetwork other("other");
  const RevocationList list = ForgeList(ListForgery(), other.authority, other.authority_key.get());
  EXPECT_OK(empty_->WithListOf(other.authority, list, now_));
  EXPECT_THAT(empty_->WithListOf(other.root, list, now_), StatusIs(kDenied, HasSubstr("was not signed by")));
}

}  // namespace
}  // namespace paranet::pki
