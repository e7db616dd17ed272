#include "pki/path/host_name.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace paranet::pki {
namespace {

TEST(HostNameTest, Accepts) {
  for (const char* name :
       {"a", "acme", "example.com", "a-b.example.com", "xn--bcher-kva.example", "1.example", "A.B", "3com.com"}) {
    EXPECT_TRUE(IsHostName(name)) << name;
  }
  EXPECT_TRUE(IsHostName(std::string(63, 'a')));
}

TEST(HostNameTest, Refuses) {
  for (const char* name : {"", ".", ".a", "a.", "a..b", "-a", "a-", "a.-b", "a_b", "a b", "*.a", "10.0.0.1", "a.1", "1",
                           "a:1", "\xc3\xa4", "a/b"}) {
    EXPECT_FALSE(IsHostName(name)) << name;
  }
  EXPECT_FALSE(IsHostName(std::string(64, 'a')));
  std::string longest = std::string(63, 'a');
  for (int i = 0; i < 3; ++i) longest = absl::StrCat(longest, ".", std::string(63, 'a'));
  EXPECT_FALSE(IsHostName(longest));
}

TEST(HostNameTest, Domains) {
  EXPECT_TRUE(IsWithinDomain("example.com", "example.com"));
  EXPECT_TRUE(IsWithinDomain("a.EXAMPLE.com", "example.com"));
  EXPECT_TRUE(IsWithinDomain("a.b.example.com", "example.com"));
  EXPECT_FALSE(IsWithinDomain("badexample.com", "example.com"));
  EXPECT_FALSE(IsWithinDomain("com", "example.com"));
}

}  // namespace
}  // namespace paranet::pki
