// How long things of a Network Root live, unless asked otherwise.
#ifndef PARANET_PKI_ROOT_ROOT_LIVES_H_
#define PARANET_PKI_ROOT_ROOT_LIVES_H_

#include "absl/time/time.h"

namespace paranet::pki {

inline constexpr absl::Duration kLeafLife = absl::Hours(24);
inline constexpr absl::Duration kIssuingLife = absl::Hours(24 * 365);
inline constexpr absl::Duration kRootLife = absl::Hours(24 * 3652);
// A revocation list of an issuing authority. One of a root lives as long as an issuing authority.
inline constexpr absl::Duration kRevocationListLife = absl::Hours(24 * 7);
// How long before its issue a certificate or a list begins to be valid, for clocks that are behind.
inline constexpr absl::Duration kBackdate = absl::Minutes(1);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_ROOT_LIVES_H_
