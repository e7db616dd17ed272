#include "pki/root/audit_trail.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/file.h"
#include "core/base/sqlite.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/root/ledger.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;

const AuditHead kNoMark{.number = 0, .hash = ""};

class AuditTrailTest : public testing::Test {
 protected:
  AuditTrailTest()
      : dir_(*TemporaryDirectory::Create()), ledger_(*Ledger::Open(dir_.path())), db_(ledger_->database()) {
    for (int i = 1; i <= 5; ++i) {
      heads_.push_back(*AppendAudit(db_, {.time = absl::FromUnixSeconds(1'000 + i),
                                          .actor = "operator:anna",
                                          .event = "note",
                                          .subject = absl::StrCat("subject ", i),
                                          .detail = "x",
                                          .hash = ""}));
    }
  }

  absl::Status CheckAfter(const std::string& alteration) {
    EXPECT_OK(db_.Execute(alteration));
    return CheckAudit(db_, kNoMark);
  }

  TemporaryDirectory dir_;
  const std::unique_ptr<Ledger> ledger_;
  Database& db_;
  std::vector<AuditHead> heads_;
};

TEST_F(AuditTrailTest, NumbersAndReadsInOrder) {
  ASSERT_OK_AND_ASSIGN(const auto events, ReadAudit(db_, 2, 2));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].number, 3u);
  EXPECT_EQ(events[0].time, absl::FromUnixSeconds(1'003));
  EXPECT_EQ(events[0].actor, "operator:anna");
  EXPECT_EQ(events[0].event, "note");
  EXPECT_EQ(events[0].subject, "subject 3");
  EXPECT_EQ(events[0].detail, "x");
  EXPECT_EQ(events[0].hash, heads_[2].hash);
  ASSERT_OK_AND_ASSIGN(const AuditHead head, ReadAuditHead(db_));
  EXPECT_EQ(head.number, 5u);
  EXPECT_EQ(head.hash, heads_[4].hash);
}

TEST_F(AuditTrailTest, WholeOneIsInOrder) {
  EXPECT_OK(CheckAudit(db_, kNoMark));
  for (const AuditHead& mark : heads_) EXPECT_OK(CheckAudit(db_, mark));
}

TEST_F(AuditTrailTest, EachAlterationIsFound) {
  for (const char* column : {"actor", "event", "subject", "detail"}) {
    EXPECT_THAT(CheckAfter(absl::StrCat("UPDATE audit SET ", column, " = ", column, " || 'y' WHERE number = 3")),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("event 3")))
        << column;
    ASSERT_OK(db_.Execute(absl::StrCat("UPDATE audit SET ", column, " = SUBSTR(", column, ", 1, LENGTH(", column,
                                       ") - 1) WHERE number = 3")));
    ASSERT_OK(CheckAudit(db_, kNoMark));
  }
  EXPECT_THAT(CheckAfter("UPDATE audit SET at = at + 1 WHERE number = 5"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("event 5")));
}

TEST_F(AuditTrailTest, BytesCannotWanderBetweenFields) {
  EXPECT_THAT(CheckAfter("UPDATE audit SET subject = 'subject ', detail = '3x' WHERE number = 3"),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(AuditTrailTest, MissingEventIsFound) {
  EXPECT_THAT(CheckAfter("DELETE FROM audit WHERE number = 2"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("event 2 of the audit trail is missing")));
}

TEST_F(AuditTrailTest, CutOffEndIsFoundByTheMark) {
  ASSERT_OK(db_.Execute("DELETE FROM audit WHERE number = 5"));
  EXPECT_OK(CheckAudit(db_, kNoMark));
  EXPECT_THAT(CheckAudit(db_, heads_[4]), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("older copy")));
}

TEST_F(AuditTrailTest, AnotherHistoryIsFoundByTheMark) {
  EXPECT_THAT(CheckAudit(db_, {.number = 3, .hash = heads_[3].hash}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("event 3")));
}

}  // namespace
}  // namespace paranet::pki
