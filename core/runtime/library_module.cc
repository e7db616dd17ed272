#include "core/runtime/library_module.h"

#include <dlfcn.h>

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/nearest.h"

namespace paranet {
namespace {

constexpr char kEntryPoint[] = "paranet_actor_module";
// More is a table of garbage.
constexpr size_t kMaxMethods = 10'000;
constexpr size_t kMaxPath = 1'000;

absl::string_view ShapeName(bool client_streams, bool server_streams) {
  if (client_streams) return server_streams ? "bidirectional streaming" : "client streaming";
  return server_streams ? "server streaming" : "unary";
}

}  // namespace

absl::StatusOr<std::shared_ptr<const LibraryModule>> LibraryModule::Load(const std::string& path) {
  // A name without a slash would be searched for on the system.
  const std::string file = path.find('/') == std::string::npos ? absl::StrCat("./", path) : path;
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    return absl::InvalidArgumentError(
        absl::StrCat(path, " does not load: ", reason == nullptr ? "unknown reason" : reason));
  }
  void* symbol = dlsym(library, kEntryPoint);
  if (symbol == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(path, " has no symbol ", kEntryPoint,
                                                   ", so it is no actor; build it with the rule paranet_actor"));
  }
  const auto entry = reinterpret_cast<decltype(&paranet_actor_module)>(symbol);
  const paranet_module* table = nullptr;
  try {
    table = entry(PARANET_ABI_VERSION);
  } catch (...) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", kEntryPoint, " threw an exception"));
  }
  if (table == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(path, " cannot work with this node's actor ABI, version ",
                                                   PARANET_ABI_VERSION, "; build it for this version"));
  }
  return FromTable(table, path);
}

absl::StatusOr<std::shared_ptr<const LibraryModule>> LibraryModule::FromTable(const paranet_module* table,
                                                                              const std::string& file) {
  if (table->abi_version != PARANET_ABI_VERSION) {
    return absl::InvalidArgumentError(absl::StrCat(file, " was built for version ", table->abi_version,
                                                   " of the actor ABI and this node has version ", PARANET_ABI_VERSION,
                                                   "; build it again with this version's SDK"));
  }
  if (table->struct_size < sizeof(paranet_module) || table->method_size < sizeof(paranet_method)) {
    return absl::InvalidArgumentError(absl::StrCat(file, " has a module table of ", table->struct_size,
                                                   " bytes with methods of ", table->method_size, "; at least ",
                                                   sizeof(paranet_module), " and ", sizeof(paranet_method),
                                                   " are needed: set struct_size and method_size by sizeof"));
  }
  if (table->create == nullptr || table->unary == nullptr || table->stream == nullptr || table->destroy == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, " lacks one of the functions create, unary, stream and destroy in its module table"));
  }
  if (table->method_count > kMaxMethods || (table->methods == nullptr && table->method_count > 0)) {
    return absl::InvalidArgumentError(absl::StrCat(file, " has no valid list of methods in its module table"));
  }
  auto module = std::shared_ptr<LibraryModule>(new LibraryModule(table, file));
  const char* at = reinterpret_cast<const char*>(table->methods);
  for (size_t i = 0; i < table->method_count; ++i, at += table->method_size) {
    const auto* method = reinterpret_cast<const paranet_method*>(at);
    if (method->path.data == nullptr || method->path.size == 0 || method->path.size > kMaxPath) {
      return absl::InvalidArgumentError(absl::StrCat(file, " has no valid path for method ", i));
    }
    module->methods_.push_back({.path = std::string(method->path.data, method->path.size),
                                .client_streams = (method->shape & PARANET_CLIENT_STREAMS) != 0,
                                .server_streams = (method->shape & PARANET_SERVER_STREAMS) != 0});
  }
  return module;
}

absl::Status LibraryModule::CheckServes(const std::vector<std::shared_ptr<const SkillSet>>& sets) const {
  absl::flat_hash_map<absl::string_view, const Method*> served;
  std::vector<std::string> paths;
  for (const Method& method : methods_) {
    if (!served.emplace(method.path, &method).second) {
      return absl::InvalidArgumentError(absl::StrCat(file_, " lists ", method.path, " twice"));
    }
    paths.push_back(method.path);
  }
  for (const std::shared_ptr<const SkillSet>& set : sets) {
    for (const Skill& skill : set->skills()) {
      const auto found = served.find(skill.path);
      if (found == served.end()) {
        return absl::InvalidArgumentError(absl::StrCat(file_, " does not serve ", skill.path, " of skill set ",
                                                       set->name(), ", which the manifest says it serves.",
                                                       DidYouMean(skill.path, paths)));
      }
      const Method& method = *found->second;
      if (method.client_streams != skill.client_streams() || method.server_streams != skill.server_streams()) {
        return absl::InvalidArgumentError(
            absl::StrCat(file_, " serves ", skill.path, " as ", ShapeName(method.client_streams, method.server_streams),
                         ", but by its descriptors it is ", ShapeName(skill.client_streams(), skill.server_streams()),
                         "; build library and descriptors from the same .proto"));
      }
      served.erase(found);
    }
  }
  for (const Method& method : methods_) {
    if (served.contains(method.path)) {
      return absl::InvalidArgumentError(absl::StrCat(file_, " serves ", method.path,
                                                     ", which is in no skill set of the actor; add its service to "
                                                     "skillsets in paranet.yaml"));
    }
  }
  return absl::OkStatus();
}

}  // namespace paranet
