// One configured link as the manager keeps it: its durable record and what it does now.
#ifndef PARANET_FEDERATION_LINK_ENTRY_H_
#define PARANET_FEDERATION_LINK_ENTRY_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "federation/backoff.h"
#include "federation/dial.h"
#include "federation/link.h"
#include "federation/link_replacement.h"
#include "federation/link_set.h"
#include "federation/link_store.h"
#include "paranet/v1/node.pb.h"

namespace paranet {

inline constexpr absl::Duration kBackoffBase = absl::Milliseconds(100);
inline constexpr absl::Duration kBackoffCap = absl::Seconds(3);

// On the control thread.
struct LinkEntry {
  explicit LinkEntry(LinkRecord link_record) : record(std::move(link_record)) {}

  // `now` is when `new_state` began, if that is another one than before.
  void SetState(v1::LinkInfo::State new_state, absl::Time now);
  v1::LinkInfo Info() const;
  bool imports() const { return record.dialler || record.mode == v1::BIDIRECTIONAL; }
  bool exports() const { return !record.dialler || record.mode == v1::BIDIRECTIONAL; }

  LinkRecord record;
  v1::LinkInfo::State state = v1::LinkInfo::STATE_UNSPECIFIED;
  absl::Time since;
  std::string last_error;
  uint32_t attempts = 0;
  // Asked for by the operator and not yet welcomed by the peer.
  bool fresh = false;
  // It has been up since the node started.
  bool was_up = false;
  // It has been up, failed or was refused since the node started.
  bool tried = false;
  // Replaced by an entry under trial: does not dial.
  bool suspended = false;
  Backoff backoff{kBackoffBase, kBackoffCap};
  uint64_t retry_timer = 0;
  std::shared_ptr<Dial> dial;
  LinkSet links;
  // Of the dialler.
  std::unique_ptr<LinkReplacement> replacement;
  std::shared_ptr<LinkCounters> counters = std::make_shared<LinkCounters>();
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_LINK_ENTRY_H_
