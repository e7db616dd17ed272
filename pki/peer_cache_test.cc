#include "pki/peer_cache.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "pki/node_trust.h"

namespace paranet::pki {
namespace {

TEST(PeerCache, FindsWhoShowsTheSame) {
  PeerCache cache(10);
  const auto peer = std::make_shared<const Peer>();
  EXPECT_EQ(cache.Find("leaf", "rest"), nullptr);
  cache.Remember("leaf", "rest", peer);
  EXPECT_EQ(cache.Find("leaf", "rest"), peer);
  EXPECT_EQ(cache.Find("leaf", "other"), nullptr);
  EXPECT_EQ(cache.Find("other", "rest"), nullptr);
  const auto again = std::make_shared<const Peer>();
  cache.Remember("leaf", "other", again);
  EXPECT_EQ(cache.Find("leaf", "other"), again);
}

TEST(PeerCache, AVerdictHoldsForItsStateAndTime) {
  PeerCache cache(10);
  const auto state = std::make_shared<const TrustState>();
  const auto next = std::make_shared<const TrustState>();
  const absl::Time now = absl::UnixEpoch() + absl::Hours(1);
  EXPECT_FALSE(cache.IsGood("id", state.get(), now));
  cache.SetGood("id", state, now, now + absl::Minutes(1));
  EXPECT_TRUE(cache.IsGood("id", state.get(), now));
  EXPECT_FALSE(cache.IsGood("id", state.get(), now + absl::Minutes(1)));
  EXPECT_FALSE(cache.IsGood("id", state.get(), now - absl::Nanoseconds(1)));
  EXPECT_FALSE(cache.IsGood("id", next.get(), now));
  EXPECT_FALSE(cache.IsGood("other", state.get(), now));
}

TEST(PeerCache, IsBounded) {
  PeerCache cache(3);
  const auto state = std::make_shared<const TrustState>();
  for (int i = 0; i < 10; ++i) {
    cache.Remember(absl::StrCat(i), "", std::make_shared<const Peer>());
    cache.SetGood(absl::StrCat(i), state, absl::InfinitePast(), absl::InfiniteFuture());
  }
  int known = 0;
  int good = 0;
  for (int i = 0; i < 10; ++i) {
    if (cache.Find(absl::StrCat(i), "") != nullptr) ++known;
    if (cache.IsGood(absl::StrCat(i), state.get(), absl::UnixEpoch())) ++good;
  }
  EXPECT_LE(known, 3);
  EXPECT_LE(good, 3);
  EXPECT_NE(cache.Find("9", ""), nullptr);
}

}  // namespace
}  // namespace paranet::pki
