#include "pki/trust_record.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/identity_folder.h"
#include "pki/testutil/test_network.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TrustRecordTest : public testing::Test {
 protected:
  TrustRecordTest() : dir_(network_.NewTrustDir()) {}
  TrustRecord Make() {
    NetworkRoot::IssuedKey issued = network_.Issue(Role::kNode, "alpha");
    TrustRecord record{.key = std::move(issued.key), .chain = std::move(issued.chain)};
    record.roots = {network_.root().root_certificate()};
    return record;
  }

  TestNetwork network_;
  const std::string dir_;
};

TEST_F(TrustRecordTest, WhatIsWrittenIsRead) {
  TestNetwork other("other");
  TrustRecord record = Make();
  record.further = {
      {other.root().root_certificate(), "", {.roles = {Role::kNode, Role::kOperator}, .names = {"a", "b"}}},
      {TestNetwork("third").root().root_certificate(), "", {}}};
  record.authorities = {other.root().issuing_certificate()};
  record.lists = {network_.Revoke("alpha")};
  record.revision = uint64_t{1} << 40;
  record.endpoint = "[::1]:7000";
  ASSERT_OK(WriteTrustRecord(dir_, record));
  ASSERT_OK_AND_ASSIGN(const TrustRecord read, ReadTrustRecord(dir_));
  EXPECT_EQ(read.key.public_key(), record.key.public_key());
  EXPECT_EQ(read.chain.ToPem(), record.chain.ToPem());
  EXPECT_EQ(read.roots, record.roots);
  ASSERT_EQ(read.further.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read.further[i].certificate, record.further[i].certificate);
    EXPECT_EQ(read.further[i].constraints, record.further[i].constraints);
  }
  EXPECT_EQ(read.authorities, record.authorities);
  EXPECT_EQ(read.lists, record.lists);
  EXPECT_EQ(read.revision, record.revision);
  EXPECT_EQ(read.endpoint, record.endpoint);
  // Stock tools read the rest.
  EXPECT_OK(ReadIdentityFiles(dir_));
}

TEST_F(TrustRecordTest, AWrongKeyIsNotWritten) {
  ASSERT_OK(WriteTrustRecord(dir_, Make()));
  ASSERT_OK_AND_ASSIGN(const TrustRecord before, ReadTrustRecord(dir_));
  TrustRecord wrong = Make();
  wrong.key = before.key;
  EXPECT_THAT(WriteTrustRecord(dir_, wrong), StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(const TrustRecord after, ReadTrustRecord(dir_));
  EXPECT_EQ(after.chain.ToPem(), before.chain.ToPem());
}

TEST_F(TrustRecordTest, WithoutADatabaseThereIsNoMore) {
  network_.IdentityFolder(dir_, Role::kNode, "alpha");
  ASSERT_OK_AND_ASSIGN(const TrustRecord record, ReadTrustRecord(dir_));
  EXPECT_THAT(record.further, IsEmpty());
  EXPECT_THAT(record.lists, IsEmpty());
  EXPECT_EQ(record.revision, 0u);
}

TEST_F(TrustRecordTest, DamageIsNamed) {
  ASSERT_OK(WriteTrustRecord(dir_, Make()));
  ASSERT_OK(WriteFileAtomically(dir_ + "/trust.db", "no database at all, but long enough to be taken for one", 0600));
  EXPECT_THAT(ReadTrustRecord(dir_), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("trust.db")));
  ASSERT_OK(WriteFileAtomically(dir_ + "/chain.pem", "", 0600));
  EXPECT_THAT(ReadTrustRecord(dir_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("chain.pem")));
  EXPECT_THAT(ReadTrustRecord(dir_ + "/missing"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(TrustRecordTest, LeftoversOfACrashAreInNobodysWay) {
  ASSERT_OK(MakeDirectories(dir_ + ".new"));
  ASSERT_OK(WriteFileAtomically(dir_ + ".new/key.pem", "half", 0600));
  ASSERT_OK(WriteTrustRecord(dir_, Make()));
  EXPECT_OK(ReadTrustRecord(dir_));
  EXPECT_THAT(ReadFile(dir_ + ".new/key.pem"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace paranet::pki
