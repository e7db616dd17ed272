#include "core/package/package_skill_sets.h"

#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/skill/compatibility.h"

namespace paranet {

namespace {

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\""); }

// By name and major version.
std::map<std::pair<std::string, uint64_t>, const SkillSet*> Highest(const SkillSetList& sets) {
  std::map<std::pair<std::string, uint64_t>, const SkillSet*> highest;
  for (const std::shared_ptr<const SkillSet>& set : sets) {
    const SkillSet*& slot = highest[{set->name(), set->version().major()}];
    if (slot == nullptr || slot->version() < set->version()) slot = set.get();
  }
  return highest;
}

}  // namespace

absl::StatusOr<SkillSetList> PackageSkillSets(const v1::Manifest& manifest,
                                              absl::FunctionRef<absl::StatusOr<std::string>(const std::string&)> read) {
  SkillSetList sets;
  for (const v1::ActorManifest& actor : manifest.actors()) {
    const absl::StatusOr<std::string> descriptors = read(actor.descriptors());
    if (!descriptors.ok()) return Annotate(descriptors.status(), absl::StrCat("actor ", Quoted(actor.id())));
    for (const std::string& name : actor.skill_sets()) {
      absl::StatusOr<std::shared_ptr<const SkillSet>> set = SkillSet::Create(*descriptors, name);
      if (!set.ok()) {
        return Annotate(set.status(), absl::StrCat("actor ", Quoted(actor.id()), ", skill set ", Quoted(name), " in ",
                                                   Quoted(actor.descriptors())));
      }
      sets.push_back(*std::move(set));
    }
  }
  return sets;
}

absl::Status CheckReplaces(const SkillSetList& before, const SkillSetList& after) {
  const auto highest = Highest(after);
  for (const auto& [key, set] : Highest(before)) {
    if (const auto found = highest.find(key); found != highest.end()) {
      PARANET_RETURN_IF_ERROR(CheckCompatible(*set, *found->second));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckBeside(const SkillSetList& others, const SkillSetList& after) {
  const auto highest = Highest(after);
  for (const std::shared_ptr<const SkillSet>& set : others) {
    const auto found = highest.find({set->name(), set->version().major()});
    if (found != highest.end() && set->version() < found->second->version()) {
      PARANET_RETURN_IF_ERROR(CheckCompatible(*set, *found->second));
    }
  }
  return absl::OkStatus();
}

}  // namespace paranet
