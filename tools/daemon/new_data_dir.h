// A data directory that leaves no trace if the node in it never ran.
#ifndef PARANET_TOOLS_DAEMON_NEW_DATA_DIR_H_
#define PARANET_TOOLS_DAEMON_NEW_DATA_DIR_H_

#include <string>

namespace paranet::daemon {

class NewDataDir {
 public:
  // Make it before anything makes the directory.
  explicit NewDataDir(std::string path);

  // Deletes the directory and all in it, unless it was there before or a process has its lock (core/base/file.h).
  void Discard() const;

 private:
  const std::string path_;
  const bool was_there_;
};

}  // namespace paranet::daemon

#endif  // PARANET_TOOLS_DAEMON_NEW_DATA_DIR_H_
