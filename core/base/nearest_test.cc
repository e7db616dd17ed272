#include "core/base/nearest.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NearestNames, PutsTheNearestFirst) {
  EXPECT_THAT(NearestNames("wether/current", {"weather/watch", "weather/current", "ledger/sum", "weather/currents"}),
              ElementsAre("weather/current", "weather/currents"));
}

TEST(NearestNames, LeavesOutWhatIsFar) { EXPECT_THAT(NearestNames("abc", {"something-else"}), IsEmpty()); }

TEST(NearestNames, NamesEachOnce) { EXPECT_THAT(NearestNames("alfa", {"alpha", "alpha"}), ElementsAre("alpha")); }

TEST(DidYouMean, IsASentenceOrNothing) {
  EXPECT_EQ(DidYouMean("alfa", {"alpha", "beta"}), " Did you mean \"alpha\"?");
  EXPECT_EQ(DidYouMean("alpha1", {"alpha2", "alpha3"}), " Did you mean \"alpha2\" or \"alpha3\"?");
  EXPECT_EQ(DidYouMean("x", {}), "");
}

}  // namespace
}  // namespace paranet
