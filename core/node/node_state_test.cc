#include "core/node/node_state.h"

#include <memory>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class NodeStateTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create("state"));
    dir_.emplace(std::move(dir));
  }

  absl::StatusOr<std::unique_ptr<NodeState>> Open(const std::string& name, v1::NodeKind kind) {
    return NodeState::Open(dir_->path(), name, kind, absl::FromUnixMillis(1000));
  }

  std::optional<TemporaryDirectory> dir_;
};

TEST_F(NodeStateTest, ANewNodeHasNeitherAddressNorPackages) {
  ASSERT_OK_AND_ASSIGN(auto state, Open("alpha", v1::TEST));
  EXPECT_THAT(state->Address(), IsOkAndHolds(""));
  EXPECT_THAT(state->Packages(), IsOkAndHolds(IsEmpty()));
}

TEST_F(NodeStateTest, RemembersTheAddress) {
  {
    ASSERT_OK_AND_ASSIGN(auto state, Open("alpha", v1::TEST));
    ASSERT_OK(state->Started("127.0.0.1:7001"));
  }
  ASSERT_OK_AND_ASSIGN(auto state, Open("alpha", v1::TEST));
  EXPECT_THAT(state->Address(), IsOkAndHolds("127.0.0.1:7001"));
}

TEST_F(NodeStateTest, RemembersPackagesByIdAndReplacesThem) {
  {
    ASSERT_OK_AND_ASSIGN(auto state, Open("alpha", v1::TEST));
    ASSERT_OK(state->PutPackage({"weather", "1.0.0", "aa", "", absl::FromUnixMillis(1)}, {}));
    ASSERT_OK(state->PutPackage(
        {"alarm", "2.0.0", "bb", "paranet://acme/publisher/eve", absl::FromUnixMillis(2), "signed"}, {}));
    ASSERT_OK(state->PutPackage({"weather", "1.1.0", "cc", "", absl::FromUnixMillis(3)}, {}));
  }
  ASSERT_OK_AND_ASSIGN(auto state, Open("alpha", v1::TEST));
  ASSERT_OK_AND_ASSIGN(std::vector<DeployedPackage> packages, state->Packages());
  ASSERT_THAT(packages, SizeIs(2));
  EXPECT_EQ(packages[0].id, "alarm");
  EXPECT_EQ(packages[0].publisher, "paranet://acme/publisher/eve");
  EXPECT_EQ(packages[0].signature, "signed");
  EXPECT_EQ(packages[1].version, "1.1.0");
  EXPECT_EQ(packages[1].digest, "cc");
  EXPECT_EQ(packages[1].deployed_at, absl::FromUnixMillis(3));
}

TEST_F(NodeStateTest, RemembersPreviousVersionsLatestFirst) {
  const DeployedPackage first{"weather", "1.0.0", "aa", "eve", absl::FromUnixMillis(1), std::string("s\0g", 3)};
  const DeployedPackage second{"weather", "1.1.0", "bb", "", absl::FromUnixMillis(2)};
  const DeployedPackage third{"weather", "1.2.0", "cc", "", absl::FromUnixMillis(3)};
  {
    ASSERT_OK_AND_ASSIGN(auto state, Open("alpha", v1::TEST));
    ASSERT_OK(state->PutPackage({"alarm", "1.0.0", "dd", "", absl::FromUnixMillis(4)}, {}));
    ASSERT_OK(state->PutPackage(third, {first, second}));
  }
  ASSERT_OK_AND_ASSIGN(auto state, Open("alpha", v1::TEST));
  ASSERT_OK_AND_ASSIGN(std::vector<DeployedPackage> previous, state->PreviousPackages());
  ASSERT_THAT(previous, SizeIs(2));
  EXPECT_EQ(previous[0].version, "1.1.0");
  EXPECT_EQ(previous[1].version, "1.0.0");
  EXPECT_EQ(previous[1].digest, "aa");
  EXPECT_EQ(previous[1].publisher, "eve");
  EXPECT_EQ(previous[1].deployed_at, absl::FromUnixMillis(1));
  EXPECT_EQ(previous[1].signature, std::string("s\0g", 3));

  ASSERT_OK(state->PutPackage(first, {third}));
  ASSERT_OK_AND_ASSIGN(previous, state->PreviousPackages());
  ASSERT_THAT(previous, SizeIs(1));
  EXPECT_EQ(previous[0].version, "1.2.0");

  ASSERT_OK(state->RemovePackage("weather"));
  ASSERT_OK(state->RemovePackage("nothing"));
  EXPECT_THAT(state->PreviousPackages(), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(state->Packages(), IsOkAndHolds(SizeIs(1)));
}

TEST_F(NodeStateTest, AVersionIsReplacedEntirelyOrNotAtAll) {
  ASSERT_OK_AND_ASSIGN(auto state, Open("alpha", v1::TEST));
  const DeployedPackage first{"weather", "1.0.0", "aa", "", absl::FromUnixMillis(1)};
  const DeployedPackage second{"weather", "1.1.0", "bb", "", absl::FromUnixMillis(2)};
  ASSERT_OK(state->PutPackage(first, {}));
  // The last step fails: the same version twice.
  EXPECT_THAT(state->PutPackage(second, {first, first}), StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(std::vector<DeployedPackage> packages, state->Packages());
  ASSERT_THAT(packages, SizeIs(1));
  EXPECT_EQ(packages[0].version, "1.0.0");
  EXPECT_THAT(state->PreviousPackages(), IsOkAndHolds(IsEmpty()));
}

TEST_F(NodeStateTest, PackagesOfAnEarlierReleaseAreKept) {
  {
    const std::vector<std::string> all = NodeMigrations();
    ASSERT_OK_AND_ASSIGN(auto database, Database::Open(dir_->path() + "/node.db",
                                                       std::vector<std::string>(all.begin(), all.begin() + 2)));
    ASSERT_OK(
        database->Execute("INSERT INTO package(id, version, digest, publisher, deployed_unix_ms) "
                          "VALUES ('weather', '1.0.0', 'aa', '', 7)"));
  }
  ASSERT_OK_AND_ASSIGN(auto state, Open("alpha", v1::TEST));
  ASSERT_OK_AND_ASSIGN(std::vector<DeployedPackage> packages, state->Packages());
  ASSERT_THAT(packages, SizeIs(1));
  EXPECT_EQ(packages[0].digest, "aa");
  EXPECT_EQ(packages[0].signature, "");
  EXPECT_THAT(state->PreviousPackages(), IsOkAndHolds(IsEmpty()));
}

TEST_F(NodeStateTest, AnotherNameIsRefused) {
  ASSERT_OK(Open("alpha", v1::TEST));
  EXPECT_THAT(Open("beta", v1::TEST),
              StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr("\"alpha\""), HasSubstr("\"beta\""))));
}

TEST_F(NodeStateTest, ATestNodeMayBecomeStandardAndKeepsItsPackages) {
  {
    ASSERT_OK_AND_ASSIGN(auto state, Open("alpha", v1::TEST));
    ASSERT_OK(state->PutPackage({"weather", "1.0.0", "aa", "", absl::FromUnixMillis(1)}, {}));
  }
  ASSERT_OK_AND_ASSIGN(auto state, Open("alpha", v1::STANDARD));
  EXPECT_THAT(state->Packages(), IsOkAndHolds(SizeIs(1)));
}

TEST_F(NodeStateTest, AStandardNodeNeverBecomesATestNode) {
  {
    ASSERT_OK_AND_ASSIGN(auto state, Open("alpha", v1::STANDARD));
    ASSERT_OK(state->Started("127.0.0.1:1"));
  }
  EXPECT_THAT(Open("alpha", v1::TEST),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cannot become a Test Node")));
}

TEST_F(NodeStateTest, AStartThatFailedLeavesTheKindAsItWas) {
  ASSERT_OK(Open("alpha", v1::TEST));
  // Opened, but never Started.
  ASSERT_OK(Open("alpha", v1::STANDARD));
  EXPECT_OK(Open("alpha", v1::TEST));
}

TEST_F(NodeStateTest, HasTheTablesOfTheFederation) {
  ASSERT_OK_AND_ASSIGN(auto state, Open("alpha", v1::STANDARD));
  EXPECT_OK(state->database().Execute(
      "INSERT INTO link(peer, address, mode, dialler, created_unix_ms) VALUES ('beta', '127.0.0.1:1', 1, 1, 5)"));
  EXPECT_OK(state->database().Execute("INSERT INTO defederated(peer, at_unix_ms) VALUES ('beta', 5)"));
}

TEST_F(NodeStateTest, ADamagedFileIsDataLossAndStaysAsItIs) {
  const std::string garbage(8192, 'x');
  ASSERT_OK(WriteFileAtomically(dir_->path() + "/node.db", garbage, 0600));
  EXPECT_THAT(Open("alpha", v1::TEST), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("node.db")));
  EXPECT_THAT(ReadFile(dir_->path() + "/node.db"), IsOkAndHolds(garbage));
}

}  // namespace
}  // namespace paranet
