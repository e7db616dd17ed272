#include "tools/cli/trust_text.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/message_json.h"
#include "tools/cli/output.h"

namespace paranet::cli {
namespace {

std::string Until(int64_t unix_seconds, absl::Time now) {
  if (unix_seconds == 0) return "";
  const absl::Time time = absl::FromUnixSeconds(unix_seconds);
  return absl::StrCat(FormatUtc(time), time < now ? " (EXPIRED)" : "");
}

std::string Accepts(const v1::TrustedRoot& root) {
  std::vector<std::string> parts;
  for (const int role : root.roles()) parts.push_back(EnumWord(v1::Role_descriptor(), role));
  for (const std::string& name : root.names()) parts.push_back(name);
  if (!parts.empty()) return absl::StrJoin(parts, ",");
  return root.further() ? "all" : "all (own network)";
}

}  // namespace

std::string FormatTrust(const v1::GetTrustResponse& trust, absl::Time now) {
  std::vector<std::vector<std::string>> roots;
  for (const v1::TrustedRoot& root : trust.roots()) {
    roots.push_back({root.certificate().fingerprint(), root.certificate().subject(),
                     Until(root.certificate().not_after_unix(), now), Accepts(root)});
  }
  std::vector<std::vector<std::string>> lists;
  for (const v1::RevocationListInfo& list : trust.revocation_lists()) {
    lists.push_back({list.issuer(), list.number(), absl::StrCat(list.revoked_size()),
                     FormatUtc(absl::FromUnixSeconds(list.this_update_unix())), Until(list.next_update_unix(), now)});
  }
  return absl::StrCat(
      FormatTable({"root", "subject", "until", "accepts"}, roots, "no roots"), "\n",
      FormatTable({"revocation list of", "number", "revoked", "issued", "next"}, lists, "no revocation lists"));
}

}  // namespace paranet::cli
