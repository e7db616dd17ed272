#include "federation/imports.h"

#include <algorithm>

namespace paranet {

void Imports::Update(const std::shared_ptr<Link>& link) {
  Peer& peer = peers_[link->peer().name];
  if (peer.provider == nullptr) peer.provider = std::make_shared<PeerProvider>(link->peer().name);
  const bool was_available = peer.provider->available();
  peer.link = link;
  peer.sets = link->imported_sets();
  peer.provider->SetLink(link->calls());
  const SkillSets before = peer.offered;
  const bool was_offered = peer.is_offered;
  Offer(peer);
  if (!was_available && was_offered && before == peer.offered) catalogue_->Touch();
}

bool Imports::Uses(const std::shared_ptr<Link>& link) const {
  const auto entry = peers_.find(link->peer().name);
  return entry != peers_.end() && entry->second.link == link;
}

void Imports::LinkDown(const std::shared_ptr<Link>& link, const std::shared_ptr<Link>& other) {
  const auto entry = peers_.find(link->peer().name);
  if (entry == peers_.end() || entry->second.link != link) return;
  if (other != nullptr) return Update(other);
  entry->second.link = nullptr;
  entry->second.provider->SetLink(nullptr);
  catalogue_->Touch();
}

void Imports::Withdraw(const std::string& peer) {
  const auto entry = peers_.find(peer);
  if (entry == peers_.end()) return;
  entry->second.provider->SetLink(nullptr);
  peers_.erase(entry);
  catalogue_->Withdraw(peer);
}

void Imports::WithdrawAll() {
  while (!peers_.empty()) Withdraw(std::string(peers_.begin()->first));
}

void Imports::CatalogueChanged() {
  for (auto& [name, peer] : peers_) {
    if (!peer.skipped.empty()) Offer(peer);
  }
}

void Imports::Offer(Peer& peer) {
  OfferableSets offerable = WithoutConflicts(peer.sets, *catalogue_->snapshot(), peer.provider->name());
  for (const std::string& skipped : offerable.skipped) {
    if (std::find(peer.skipped.begin(), peer.skipped.end(), skipped) == peer.skipped.end()) {
      logger_->warn("node {}: {}", peer.provider->name(), skipped);
    }
  }
  peer.skipped = std::move(offerable.skipped);
  if (peer.is_offered && offerable.sets == peer.offered) return;
  const absl::Status status = catalogue_->Offer(peer.provider, offerable.sets);
  if (!status.ok()) {
    // The catalogue changed in between; CatalogueChanged tries again.
    logger_->warn("node {}: its skill sets are not taken yet: {}", peer.provider->name(), status.message());
    peer.skipped.emplace_back(status.message());
    return;
  }
  peer.is_offered = true;
  peer.offered = std::move(offerable.sets);
}

}  // namespace paranet
