// Where a root key is, for the few things that need it.
#ifndef PARANET_PKI_ROOT_ROOT_KEY_H_
#define PARANET_PKI_ROOT_ROOT_KEY_H_

#include <optional>
#include <string>

#include "pki/secret_string.h"

namespace paranet::pki {

struct RootKey {
  // Empty: in the Network Root's directory.
  std::string file;
  // Needed if the file is encrypted.
  std::optional<SecretString> passphrase;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_ROOT_KEY_H_
