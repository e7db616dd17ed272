// The revocation lists that somebody goes by: the newest of each authority.
#ifndef PARANET_PKI_REVOCATION_LISTS_H_
#define PARANET_PKI_REVOCATION_LISTS_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pki/certificate.h"
#include "pki/revocation_list.h"
#include "pki/trust_store.h"

namespace paranet::pki {

// How far a clock may be behind that of whoever signed a list.
inline constexpr absl::Duration kClockTolerance = absl::Minutes(1);

// Immutable and thread-safe.
class RevocationLists {
 public:
  // None.
  static std::shared_ptr<const RevocationLists> Empty();

  // This set with `list` in it, in place of an older one of the same authority. The authority is a root of `trust`, or
  // one of `authorities` (issuing authorities; each is checked against `trust` as VerifyChain does). Errors leave the
  // caller with what it had: PERMISSION_DENIED if no such authority has signed the list, ALREADY_EXISTS if this very
  // list is there, FAILED_PRECONDITION naming both numbers if an equal number with other content or a higher one is
  // there (a list is never rolled back) or if the list is not yet valid at `now` (naming the clock; a minute is
  // forgiven, as certificates are backdated by one) or has expired.
  absl::StatusOr<std::shared_ptr<const RevocationLists>> With(const RevocationList& list, const TrustStore& trust,
                                                              const std::vector<Certificate>& authorities,
                                                              absl::Time now) const;

  // The same for an authority that the caller has found to be trustworthy.
  absl::StatusOr<std::shared_ptr<const RevocationLists>> WithListOf(const Certificate& authority,
                                                                    const RevocationList& list, absl::Time now) const;

  // The list of the authority with this name in DER and subjectKeyIdentifier; null if there is none. Constant time.
  const RevocationList* Of(absl::string_view issuer_der, absl::string_view key_id) const;

  // Sorted by authority.
  const std::vector<RevocationList>& lists() const { return lists_; }

 private:
  explicit RevocationLists(std::vector<RevocationList> lists);
  absl::Status CheckAuthority(const Certificate& authority, const TrustStore& trust, absl::Time now) const;

  std::vector<RevocationList> lists_;
  // Places in `lists_` by name and key identifier, which are views of what the lists share.
  absl::flat_hash_map<std::pair<absl::string_view, absl::string_view>, size_t> index_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_REVOCATION_LISTS_H_
