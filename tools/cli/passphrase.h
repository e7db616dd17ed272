// Passphrases of keys: from a file, from the environment, or from the person at the terminal.
#ifndef PARANET_TOOLS_CLI_PASSPHRASE_H_
#define PARANET_TOOLS_CLI_PASSPHRASE_H_

#include <optional>
#include <string>

#include "CLI/App.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pki/secret_string.h"

namespace paranet::cli {

struct PassphraseOptions {
  // `--passphrase-file`. Only its owner may have any right to it; the passphrase is its first line.
  std::string file;
  // `--no-passphrase`.
  bool none = false;
};

// `what` is it that the passphrase is for: `the root key`. `--no-passphrase` comes only with `may_be_none`.
void AddPassphraseOptions(CLI::App* verb, PassphraseOptions& options, const std::string& what, bool may_be_none);

// What is given by --passphrase-file, or else by the environment variable PARANET_ROOT_PASSPHRASE; none with
// --no-passphrase, or if nothing is given. Never asks. INVALID_ARGUMENT if it is empty or more than 1024 bytes.
absl::StatusOr<std::optional<pki::SecretString>> GivenPassphrase(const PassphraseOptions& options);

// The same; if nothing is given, whoever is at the terminal (standard input is one) is asked twice, without echo.
// INVALID_ARGUMENT if the answers differ or are empty.
absl::StatusOr<std::optional<pki::SecretString>> NewPassphrase(const PassphraseOptions& options,
                                                               absl::string_view what);

// The same; asks once, and only if the key in `key_file` is encrypted.
absl::StatusOr<std::optional<pki::SecretString>> PassphraseOf(const PassphraseOptions& options,
                                                              const std::string& key_file);

// Whoever is at the terminal is asked once; none if nobody is.
absl::StatusOr<std::optional<pki::SecretString>> AskPassphrase(const std::string& file);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_PASSPHRASE_H_
