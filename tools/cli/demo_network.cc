#include "tools/cli/demo_network.h"

#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status.h"

namespace paranet::cli {
namespace {

constexpr absl::Duration kStopLimit = absl::Seconds(10);

}  // namespace

absl::StatusOr<std::unique_ptr<DemoNetwork>> DemoNetwork::Create(const Context& outer, bool keep) {
  PARANET_ASSIGN_OR_RETURN(TemporaryDirectory directory, TemporaryDirectory::Create("paranet-demo"));
  return std::unique_ptr<DemoNetwork>(new DemoNetwork(std::move(directory), outer, keep));
}

DemoNetwork::DemoNetwork(TemporaryDirectory directory, const Context& outer, bool keep)
    : keep_(keep),
      directory_(std::move(directory)),
      context_{.home = Home(directory_.path()), .out = outer.out, .executable = outer.executable} {}

DemoNetwork::~DemoNetwork() {
  // Nobody is left to be told.
  CleanUp().IgnoreError();
}

std::string DemoNetwork::Path(const std::string& name) const { return absl::StrCat(context_.home.path(), "/", name); }

absl::StatusOr<v1::GetStatusResponse> DemoNetwork::Start(NodeStartOptions options) {
  options.dies_with_parent = !keep_;
  PARANET_ASSIGN_OR_RETURN(v1::GetStatusResponse status, StartNode(context_, options));
  const auto pid = static_cast<pid_t>(status.pid());
  PARANET_ASSIGN_OR_RETURN(ProcessRef process, ProcessRef::Open(pid));
  absl::MutexLock lock(&mu_);
  processes_.emplace(options.name, std::move(process));
  pids_[options.name] = pid;
  return status;
}

absl::Status DemoNetwork::CleanUp() {
  if (std::exchange(cleaned_up_, true)) return absl::OkStatus();
  std::map<std::string, ProcessRef> processes;
  std::map<std::string, pid_t> pids;
  {
    absl::MutexLock lock(&mu_);
    processes.swap(processes_);
    pids.swap(pids_);
  }
  absl::Status status = absl::OkStatus();
  for (const auto& [name, process] : processes) process.Signal(SIGTERM);
  const absl::Time deadline = absl::Now() + kStopLimit;
  for (const auto& [name, process] : processes) {
    if (!process.WaitForEnd(deadline)) {
      process.Signal(SIGKILL);
      status.Update(absl::DeadlineExceededError(absl::StrCat("node ", name, " did not stop and was killed")));
    }
    while (waitpid(pids[name], nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  status.Update(RemoveAll(directory_.path()));
  return status;
}

void DemoNetwork::Keep() {
  cleaned_up_ = true;
  directory_.Keep();
}

void DemoNetwork::Interrupt() {
  absl::MutexLock lock(&mu_);
  interrupted_ = true;
  for (const auto& [name, process] : processes_) process.Signal(SIGTERM);
}

bool DemoNetwork::interrupted() const {
  absl::MutexLock lock(&mu_);
  return interrupted_;
}

}  // namespace paranet::cli
