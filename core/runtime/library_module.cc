#include "core/runtime/library_module.h"

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "core/worker/module_file.h"

namespace paranet {
namespace {

absl::string_view ShapeName(bool client_streams, bool server_streams) {
  if (client_streams) return server_streams ? "bidirectional streaming" : "client streaming";
  return server_streams ? "server streaming" : "unary";
}

}  // namespace

absl::StatusOr<std::shared_ptr<const LibraryModule>> LibraryModule::Load(const std::string& path) {
  PARANET_ASSIGN_OR_RETURN(const paranet_module* const table, LoadModule(path, path));
  return FromTable(table, path);
}

absl::StatusOr<std::shared_ptr<const LibraryModule>> LibraryModule::FromTable(const paranet_module* table,
                                                                              const std::string& file) {
  PARANET_RETURN_IF_ERROR(CheckModule(table, file));
  auto module = std::shared_ptr<LibraryModule>(new LibraryModule(table, file));
  const char* at = reinterpret_cast<const char*>(table->methods);
  for (size_t i = 0; i < table->method_count; ++i, at += table->method_size) {
    const auto* method = reinterpret_cast<const paranet_method*>(at);
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
