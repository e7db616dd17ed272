#include "federation/link_store.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "federation/link_schema_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

class LinkStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create());
    dir_ = std::make_unique<TemporaryDirectory>(std::move(dir));
    Open();
  }
  void Open() {
    store_.reset();
    database_.reset();
    ASSERT_OK_AND_ASSIGN(database_, Database::Open(absl::StrCat(dir_->path(), "/state.db"), {kLinkSchema}));
    store_ = std::make_unique<LinkStore>(database_.get());
  }

  std::unique_ptr<TemporaryDirectory> dir_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<LinkStore> store_;
};

TEST_F(LinkStoreTest, KeepsRecordsAcrossAReopening) {
  ASSERT_OK(store_->Put({"beta", "127.0.0.1:1", v1::BIDIRECTIONAL, true, 42}));
  Open();
  ASSERT_OK_AND_ASSIGN(auto records, store_->List());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].peer, "beta");
  EXPECT_EQ(records[0].address, "127.0.0.1:1");
  EXPECT_EQ(records[0].mode, v1::BIDIRECTIONAL);
  EXPECT_TRUE(records[0].dialler);
  EXPECT_EQ(records[0].created_unix_ms, 42);
}

TEST_F(LinkStoreTest, APeerMayDialAndBeDialled) {
  ASSERT_OK(store_->Put({"beta", "a:1", v1::ONE_WAY, false, 1}));
  ASSERT_OK(store_->Put({"beta", "b:1", v1::ONE_WAY, true, 2}));
  ASSERT_OK(store_->Put({"beta", "b:2", v1::BIDIRECTIONAL, true, 2}));
  ASSERT_OK_AND_ASSIGN(auto records, store_->List());
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].address, "b:2");
  EXPECT_FALSE(records[1].dialler);
  ASSERT_OK(store_->Remove("beta", true));
  ASSERT_OK(store_->Remove("beta", true));
  ASSERT_OK_AND_ASSIGN(records, store_->List());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].address, "a:1");
}

TEST_F(LinkStoreTest, RemembersADefederationUntilItIsLifted) {
  ASSERT_OK(store_->Put({"beta", "a:1", v1::ONE_WAY, false, 1}));
  ASSERT_OK(store_->Put({"gamma", "c:1", v1::ONE_WAY, true, 1}));
  EXPECT_THAT(store_->IsDefederated("beta"), IsOkAndHolds(false));
  ASSERT_OK(store_->RemovePeer("beta", true, absl::FromUnixSeconds(5)));
  ASSERT_OK(store_->RemovePeer("gamma", false, absl::FromUnixSeconds(5)));
  ASSERT_OK_AND_ASSIGN(auto records, store_->List());
  EXPECT_TRUE(records.empty());
  Open();
  EXPECT_THAT(store_->IsDefederated("beta"), IsOkAndHolds(true));
  EXPECT_THAT(store_->IsDefederated("gamma"), IsOkAndHolds(false));
  ASSERT_OK(store_->ForgetDefederated("beta"));
  EXPECT_THAT(store_->IsDefederated("beta"), IsOkAndHolds(false));
}

TEST_F(LinkStoreTest, LeavesOutWhatItDoesNotUnderstand) {
  ASSERT_OK(database_->Execute("INSERT INTO link VALUES('x', 'a:1', 77, 1, 0)"));
  ASSERT_OK_AND_ASSIGN(auto records, store_->List());
  EXPECT_TRUE(records.empty());
}

TEST_F(LinkStoreTest, ReportsADatabaseWithoutItsTables) {
  ASSERT_OK(database_->Execute("DROP TABLE link"));
  EXPECT_FALSE(store_->List().ok());
  EXPECT_FALSE(store_->Put({"beta", "a:1", v1::ONE_WAY, false, 1}).ok());
}

}  // namespace
}  // namespace paranet
