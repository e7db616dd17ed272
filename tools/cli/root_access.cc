#include "tools/cli/root_access.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "pki/revocation_list.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/output.h"

namespace paranet::cli {

CLI::App* RootNoun(CommandTree& tree) { return tree.Noun(kRootNoun, kRootNounHelp); }

CLI::App* RootNoun(CommandTree& tree, const char* name, const char* help) {
  return tree.Noun(name, help, RootNoun(tree));
}

void AddRootOptions(CLI::App* verb, RootOptions& options) {
  verb->add_option("network", options.network, "The network")->required()->type_name("NETWORK");
  verb->add_option("--dir", options.dir, "The Network Root's directory, if not $PARANET_HOME/roots/NETWORK")
      ->type_name("DIR");
}

absl::StatusOr<std::unique_ptr<pki::NetworkRoot>> OpenRoot(const Home& home, const RootOptions& options,
                                                           const Clock* clock) {
  if (options.dir.empty()) PARANET_RETURN_IF_ERROR(home.CheckRoot(options.network));
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<pki::NetworkRoot> root, pki::NetworkRoot::Open(options.Dir(home), clock));
  if (root->network() != options.network) {
    return absl::NotFoundError(absl::StrCat("the Network Root in ", options.Dir(home), " is of network \"",
                                            root->network(), "\" and not of \"", options.network, "\""));
  }
  return root;
}

std::string Actor() {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  const uid_t user = getuid();
  if (getpwuid_r(user, &entry, buffer, sizeof(buffer), &found) == 0 && found != nullptr) {
    return absl::StrCat("operator:", found->pw_name);
  }
  return absl::StrCat("operator:", user);
}

std::string StateOf(const pki::CertificateEntry& entry, absl::Time now) {
  if (entry.revoked_at.has_value()) return "revoked";
  if (now > entry.not_after) return "expired";
  return now < entry.not_before ? "not yet valid" : "valid";
}

Json EntryJson(const pki::CertificateEntry& entry, absl::Time now) {
  const bool revoked = entry.revoked_at.has_value();
  return JsonObject()
      .Set("serial", entry.serial)
      .Set("identity", entry.identity)
      .Set("subject", entry.subject)
      .Set("state", StateOf(entry, now))
      .Set("not_before_unix", absl::ToUnixSeconds(entry.not_before))
      .Set("not_after_unix", absl::ToUnixSeconds(entry.not_after))
      .Set("issued_at_unix", absl::ToUnixSeconds(entry.issued_at))
      .Set("revoked_at_unix", revoked ? absl::ToUnixSeconds(*entry.revoked_at) : int64_t{0})
      .Set("reason", revoked ? pki::RevocationReasonName(entry.reason) : "")
      .Set("fingerprint", entry.fingerprint)
      .Set("issuer_fingerprint", entry.issuer);
}

std::string FormatEntries(const std::vector<pki::CertificateEntry>& entries, absl::Time now) {
  std::vector<std::vector<std::string>> rows;
  for (const pki::CertificateEntry& entry : entries) {
    rows.push_back({entry.identity.empty() ? entry.subject : entry.identity, StateOf(entry, now),
                    FormatUtc(entry.issued_at), FormatUtc(entry.not_after), entry.serial});
  }
  return FormatTable({"for", "state", "issued", "until", "serial"}, rows, "There is none.");
}

}  // namespace paranet::cli
