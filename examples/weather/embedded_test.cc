#include "examples/weather/embedded.h"

#include <fstream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(EmbeddedTest, HasThreeFilesEachByteForByte) {
  ASSERT_EQ(WeatherPackageFiles().size(), 3u);
  for (const EmbeddedFile& file : WeatherPackageFiles()) {
    std::ifstream in(std::string("examples/weather/").append(file.path), std::ios::binary);
    ASSERT_TRUE(in.good()) << file.path;
    std::ostringstream content;
    content << in.rdbuf();
    EXPECT_FALSE(file.content.empty()) << file.path;
    EXPECT_TRUE(file.content == content.str()) << file.path;
  }
}

}  // namespace
}  // namespace paranet
