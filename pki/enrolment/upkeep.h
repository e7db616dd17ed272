// What a Network Root wants done while it is served, on one thread: tasks at intervals, and tasks to be done once, such
// as to write a node's acknowledgement to the ledger.
#ifndef PARANET_PKI_ENROLMENT_UPKEEP_H_
#define PARANET_PKI_ENROLMENT_UPKEEP_H_

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/log.h"

namespace paranet::pki {

// Thread-safe. A task that fails is logged, and nothing else; one at intervals only when it fails in a new way.
class Upkeep {
 public:
  struct Task {
    // For the log: `refresh the revocation lists`.
    std::string name;
    std::function<absl::Status()> run;
  };
  struct Options {
    // Each runs at once, and then at every interval.
    std::vector<Task> tasks;
    absl::Duration interval = absl::Seconds(1);
    Logger logger;
  };
  explicit Upkeep(Options options);
  // Does what is to be done once.
  ~Upkeep();

  // Returns at once. Of several with the same `key` that wait, the last one alone is done.
  void Once(const std::string& key, Task task);

 private:
  void Run();
  void RunTasks();

  const Options options_;
  // Of the thread alone: the last error of each task at intervals.
  std::vector<std::string> errors_;
  absl::Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  std::map<std::string, Task> waiting_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_UPKEEP_H_
