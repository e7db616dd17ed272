#include "tools/author/build_commands.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/package/yaml_tree.h"

namespace paranet::cli {
namespace {

// What POSIX's shell says of a command that it does not find.
constexpr int kNotFoundByShell = 127;

// How the command ended: an exit code, or 128 and the signal.
absl::StatusOr<int> RunByShell(const std::string& command, const std::string& folder, const std::string& executable) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const absl::Cleanup destroy = [&actions] { posix_spawn_file_actions_destroy(&actions); };
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());

  std::vector<std::string> environment = {absl::StrCat("PARANET=", executable)};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!absl::StartsWith(*variable, "PARANET=")) environment.emplace_back(*variable);
  }
  std::vector<char*> env;
  env.reserve(environment.size() + 1);
  for (std::string& variable : environment) env.push_back(variable.data());
  env.push_back(nullptr);
  std::vector<std::string> arguments = {"sh", "-c", command};
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  pid_t pid = 0;
  if (const int error = posix_spawn(&pid, "/bin/sh", &actions, nullptr, argv.data(), env.data()); error != 0) {
    return absl::FailedPreconditionError(absl::StrCat("cannot run /bin/sh in ", folder, ": ", std::strerror(error)));
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return absl::InternalError(absl::StrCat("waitpid: ", std::strerror(errno)));
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadBuildCommands(const std::string& folder) {
  const std::string file = absl::StrCat(folder, "/paranet.yaml");
  std::vector<std::string> commands;
  absl::StatusOr<std::string> text = ReadFile(file);
  if (absl::IsNotFound(text.status())) return commands;
  PARANET_RETURN_IF_ERROR(text.status());
  PARANET_ASSIGN_OR_RETURN(const YamlNode root, ParseYaml(*text, file));
  for (const auto& [key, value] : root.entries) {
    if (key.text != "build") continue;
    if (value.kind != YamlNode::Kind::kList) return YamlError(file, value, "build must be a list of commands");
    for (const YamlNode& command : value.items) {
      if (command.kind != YamlNode::Kind::kText) return YamlError(file, command, "a command must be text");
      commands.push_back(command.text);
    }
  }
  return commands;
}

absl::Status RunBuildCommands(const std::vector<std::string>& commands, const std::string& folder,
                              const std::string& executable) {
  for (const std::string& command : commands) {
    PARANET_ASSIGN_OR_RETURN(const int code, RunByShell(command, folder, executable));
    if (code == 0) continue;
    const std::string hint =
        code == kNotFoundByShell
            ? ": a program that it needs is not installed; the package's README.md should say which"
            : "";
    return absl::FailedPreconditionError(absl::StrCat(
        "the build command of ", folder, "/paranet.yaml failed with exit code ", code, hint, ": ", command));
  }
  return absl::OkStatus();
}

}  // namespace paranet::cli
