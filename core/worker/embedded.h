// The worker program (main.cc), inside of the program that uses this.
#ifndef PARANET_CORE_WORKER_EMBEDDED_H_
#define PARANET_CORE_WORKER_EMBEDDED_H_

#include "absl/strings/string_view.h"

namespace paranet {

// An ELF executable.
absl::string_view WorkerProgram();

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_EMBEDDED_H_
