#include "pki/enrolment/upkeep.h"

#include <atomic>
#include <memory>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet::pki {
namespace {

TEST(UpkeepTest, TasksRunAtOnceAndAgain) {
  std::atomic<int> runs = 0;
  absl::Notification thrice;
  const auto count = [&] {
    if (++runs == 3) thrice.Notify();
    return absl::OkStatus();
  };
  const Upkeep upkeep({.tasks = {{"fail", [] { return absl::InternalError("broken"); }}, {"count", count}},
                       .interval = absl::Milliseconds(1),
                       .logger = MakeNullLogger()});
  // One that fails does not keep the next from running.
  thrice.WaitForNotification();
}

TEST(UpkeepTest, TheLastOfAKeyIsDoneOnce) {
  absl::Notification first;
  absl::Notification go_on;
  std::vector<std::string> done;
  auto upkeep =
      std::make_unique<Upkeep>(Upkeep::Options{.tasks = {}, .interval = absl::Hours(1), .logger = MakeNullLogger()});
  const auto note = [&](const std::string& what) {
    return Upkeep::Task{"note", [&done, what] {
                          done.push_back(what);
                          return absl::OkStatus();
                        }};
  };
  upkeep->Once("alpha", {"block", [&] {
                           done.push_back("a1");
                           first.Notify();
                           go_on.WaitForNotification();
                           return absl::OkStatus();
                         }});
  first.WaitForNotification();
  upkeep->Once("alpha", note("a2"));
  upkeep->Once("beta", note("b2"));
  upkeep->Once("alpha", note("a3"));
  go_on.Notify();
  upkeep.reset();
  EXPECT_THAT(done, testing::ElementsAre("a1", "a3", "b2"));
}

TEST(UpkeepTest, WhatFailsIsNoReasonToStop) {
  int asked = 0;
  {
    Upkeep upkeep({.tasks = {}, .interval = absl::Hours(1), .logger = MakeNullLogger()});
    for (const char* key : {"a", "b"}) {
      upkeep.Once(key, {"fail", [&] {
                          ++asked;
                          return absl::NotFoundError("unknown");
                        }});
    }
  }
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace paranet::pki
