// PEM, the textual form of keys, certificates and requests (RFC 7468).
#ifndef PARANET_PKI_PEM_H_
#define PARANET_PKI_PEM_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pki/secret_string.h"

namespace paranet::pki {

// The contents of all blocks of `text`: from one to `max_blocks`, each labelled `label` and without headers. Text
// between blocks is ignored (section 2). INVALID_ARGUMENT says what is wrong and quotes nothing of a block.
// More than `max_text` bytes are refused unread.
absl::StatusOr<std::vector<SecretString>> DecodePem(absl::string_view text, absl::string_view label, size_t max_blocks,
                                                    size_t max_text = size_t{1} << 20);

// One block, with the line ending at its end.
SecretString EncodePem(absl::string_view label, absl::string_view content);

// The same for what is no secret, such as certificates: a SecretString costs three system calls.
absl::StatusOr<std::vector<std::string>> DecodePublicPem(absl::string_view text, absl::string_view label,
                                                         size_t max_blocks, size_t max_text = size_t{1} << 20);
std::string EncodePublicPem(absl::string_view label, absl::string_view content);

}  // namespace paranet::pki

#endif  // PARANET_PKI_PEM_H_
