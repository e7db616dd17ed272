// Revocation, and the lists that tell of it. NetworkRoot's methods say what they promise.
#ifndef PARANET_PKI_ROOT_ROOT_REVOCATION_H_
#define PARANET_PKI_ROOT_ROOT_REVOCATION_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pki/revocation_list.h"
#include "pki/root/certificate_book.h"
#include "pki/root/root_key.h"
#include "pki/root/root_state.h"

namespace paranet::pki {

// NetworkRoot::Revoke.
absl::StatusOr<std::vector<CertificateEntry>> RevokeCertificates(RootState& state, const std::string& target,
                                                                 RevocationReason reason, const std::string& actor,
                                                                 const RootKey& root_key, absl::Time now);
// NetworkRoot::RefreshRevocationLists.
absl::Status RefreshLists(RootState& state, absl::Duration life, bool force, const std::string& actor, absl::Time now);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_ROOT_REVOCATION_H_
