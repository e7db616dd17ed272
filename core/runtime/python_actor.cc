#include "core/runtime/python_actor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/status.h"
#include "core/runtime/child_process.h"
#include "core/runtime/framed_actor.h"

namespace paranet {
namespace {

bool IsFile(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

std::string ScriptOf(const std::string& runtime_dir) { return absl::StrCat(runtime_dir, "/paranet/_bootstrap.py"); }

}  // namespace

absl::Status CheckPythonRuntime(const std::string& runtime_dir) {
  if (access(kPythonInterpreter, X_OK) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is no ", kPythonInterpreter, ", which Python actors need; install python3"));
  }
  if (IsFile(ScriptOf(runtime_dir))) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the folder ", runtime_dir, " has no runtime for Python actors (no paranet/_bootstrap.py)"));
}

std::vector<std::string> PythonCommand(const std::string& runtime_dir) {
  // Isolated, without site-packages' start-up code, without byte code: what runs is what the package has.
  return {kPythonInterpreter, "-I", "-S", "-B", ScriptOf(runtime_dir)};
}

absl::StatusOr<StartActorProcess> MakePythonActor(const ProcessActorSpec& spec, const std::string& runtime_dir) {
  PARANET_RETURN_IF_ERROR(CheckPythonRuntime(runtime_dir));
  const std::string base = absl::StrCat(spec.dir, "/", absl::StrReplaceAll(spec.manifest.python(), {{".", "/"}}));
  if (!IsFile(absl::StrCat(base, ".py")) && !IsFile(absl::StrCat(base, "/__init__.py"))) {
    return absl::InvalidArgumentError(absl::StrCat("python \"", spec.manifest.python(),
                                                   "\" is no module of the package; put it into ",
                                                   base.substr(spec.dir.size() + 1), ".py"));
  }
  return StartActorProcess(
      [spec,
       runtime_dir](absl::AnyInvocable<void(absl::Status)> ended) -> absl::StatusOr<std::unique_ptr<ActorProcess>> {
        ChildProcessSpec child = ChildSpecFor(spec);
        child.command = PythonCommand(runtime_dir);
        const bool concurrent = spec.manifest.concurrency() == v1::ActorManifest::CONCURRENT;
        for (const std::string& argument : {std::string("serve"), spec.dir, spec.manifest.python(),
                                            std::string(concurrent ? "concurrent" : "one-at-a-time")}) {
          child.command.push_back(argument);
        }
        child.env.insert(spec.env.begin(), spec.env.end());
        child.confinement.readable.push_back(runtime_dir);
        return StartFramedActor(spec, std::move(child), std::move(ended));
      });
}

}  // namespace paranet
