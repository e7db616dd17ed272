#include "core/worker/embedded.h"

#include <cstddef>

// From the assembler of the generated embedded_data.cc.
extern "C" {
extern const char paranet_worker_paranet_worker[];
extern const char paranet_worker_paranet_worker_end[];
}

namespace paranet {

absl::string_view WorkerProgram() {
  return {paranet_worker_paranet_worker,
          static_cast<size_t>(paranet_worker_paranet_worker_end - paranet_worker_paranet_worker)};
}

}  // namespace paranet
