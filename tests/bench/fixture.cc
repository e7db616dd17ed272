#include "tests/bench/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/grpc_status.h"
#include "core/base/status.h"
#include "examples/weather/embedded.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "paranet/v1/node.grpc.pb.h"

namespace paranet::bench {
namespace {

// Relative to the runfiles, where `bazel run` starts a benchmark.
constexpr char kParanet[] = "tools/paranet";
// Until a server that was just started answers.
constexpr std::chrono::seconds kStartDeadline{10};

absl::StatusOr<pid_t> Start(const std::vector<std::string>& command, const std::string& log,
                            const std::string& paranet_home) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  std::vector<std::string> strings = command;
  std::vector<char*> argv;
  for (std::string& string : strings) argv.push_back(string.data());
  argv.push_back(nullptr);
  std::vector<std::string> variables = {absl::StrCat("PARANET_HOME=", paranet_home)};
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::ErrnoToStatus(error, absl::StrCat("cannot start ", command[0]));
  return pid;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Fixture>> Fixture::Create() {
  PARANET_ASSIGN_OR_RETURN(TemporaryDirectory dir, TemporaryDirectory::Create("bench"));
  return std::unique_ptr<Fixture>(new Fixture(std::move(dir)));
}

Fixture::~Fixture() {
  for (const std::string& node : nodes_) Paranet({"node", "stop", node}).IgnoreError();
  for (const int child : children_) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
}

std::string Fixture::Path(const std::string& name) const { return absl::StrCat(dir_.path(), "/", name); }

std::string Fixture::Socket(const std::string& node) const {
  return Path(absl::StrCat("nodes/", node, "/control.sock"));
}

absl::Status Fixture::Paranet(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {kParanet};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const std::string log = Path("paranet.log");
  PARANET_ASSIGN_OR_RETURN(const pid_t pid, Start(command, log, dir_.path()));
  int status = 0;
  if (::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("paranet ", absl::StrJoin(arguments, " "), ": ", ReadFile(log).value_or("no output")));
}

absl::Status Fixture::MakeNetwork() {
  PARANET_RETURN_IF_ERROR(Paranet({"root", "init", "acme"}));
  for (const char* node : {"alpha", "beta"}) {
    PARANET_RETURN_IF_ERROR(Paranet(
        {"root", "issue", "acme", "--role", "node", "--name", node, "--dns", "localhost", "--out", Path(node)}));
  }
  PARANET_RETURN_IF_ERROR(
      Paranet({"root", "issue", "acme", "--role", "publisher", "--name", "maker", "--out", Path("maker")}));
  const std::string archive = Path("weather.paranet");
  const std::string folder = Path("package");
  PARANET_RETURN_IF_ERROR(MakeDirectories(folder));
  for (const auto& file : WeatherPackageFiles()) {
    PARANET_RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(folder, "/", file.path), file.content));
  }
  PARANET_RETURN_IF_ERROR(Paranet({"package", "build", folder, "--out", archive}));
  return Paranet({"package", "sign", archive, "--identity", Path("maker")});
}

absl::Status Fixture::StartNode(const std::string& name, const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"node", "start", "--name", name};
  command.insert(command.end(), arguments.begin(), arguments.end());
  PARANET_RETURN_IF_ERROR(Paranet(command));
  nodes_.push_back(name);
  return absl::OkStatus();
}

absl::StatusOr<v1::GetStatusResponse> Fixture::NodeStatus(const std::string& name) {
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, Connect(Socket(name)));
  grpc::ClientContext context;
  v1::GetStatusResponse response;
  const grpc::Status status = v1::Node::NewStub(channel)->GetStatus(&context, {}, &response);
  if (!status.ok()) return Annotate(FromGrpcStatus(status), name);
  return response;
}

absl::StatusOr<int> Fixture::Spawn(const std::string& name, const std::vector<std::string>& command) {
  PARANET_ASSIGN_OR_RETURN(const pid_t pid, Start(command, Path(name + ".log"), dir_.path()));
  children_.push_back(pid);
  return pid;
}

void Fixture::End(int pid) {
  ::kill(pid, SIGTERM);
  ::waitpid(pid, nullptr, 0);
  children_.erase(std::remove(children_.begin(), children_.end(), pid), children_.end());
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Fixture::Connect(const std::string& socket) {
  const auto deadline = std::chrono::system_clock::now() + kStartDeadline;
  while (std::chrono::system_clock::now() < deadline) {
    // A channel of its own for each try: one that has failed backs off for a second.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto channel =
        grpc::CreateCustomChannel(absl::StrCat("unix:", socket), grpc::InsecureChannelCredentials(), arguments);
    if (channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::milliseconds(100))) return channel;
  }
  return absl::UnavailableError(absl::StrCat("nobody answers at ", socket));
}

}  // namespace paranet::bench
