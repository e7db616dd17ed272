#include "tools/cli/certificate_info.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pki/identity.h"
#include "tools/cli/message_json.h"
#include "tools/cli/output.h"

namespace paranet::cli {
namespace {

v1::Role ToProto(pki::Role role) {
  switch (role) {
    case pki::Role::kNode:
      return v1::NODE;
    case pki::Role::kOperator:
      return v1::OPERATOR;
    case pki::Role::kPublisher:
      return v1::PUBLISHER;
  }
  return v1::ROLE_UNSPECIFIED;
}

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

v1::CertificateInfo DescribeCertificate(const pki::Certificate& certificate) {
  v1::CertificateInfo info;
  if (certificate.uris().size() == 1) {
    if (const auto identity = pki::Identity::Parse(certificate.uris().front()); identity.ok()) {
      info.set_identity(identity->ToUri());
      info.set_role(ToProto(identity->role));
      info.set_network(identity->network);
      info.set_name(identity->name);
    }
  }
  info.set_subject(certificate.subject());
  info.set_issuer(certificate.issuer());
  info.set_serial(certificate.serial());
  info.set_not_before_unix(absl::ToUnixSeconds(certificate.not_before()));
  info.set_not_after_unix(absl::ToUnixSeconds(certificate.not_after()));
  for (const std::string& name : certificate.dns_names()) info.add_dns_names(name);
  for (const std::string& address : certificate.ip_addresses()) info.add_ip_addresses(address);
  info.set_authority(certificate.is_ca());
  info.set_fingerprint(certificate.fingerprint());
  info.set_key(certificate.key_description());
  for (const std::string& usage : certificate.key_usages()) info.add_key_usages(usage);
  for (const std::string& usage : certificate.extended_key_usages()) info.add_extended_key_usages(usage);
  return info;
}

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
