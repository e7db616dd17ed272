// When a node renews its certificate, how long it waits after a failure, and what it says to its operator meanwhile.
// Functions of what they are given: no clock, no state.
#ifndef PARANET_PKI_ENROLMENT_RENEWAL_PLAN_H_
#define PARANET_PKI_ENROLMENT_RENEWAL_PLAN_H_

#include <string>

#include "absl/time/time.h"

namespace paranet::pki {

// The life of a certificate: from its issue, which is kBackdate after notBefore (or notBefore, if the life is shorter
// than that), to notAfter.
struct CertificateLife {
  absl::Time begin;
  absl::Time end;
};
CertificateLife LifeOf(absl::Time not_before, absl::Time not_after);

// At 45 to 55 percent of the life, so that nodes that were enrolled together do not renew together. `jitter`: uniform
// in [0, 1).
absl::Time RenewalTime(const CertificateLife& life, double jitter);

// Full jitter: uniform between nothing and a bound that doubles with each failure, from a hundredth of the life to a
// tenth of it, and never above five minutes. `failures`: how many there have been in a row, at least 1.
absl::Duration RenewalPause(const CertificateLife& life, int failures, double jitter);

enum class RenewalUrgency {
  kNone,
  // Three quarters of the life have passed without a renewal.
  kSoon,
  // A tenth of the life is left.
  kLast,
  kExpired,
};
RenewalUrgency UrgencyOf(const CertificateLife& life, absl::Time now);

// For the operator; empty for kNone. `renews`: whether the node has an enrolment service to renew at; `error`: the last
// attempt's, or empty.
std::string RenewalWarning(const CertificateLife& life, absl::Time now, bool renews, const std::string& error);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_RENEWAL_PLAN_H_
