#include "tools/cli/certificate_info.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/cli/message_json.h"
#include "tools/cli/output.h"

namespace paranet::cli {
namespace {

// `3h20m` and not `3h19m59.8s`.
std::string Roughly(absl::Duration duration) {
  const absl::Duration unit = duration >= absl::Hours(72)    ? absl::Hours(24)
                              : duration >= absl::Minutes(5) ? absl::Minutes(1)
                                                             : absl::Seconds(1);
  if (unit == absl::Hours(24)) return absl::StrCat(duration / absl::Hours(24), " days");
  return absl::FormatDuration(absl::Floor(duration, unit));
}

std::string Validity(const v1::CertificateInfo& info, absl::Time now) {
  const absl::Time from = absl::FromUnixSeconds(info.not_before_unix());
  const absl::Time to = absl::FromUnixSeconds(info.not_after_unix());
  const std::string span = absl::StrCat(FormatUtc(from), " to ", FormatUtc(to));
  if (now < from) return absl::StrCat(span, " (not yet valid: begins in ", Roughly(from - now), ")");
  if (now > to) return absl::StrCat(span, " (expired ", Roughly(now - to), " ago)");
  return absl::StrCat(span, " (expires in ", Roughly(to - now), ")");
}

}  // namespace

std::string FormatCertificate(const v1::CertificateInfo& info, absl::Time now) {
  return FormatFields({
      {"identity", info.identity()},
      {"role", info.authority()                      ? "authority"
               : info.role() == v1::ROLE_UNSPECIFIED ? ""
                                                     : EnumWord(v1::Role_descriptor(), info.role())},
      {"subject", info.subject()},
      {"issuer", info.issuer()},
      {"serial", info.serial()},
      {"valid", Validity(info, now)},
      {"dns names", absl::StrJoin(info.dns_names(), ", ")},
      {"addresses", absl::StrJoin(info.ip_addresses(), ", ")},
      {"key", info.key()},
      {"key usage", absl::StrJoin(info.key_usages(), ", ")},
      {"extended", absl::StrJoin(info.extended_key_usages(), ", ")},
      {"fingerprint", info.fingerprint()},
  });
}

std::string FormatUtc(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

}  // namespace paranet::cli
