#include "core/package/utf8.h"

#include <string>

#include "gtest/gtest.h"

namespace paranet {
namespace {

bool Sound(absl::string_view text, absl::string_view allowed = "") {
  return SoundUtf8Prefix(text, allowed) == text.size();
}

TEST(Utf8Test, AcceptsWellFormedText) {
  EXPECT_TRUE(Sound(""));
  EXPECT_TRUE(Sound("plain"));
  EXPECT_TRUE(Sound("\xC2\xA0"));          // U+00A0
  EXPECT_TRUE(Sound("bl\xC3\xA5"));        // å
  EXPECT_TRUE(Sound("\xEF\xBF\xBF"));      // U+FFFF
  EXPECT_TRUE(Sound("\xF4\x8F\xBF\xBF"));  // U+10FFFF
}

TEST(Utf8Test, RefusesIllFormedText) {
  EXPECT_FALSE(Sound("\x80"));
  EXPECT_FALSE(Sound("\xC3"));
  EXPECT_FALSE(Sound("\xC0\xAF"));          // overlong
  EXPECT_FALSE(Sound("\xE0\x80\xAF"));      // overlong
  EXPECT_FALSE(Sound("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(Sound("\xF4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(Sound("\xF0\x9F\x98"));      // cut short
  EXPECT_FALSE(Sound("\xFF"));
}

TEST(Utf8Test, RefusesControlCharactersThatAreNotAllowed) {
  EXPECT_FALSE(Sound(std::string(1, '\0')));
  EXPECT_FALSE(Sound("a\x1B[2J"));
  EXPECT_FALSE(Sound("a\x7F"));
  EXPECT_FALSE(Sound("a\xC2\x9B"));  // U+009B, a terminal's CSI
  EXPECT_FALSE(Sound("a\n"));
  EXPECT_TRUE(Sound("a\n", "\n"));
  EXPECT_FALSE(Sound("a\n\t", "\n"));
}

TEST(Utf8Test, SaysWhereTheSoundPartEnds) {
  EXPECT_EQ(SoundUtf8Prefix("abc\xFF"), 3u);
  EXPECT_EQ(SoundUtf8Prefix("bl\xC3\xA5\n"), 4u);
}

}  // namespace
}  // namespace paranet
