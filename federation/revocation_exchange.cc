#include "federation/revocation_exchange.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pki/revocation_list.h"

namespace paranet {
namespace {

// Size at which a message is closed; one with a larger list has that list alone.
constexpr size_t kBatchBytes = 1 << 20;
// What a message has beside the lists, and for each of them.
constexpr size_t kOverheadBytes = 64;
// In one message. A network has an authority or two, and a few more while they are rotated.
constexpr int kMostLists = 1000;

}  // namespace

std::optional<v1::RevocationUpdate> RevocationExchange::Next(const pki::RevocationLists& lists) {
  v1::RevocationUpdate update;
  size_t bytes = kOverheadBytes;
  for (const pki::RevocationList& list : lists.lists()) {
    if (known_.contains(list.fingerprint())) continue;
    const size_t size = list.ToDer().size() + kOverheadBytes;
    if (size + kOverheadBytes > message_bytes_) {
      known_.insert(list.fingerprint());
      logger_->warn("the revocation list of {} has {} bytes and is not passed on to node {}, which takes {}",
                    list.issuer(), list.ToDer().size(), peer_, message_bytes_);
      continue;
    }
    if (update.revocation_lists_size() >= kMostLists) break;
    if (update.revocation_lists_size() > 0 && (bytes + size > kBatchBytes || bytes + size > message_bytes_)) break;
    bytes += size;
    known_.insert(list.fingerprint());
    update.add_revocation_lists(list.ToDer());
  }
  if (update.revocation_lists().empty()) return std::nullopt;
  return update;
}

absl::Status RevocationExchange::Take(const v1::RevocationUpdate& update, pki::NodeTrust& trust) {
  if (update.revocation_lists_size() > kMostLists) {
    return absl::InvalidArgumentError(absl::StrCat("the peer sent ", update.revocation_lists_size(),
                                                   " revocation lists in one message, and ", kMostLists,
                                                   " are the limit"));
  }
  std::vector<pki::RevocationList> lists;
  for (const std::string& der : update.revocation_lists()) {
    absl::StatusOr<pki::RevocationList> list = pki::RevocationList::FromDer(der);
    if (!list.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the peer sent a revocation list that is none: ", list.status().message()));
    }
    lists.push_back(*std::move(list));
  }
  // Lists replace each other over time; what nobody has any more need not be remembered.
  const std::shared_ptr<const pki::TrustState> state = trust.state();
  if (known_.size() > 2 * (state->revocations->lists().size() + lists.size()) + kMostLists) {
    absl::flat_hash_set<std::string> known;
    for (const pki::RevocationList& list : state->revocations->lists()) {
      if (known_.contains(list.fingerprint())) known.insert(list.fingerprint());
    }
    known_ = std::move(known);
  }
  for (const pki::RevocationList& list : lists) {
    // First, because adopting it has this very link asked what is to be passed on.
    known_.insert(list.fingerprint());
    const absl::Status status = trust.AdoptRevocationList(list);
    if (status.ok()) {
      logger_->info("revocation list {} of {} has come from node {}", list.number(), list.issuer(), peer_);
    } else if (!absl::IsAlreadyExists(status) && !absl::IsFailedPrecondition(status)) {
      ++refused_;
      logger_->warn("revocation list {} of {} from node {} is not taken: {}", list.number(), list.issuer(), peer_,
                    status.message());
    }
  }
  return absl::OkStatus();
}

}  // namespace paranet
