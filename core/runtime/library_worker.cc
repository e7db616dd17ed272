#include "core/runtime/library_worker.h"

#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/runtime/child_process.h"
#include "core/runtime/framed_actor.h"
#include "core/worker/launch_spec.h"

namespace paranet {

absl::StatusOr<StartActorProcess> MakeLibraryWorker(const ProcessActorSpec& spec) {
  const std::string& path = spec.manifest.library();
  const std::vector<std::string> parts = absl::StrSplit(path, '/');
  for (const std::string& part : parts) {
    if (part.empty() || part == "." || part == "..") {
      return absl::InvalidArgumentError(
          absl::StrCat("library \"", path, "\" must be a path within the package, without \".\" and \"..\""));
    }
  }
  const std::string file = absl::StrCat(spec.dir, "/", path);
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat("library ", path, " is no file of the package"));
  }
  return StartActorProcess(
      [spec, file](absl::AnyInvocable<void(absl::Status)> ended) -> absl::StatusOr<std::unique_ptr<ActorProcess>> {
        ChildProcessSpec child = ChildSpecFor(spec);
        child.env.emplace(kLibraryVariable, file);
        return StartFramedActor(spec, std::move(child), std::move(ended));
      });
}

}  // namespace paranet
