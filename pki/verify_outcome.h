// How the verification of a certificate can end.
#ifndef PARANET_PKI_VERIFY_OUTCOME_H_
#define PARANET_PKI_VERIFY_OUTCOME_H_

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
};

// `OK`, `UNTRUSTED_ROOT`.
absl::string_view OutcomeName(VerifyOutcome outcome);

}  // namespace paranet::pki

#endif  // PARANET_PKI_VERIFY_OUTCOME_H_
