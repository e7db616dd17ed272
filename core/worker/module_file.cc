#include "core/worker/module_file.h"

#include <dlfcn.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/worker/shared_object.h"

namespace paranet {
namespace {

constexpr char kEntryPoint[] = "paranet_actor_module";
// More is a table of garbage.
constexpr size_t kMaxMethods = 10'000;
constexpr size_t kMaxPath = 1'000;

}  // namespace

absl::Status CheckModule(const paranet_module* table, absl::string_view name) {
  if (table->abi_version != PARANET_ABI_VERSION) {
    return absl::InvalidArgumentError(absl::StrCat(name, " was built for version ", table->abi_version,
                                                   " of the actor ABI and this node has version ", PARANET_ABI_VERSION,
                                                   "; build it again with this version's SDK"));
  }
  if (table->struct_size < sizeof(paranet_module) || table->method_size < sizeof(paranet_method)) {
    return absl::InvalidArgumentError(absl::StrCat(name, " has a module table of ", table->struct_size,
                                                   " bytes with methods of ", table->method_size, "; at least ",
                                                   sizeof(paranet_module), " and ", sizeof(paranet_method),
                                                   " are needed: set struct_size and method_size by sizeof"));
  }
  if (table->create == nullptr || table->unary == nullptr || table->stream == nullptr || table->destroy == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " lacks one of the functions create, unary, stream and destroy in its module table"));
  }
  if (table->method_count > kMaxMethods || (table->methods == nullptr && table->method_count > 0)) {
    return absl::InvalidArgumentError(absl::StrCat(name, " has no valid list of methods in its module table"));
  }
  const char* at = reinterpret_cast<const char*>(table->methods);
  for (size_t i = 0; i < table->method_count; ++i, at += table->method_size) {
    const paranet_text path = reinterpret_cast<const paranet_method*>(at)->path;
    if (path.data == nullptr || path.size == 0 || path.size > kMaxPath) {
      return absl::InvalidArgumentError(absl::StrCat(name, " has no valid path for method ", i));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<const paranet_module*> LoadModule(const std::string& path, absl::string_view name) {
  if (absl::Status status = CheckSharedObject(path, name); !status.ok()) return status;
  // A name without a slash would be searched for on the system.
  const std::string file = path.find('/') == std::string::npos ? absl::StrCat("./", path) : path;
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    return absl::InvalidArgumentError(
        absl::StrCat(name, " does not load: ", reason == nullptr ? "unknown reason" : reason));
  }
  void* symbol = dlsym(library, kEntryPoint);
  if (symbol == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(name, " has no symbol ", kEntryPoint,
                                                   ", so it is no actor; build it with the rule paranet_actor"));
  }
  const paranet_module* table = nullptr;
  try {
    table = reinterpret_cast<decltype(&paranet_actor_module)>(symbol)(PARANET_ABI_VERSION);
  } catch (...) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": ", kEntryPoint, " threw an exception"));
  }
  if (table == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(name, " cannot work with this node's actor ABI, version ",
                                                   PARANET_ABI_VERSION, "; build it for this version"));
  }
  if (absl::Status status = CheckModule(table, name); !status.ok()) return status;
  return table;
}

}  // namespace paranet
