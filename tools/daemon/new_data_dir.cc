#include "tools/daemon/new_data_dir.h"

#include <unistd.h>

#include <utility>

#include "core/base/file.h"

namespace paranet::daemon {

NewDataDir::NewDataDir(std::string path) : path_(std::move(path)), was_there_(access(path_.c_str(), F_OK) == 0) {}

void NewDataDir::Discard() const {
  if (was_there_ || access(path_.c_str(), F_OK) != 0) return;
  // Somebody else may have made it meanwhile and run a node in it.
  if (const auto lock = DirectoryLock::Acquire(path_); !lock.ok()) return;
  // What made this necessary is what is reported.
  RemoveAll(path_).IgnoreError();
}

}  // namespace paranet::daemon
