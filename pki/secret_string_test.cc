#include "pki/secret_string.h"

#include <type_traits>
#include <utility>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace paranet::pki {
namespace {

static_assert(!std::is_copy_constructible_v<SecretString>);
static_assert(!std::is_copy_assignable_v<SecretString>);

TEST(SecretStringTest, HoldsBytes) {
  const SecretString secret(absl::string_view("a\0b", 3));
  EXPECT_EQ(secret.view(), absl::string_view("a\0b", 3));
  EXPECT_TRUE(SecretString().view().empty());
  EXPECT_TRUE(SecretString("").view().empty());
}

TEST(SecretStringTest, MovesWithoutLeavingACopy) {
  SecretString from("secret");
  SecretString to(std::move(from));
  EXPECT_EQ(to.view(), "secret");
  EXPECT_TRUE(from.view().empty());  // NOLINT(bugprone-use-after-move): what is left behind is the point.
  SecretString other("other");
  other = std::move(to);
  EXPECT_EQ(other.view(), "secret");
  EXPECT_TRUE(to.view().empty());  // NOLINT(bugprone-use-after-move)
}

}  // namespace
}  // namespace paranet::pki
