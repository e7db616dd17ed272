#include "core/base/sqlite.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string>& Migrations() {
  static const auto& migrations =
      *new std::vector<std::string>{"CREATE TABLE node (name TEXT PRIMARY KEY, port INTEGER, key BLOB);"};
  return migrations;
}

class SqliteTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto directory = TemporaryDirectory::Create();
    ASSERT_OK(directory);
    directory_.emplace(*std::move(directory));
    path_ = directory_->path() + "/state.db";
  }

  absl::StatusOr<std::unique_ptr<Database>> Open() { return Database::Open(path_, Migrations()); }

  // Makes a database of many pages and closes it.
  void Fill() {
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
    ASSERT_OK(database->Transaction([&]() -> absl::Status {
      for (int i = 0; i < 500; ++i) {
        PARANET_RETURN_IF_ERROR(database->Execute("INSERT INTO node VALUES (?, ?, ?)",
                                                  {absl::StrCat("node-", i), int64_t{i}, Blob{std::string(200, 'k')}}));
      }
      return absl::OkStatus();
    }));
  }

  // Writes `bytes` over the closed database at `offset`.
  void Overwrite(size_t offset, absl::string_view bytes) {
    ASSERT_OK_AND_ASSIGN(std::string content, ReadFile(path_));
    ASSERT_LT(offset + bytes.size(), content.size());
    content.replace(offset, bytes.size(), std::string(bytes));
    ASSERT_OK(WriteFileAtomically(path_, content, 0600));
  }

  static int64_t Count(Database& database) {
    auto rows = database.Query("SELECT COUNT(*) FROM node");
    return rows.ok() && rows->size() == 1 ? (*rows)[0].Int(0) : -1;
  }

  std::optional<TemporaryDirectory> directory_;
  std::string path_;
};

TEST_F(SqliteTest, KeepsEveryKindOfValue) {
  const std::string binary("\0\xff\x80 k", 5);
  {
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
    ASSERT_OK(database->Execute("INSERT INTO node VALUES (?, ?, ?)", {"alpha", int64_t{-7}, Blob{binary}}));
    ASSERT_OK(database->Execute("INSERT INTO node VALUES (?, ?, ?)", {"", nullptr, Blob{""}}));
  }
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
  ASSERT_OK_AND_ASSIGN(std::vector<SqlRow> rows,
                       database->Query("SELECT name, port, key FROM node ORDER BY name DESC"));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].Text(0), "alpha");
  EXPECT_EQ(rows[0].Int(1), -7);
  EXPECT_EQ(rows[0].Text(2), binary);
  EXPECT_EQ(rows[1].Text(0), "");
  EXPECT_EQ(rows[1].Int(1), 0) << "NULL";
  ASSERT_OK_AND_ASSIGN(rows, database->Query("SELECT typeof(port), typeof(key) FROM node WHERE name = ?", {""}));
  EXPECT_EQ(rows[0].Text(0), "null");
  EXPECT_EQ(rows[0].Text(1), "blob") << "an empty blob is not NULL";
}

TEST_F(SqliteTest, AColumnOfAnotherTypeOrBeyondTheRowIsEmpty) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
  ASSERT_OK_AND_ASSIGN(std::vector<SqlRow> rows, database->Query("SELECT 'text', 5, 1.5"));
  EXPECT_EQ(rows[0].Int(0), 0);
  EXPECT_EQ(rows[0].Text(1), "");
  EXPECT_EQ(rows[0].Int(2), 0);
  EXPECT_EQ(rows[0].Int(99), 0);
  EXPECT_EQ(rows[0].Text(99), "");
}

TEST_F(SqliteTest, IsDurableAndPrivate) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
  ASSERT_OK_AND_ASSIGN(std::vector<SqlRow> rows, database->Query("PRAGMA journal_mode"));
  EXPECT_EQ(rows[0].Text(0), "wal");
  ASSERT_OK_AND_ASSIGN(rows, database->Query("PRAGMA synchronous"));
  EXPECT_EQ(rows[0].Int(0), 2) << "FULL";
  ASSERT_OK(database->Execute("INSERT INTO node (name) VALUES ('a')"));
  EXPECT_OK(CheckPrivate(path_));
  EXPECT_OK(CheckPrivate(path_ + "-wal"));
  EXPECT_OK(CheckPrivate(path_ + "-shm"));
}

TEST_F(SqliteTest, WhatReturnedOkSurvivesAKilledProcess) {
  const pid_t child = fork();
  if (child == 0) {
    auto database = Open();
    if (!database.ok() || !(*database)->Execute("INSERT INTO node (name) VALUES ('alpha')").ok()) _exit(1);
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
  EXPECT_EQ(Count(*database), 1);
}

TEST_F(SqliteTest, AnEmptyFileIsANewDatabaseAndBecomesPrivate) {
  ASSERT_OK(WriteFileAtomically(path_, "", 0644));
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
  EXPECT_EQ(Count(*database), 0);
  EXPECT_OK(CheckPrivate(path_));
}

TEST_F(SqliteTest, RunsEachMigrationOnce) {
  Fill();
  std::vector<std::string> migrations = Migrations();
  migrations.push_back("ALTER TABLE node ADD COLUMN mode TEXT; UPDATE node SET mode = 'test';");
  {
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Database::Open(path_, migrations));
    EXPECT_EQ(Count(*database), 500);
  }
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Database::Open(path_, migrations));
  ASSERT_OK_AND_ASSIGN(std::vector<SqlRow> rows, database->Query("SELECT DISTINCT mode FROM node"));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].Text(0), "test");
}

TEST_F(SqliteTest, AFailedMigrationLeavesTheDatabaseAsItWas) {
  Fill();
  std::vector<std::string> migrations = Migrations();
  migrations.push_back("DELETE FROM node; CREATE TABLE node (x);");
  EXPECT_THAT(Database::Open(path_, migrations), StatusIs(absl::StatusCode::kInvalidArgument,
                                                          HasSubstr("refuses migration 2: table node already exists")));
  migrations[1] = "DELETE FROM node; COMMIT;";
  EXPECT_FALSE(Database::Open(path_, migrations).ok());
  migrations[1] = "ROLLBACK; CREATE TABLE early (x);";
  EXPECT_THAT(Database::Open(path_, migrations),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ends its transaction")));
}

TEST_F(SqliteTest, ANewerDatabaseIsRefusedAndKept) {
  std::vector<std::string> migrations = Migrations();
  migrations.push_back("CREATE TABLE later (x)");
  ASSERT_OK(Database::Open(path_, migrations));
  EXPECT_THAT(Open(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("schema version 2 and this program knows 1")));
  EXPECT_OK(Database::Open(path_, migrations));
}

TEST_F(SqliteTest, ADamagedHeaderIsDataLoss) {
  Fill();
  Overwrite(0, "SQLite formXt 3");
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("restore it from a backup")));
}

TEST_F(SqliteTest, ATruncatedFileIsDataLoss) {
  Fill();
  const auto size = std::filesystem::file_size(path_);
  ASSERT_GT(size, 50'000u);
  for (const uintmax_t left :
       {size / 2, size - 4096, size - 1000, uintmax_t{4096}, uintmax_t{100}, uintmax_t{99}, uintmax_t{1}}) {
    std::filesystem::resize_file(path_, left);
    EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(path_))) << left;
  }
}

TEST_F(SqliteTest, ADamagedPageIsDataLoss) {
  Fill();
  Overwrite(5 * 4096, std::string(4096, '\xa5'));
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SqliteTest, GarbageIsDataLossAndIsKept) {
  for (const std::string& garbage : {std::string("hello\n"), std::string(100'000, 'x'), std::string(5'000, '\0')}) {
    ASSERT_OK(WriteFileAtomically(path_, garbage, 0600));
    EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("no database")));
    EXPECT_THAT(ReadFile(path_), IsOkAndHolds(garbage));
  }
}

TEST_F(SqliteTest, ADirectoryInPlaceOfTheFileIsDataLoss) {
  ASSERT_OK(MakeDirectories(path_));
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("no regular file")));
}

TEST_F(SqliteTest, AMissingParentOrPathIsAnError) {
  EXPECT_THAT(Database::Open(directory_->path() + "/none/state.db", {}), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Database::Open("", {}), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(SqliteTest, NamesThatSqliteTreatsAsSpecialAreFiles) {
  std::filesystem::current_path(directory_->path());
  ASSERT_OK(Database::Open(":memory:", Migrations()));
  EXPECT_TRUE(std::filesystem::exists(directory_->path() + "/:memory:"));
  std::filesystem::current_path("/");
}

TEST_F(SqliteTest, ADuplicateKeyAlreadyExists) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
  ASSERT_OK(database->Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, x TEXT CHECK (x <> 'bad'))"));
  ASSERT_OK(database->Execute("INSERT INTO t VALUES (1, 'a', '')"));
  EXPECT_THAT(database->Execute("INSERT INTO t VALUES (1, 'b', '')"), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(database->Execute("INSERT INTO t VALUES (2, 'a', '')"), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(database->Execute("INSERT INTO t VALUES (3, 'c', 'bad')"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(SqliteTest, BadStatementsAreRefused) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
  EXPECT_THAT(database->Execute("SELEC 1"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("syntax error")));
  EXPECT_THAT(database->Execute(""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(database->Execute(" -- nothing"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(database->Execute("SELECT 1; DELETE FROM node"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("more than one")));
  EXPECT_OK(database->Execute("SELECT 1; -- and no more"));
  EXPECT_THAT(database->Query("SELECT * FROM nowhere"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(database->Execute(std::string(2'000'000, ' ')), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(SqliteTest, TheNumberOfParametersMustFit) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
  EXPECT_THAT(database->Execute("INSERT INTO node (name, port) VALUES (?, ?)", {"a"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("has 2 parameters, not 1")));
  EXPECT_THAT(database->Query("SELECT 1", {"a"}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(Count(*database), 0);
}

TEST_F(SqliteTest, ATransactionIsAllOrNothing) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
  const auto insert = [&](absl::string_view name) {
    return database->Execute("INSERT INTO node (name) VALUES (?)", {std::string(name)});
  };
  EXPECT_THAT(database->Transaction([&]() -> absl::Status {
    PARANET_RETURN_IF_ERROR(insert("a"));
    EXPECT_EQ(Count(*database), 1);
    return absl::CancelledError("changed my mind");
  }),
              StatusIs(absl::StatusCode::kCancelled, "changed my mind"));
  EXPECT_EQ(Count(*database), 0);
  EXPECT_THAT(database->Transaction([&]() -> absl::Status {
    PARANET_RETURN_IF_ERROR(insert("a"));
    return insert("a");
  }),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(Count(*database), 0);
  EXPECT_OK(database->Transaction([&] { return insert("a"); }));
  EXPECT_EQ(Count(*database), 1);
}

TEST_F(SqliteTest, ATransactionCannotBeOpenedOrClosedByHand) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
  EXPECT_THAT(database->Execute("BEGIN"), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(database->Transaction([&] { return database->Transaction([] { return absl::OkStatus(); }); }),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("within another")));
  EXPECT_THAT(database->Transaction([&] { return database->Execute("ROLLBACK"); }),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(database->Transaction([&]() -> absl::Status {
    PARANET_RETURN_IF_ERROR(database->Execute("ROLLBACK"));
    return database->Execute("INSERT INTO node (name) VALUES ('alone')");
  }),
              StatusIs(absl::StatusCode::kAborted, HasSubstr("rolled back")));
  EXPECT_EQ(Count(*database), 0);
  EXPECT_OK(database->Transaction([&] { return database->Execute("INSERT INTO node (name) VALUES ('a')"); }));
}

TEST_F(SqliteTest, OtherThreadsWaitForATransaction) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
  absl::Notification started;
  int64_t seen = -1;
  std::thread other;
  EXPECT_THAT(database->Transaction([&]() -> absl::Status {
    PARANET_RETURN_IF_ERROR(database->Execute("INSERT INTO node (name) VALUES ('rolled back')"));
    other = std::thread([&] {
      started.Notify();
      EXPECT_OK(database->Execute("INSERT INTO node (name) VALUES ('kept')"));
      seen = Count(*database);
    });
    started.WaitForNotification();
    for (int i = 0; i < 1000; ++i) PARANET_RETURN_IF_ERROR(database->Query("SELECT 1").status());
    return absl::CancelledError("");
  }),
              StatusIs(absl::StatusCode::kCancelled));
  other.join();
  EXPECT_EQ(seen, 1) << "the other thread's statement is neither seen nor undone by the transaction";
}

TEST_F(SqliteTest, ManyThreadsAtOnce) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<Database> database, Open());
  ASSERT_OK(database->Execute("INSERT INTO node VALUES ('sum', 0, NULL)"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 25; ++j) {
        EXPECT_OK(database->Transaction([&]() -> absl::Status {
          PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rows, database->Query("SELECT port FROM node"));
          return database->Execute("UPDATE node SET port = ?", {rows[0].Int(0) + 1});
        }));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_OK_AND_ASSIGN(std::vector<SqlRow> rows, database->Query("SELECT port FROM node"));
  EXPECT_EQ(rows[0].Int(0), 100);
}

}  // namespace
}  // namespace paranet
