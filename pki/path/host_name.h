// Names of hosts as certificates have them (RFC 5280 section 4.2.1.6: the "preferred name syntax" of RFC 1034).
#ifndef PARANET_PKI_PATH_HOST_NAME_H_
#define PARANET_PKI_PATH_HOST_NAME_H_

#include "absl/strings/string_view.h"

namespace paranet::pki {

// Labels of letters, digits and hyphens, separated by dots: each of 1 to 63 characters, no hyphen at its ends, at most
// 253 in all, and the last one not of digits alone (that would be an address). One label will do.
bool IsHostName(absl::string_view text);

// Whether `name` is `domain` or a name below it, regardless of case. Both are host names.
bool IsWithinDomain(absl::string_view name, absl::string_view domain);

}  // namespace paranet::pki

#endif  // PARANET_PKI_PATH_HOST_NAME_H_
