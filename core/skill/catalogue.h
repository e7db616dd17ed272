// The versioned catalogue: which skill sets this node knows, and who serves them.
//
// Readers get an immutable snapshot; a change makes a new one with the next revision and tells the subscribers.
#ifndef PARANET_CORE_SKILL_CATALOGUE_H_
#define PARANET_CORE_SKILL_CATALOGUE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/skill/provider.h"
#include "core/skill/skill_set.h"

namespace paranet {

// One skill set (name and version) with all who serve it: actors before peers, then by name.
struct CatalogueEntry {
  std::shared_ptr<const SkillSet> set;
  std::vector<std::shared_ptr<Provider>> providers;

  bool local() const { return !providers.empty() && providers.front()->kind() == Provider::Kind::kActor; }
};

// One skill in one entry.
struct SkillEntry {
  std::shared_ptr<const CatalogueEntry> entry;
  const Skill* skill = nullptr;
};

// Immutable.
class CatalogueSnapshot {
 public:
  uint64_t revision() const { return revision_; }
  // Sorted by name, then by version, highest first.
  const std::vector<std::shared_ptr<const CatalogueEntry>>& entries() const { return entries_; }
  // All versions of the skill with this gRPC path or `subject/action`, highest first; empty if unknown. The result
  // lives as long as the snapshot.
  const std::vector<SkillEntry>& FindPath(absl::string_view path) const;
  const std::vector<SkillEntry>& FindSkill(absl::string_view id) const;
  // Highest version of each, sorted. For error messages and reflection.
  std::vector<std::string> SkillNames() const;

 private:
  friend class Catalogue;
  uint64_t revision_ = 0;
  std::vector<std::shared_ptr<const CatalogueEntry>> entries_;
  absl::flat_hash_map<std::string, std::vector<SkillEntry>> by_path_;
  absl::flat_hash_map<std::string, std::vector<SkillEntry>> by_id_;
};

// Thread-safe.
class Catalogue {
 public:
  using Subscriber = std::function<void(const std::shared_ptr<const CatalogueSnapshot>&)>;

  Catalogue();
  ~Catalogue();

  // What `provider` offers, in place of what it offered before; one new revision. All or nothing.
  // ALREADY_EXISTS if a skill set of the same name and version with other descriptors is there from another provider,
  // or if one of the skill names is taken by another service; the error names both sides.
  absl::Status Offer(std::shared_ptr<Provider> provider, std::vector<std::shared_ptr<const SkillSet>> sets);
  // Takes everything back that `provider` offers. No new revision if that was nothing.
  void Withdraw(absl::string_view provider);
  // Tells subscribers that a provider's availability has changed: a new revision with the same entries.
  void Touch();

  // Never null. Lock-free in the common case: cached per thread until the revision changes.
  std::shared_ptr<const CatalogueSnapshot> snapshot() const;

  // `subscriber` runs after every change, one at a time and in order, on the thread that made the change, and may call
  // snapshot() but not change the catalogue. Returns an id for Unsubscribe, after which it runs no more and is not
  // running.
  uint64_t Subscribe(Subscriber subscriber);
  void Unsubscribe(uint64_t id);

 private:
  struct State;

  const std::unique_ptr<State> state_;
};

}  // namespace paranet

#endif  // PARANET_CORE_SKILL_CATALOGUE_H_
