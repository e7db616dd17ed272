#include "tools/daemon/stop_signals.h"

#include <unistd.h>

#include <csignal>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace paranet::daemon {
namespace {

TEST(StopSignalsTest, RunsTheFunctionInPlaceOfDying) {
  StopSignals signals;
  absl::Notification stopped;
  int got = 0;
  signals.Watch([&](int signal) {
    got = signal;
    stopped.Notify();
  });
  kill(getpid(), SIGTERM);
  stopped.WaitForNotification();
  EXPECT_EQ(got, SIGTERM);
}

TEST(StopSignalsTest, KeepsASignalThatComesBeforeWatch) {
  StopSignals signals;
  kill(getpid(), SIGINT);
  absl::Notification stopped;
  signals.Watch([&](int) { stopped.Notify(); });
  stopped.WaitForNotification();
}

TEST(StopSignalsTest, EndsWithoutASignalAndRestoresTheMask) {
  {
    StopSignals signals;
    signals.Watch([](int) { FAIL(); });
  }
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, nullptr, &now);
  EXPECT_EQ(sigismember(&now, SIGTERM), 0);
}

}  // namespace
}  // namespace paranet::daemon
