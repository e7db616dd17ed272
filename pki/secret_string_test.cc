#include "pki/secret_string.h"

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
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

// Of the mapping that contains `address`, from /proc/self/smaps.
std::string VmFlagsOf(const void* address) {
  std::ifstream smaps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  bool found = false;
  for (std::string line; std::getline(smaps, line);) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2) {
      found = begin <= wanted && wanted < end;
    }
    if (found && absl::StartsWith(line, "VmFlags:")) return line;
  }
  return "";
}

TEST(SecretStringTest, IsInNoCoreDump) {
  const SecretString secret("secret");
  EXPECT_THAT(VmFlagsOf(secret.view().data()), testing::HasSubstr(" dd"));
  const std::string ordinary(5000, 'x');
  EXPECT_THAT(VmFlagsOf(ordinary.data()), testing::Not(testing::HasSubstr(" dd")));
}

TEST(SecretStringTest, HoldsMoreThanAPage) {
  const std::string large(100'000, 'x');
  EXPECT_EQ(SecretString(large).view(), large);
}

}  // namespace
}  // namespace paranet::pki
