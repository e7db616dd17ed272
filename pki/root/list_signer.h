// How a Network Root makes its revocation lists.
#ifndef PARANET_PKI_ROOT_LIST_SIGNER_H_
#define PARANET_PKI_ROOT_LIST_SIGNER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/sqlite.h"
#include "pki/certificate.h"
#include "pki/private_key.h"

namespace paranet::pki {

// Puts a new list of `authority`, signed with its key, in place of the one before: everything of it that is revoked and
// had not expired when the list before was made (RFC 5280 section 3.3). Its number is higher than that of any list
// before, even of one that this ledger, restored from a backup, knows nothing of: it is the time in seconds, or one
// more than the last. Valid for `life`, at most until the authority expires. In a transaction; the caller raises the
// revision of the bundle.
absl::Status SignRevocationList(Database& ledger, const Certificate& authority, const PrivateKey& key,
                                absl::Duration life, absl::Time now, const std::string& actor);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_LIST_SIGNER_H_
