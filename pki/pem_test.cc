#include "pki/pem.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Pem(absl::string_view label, absl::string_view content) {
  return std::string(EncodePem(label, content).view());
}

TEST(PemTest, ReadsWhatItWrites) {
  const std::string content = "\x01\x02 some bytes \xff";
  ASSERT_OK_AND_ASSIGN(const auto blocks, DecodePem(Pem("THING", content), "THING", 1));
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].view(), content);
}

TEST(PemTest, KeepsTheOrderAndIgnoresTextBetweenBlocks) {
  ASSERT_OK_AND_ASSIGN(const auto blocks, DecodePem(absl::StrCat("first:\n", Pem("THING", "one"), "\nthe second\n",
                                                                 Pem("THING", "two"), "end\n"),
                                                    "THING", 2));
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(blocks[0].view(), "one");
  EXPECT_EQ(blocks[1].view(), "two");
}

TEST(PemTest, RefusesWhatIsNotThere) {
  EXPECT_THAT(DecodePem("", "THING", 1), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no PEM block")));
  EXPECT_THAT(DecodePem("hello", "THING", 1), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PemTest, RefusesOtherLabels) {
  EXPECT_THAT(DecodePem(Pem("OTHER", "x"), "THING", 1),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not a \"THING\"")));
  EXPECT_THAT(DecodePem(absl::StrCat(Pem("THING", "x"), Pem("OTHER", "y")), "THING", 9),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("block 2")));
}

TEST(PemTest, RefusesTooMany) {
  EXPECT_THAT(DecodePem(absl::StrCat(Pem("THING", "x"), Pem("THING", "y")), "THING", 1),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("more than 1")));
}

TEST(PemTest, RefusesDamage) {
  const std::string pem = Pem("THING", std::string(100, 'x'));
  EXPECT_THAT(DecodePem(pem.substr(0, pem.size() - 10), "THING", 1), StatusIs(absl::StatusCode::kInvalidArgument));
  std::string altered = pem;
  altered[40] = '!';
  EXPECT_THAT(DecodePem(altered, "THING", 1), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("damaged")));
  // Cut within the second block: what came before must not pass for the whole.
  EXPECT_THAT(DecodePem(absl::StrCat(pem, pem.substr(0, 60)), "THING", 2),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PemTest, RefusesEncryptedBlocks) {
  EXPECT_THAT(DecodePem("-----BEGIN THING-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\neHg=\n-----END "
                        "THING-----\n",
                        "THING", 1),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("headers")));
}

TEST(PemTest, RefusesHugeInput) {
  EXPECT_THAT(DecodePem(std::string((1 << 20) + 1, 'x'), "THING", 1), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PemTest, ErrorsQuoteNothingOfTheContent) {
  std::string pem = Pem("THING", "topsecret");
  pem[24] = '!';
  EXPECT_THAT(DecodePem(pem, "THING", 1),
              StatusIs(absl::StatusCode::kInvalidArgument, Not(HasSubstr(pem.substr(25, 6)))));
}

TEST(PemTest, WhatIsNoSecretIsReadAndWrittenInTheSameWay) {
  const std::string content = "\x01\x02 some bytes \xff";
  const std::string pem = EncodePublicPem("THING", content);
  EXPECT_EQ(pem, Pem("THING", content));
  EXPECT_THAT(DecodePublicPem(absl::StrCat(pem, "text\n", Pem("THING", "two")), "THING", 2),
              IsOkAndHolds(std::vector<std::string>{content, "two"}));
  EXPECT_THAT(DecodePublicPem(pem, "OTHER", 1),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not a \"OTHER\"")));
  EXPECT_THAT(DecodePublicPem(pem + pem, "THING", 1), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(DecodePublicPem("", "THING", 1), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace paranet::pki
