// A shared object behind the C ABI (core/actor/abi.h), loaded and checked.
#ifndef PARANET_CORE_RUNTIME_LIBRARY_MODULE_H_
#define PARANET_CORE_RUNTIME_LIBRARY_MODULE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/actor/abi.h"
#include "core/skill/skill_set.h"

namespace paranet {

// Immutable. Once loaded, a library stays in the process to its end: it holds a copy of what it was linked with, which
// registers functions that run when threads end (Abseil's per-thread state), and no order of unloading is safe for
// that.
class LibraryModule {
 public:
  struct Method {
    std::string path;
    bool client_streams = false;
    bool server_streams = false;
  };

  // Loads the library at `path`, which should be new for each content: the loader takes a path that it has loaded
  // before for the same library. INVALID_ARGUMENT, naming the file and what to do, if it does not load, has no
  // paranet_actor_module, is of another ABI version, or its tables are not complete.
  static absl::StatusOr<std::shared_ptr<const LibraryModule>> Load(const std::string& path);
  // The same checks for a table that is there already. `file` is for errors.
  static absl::StatusOr<std::shared_ptr<const LibraryModule>> FromTable(const paranet_module* table,
                                                                        const std::string& file);

  // INVALID_ARGUMENT unless the module serves exactly the skills of `sets`, each in its shape.
  absl::Status CheckServes(const std::vector<std::shared_ptr<const SkillSet>>& sets) const;

  const paranet_module& table() const { return *table_; }
  const std::string& file() const { return file_; }
  // By the index that the ABI uses.
  const std::vector<Method>& methods() const { return methods_; }

 private:
  LibraryModule(const paranet_module* table, std::string file) : table_(table), file_(std::move(file)) {}

  const paranet_module* const table_;
  const std::string file_;
  std::vector<Method> methods_;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_LIBRARY_MODULE_H_
