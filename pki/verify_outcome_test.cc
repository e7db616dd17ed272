#include "pki/verify_outcome.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace paranet::pki {
namespace {

TEST(VerifyOutcomeTest, EachHasANameOfItsOwn) {
  std::set<std::string> names;
  const int last = static_cast<int>(VerifyOutcome::kNameNotPermitted);
  for (int i = 0; i <= last; ++i) names.emplace(OutcomeName(static_cast<VerifyOutcome>(i)));
  EXPECT_EQ(names.size(), static_cast<size_t>(last) + 1);
  EXPECT_FALSE(names.contains(""));
  EXPECT_EQ(OutcomeName(VerifyOutcome::kOk), "OK");
  EXPECT_EQ(OutcomeName(VerifyOutcome::kUntrustedRoot), "UNTRUSTED_ROOT");
}

}  // namespace
}  // namespace paranet::pki
