#include "pki/verify_outcome.h"

namespace paranet::pki {

absl::string_view OutcomeName(VerifyOutcome outcome) {
  switch (outcome) {
    case VerifyOutcome::kOk:
      return "OK";
    case VerifyOutcome::kMalformed:
      return "MALFORMED";
    case VerifyOutcome::kPathTooLong:
      return "PATH_TOO_LONG";
    case VerifyOutcome::kUntrustedRoot:
      return "UNTRUSTED_ROOT";
    case VerifyOutcome::kBadProfile:
      return "BAD_PROFILE";
    case VerifyOutcome::kUnknownCriticalExtension:
      return "UNKNOWN_CRITICAL_EXTENSION";
    case VerifyOutcome::kBadSignature:
      return "BAD_SIGNATURE";
    case VerifyOutcome::kNotYetValid:
      return "NOT_YET_VALID";
    case VerifyOutcome::kExpired:
      return "EXPIRED";
    case VerifyOutcome::kNotAnAuthority:
      return "NOT_AN_AUTHORITY";
    case VerifyOutcome::kMissingIdentity:
      return "MISSING_IDENTITY";
    case VerifyOutcome::kWrongNetwork:
      return "WRONG_NETWORK";
    case VerifyOutcome::kWrongRole:
      return "WRONG_ROLE";
    case VerifyOutcome::kWrongName:
      return "WRONG_NAME";
    case VerifyOutcome::kRevoked:
      return "REVOKED";
    case VerifyOutcome::kRevocationUnknown:
      return "REVOCATION_UNKNOWN";
    case VerifyOutcome::kNameNotPermitted:
      return "NAME_NOT_PERMITTED";
  }
  return "";
}

}  // namespace paranet::pki
