#include "tools/daemon/example_package.h"

#include "core/base/status_testutil.h"
#include "examples/greeter/embedded.h"
#include "examples/weather/embedded.h"
#include "gtest/gtest.h"

namespace paranet::daemon {
namespace {

TEST(ExamplePackageTest, WeatherIsAPackage) {
  ASSERT_OK_AND_ASSIGN(const std::string archive, BuildExampleArchive(WeatherPackageFiles()));
  ASSERT_OK_AND_ASSIGN(const Package package, ParseArchive(archive));
  EXPECT_EQ(package.manifest.id(), "weather");
}

TEST(ExamplePackageTest, GreeterIsAPackage) {
  ASSERT_OK_AND_ASSIGN(const std::string archive, BuildExampleArchive(GreeterPackageFiles()));
  ASSERT_OK_AND_ASSIGN(const Package package, ParseArchive(archive));
  EXPECT_EQ(package.manifest.id(), "greeter");
}

TEST(ExamplePackageTest, EveryBuildIsTheSame) {
  EXPECT_EQ(*BuildExampleArchive(WeatherPackageFiles()), *BuildExampleArchive(WeatherPackageFiles()));
}

}  // namespace
}  // namespace paranet::daemon
