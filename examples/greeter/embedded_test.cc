#include "examples/greeter/embedded.h"

#include <fstream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(EmbeddedTest, HasThreeFilesEachByteForByte) {
  ASSERT_EQ(GreeterPackageFiles().size(), 3u);
  for (const GreeterFile& file : GreeterPackageFiles()) {
    std::ifstream in(std::string("examples/greeter/").append(file.path), std::ios::binary);
    ASSERT_TRUE(in.good()) << file.path;
    std::ostringstream content;
    content << in.rdbuf();
    EXPECT_FALSE(file.content.empty()) << file.path;
    EXPECT_TRUE(file.content == content.str()) << file.path;
  }
}

}  // namespace
}  // namespace paranet
