#include "federation/catalogue_export.h"

#include <utility>

#include "federation/export_policy.h"

namespace paranet {

std::optional<v1::CatalogueUpdate> CatalogueExport::Next(const CatalogueSnapshot& snapshot,
                                                         const std::function<bool(const SkillSet&)>& shown) {
  if (!pending_) {
    std::map<Key, std::string> wanted;
    for (const auto& entry : snapshot.entries()) {
      if (!IsExported(*entry) || (shown && !shown(*entry->set))) continue;
      const Key key{entry->set->name(), entry->set->version().ToString()};
      wanted.emplace(key, entry->set->digest());
      const auto told = told_.find(key);
      if (told == told_.end() || told->second != entry->set->digest()) upserts_.push_back(entry->set);
    }
    for (const auto& [key, digest] : told_) {
      if (!wanted.contains(key)) withdrawals_.push_back(key);
    }
    if (revision_ > 0 && upserts_.empty() && withdrawals_.empty()) return std::nullopt;
    ++revision_;
    pending_ = true;
    told_ = std::move(wanted);
  }
  v1::CatalogueUpdate update;
  update.set_revision(revision_);
  update.set_snapshot(revision_ == 1);
  size_t bytes = 0;
  for (; !withdrawals_.empty() && bytes < chunk_bytes_; withdrawals_.pop_front()) {
    v1::SkillSetKey* const key = update.add_withdrawals();
    std::tie(*key->mutable_name(), *key->mutable_version()) = withdrawals_.front();
    bytes += key->ByteSizeLong();
  }
  for (; !upserts_.empty(); upserts_.pop_front()) {
    v1::SkillSet set = upserts_.front()->ToProto(/*with_descriptors=*/true, /*for_peer=*/true);
    const size_t size = set.ByteSizeLong();
    if (bytes > 0 && bytes + size > chunk_bytes_) break;
    bytes += size;
    *update.add_upserts() = std::move(set);
  }
  pending_ = !upserts_.empty() || !withdrawals_.empty();
  update.set_last_chunk(!pending_);
  return update;
}

}  // namespace paranet
