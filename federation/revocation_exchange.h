// Revocation lists along one link: what the peer has still to be told, and what it has told.
#ifndef PARANET_FEDERATION_REVOCATION_EXCHANGE_H_
#define PARANET_FEDERATION_REVOCATION_EXCHANGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "core/base/log.h"
#include "paranet/v1/federation.pb.h"
#include "pki/node_trust.h"
#include "pki/revocation_lists.h"

namespace paranet {

// Of one link. Each list crosses it once, in one direction: what the peer has sent is not sent back. Not thread-safe.
class RevocationExchange {
 public:
  // `message_bytes`: the largest message that the peer accepts.
  RevocationExchange(std::string peer, size_t message_bytes, Logger logger)
      : peer_(std::move(peer)), message_bytes_(message_bytes), logger_(std::move(logger)) {}

  // The next message with lists that the peer does not know; nullopt if it knows all. A list that is too large for a
  // message is left out, and logged.
  std::optional<v1::RevocationUpdate> Next(const pki::RevocationLists& lists);

  // Has `trust` adopt the lists of `update`. One that is not newer than what is there is nothing; one that `trust` does
  // not take for another reason is logged and counted. INVALID_ARGUMENT, and nothing has been adopted, if a part of
  // `update` is no list, or if it has more of them than a network has authorities: the link has to end.
  absl::Status Take(const v1::RevocationUpdate& update, pki::NodeTrust& trust);

  // Lists of the peer that were not taken.
  uint64_t refused() const { return refused_; }

 private:
  const std::string peer_;
  const size_t message_bytes_;
  const Logger logger_;
  // Fingerprints of what both have.
  absl::flat_hash_set<std::string> known_;
  uint64_t refused_ = 0;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_REVOCATION_EXCHANGE_H_
