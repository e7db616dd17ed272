#include "tools/cli/home.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class HomeTest : public testing::Test {
 protected:
  HomeTest()
      : dir_(std::string(testing::TempDir()) + "/" + testing::UnitTest::GetInstance()->current_test_info()->name()) {}
  ~HomeTest() override { std::filesystem::remove_all(dir_); }

  void Make(const std::string& path) { std::filesystem::create_directories(dir_ + "/" + path); }

  const std::string dir_;
};

TEST_F(HomeTest, Layout) {
  const Home home(dir_);
  EXPECT_EQ(home.NodeDir("alpha"), home.path() + "/nodes/alpha");
  EXPECT_EQ(home.RootDir("acme"), home.path() + "/roots/acme");
  EXPECT_EQ(home.ControlSocket("alpha"), home.path() + "/nodes/alpha/control.sock");
}

TEST_F(HomeTest, RelativePathIsMadeAbsolute) {
  EXPECT_EQ(Home("x/../y").path(), std::filesystem::current_path().string() + "/y");
}

TEST_F(HomeTest, NodeWithASlashIsItsDataDirectory) {
  EXPECT_EQ(Home(dir_).ControlSocket("/var/lib/alpha"), "/var/lib/alpha/control.sock");
}

TEST_F(HomeTest, EmptyHomeHasNothing) {
  const Home home(dir_);
  EXPECT_THAT(home.Nodes(), IsEmpty());
  EXPECT_THAT(home.Roots(), IsEmpty());
  EXPECT_THAT(home.CheckNode("alpha"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("paranet node start")));
  EXPECT_THAT(home.CheckRoot("acme"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("paranet root init acme")));
}

TEST_F(HomeTest, ListsDirectoriesSorted) {
  Make("nodes/beta");
  Make("nodes/alpha");
  Make("roots/acme");
  const Home home(dir_);
  EXPECT_THAT(home.Nodes(), ElementsAre("alpha", "beta"));
  EXPECT_THAT(home.Roots(), ElementsAre("acme"));
  EXPECT_OK(home.CheckNode("alpha"));
  EXPECT_OK(home.CheckRoot("acme"));
}

TEST_F(HomeTest, UnknownNodeGetsTheNearestNamesAndTheList) {
  Make("nodes/alpha");
  Make("nodes/omega");
  EXPECT_THAT(
      Home(dir_).CheckNode("alhpa"),
      StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("no node \"alhpa\""), HasSubstr("Did you mean \"alpha\"?"),
                                                  HasSubstr("There are: alpha, omega"))));
}

TEST_F(HomeTest, NoNodeIsCalledNothing) {
  Make("nodes/alpha");
  EXPECT_THAT(Home(dir_).CheckNode(""), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(HomeTest, EnvironmentComesFirst) {
  setenv("PARANET_HOME", dir_.c_str(), 1);
  EXPECT_EQ(Home::FromEnvironment()->path(), Home(dir_).path());
  unsetenv("PARANET_HOME");
  setenv("HOME", "/home/someone", 1);
  EXPECT_EQ(Home::FromEnvironment()->path(), "/home/someone/.paranet");
  unsetenv("HOME");
  EXPECT_THAT(Home::FromEnvironment(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace paranet::cli
