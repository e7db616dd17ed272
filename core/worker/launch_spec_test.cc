#include "core/worker/launch_spec.h"

#include <string>

#include "core/base/status_testutil.h"
#include "core/worker/frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(LaunchSpecTest, GoesThroughAsItWas) {
  LaunchSpec spec;
  spec.command = {"/usr/bin/env", "", "two words\n"};
  spec.work_dir = "/work";
  spec.readable = {"/a", "/b"};
  spec.socket_dir = "/sockets";
  spec.network = spec.exec = spec.own_users = true;
  spec.address_space_bytes = uint64_t{1} << 40;
  spec.cpu_seconds = 1;
  spec.open_files = 2;
  spec.processes = 3;
  spec.processors_milli = 1500;
  ASSERT_OK_AND_ASSIGN(const LaunchSpec parsed, ParseLaunchSpec(SerializeLaunchSpec(spec)));
  EXPECT_THAT(parsed.command, ElementsAre("/usr/bin/env", "", "two words\n"));
  EXPECT_EQ(parsed.work_dir, "/work");
  EXPECT_THAT(parsed.readable, ElementsAre("/a", "/b"));
  EXPECT_EQ(parsed.socket_dir, "/sockets");
  EXPECT_TRUE(parsed.network);
  EXPECT_FALSE(parsed.unix_sockets);
  EXPECT_TRUE(parsed.exec);
  EXPECT_TRUE(parsed.own_users);
  EXPECT_EQ(parsed.address_space_bytes, uint64_t{1} << 40);
  EXPECT_EQ(parsed.cpu_seconds, 1U);
  EXPECT_EQ(parsed.open_files, 2U);
  EXPECT_EQ(parsed.processes, 3U);
  EXPECT_EQ(parsed.processors_milli, 1500U);
}

TEST(LaunchSpecTest, RefusesWhatItDoesNotKnow) {
  // A limit that is not understood must not be a limit that is not there.
  std::string list;
  AppendToFrameList("open_flies", "3", list);
  EXPECT_THAT(ParseLaunchSpec(list).status().message(), HasSubstr("open_flies"));
  list.clear();
  AppendToFrameList("open_files", "many", list);
  EXPECT_THAT(ParseLaunchSpec(list).status().message(), HasSubstr("no valid open_files"));
  list.clear();
  AppendToFrameList("open_files", "4294967296", list);
  EXPECT_THAT(ParseLaunchSpec(list).status().message(), HasSubstr("no valid open_files"));
  EXPECT_FALSE(ParseLaunchSpec("x").ok());
}

}  // namespace
}  // namespace paranet
