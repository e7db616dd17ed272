// Landlock (landlock(7)): which files a process may use from now on.
#ifndef PARANET_CORE_WORKER_LANDLOCK_H_
#define PARANET_CORE_WORKER_LANDLOCK_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace paranet {

struct LandlockRules {
  // Files and folders, with all below them; what does not exist is left out.
  std::vector<std::string> readable;
  std::vector<std::string> writable;
  // TCP (from version 4 of the kernel's interface on).
  bool network = false;
};

// Restricts the calling thread, and all that it starts later, for ever; it must have no_new_privs. Best effort by the
// version of the kernel's interface: returns what holds, for people, beginning with `landlock N` or with `landlock is
// not available`. An error where the kernel has it and it did not work.
absl::StatusOr<std::vector<std::string>> RestrictByLandlock(const LandlockRules& rules);

// True if the version of the kernel's interface confines signals to the process and what it starts (6 and later).
bool LandlockScopesSignals();

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_LANDLOCK_H_
