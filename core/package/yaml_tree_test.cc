#include "core/package/yaml_tree.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Matches the error of ParseYaml(text, "f").
testing::AssertionResult Refuses(absl::string_view text, const testing::Matcher<std::string>& message) {
  const absl::StatusOr<YamlNode> node = ParseYaml(text, "f");
  if (node.ok()) return testing::AssertionFailure() << "accepted";
  if (node.status().code() != absl::StatusCode::kInvalidArgument) return testing::AssertionFailure() << node.status();
  if (!message.Matches(std::string(node.status().message()))) return testing::AssertionFailure() << node.status();
  return testing::AssertionSuccess();
}

TEST(YamlTreeTest, GivesMapsListsAndTextWithPositions) {
  ASSERT_OK_AND_ASSIGN(const YamlNode root, ParseYaml("a: 1\nb:\n  - 'x'\n  -\nc: {d: true}\n", "f"));
  ASSERT_EQ(root.kind, YamlNode::Kind::kMap);
  ASSERT_EQ(root.entries.size(), 3u);
  EXPECT_EQ(root.entries[0].key.text, "a");
  EXPECT_EQ(root.entries[0].value.kind, YamlNode::Kind::kText);
  EXPECT_EQ(root.entries[0].value.text, "1");
  EXPECT_EQ(root.entries[0].value.line, 1);
  EXPECT_EQ(root.entries[0].value.column, 4);
  const YamlNode& list = root.entries[1].value;
  ASSERT_EQ(list.kind, YamlNode::Kind::kList);
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.items[0].text, "x");
  EXPECT_EQ(list.items[0].line, 3);
  EXPECT_EQ(list.items[0].column, 5);
  EXPECT_EQ(list.items[1].kind, YamlNode::Kind::kNull);
  EXPECT_EQ(root.entries[2].value.entries[0].value.text, "true");
}

TEST(YamlTreeTest, EmptyDocumentIsNull) {
  for (const char* text : {"", "# only a comment\n", "---\n", "~"}) {
    ASSERT_OK_AND_ASSIGN(const YamlNode root, ParseYaml(text, "f"));
    EXPECT_EQ(root.kind, YamlNode::Kind::kNull) << text;
  }
}

TEST(YamlTreeTest, RefusesAliasesAndAnchors) {
  EXPECT_TRUE(Refuses("a: &x 1\nb: *x\n", StartsWith("f:1:4: anchors are not allowed")));
  EXPECT_TRUE(Refuses("a: *x\n", StartsWith("f:1:4: ")));
  EXPECT_TRUE(Refuses("a: &x [*x, *x]\n", HasSubstr("anchors are not allowed")));
}

TEST(YamlTreeTest, RefusesABombOfAliases) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string use = absl::StrCat("*a", i - 1);
    absl::StrAppend(&bomb, "a", i, ": &a", i, " [", use, ",", use, ",", use, ",", use, ",", use, "]\n");
  }
  EXPECT_TRUE(Refuses(bomb, StartsWith("f:1:5: anchors are not allowed")));
}

TEST(YamlTreeTest, RefusesTags) {
  EXPECT_TRUE(Refuses("a: !!python/object 1\n", StartsWith("f:1:4: tags are not allowed")));
  EXPECT_TRUE(Refuses("!!map {a: 1}\n", HasSubstr("tags are not allowed")));
}

TEST(YamlTreeTest, RefusesDuplicateKeys) {
  EXPECT_TRUE(Refuses("a: 1\nb: 2\na: 3\n", StartsWith("f:3:1: key \"a\" is there twice")));
  EXPECT_TRUE(Refuses("x: {a: 1, \"a\": 3}\n", HasSubstr("key \"a\" is there twice")));
}

TEST(YamlTreeTest, RefusesKeysThatAreNotText) {
  EXPECT_TRUE(Refuses("[a, b]: 1\n", HasSubstr("a key must be text")));
  EXPECT_TRUE(Refuses(": 1\n", HasSubstr("a key must be text")));
}

TEST(YamlTreeTest, RefusesASecondDocument) {
  EXPECT_TRUE(Refuses("a: 1\n---\nb: 2\n", StartsWith("f:2:1: something follows")));
  EXPECT_TRUE(Refuses("a: 1\n...\nb: 2\n", HasSubstr("something follows")));
}

TEST(YamlTreeTest, RefusesWhatIsNotYamlAndSaysWhere) {
  EXPECT_TRUE(Refuses("a: 1\nb: [1, 2\n", StartsWith("f:")));
  EXPECT_TRUE(Refuses("a: 1\n b: 2\n", StartsWith("f:2:3: ")));
  EXPECT_TRUE(Refuses("a: 'open", StartsWith("f:")));
  EXPECT_TRUE(Refuses("]", StartsWith("f:1:1: ")));
}

TEST(YamlTreeTest, RefusesBytesThatAreNotText) {
  EXPECT_TRUE(Refuses("a: 1\nb: \xFF\n", StartsWith("f:2:4: here is a control character")));
  EXPECT_TRUE(Refuses(absl::string_view("a: 1\0b", 6), StartsWith("f:1:5: ")));
  // The parser takes U+0004 for the end of the file.
  EXPECT_TRUE(Refuses("a: 1\n\x04 b: 2\n", StartsWith("f:2:1: ")));
  EXPECT_TRUE(Refuses(absl::string_view("\xFF\xFE"
                                        "a\0",
                                        4),
                      StartsWith("f:1:1: ")));
}

TEST(YamlTreeTest, RefusesDeepNesting) {
  const auto nested = [](int depth) { return absl::StrCat(std::string(depth, '['), std::string(depth, ']')); };
  EXPECT_OK(ParseYaml(nested(16), "f"));
  EXPECT_TRUE(Refuses(nested(17), StartsWith("f:1:17: this is nested more than 16 deep")));
  EXPECT_TRUE(Refuses(nested(100000), StartsWith("f:")));
  std::string blocks;
  for (int i = 0; i < 300; ++i) absl::StrAppend(&blocks, std::string(i, ' '), "a:\n");
  EXPECT_TRUE(Refuses(blocks, HasSubstr("nested more than 16 deep")));
}

TEST(YamlTreeTest, RefusesMoreThan256KiB) {
  EXPECT_OK(ParseYaml(absl::StrCat("a: ", std::string((256 << 10) - 3, 'x')), "f"));
  EXPECT_TRUE(Refuses(absl::StrCat("a: ", std::string((256 << 10) - 2, 'x')), HasSubstr("the most is 256 KiB")));
}

}  // namespace
}  // namespace paranet
