// What a peer has told of its skill sets, and which of them this node can take.
#ifndef PARANET_FEDERATION_CATALOGUE_IMPORT_H_
#define PARANET_FEDERATION_CATALOGUE_IMPORT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/skill/catalogue.h"
#include "core/skill/skill_set.h"
#include "paranet/v1/federation.pb.h"

namespace paranet {

using SkillSets = std::vector<std::shared_ptr<const SkillSet>>;

// Of one link. Not thread-safe.
class CatalogueImport {
 public:
  struct Limits {
    size_t sets = 100'000;
    size_t descriptor_bytes = size_t{64} << 20;
  };
  CatalogueImport() : CatalogueImport(Limits()) {}
  explicit CatalogueImport(Limits limits) : limits_(limits) {}

  // Takes a chunk. True if it completes an update, so that sets() has changed. A set that is not valid is skipped with
  // a warning. INVALID_ARGUMENT if the updates do not follow the protocol; RESOURCE_EXHAUSTED above the limits: the
  // link has to end.
  absl::StatusOr<bool> Apply(const v1::CatalogueUpdate& update);

  // By name and version.
  SkillSets sets() const;
  uint64_t revision() const { return revision_; }
  // What was skipped since the last call, one sentence each; at most 20.
  std::vector<std::string> TakeWarnings() { return std::exchange(warnings_, {}); }

 private:
  using Key = std::pair<std::string, std::string>;
  using Sets = std::map<Key, std::shared_ptr<const SkillSet>>;

  const Limits limits_;
  uint64_t revision_ = 0;
  Sets sets_;
  // The update under way.
  bool pending_ = false;
  Sets staged_;
  size_t staged_bytes_ = 0;
  std::vector<std::string> warnings_;
};

struct OfferableSets {
  SkillSets sets;
  // Why each of the others is not among them.
  std::vector<std::string> skipped;
};

// Those of `sets` that Catalogue::Offer would take from `provider` beside what others offer in `snapshot`, and beside
// each other: the first of two that conflict.
OfferableSets WithoutConflicts(const SkillSets& sets, const CatalogueSnapshot& snapshot, absl::string_view provider);

}  // namespace paranet

#endif  // PARANET_FEDERATION_CATALOGUE_IMPORT_H_
