#include "tools/cli/passphrase.h"

#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "tools/cli/exit_code.h"

namespace paranet::cli {
namespace {

constexpr char kVariable[] = "PARANET_ROOT_PASSPHRASE";
constexpr size_t kMaxPassphrase = 1024;
constexpr size_t kMaxKeyFile = size_t{64} << 10;

absl::StatusOr<pki::SecretString> Checked(absl::string_view text, absl::string_view where) {
  const absl::string_view line = text.substr(0, text.find_first_of("\r\n"));
  if (line.empty()) return UsageError(absl::StrCat("the passphrase ", where, " is empty"));
  if (line.size() > kMaxPassphrase) {
    return UsageError(absl::StrCat("the passphrase ", where, " has more than ", kMaxPassphrase, " bytes"));
  }
  return pki::SecretString(line);
}

// One line from the terminal, which does not show it.
absl::StatusOr<pki::SecretString> Ask(absl::string_view question) {
  termios before{};
  if (tcgetattr(STDIN_FILENO, &before) != 0) return absl::ErrnoToStatus(errno, "cannot ask for a passphrase");
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) != 0) {
    return absl::ErrnoToStatus(errno, "cannot ask for a passphrase");
  }
  char line[kMaxPassphrase + 2];
  const absl::Cleanup restore = [&before, &line] {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    explicit_bzero(line, sizeof(line));
  };
  const std::string prompt = absl::StrCat(question, ": ");
  ssize_t ignored = write(STDERR_FILENO, prompt.data(), prompt.size());
  // The terminal hands over whole lines.
  const ssize_t got = read(STDIN_FILENO, line, sizeof(line));
  ignored = write(STDERR_FILENO, "\n", 1);
  static_cast<void>(ignored);
  if (got < 0) return absl::ErrnoToStatus(errno, "cannot read the passphrase");
  return Checked(absl::string_view(line, static_cast<size_t>(got)), "that was typed");
}

bool AtTerminal() { return isatty(STDIN_FILENO) == 1; }

}  // namespace

void AddPassphraseOptions(CLI::App* verb, PassphraseOptions& options, const std::string& what, bool may_be_none) {
  verb->add_option("--passphrase-file", options.file,
                   absl::StrCat("File whose first line is the passphrase of ", what, " (also: ", kVariable, ")"))
      ->type_name("FILE");
  if (!may_be_none) return;
  verb->add_flag("--no-passphrase", options.none, absl::StrCat("Leave ", what, " unencrypted"));
}

absl::StatusOr<std::optional<pki::SecretString>> GivenPassphrase(const PassphraseOptions& options) {
  if (options.none && !options.file.empty())
    return UsageError("--no-passphrase and --passphrase-file exclude each other");
  if (options.none) return std::nullopt;
  if (!options.file.empty()) {
    PARANET_ASSIGN_OR_RETURN(std::string text, ReadFile(options.file, kMaxKeyFile));
    const absl::Cleanup wipe = [&text] { explicit_bzero(text.data(), text.size()); };
    PARANET_RETURN_IF_ERROR(CheckPrivate(options.file));
    PARANET_ASSIGN_OR_RETURN(pki::SecretString passphrase, Checked(text, absl::StrCat("in ", options.file)));
    return passphrase;
  }
  const char* variable = std::getenv(kVariable);
  if (variable == nullptr) return std::nullopt;
  PARANET_ASSIGN_OR_RETURN(pki::SecretString passphrase, Checked(variable, absl::StrCat("in ", kVariable)));
  return passphrase;
}

absl::StatusOr<std::optional<pki::SecretString>> NewPassphrase(const PassphraseOptions& options,
                                                               absl::string_view what) {
  PARANET_ASSIGN_OR_RETURN(std::optional<pki::SecretString> given, GivenPassphrase(options));
  if (given.has_value() || options.none || !AtTerminal()) return given;
  PARANET_ASSIGN_OR_RETURN(pki::SecretString first, Ask(absl::StrCat("New passphrase for ", what)));
  PARANET_ASSIGN_OR_RETURN(const pki::SecretString second, Ask("The same again"));
  if (first.view() != second.view()) return UsageError("the two passphrases are not the same: nothing was done");
  return first;
}

absl::StatusOr<std::optional<pki::SecretString>> PassphraseOf(const PassphraseOptions& options,
                                                              const std::string& key_file) {
  PARANET_ASSIGN_OR_RETURN(std::optional<pki::SecretString> given, GivenPassphrase(options));
  if (given.has_value()) return given;
  const absl::StatusOr<std::string> key = ReadFile(key_file, kMaxKeyFile);
  // What is wrong with the file, or that it is not there, is for those to say who use it.
  if (!key.ok() || !absl::StrContains(*key, "ENCRYPTED PRIVATE KEY")) return std::nullopt;
  return AskPassphrase(key_file);
}

absl::StatusOr<std::optional<pki::SecretString>> AskPassphrase(const std::string& file) {
  if (!AtTerminal()) return std::nullopt;
  PARANET_ASSIGN_OR_RETURN(pki::SecretString passphrase, Ask(absl::StrCat("Passphrase of ", file)));
  return passphrase;
}

}  // namespace paranet::cli
