#include "pki/certificate_info.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pki/identity.h"

namespace paranet::pki {

v1::Role RoleToProto(Role role) {
  switch (role) {
    case Role::kNode:
      return v1::NODE;
    case Role::kOperator:
      return v1::OPERATOR;
    case Role::kPublisher:
      return v1::PUBLISHER;
    case Role::kRoot:
      return v1::ROOT;
  }
  return v1::ROLE_UNSPECIFIED;
}

v1::CertificateInfo DescribeCertificate(const Certificate& certificate) {
  v1::CertificateInfo info;
  if (certificate.uris().size() == 1) {
    if (const absl::StatusOr<Identity> identity = Identity::Parse(certificate.uris()[0]); identity.ok()) {
      info.set_identity(identity->ToUri());
      info.set_role(RoleToProto(identity->role));
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

}  // namespace paranet::pki
