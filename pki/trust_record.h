// What a node keeps on disk of its trust: the directory that node_trust.h describes. Private to pki.
#ifndef PARANET_PKI_TRUST_RECORD_H_
#define PARANET_PKI_TRUST_RECORD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pki/certificate.h"
#include "pki/private_key.h"
#include "pki/revocation_list.h"
#include "pki/trust_store.h"

namespace paranet::pki {

struct TrustRecord {
  PrivateKey key;
  CertificateChain chain;
  // The network's own roots.
  std::vector<Certificate> roots;
  // Those of other networks.
  std::vector<TrustStore::Root> further;
  // Issuing authorities that are not in `chain`, by whose keys lists are checked.
  std::vector<Certificate> authorities;
  // The newest of each authority, also of one that is not trusted at present.
  std::vector<RevocationList> lists;
  // As in TrustState.
  uint64_t revision = 0;
  std::string endpoint;
};

// Errors are ReadIdentityFiles's, and DATA_LOSS for a damaged trust.db, FAILED_PRECONDITION for one of a newer version.
// A directory without trust.db has none of what is in there.
absl::StatusOr<TrustRecord> ReadTrustRecord(const std::string& dir);

// Puts `record` in the place of what is in `dir`, on disk, all of it or nothing. INVALID_ARGUMENT if the key is not the
// leaf's.
absl::Status WriteTrustRecord(const std::string& dir, const TrustRecord& record);

// Those by whose keys a list may be signed, beside the roots: of the chain, and `authorities`.
std::vector<Certificate> AuthoritiesOf(const TrustRecord& record);

// Whether the two lists are of one authority, by name and key identifier.
bool IsOfSameAuthority(const RevocationList& a, const RevocationList& b);

// Puts `list` in place of an older one of its authority, or beside the others.
void PutList(TrustRecord& record, const RevocationList& list);

}  // namespace paranet::pki

#endif  // PARANET_PKI_TRUST_RECORD_H_
