// The links of a node, and the federations its operator has ended, as they survive a restart.
#ifndef PARANET_FEDERATION_LINK_STORE_H_
#define PARANET_FEDERATION_LINK_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/sqlite.h"
#include "paranet/v1/federation.pb.h"

namespace paranet {

// A peer may be linked twice: once dialled by this node and once by the peer.
struct LinkRecord {
  std::string peer;
  // HOST:PORT to dial, or where the peer dialled from last.
  std::string address;
  v1::LinkMode mode = v1::ONE_WAY;
  // True if this node dials.
  bool dialler = false;
  int64_t created_unix_ms = 0;
};

// Tables, made by the node's migrations:
//   link(peer TEXT, address TEXT, mode INTEGER, dialler INTEGER, created_unix_ms INTEGER, PRIMARY KEY(peer, dialler))
//   defederated(peer TEXT PRIMARY KEY, at_unix_ms INTEGER)
// Thread-safe. What has returned OK is on disk.
class LinkStore {
 public:
  // `database` must outlive the store.
  explicit LinkStore(Database* database) : database_(database) {}

  // By peer, the dialled one first. Rows with a mode of a newer version are left out.
  absl::StatusOr<std::vector<LinkRecord>> List();
  // Replaces the record of the same peer and dialler.
  absl::Status Put(const LinkRecord& record);
  // OK if there is none.
  absl::Status Remove(const std::string& peer, bool dialler);
  // Removes both links of `peer` and, with `remember`, notes that the operator has ended the federation.
  absl::Status RemovePeer(const std::string& peer, bool remember, absl::Time now);

  absl::StatusOr<bool> IsDefederated(const std::string& peer);
  absl::Status ForgetDefederated(const std::string& peer);

 private:
  Database* const database_;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_LINK_STORE_H_
