// A process that is killed while it issues: whatever certificate has left it is in the ledger.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/root/network_root.h"
#include "pki/root/network_root_testutil.h"

namespace paranet::pki {
namespace {

class NetworkRootCrashTest : public NetworkRootFixture {
 protected:
  // In the child: issues from several threads and tells each serial through `fd`, until it is killed.
  [[noreturn]] void IssueForEver(int fd) {
    const auto root = Open();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([this, &root, fd, i] {
        const std::string node = absl::StrCat("n", i);
        for (int round = 0;; ++round) {
          const auto issued = root->Enroll(Token(*root, node), Request(node));
          if (!issued.ok()) _exit(1);
          // One write of less than PIPE_BUF is whole.
          const std::string line = issued->chain.leaf().serial() + "\n";
          if (write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(1);
          if (round % 7 == 3 && !root->Revoke("node/" + node, RevocationReason::kUnspecified, "test").ok()) _exit(1);
        }
      });
    }
    while (true) pause();
  }

  // What a child has told before it was killed after `lines` lines.
  std::vector<std::string> RunAndKill(size_t lines) {
    int fds[2];
    EXPECT_EQ(pipe(fds), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(fds[0]);
      IssueForEver(fds[1]);
    }
    close(fds[1]);
    std::string told;
    char buffer[4096];
    bool killed = false;
    while (true) {
      const ssize_t got = read(fds[0], buffer, sizeof(buffer));
      if (got <= 0) break;
      told.append(buffer, static_cast<size_t>(got));
      if (!killed && static_cast<size_t>(std::count(told.begin(), told.end(), '\n')) >= lines) {
        kill(child, SIGKILL);
        killed = true;
      }
    }
    close(fds[0]);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status)) << status;
    return absl::StrSplit(told, '\n', absl::SkipEmpty());
  }
};

TEST_F(NetworkRootCrashTest, WhateverHasLeftIsInTheLedger) {
  Create();
  std::set<std::string> told;
  for (const size_t lines : {1u, 2u, 5u, 9u, 14u, 20u, 33u, 41u}) {
    for (std::string& serial : RunAndKill(lines)) EXPECT_TRUE(told.insert(std::move(serial)).second);
    const auto root = Open();
    ASSERT_OK_AND_ASSIGN(const auto entries, root->List());
    std::set<std::string> known;
    for (const auto& entry : entries) EXPECT_TRUE(known.insert(entry.serial).second);
    for (const std::string& serial : told) EXPECT_EQ(known.count(serial), 1u) << serial;
    // A certificate and the use of its token are one.
    ASSERT_OK_AND_ASSIGN(const auto tokens, root->ListTokens());
    for (const auto& token : tokens) {
      EXPECT_EQ(known.count(token.serial), token.used_at.has_value() ? 1u : 0u);
    }
    // Revoked ones are on the list.
    ASSERT_OK_AND_ASSIGN(const auto lists, root->RevocationLists());
    for (const auto& entry : entries) {
      if (!entry.revoked_at.has_value()) continue;
      ASSERT_EQ(lists.size(), 1u);
      EXPECT_NE(lists[0].Find(entry.serial), nullptr);
    }
    EXPECT_OK(root->Issue(Request("after")));
  }
}

// Between the steps of a rotation: files are there, the ledger does not know them.
TEST_F(NetworkRootCrashTest, FilesOfAnInterruptedRotationAreReplaced) {
  Create();
  for (const char* file : {"/root-2.pem", "/root-2.key.pem", "/issuing-2.pem", "/issuing-2.key.pem"}) {
    ASSERT_OK(WriteFileAtomically(dir_ + file, "half of it", 0600));
  }
  const auto root = Open();
  ASSERT_OK(root->PrepareRotation(std::nullopt, "test"));
  EXPECT_OK(OpenStatus());
}

}  // namespace
}  // namespace paranet::pki
