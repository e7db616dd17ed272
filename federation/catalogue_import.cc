#include "federation/catalogue_import.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace paranet {
namespace {

constexpr size_t kMostWarnings = 20;

// True if anybody but `provider` offers the entry.
bool OfferedByOthers(const CatalogueEntry& entry, absl::string_view provider) {
  return std::any_of(entry.providers.begin(), entry.providers.end(),
                     [provider](const auto& other) { return other->name() != provider; });
}

// What in `snapshot` `set` conflicts with; empty for nothing.
std::string FindConflict(const SkillSet& set, const CatalogueSnapshot& snapshot, absl::string_view provider) {
  for (const Skill& skill : set.skills()) {
    for (const SkillEntry& other : snapshot.FindSkill(skill.id.ToString())) {
      if (!OfferedByOthers(*other.entry, provider)) continue;
      if (other.entry->set->name() != set.name()) {
        return absl::StrCat("skill ", skill.id.ToString(), " is taken by ", other.entry->set->name(), " of ",
                            other.entry->providers.front()->name());
      }
    }
    for (const SkillEntry& other : snapshot.FindPath(skill.path)) {
      if (!OfferedByOthers(*other.entry, provider)) continue;
      if (other.entry->set->name() == set.name() && other.entry->set->version() == set.version() &&
          other.entry->set->digest() != set.digest()) {
        return absl::StrCat("the same version has other descriptors at ", other.entry->providers.front()->name());
      }
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<bool> CatalogueImport::Apply(const v1::CatalogueUpdate& update) {
  if (!pending_) {
    if (update.revision() != revision_ + 1 && !(update.snapshot() && update.revision() > revision_)) {
      return absl::InvalidArgumentError(absl::StrCat("the peer's catalogue went from revision ", revision_, " to ",
                                                     update.revision(), "; it has to grow by one"));
    }
    if (revision_ == 0 && !update.snapshot()) {
      return absl::InvalidArgumentError("the peer's first catalogue update is no snapshot");
    }
    pending_ = true;
    revision_ = update.revision();
    staged_ = update.snapshot() ? Sets() : sets_;
    staged_bytes_ = 0;
    for (const auto& [key, set] : staged_) staged_bytes_ += set->descriptors().size();
  } else if (update.revision() != revision_) {
    return absl::InvalidArgumentError(
        absl::StrCat("the peer began revision ", update.revision(), " of its catalogue within ", revision_));
  }
  const auto remove = [this](const Key& key) {
    const auto entry = staged_.find(key);
    if (entry == staged_.end()) return;
    staged_bytes_ -= entry->second->descriptors().size();
    staged_.erase(entry);
  };
  for (const v1::SkillSetKey& key : update.withdrawals()) remove({key.name(), key.version()});
  for (const v1::SkillSet& proto : update.upserts()) {
    const Key key{proto.name(), proto.version()};
    remove(key);
    if (staged_.size() >= limits_.sets || staged_bytes_ + proto.descriptors().size() > limits_.descriptor_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the peer exports more than ", limits_.sets, " skill sets or ", limits_.descriptor_bytes,
                       " bytes of descriptors, which is all this node takes; export less there"));
    }
    absl::StatusOr<std::shared_ptr<const SkillSet>> set = SkillSet::FromProto(proto);
    if (!set.ok()) {
      if (warnings_.size() < kMostWarnings) {
        warnings_.push_back(absl::StrCat("skill set ", absl::CHexEscape(proto.name().substr(0, 200)),
                                         " is not valid: ", set.status().message()));
      }
      continue;
    }
    staged_bytes_ += (*set)->descriptors().size();
    staged_.emplace(key, *std::move(set));
  }
  if (!update.last_chunk()) return false;
  pending_ = false;
  sets_ = std::move(staged_);
  staged_.clear();
  return true;
}

SkillSets CatalogueImport::sets() const {
  SkillSets sets;
  sets.reserve(sets_.size());
  for (const auto& [key, set] : sets_) sets.push_back(set);
  return sets;
}

OfferableSets WithoutConflicts(const SkillSets& sets, const CatalogueSnapshot& snapshot, absl::string_view provider) {
  OfferableSets result;
  // Service that has the skill's name among those taken.
  absl::flat_hash_map<std::string, const SkillSet*> taken;
  for (const std::shared_ptr<const SkillSet>& set : sets) {
    std::string conflict = FindConflict(*set, snapshot, provider);
    for (const Skill& skill : set->skills()) {
      if (!conflict.empty()) break;
      const auto other = taken.find(skill.id.ToString());
      if (other != taken.end() && other->second->name() != set->name()) {
        conflict = absl::StrCat("the peer offers skill ", skill.id.ToString(), " in ", other->second->name(), " too");
      }
    }
    if (!conflict.empty()) {
      result.skipped.push_back(
          absl::StrCat("skill set ", set->name(), " ", set->version().ToString(), " is left out: ", conflict));
      continue;
    }
    for (const Skill& skill : set->skills()) taken.emplace(skill.id.ToString(), set.get());
    result.sets.push_back(set);
  }
  return result;
}

}  // namespace paranet
