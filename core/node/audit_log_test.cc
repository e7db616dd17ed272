#include "core/node/audit_log.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "core/node/node_state.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AuditLogTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create("audit"));
    dir_.emplace(std::move(dir));
    ASSERT_OK_AND_ASSIGN(database_, Database::Open(dir_->path() + "/node.db", NodeMigrations()));
  }

  std::unique_ptr<AuditLog> Open(absl::Duration pause = absl::Seconds(10)) {
    return std::make_unique<AuditLog>(AuditLog::Options{.database = database_.get(),
                                                        .clock = &clock_,
                                                        .logger = MakeNullLogger(),
                                                        .max_decisions = 5,
                                                        .max_refusals = 3,
                                                        .pause = pause});
  }
  static std::vector<std::string> Subjects(AuditLog& audit, size_t limit = 0, int64_t before = 0) {
    std::vector<std::string> subjects;
    const absl::StatusOr<std::vector<v1::AuditEvent>> events = audit.List(limit, before);
    EXPECT_OK(events);
    for (const v1::AuditEvent& event : *events) subjects.push_back(event.subject());
    return subjects;
  }
  // In the table, without what waits in memory.
  int64_t Stored() {
    const auto rows = database_->Query("SELECT COUNT(*) FROM audit");
    EXPECT_OK(rows);
    return rows->front().Int(0);
  }

  FakeClock clock_{absl::FromUnixMillis(1'800'000'000'123)};
  std::optional<TemporaryDirectory> dir_;
  std::unique_ptr<Database> database_;
};

TEST_F(AuditLogTest, KeepsDecisionsInOrder) {
  const auto audit = Open();
  EXPECT_THAT(Subjects(*audit), IsEmpty());
  ASSERT_OK(audit->Record(AuditKind::kRenewed, kAuditNode, "paranet://acme/node/alpha", "serial 07"));
  audit->Note(AuditKind::kListAdopted, "uid:1000", "CN=acme Issuing", "number 3");
  ASSERT_OK_AND_ASSIGN(const std::vector<v1::AuditEvent> events, audit->List(0, 0));
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].event(), "list-adopted");
  EXPECT_EQ(events[0].actor(), "uid:1000");
  EXPECT_EQ(events[0].times(), 1u);
  EXPECT_EQ(events[1].event(), "renewed");
  EXPECT_EQ(events[1].actor(), "node");
  EXPECT_EQ(events[1].subject(), "paranet://acme/node/alpha");
  EXPECT_EQ(events[1].detail(), "serial 07");
  EXPECT_EQ(events[1].at_unix_ms(), 1'800'000'000'123);
  EXPECT_GT(events[0].id(), events[1].id());
}

TEST_F(AuditLogTest, ListsPageByPage) {
  const auto audit = Open();
  for (int i = 1; i <= 4; ++i) ASSERT_OK(audit->Record(AuditKind::kEnrolled, "a", absl::StrCat(i), ""));
  ASSERT_OK_AND_ASSIGN(const std::vector<v1::AuditEvent> page, audit->List(2, 0));
  ASSERT_THAT(page, SizeIs(2));
  EXPECT_THAT(Subjects(*audit, 2, page[1].id()), ElementsAre("2", "1"));
}

TEST_F(AuditLogTest, TheSameRefusalIsOneEventWithANumber) {
  const auto audit = Open();
  for (int i = 0; i < 50; ++i) audit->Note(AuditKind::kPeerRefused, "10.0.0.1", "paranet://acme/node/eve", "REVOKED");
  audit->Note(AuditKind::kPeerRefused, "10.0.0.1", "paranet://acme/node/bob", "EXPIRED");
  ASSERT_OK_AND_ASSIGN(const std::vector<v1::AuditEvent> events, audit->List(0, 0));
  uint32_t times = 0;
  for (const v1::AuditEvent& event : events) {
    if (event.subject() == "paranet://acme/node/eve") times += event.times();
  }
  EXPECT_EQ(times, 50u);
  // The first may have been written at once, by itself.
  EXPECT_LE(events.size(), 3u);
}

TEST_F(AuditLogTest, RefusalsAreWrittenByThemselves) {
  const auto audit = Open();
  audit->Note(AuditKind::kSessionClosed, kAuditNode, "paranet://acme/node/eve", "REVOKED");
  while (Stored() == 0) std::this_thread::yield();
  // The next one waits for the pause to pass, or for somebody to ask.
  audit->Note(AuditKind::kSessionClosed, kAuditNode, "paranet://acme/node/bob", "REVOKED");
  EXPECT_EQ(Stored(), 1);
  EXPECT_THAT(Subjects(*audit), ElementsAre("paranet://acme/node/bob", "paranet://acme/node/eve"));
}

TEST_F(AuditLogTest, NothingIsLostAtTheEnd) {
  Open()->Note(AuditKind::kPeerRefused, "10.0.0.1", "eve", "");
  EXPECT_THAT(Subjects(*Open()), ElementsAre("eve"));
}

TEST_F(AuditLogTest, RefusalsDoNotCrowdOutDecisions) {
  const auto audit = Open();
  ASSERT_OK(audit->Record(AuditKind::kPromoted, "uid:1", "decision", ""));
  for (int i = 0; i < 20; ++i) {
    audit->Note(AuditKind::kPeerRefused, "x", absl::StrCat(i), "");
    Subjects(*audit);
  }
  EXPECT_THAT(Subjects(*audit), ElementsAre("19", "18", "17", "decision"));
  for (int i = 0; i < 20; ++i) ASSERT_OK(audit->Record(AuditKind::kRenewed, "x", absl::StrCat("d", i), ""));
  EXPECT_THAT(Subjects(*audit), ElementsAre("d19", "d18", "d17", "d16", "d15", "19", "18", "17"));
}

TEST_F(AuditLogTest, AFloodOfDifferentRefusalsIsCounted) {
  const auto audit = Open(absl::Hours(1));
  // Behind this one the writer pauses.
  audit->Note(AuditKind::kPeerRefused, "x", "first", "");
  while (Stored() == 0) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) audit->Note(AuditKind::kPeerRefused, "x", absl::StrCat(i), "");
  ASSERT_OK_AND_ASSIGN(const std::vector<v1::AuditEvent> events, audit->List(0, 0));
  ASSERT_THAT(events, SizeIs(3));
  EXPECT_EQ(events[0].subject(), "others");
  EXPECT_EQ(events[0].times(), 1000u - 64u);
}

TEST_F(AuditLogTest, IsPartOfTheCallersTransaction) {
  const auto audit = Open();
  EXPECT_THAT(database_->Transaction([&]() -> absl::Status {
    EXPECT_OK(audit->Record(AuditKind::kRuleSet, "a", "b", "c"));
    return absl::AbortedError("no");
  }),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Subjects(*audit), IsEmpty());
}

TEST_F(AuditLogTest, RefusedPeersAreToldApart) {
  const auto audit = Open();
  audit->NoteRefusedPeer(
      absl::PermissionDeniedError("certificate of paranet://acme/node/eve refused (EXPIRED): it is"));
  audit->NoteRefusedPeer(absl::PermissionDeniedError("no certificate"));
  ASSERT_OK_AND_ASSIGN(const std::vector<v1::AuditEvent> events, audit->List(0, 0));
  ASSERT_THAT(events, SizeIs(2));
  std::map<std::string, std::string> details;
  for (const v1::AuditEvent& event : events) details[event.subject()] = event.detail();
  EXPECT_EQ(details["certificate of paranet://acme/node/eve refused (EXPIRED)"], "it is");
  EXPECT_EQ(details.count("no certificate"), 1u);
}

TEST_F(AuditLogTest, KnowsWhoMakesAThreadDoThings) {
  const auto audit = Open();
  EXPECT_EQ(audit->actor(), "node");
  {
    const AuditLog::Acting acting(audit.get(), "uid:7");
    EXPECT_EQ(audit->actor(), "uid:7");
    std::thread([&] { EXPECT_EQ(audit->actor(), "node"); }).join();
  }
  EXPECT_EQ(audit->actor(), "node");
}

TEST_F(AuditLogTest, TextIsBoundedAndPrintable) {
  const auto audit = Open();
  ASSERT_OK(audit->Record(AuditKind::kEnrolled, "a\nb", std::string(5000, 'x'), "\xff\x1b[31m"));
  ASSERT_OK_AND_ASSIGN(const std::vector<v1::AuditEvent> events, audit->List(0, 0));
  EXPECT_EQ(events[0].actor(), "a\\nb");
  EXPECT_EQ(events[0].subject().size(), 1024u);
  EXPECT_THAT(events[0].detail(), HasSubstr("\\xff\\x1b[31m"));
}

}  // namespace
}  // namespace paranet
