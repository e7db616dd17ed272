// The steps from one root, or one issuing authority, to the next. NetworkRoot's methods of the same names say what they
// promise.
#ifndef PARANET_PKI_ROOT_ROOT_ROTATION_H_
#define PARANET_PKI_ROOT_ROOT_ROTATION_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pki/root/root_key.h"
#include "pki/root/root_state.h"
#include "pki/root/rotation.h"
#include "pki/secret_string.h"

namespace paranet::pki {

absl::Status PrepareRotation(RootState& state, const std::optional<SecretString>& passphrase, const std::string& actor,
                             absl::Time now);
absl::Status ActivateRotation(RootState& state, const std::string& actor, absl::Time now);
absl::Status RetireRotation(RootState& state, const std::string& actor, absl::Time now);
absl::StatusOr<RotationStatus> ReadRotationStatus(RootState& state, absl::Time now);
absl::Status RenewIssuingAuthority(RootState& state, const RootKey& root_key, const std::string& actor, absl::Time now);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_ROOT_ROTATION_H_
