#include "tests/bench/process_cpu.h"

#include <unistd.h>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet::bench {
namespace {

TEST(ProcessCpuTest, GrowsAsTheProcessWorks) {
  const absl::StatusOr<absl::Duration> before = ProcessCpu(::getpid());
  ASSERT_TRUE(before.ok()) << before.status();
  volatile unsigned work = 0;
  absl::StatusOr<absl::Duration> now = before;
  // Works until the kernel has counted it; a test that hangs here has no processor.
  while (now.ok() && *now < *before + absl::Milliseconds(30)) {
    for (int i = 0; i < 1'000'000; ++i) work = work + 1;
    now = ProcessCpu(::getpid());
  }
  ASSERT_TRUE(now.ok()) << now.status();
}

TEST(ProcessCpuTest, ThereIsNoSuchProcess) {
  // Beyond the largest number that Linux gives to a process.
  EXPECT_EQ(ProcessCpu(1 << 30).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace paranet::bench
