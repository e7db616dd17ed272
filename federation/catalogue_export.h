// What a peer has been told of this node's skill sets, and what it has to be told next.
#ifndef PARANET_FEDERATION_CATALOGUE_EXPORT_H_
#define PARANET_FEDERATION_CATALOGUE_EXPORT_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/skill/catalogue.h"
#include "core/skill/skill_set.h"
#include "paranet/v1/federation.pb.h"

namespace paranet {

// Of one link. Not thread-safe.
class CatalogueExport {
 public:
  // Size at which a chunk is closed; one with a larger skill set has that set alone.
  explicit CatalogueExport(size_t chunk_bytes = 256 << 10) : chunk_bytes_(chunk_bytes) {}

  // The next chunk: of the update under way, else the first of a new one that leads to `snapshot`; nullopt if the peer
  // knows all that. The first update is a snapshot, even of nothing; later ones are deltas. Changes between two calls
  // become one update. `shown`, if given, leaves out sets of which this peer is not to know.
  std::optional<v1::CatalogueUpdate> Next(const CatalogueSnapshot& snapshot,
                                          const std::function<bool(const SkillSet&)>& shown = nullptr);

  // Skill sets that the peer knows, or is being told.
  size_t size() const { return told_.size(); }

 private:
  using Key = std::pair<std::string, std::string>;

  const size_t chunk_bytes_;
  uint64_t revision_ = 0;
  // Name and version, with the digest of what was told.
  std::map<Key, std::string> told_;
  // Of the update under way.
  bool pending_ = false;
  std::deque<std::shared_ptr<const SkillSet>> upserts_;
  std::deque<Key> withdrawals_;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_CATALOGUE_EXPORT_H_
