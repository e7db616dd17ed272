#include "core/node/visibility.h"

#include <algorithm>

namespace paranet {

namespace {

bool IsInRange(const CatalogueEntry& entry, Visibility visibility) {
  switch (visibility) {
    case Visibility::kNothing:
      return false;
    case Visibility::kExported:
      return entry.local() && !entry.set->is_private();
    case Visibility::kEverything:
      return true;
  }
  return false;
}

bool MayCall(const Skill& skill, const ClientView& view) { return !view.may_call || view.may_call(skill); }

}  // namespace

bool IsVisible(const CatalogueEntry& entry, const ClientView& view) {
  if (!IsInRange(entry, view.visibility)) return false;
  const auto& skills = entry.set->skills();
  return std::any_of(skills.begin(), skills.end(), [&](const Skill& skill) { return MayCall(skill, view); });
}

bool IsVisible(const CatalogueEntry& entry, const Skill& skill, const ClientView& view) {
  return IsInRange(entry, view.visibility) && (view.visibility == Visibility::kEverything || !skill.is_private) &&
         MayCall(skill, view);
}

}  // namespace paranet
