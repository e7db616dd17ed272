#include "core/node/reflection_index.h"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"

namespace paranet {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptor;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::MethodDescriptor;
using ::google::protobuf::ServiceDescriptor;
using ::google::protobuf::ServiceDescriptorProto;

// `file` and all that it imports, each once.
void Collect(const FileDescriptor* file, std::vector<const FileDescriptor*>* files,
             std::set<const FileDescriptor*>* seen) {
  if (!seen->insert(file).second) return;
  files->push_back(file);
  for (int i = 0; i < file->dependency_count(); ++i) Collect(file->dependency(i), files, seen);
}

bool Imports(const FileDescriptor* file, const FileDescriptor* other) {
  std::vector<const FileDescriptor*> files;
  std::set<const FileDescriptor*> seen;
  Collect(file, &files, &seen);
  return seen.contains(other);
}

}  // namespace

std::vector<std::string> ReflectionIndex::Services() const {
  std::set<std::string> names;
  for (const ServiceDescriptor* service : own_) names.insert(service->full_name());
  for (const auto& entry : snapshot_->entries()) {
    if (IsVisible(*entry, view_)) names.insert(entry->set->name());
  }
  return {names.begin(), names.end()};
}

bool ReflectionIndex::IsHidden(const MethodDescriptor& method) const {
  if (view_.sees_all()) return false;
  for (const ServiceDescriptor* service : own_) {
    if (service == method.service()) return false;
  }
  const auto skills = snapshot_->FindPath(absl::StrCat("/", method.service()->full_name(), "/", method.name()));
  for (const SkillEntry& skill : skills) {
    if (IsVisible(*skill.entry, *skill.skill, view_)) return false;
  }
  // A service that nobody offers, in a file with one that is offered, is no skill that could be forbidden.
  return !skills.empty() || view_.visibility != Visibility::kEverything;
}

bool ReflectionIndex::IsHidden(const ServiceDescriptor& service) const {
  for (int i = 0; i < service.method_count(); ++i) {
    if (!IsHidden(*service.method(i))) return false;
  }
  return service.method_count() > 0 || view_.visibility != Visibility::kEverything;
}

bool ReflectionIndex::IsHiddenSymbol(const DescriptorPool& pool, const std::string& symbol) const {
  if (const ServiceDescriptor* service = pool.FindServiceByName(symbol)) return IsHidden(*service);
  if (const MethodDescriptor* method = pool.FindMethodByName(symbol)) return IsHidden(*method);
  return false;
}

std::vector<std::string> ReflectionIndex::WithImports(const FileDescriptor* file) const {
  std::vector<const FileDescriptor*> files;
  std::set<const FileDescriptor*> seen;
  Collect(file, &files, &seen);
  std::vector<std::string> serialized;
  for (const FileDescriptor* each : files) {
    FileDescriptorProto proto;
    each->CopyTo(&proto);
    proto.clear_service();
    for (int s = 0; s < each->service_count(); ++s) {
      const ServiceDescriptor& service = *each->service(s);
      if (IsHidden(service)) continue;
      ServiceDescriptorProto* shown = proto.add_service();
      service.CopyTo(shown);
      shown->clear_method();
      for (int m = 0; m < service.method_count(); ++m) {
        if (!IsHidden(*service.method(m))) service.method(m)->CopyTo(shown->add_method());
      }
    }
    serialized.push_back(proto.SerializeAsString());
  }
  return serialized;
}

absl::StatusOr<std::vector<std::string>> ReflectionIndex::FileByName(absl::string_view name) const {
  const std::string key(name);
  for (const ServiceDescriptor* service : own_) {
    const FileDescriptor* file = service->file()->pool()->FindFileByName(key);
    if (file != nullptr && Imports(service->file(), file)) return WithImports(file);
  }
  for (const auto& entry : snapshot_->entries()) {
    if (!IsVisible(*entry, view_)) continue;
    const FileDescriptor* file = entry->set->pool().FindFileByName(key);
    if (file != nullptr && Imports(entry->set->service().file(), file)) return WithImports(file);
  }
  return absl::NotFoundError(absl::StrCat("no service of this node has a file \"", name, "\""));
}

absl::StatusOr<std::vector<std::string>> ReflectionIndex::FileWithSymbol(absl::string_view symbol) const {
  const std::string key(symbol);
  for (const ServiceDescriptor* service : own_) {
    const FileDescriptor* file = service->file()->pool()->FindFileContainingSymbol(key);
    if (file != nullptr && Imports(service->file(), file)) return WithImports(file);
  }
  for (const auto& entry : snapshot_->entries()) {
    if (!IsVisible(*entry, view_)) continue;
    const DescriptorPool& pool = entry->set->pool();
    const FileDescriptor* file = pool.FindFileContainingSymbol(key);
    if (file == nullptr || !Imports(entry->set->service().file(), file) || IsHiddenSymbol(pool, key)) continue;
    return WithImports(file);
  }
  return absl::NotFoundError(absl::StrCat("no service of this node has a symbol \"", symbol, "\""));
}

}  // namespace paranet
