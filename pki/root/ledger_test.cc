#include "pki/root/ledger.h"

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/file.h"
#include "core/base/sqlite.h"
#include "core/base/status.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/root/audit_trail.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() : dir_(*TemporaryDirectory::Create()), ledger_(*Ledger::Open(dir_.path())) {}

  absl::Status Append(const std::string& subject) {
    return AppendAudit(ledger_->database(), {.time = absl::UnixEpoch(),
                                             .actor = "test",
                                             .event = "note",
                                             .subject = subject,
                                             .detail = "",
                                             .hash = ""})
        .status();
  }
  size_t Events() { return ReadAudit(ledger_->database(), 0, 100'000)->size(); }

  TemporaryDirectory dir_;
  const std::unique_ptr<Ledger> ledger_;
};

TEST_F(LedgerTest, EmptyOneIsInOrder) { EXPECT_OK(ledger_->Check()); }

TEST_F(LedgerTest, WhatIsCommittedIsThereForOthers) {
  ASSERT_OK(ledger_->Commit([&] { return Append("a"); }));
  ASSERT_OK_AND_ASSIGN(const auto other, Ledger::Open(dir_.path()));
  ASSERT_OK_AND_ASSIGN(const auto events, ReadAudit(other->database(), 0, 10));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].subject, "a");
  EXPECT_OK(other->Check());
}

TEST_F(LedgerTest, WhatFailsIsUndone) {
  EXPECT_THAT(ledger_->Commit([&]() -> absl::Status {
    EXPECT_OK(Append("a"));
    return absl::PermissionDeniedError("no");
  }),
              StatusIs(absl::StatusCode::kPermissionDenied, "no"));
  EXPECT_EQ(Events(), 0u);
}

// Many at a time, some of which fail: each gets its own answer, and the trail has those that did not fail.
TEST_F(LedgerTest, ThreadsShareTransactionsAndNotErrors) {
  std::atomic<size_t> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 20; ++j) {
        const std::string subject = absl::StrCat(i, "/", j);
        const bool fails = (i + j) % 5 == 0;
        const absl::Status status = ledger_->Commit([&]() -> absl::Status {
          const absl::Status appended = Append(subject);
          return fails ? absl::CancelledError(subject) : appended;
        });
        if (fails) {
          EXPECT_THAT(status, StatusIs(absl::StatusCode::kCancelled, subject));
        } else {
          EXPECT_OK(status);
          ++good;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_OK_AND_ASSIGN(const auto events, ReadAudit(ledger_->database(), 0, 100'000));
  EXPECT_EQ(events.size(), good);
  std::set<std::string> subjects;
  for (const AuditEvent& event : events) subjects.insert(event.subject);
  EXPECT_EQ(subjects.size(), good);
  EXPECT_OK(ledger_->Check());
}

// One that fails undoes the others' first attempt too; they are run again.
TEST_F(LedgerTest, EachOfSeveralHasItsOwnResult) {
  const auto append = [this](const std::string& subject) { return [this, subject] { return Append(subject); }; };
  const std::vector<std::function<absl::Status()>> bodies = {append("a"),
                                                             [this]() -> absl::Status {
                                                               EXPECT_OK(Append("b"));
                                                               return absl::CancelledError("b");
                                                             },
                                                             append("c")};
  const std::vector<absl::Status> results = ledger_->CommitEach(bodies);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_OK(results[0]);
  EXPECT_THAT(results[1], StatusIs(absl::StatusCode::kCancelled, "b"));
  EXPECT_OK(results[2]);
  ASSERT_OK_AND_ASSIGN(const auto events, ReadAudit(ledger_->database(), 0, 10));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].subject, "a");
  EXPECT_EQ(events[1].subject, "c");
  EXPECT_OK(ledger_->Check());
  EXPECT_THAT(ledger_->CommitEach({}), testing::IsEmpty());
}

TEST_F(LedgerTest, MarkThatOthersCanReadIsRefused) {
  ASSERT_OK(ledger_->Commit([&] { return Append("a"); }));
  ASSERT_OK_AND_ASSIGN(const std::string mark, ReadFile(dir_.path() + "/ledger.mark"));
  EXPECT_EQ(mark.size(), 86u);
  ASSERT_OK(WriteFileAtomically(dir_.path() + "/ledger.mark", mark, 0644));
  EXPECT_THAT(Ledger::Open(dir_.path()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ledger.mark")));
}

TEST_F(LedgerTest, MarkOfAnotherTrailIsDataLoss) {
  ASSERT_OK(ledger_->Commit([&] { return Append("a"); }));
  ASSERT_OK_AND_ASSIGN(std::string mark, ReadFile(dir_.path() + "/ledger.mark"));
  mark[30] = mark[30] == '0' ? '1' : '0';
  ASSERT_OK(WriteFileAtomically(dir_.path() + "/ledger.mark", mark, 0600));
  ASSERT_OK_AND_ASSIGN(const auto other, Ledger::Open(dir_.path()));
  EXPECT_THAT(other->Check(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not the one that was recorded")));
}

}  // namespace
}  // namespace paranet::pki
