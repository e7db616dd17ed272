#include "core/node/visibility.h"

namespace paranet {

bool IsVisible(const CatalogueEntry& entry, Visibility visibility) {
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

bool IsVisible(const CatalogueEntry& entry, const Skill& skill, Visibility visibility) {
  return IsVisible(entry, visibility) && (visibility == Visibility::kEverything || !skill.is_private);
}

}  // namespace paranet
