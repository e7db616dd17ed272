// How the verification of a certificate can end.
#ifndef PARANET_PKI_VERIFY_OUTCOME_H_
#define PARANET_PKI_VERIFY_OUTCOME_H_

#include <string>

#include "absl/strings/string_view.h"

namespace paranet::pki {

// verify.h says which is which.
enum class VerifyOutcome {
  kOk,
  kMalformed,
  kPathTooLong,
  kUntrustedRoot,
  kBadProfile,
  kUnknownCriticalExtension,
  kBadSignature,
  kNotYetValid,
  kExpired,
  kNotAnAuthority,
  kMissingIdentity,
  kWrongNetwork,
  kWrongRole,
  kWrongName,
  kRevoked,
  kRevocationUnknown,
  kNameNotPermitted,
};

// Why a certificate by itself will not do.
struct ProfileViolation {
  VerifyOutcome outcome;
  // One clause, without a full stop.
  std::string diagnostic;
};

// `OK`, `UNTRUSTED_ROOT`.
absl::string_view OutcomeName(VerifyOutcome outcome);

}  // namespace paranet::pki

#endif  // PARANET_PKI_VERIFY_OUTCOME_H_
