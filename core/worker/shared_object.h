// Whether a file can be given to the dynamic linker.
#ifndef PARANET_CORE_WORKER_SHARED_OBJECT_H_
#define PARANET_CORE_WORKER_SHARED_OBJECT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace paranet {

// OK if the file at `path` is an ELF shared object (System V ABI, chapters 4 and 5) of this machine's architecture
// whose segments all lie within the file. dlopen() maps them without looking: of a truncated one it reads beyond the
// end, and the process dies by SIGBUS. INVALID_ARGUMENT, by `name`, with what is wrong. Nothing is loaded and no code
// of it runs.
absl::Status CheckSharedObject(const std::string& path, absl::string_view name);

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_SHARED_OBJECT_H_
