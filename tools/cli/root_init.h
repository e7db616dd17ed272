// `paranet root init`: makes a Network Root.
#ifndef PARANET_TOOLS_CLI_ROOT_INIT_H_
#define PARANET_TOOLS_CLI_ROOT_INIT_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "pki/secret_string.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/home.h"

namespace paranet::cli {

struct RootInitOptions {
  std::string network;
  // Empty: $PARANET_HOME/roots/NETWORK.
  std::string dir;
};

struct MadeRoot {
  std::string network;
  std::string dir;
  // SHA-256 of the root certificate, hexadecimal: what to compare over another channel.
  std::string fingerprint;
};

// `passphrase`: for the root key, which is then encrypted.
absl::StatusOr<MadeRoot> InitRoot(const Home& home, const RootInitOptions& options,
                                  std::optional<pki::SecretString> passphrase = std::nullopt);

void AddRootInit(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_ROOT_INIT_H_
