#include "federation/revocation_exchange.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/status_testutil.h"
#include "federation/federation_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pki/testutil/test_network.h"

namespace paranet {
namespace {

using testing::HasSubstr;

constexpr size_t kMessageBytes = 8 << 20;

// So many serials that the list has about `bytes` bytes.
std::vector<std::string> Serials(size_t bytes) {
  std::vector<std::string> serials;
  for (size_t i = 0; i < bytes / 40; ++i) serials.push_back(absl::StrCat("5", absl::Hex(i, absl::kZeroPad15)));
  return serials;
}

class RevocationExchangeTest : public testing::Test {
 protected:
  // Lists of the networks' authorities, `bytes` each.
  std::shared_ptr<const pki::RevocationLists> Lists(uint64_t number, size_t bytes) {
    std::shared_ptr<const pki::RevocationLists> lists = pki::RevocationLists::Empty();
    for (pki::TestNetwork* const network : {&acme_, &bolt_, &crow_}) {
      auto with = lists->With(MakeList(*network, number, Serials(bytes)), *network->trust(),
                              {network->root().issuing_certificate()}, absl::Now());
      EXPECT_OK(with);
      if (with.ok()) lists = *std::move(with);
    }
    return lists;
  }

  pki::TestNetwork acme_{"acme"}, bolt_{"bolt"}, crow_{"crow"};
  RevocationExchange exchange_{"beta", kMessageBytes, MakeNullLogger()};
};

TEST_F(RevocationExchangeTest, EachListIsToldOnce) {
  const auto lists = Lists(1, 0);
  const auto update = exchange_.Next(*lists);
  ASSERT_TRUE(update.has_value());
  EXPECT_EQ(update->revocation_lists_size(), 3);
  EXPECT_EQ(exchange_.Next(*lists), std::nullopt);
  EXPECT_EQ(exchange_.Next(*Lists(2, 0))->revocation_lists_size(), 3);
}

TEST_F(RevocationExchangeTest, NothingIsToldWhereThereIsNothing) {
  EXPECT_EQ(exchange_.Next(*pki::RevocationLists::Empty()), std::nullopt);
}

TEST_F(RevocationExchangeTest, LargeListsComeInSeveralMessages) {
  const auto lists = Lists(1, 900 << 10);
  for (int i = 0; i < 3; ++i) {
    const auto update = exchange_.Next(*lists);
    ASSERT_TRUE(update.has_value());
    EXPECT_EQ(update->revocation_lists_size(), 1);
    EXPECT_LT(update->ByteSizeLong(), 1u << 20);
  }
  EXPECT_EQ(exchange_.Next(*lists), std::nullopt);
}

TEST_F(RevocationExchangeTest, WhatFitsIntoNoMessageIsLeftOut) {
  RevocationExchange narrow("beta", 10 << 10, MakeNullLogger());
  EXPECT_EQ(narrow.Next(*Lists(1, 20 << 10)), std::nullopt);
  EXPECT_EQ(narrow.Next(*Lists(2, 0))->revocation_lists_size(), 3);
}

class TakeTest : public RevocationExchangeTest {
 protected:
  TakeTest() : alpha_(acme_, "alpha") {}
  absl::Status Take(const std::vector<pki::RevocationList>& lists) {
    v1::RevocationUpdate update;
    for (const pki::RevocationList& list : lists) update.add_revocation_lists(list.ToDer());
    return exchange_.Take(update, alpha_.trust());
  }
  // Of the list in force; empty if there is none.
  std::string number() {
    const auto& lists = alpha_.trust().state()->revocations->lists();
    return lists.empty() ? "" : lists[0].number();
  }

  TestNode alpha_;
};

TEST_F(TakeTest, IsAdoptedAndNotSentBack) {
  ASSERT_OK(Take({MakeList(acme_, 3, {})}));
  EXPECT_EQ(number(), "3");
  EXPECT_EQ(exchange_.Next(*alpha_.trust().state()->revocations), std::nullopt);
}

TEST_F(TakeTest, AnOlderOneIsNothing) {
  ASSERT_OK(Take({MakeList(acme_, 3, {})}));
  ASSERT_OK(Take({MakeList(acme_, 2, {})}));
  EXPECT_EQ(number(), "3");
  EXPECT_EQ(exchange_.refused(), 0u);
}

TEST_F(TakeTest, OneOfNoAuthorityOfThisNetworkIsCounted) {
  ASSERT_OK(Take({MakeList(bolt_, 1, {}), MakeList(acme_, 3, {})}));
  EXPECT_EQ(number(), "3");
  EXPECT_EQ(exchange_.refused(), 1u);
}

TEST_F(TakeTest, RubbishIsAnError) {
  v1::RevocationUpdate update;
  update.add_revocation_lists(MakeList(acme_, 3, {}).ToDer());
  update.add_revocation_lists("rubbish");
  EXPECT_THAT(exchange_.Take(update, alpha_.trust()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("that is none")));
  EXPECT_EQ(number(), "") << "nothing of it is taken";
}

TEST_F(TakeTest, TooManyAreAnError) {
  v1::RevocationUpdate update;
  for (int i = 0; i < 1001; ++i) update.add_revocation_lists("");
  EXPECT_THAT(exchange_.Take(update, alpha_.trust()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1001")));
}

}  // namespace
}  // namespace paranet
