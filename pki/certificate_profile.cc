#include "pki/certificate_profile.h"

#include <cstdint>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "openssl/asn1.h"
#include "openssl/nid.h"
#include "openssl/x509.h"
#include "pki/der.h"
#include "pki/path/certificate_rules.h"

namespace paranet::pki {
namespace {

constexpr absl::string_view kKeyUsage = "2.5.29.15";
constexpr absl::string_view kSubjectAltName = "2.5.29.17";
constexpr absl::string_view kBasicConstraints = "2.5.29.19";
constexpr absl::string_view kExtendedKeyUsage = "2.5.29.37";

ProfileViolation Bad(std::string diagnostic) { return {VerifyOutcome::kBadProfile, std::move(diagnostic)}; }

std::string RootCommonName(absl::string_view network) { return absl::StrCat(network, " Network Root"); }
std::string IssuingCommonName(absl::string_view network) { return absl::StrCat(network, " Issuing Authority"); }

bool AddAttribute(X509_NAME* name, int nid, absl::string_view value) {
  return X509_NAME_add_entry_by_NID(name, nid, V_ASN1_UTF8STRING, reinterpret_cast<const uint8_t*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

bssl::UniquePtr<X509_NAME> MakeName(absl::string_view organization, absl::string_view common_name) {
  bssl::UniquePtr<X509_NAME> name(X509_NAME_new());
  if (name == nullptr || !AddAttribute(name.get(), NID_organizationName, organization) ||
      !AddAttribute(name.get(), NID_commonName, common_name)) {
    return nullptr;
  }
  return name;
}

bool IsSubject(const Certificate& certificate, const bssl::UniquePtr<X509_NAME>& name) {
  return name != nullptr && certificate.subject_der() == NameToDer(name.get());
}

// The O of the subject if it may be a network's name.
std::optional<std::string> NetworkOf(const Certificate& certificate) {
  X509_NAME* name = X509_get_subject_name(certificate.native());
  const int index = X509_NAME_get_index_by_NID(name, NID_organizationName, -1);
  if (index < 0) return std::nullopt;
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index));
  std::string network(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                      static_cast<size_t>(ASN1_STRING_length(value)));
  if (network.size() > kMaxNetworkName || !CheckIdentityName(network, "network").ok()) return std::nullopt;
  return network;
}

bool HasExtension(const Certificate& certificate, absl::string_view numbers) {
  return absl::c_linear_search(certificate.extensions(), numbers);
}

bool IsCritical(const Certificate& certificate, absl::string_view numbers) {
  return absl::c_linear_search(certificate.critical_extensions(), numbers);
}

std::optional<ProfileViolation> CheckCriticalConstraints(const Certificate& certificate) {
  if (!IsCritical(certificate, kBasicConstraints)) return Bad("basicConstraints is missing or not critical");
  if (!IsCritical(certificate, kKeyUsage)) return Bad("keyUsage is missing or not critical");
  return std::nullopt;
}

std::optional<ProfileViolation> CheckAuthorityProfile(const Certificate& certificate, int path_length) {
  if (std::optional<ProfileViolation> violation = CheckCriticalConstraints(certificate)) return violation;
  if (certificate.path_length() != path_length) {
    return Bad(absl::StrCat("its pathLenConstraint is not ", path_length));
  }
  if (certificate.key_usages() != std::vector<std::string>{"keyCertSign", "cRLSign"}) {
    return Bad(absl::StrCat("its key usages are ", absl::StrJoin(certificate.key_usages(), ", "),
                            " instead of keyCertSign and cRLSign"));
  }
  if (HasExtension(certificate, kExtendedKeyUsage)) return Bad("an authority has extKeyUsage");
  if (HasExtension(certificate, kSubjectAltName)) return Bad("an authority has subjectAltName");
  return std::nullopt;
}

}  // namespace

bssl::UniquePtr<X509_NAME> RootSubject(absl::string_view network) { return MakeName(network, RootCommonName(network)); }

bssl::UniquePtr<X509_NAME> IssuingSubject(absl::string_view network) {
  return MakeName(network, IssuingCommonName(network));
}

bssl::UniquePtr<X509_NAME> LeafSubject(const Identity& identity) { return MakeName(identity.network, identity.name); }

std::vector<std::string> ExtendedKeyUsagesOf(Role role) {
  switch (role) {
    case Role::kNode:
      return {"serverAuth", "clientAuth"};
    case Role::kOperator:
      return {"clientAuth"};
    case Role::kPublisher:
      return {"codeSigning"};
    case Role::kRoot:
      return {"serverAuth"};
  }
  return {};
}

std::optional<ProfileViolation> CheckCommonProfile(const Certificate& certificate) {
  if (std::optional<ProfileViolation> violation = CheckRules(certificate)) return violation;

  const ASN1_BIT_STRING* issuer_id = nullptr;
  const ASN1_BIT_STRING* subject_id = nullptr;
  X509_get0_uids(certificate.native(), &issuer_id, &subject_id);
  if (issuer_id != nullptr || subject_id != nullptr) return Bad("it has a unique identifier");

  if (certificate.subject_key_id().empty() || certificate.authority_key_id().empty()) {
    return Bad("it has no subjectKeyIdentifier or no authorityKeyIdentifier");
  }
  return std::nullopt;
}

std::optional<ProfileViolation> CheckAuthority(const Certificate& certificate) {
  if (certificate.is_ca() && absl::c_linear_search(certificate.key_usages(), "keyCertSign")) return std::nullopt;
  return ProfileViolation{VerifyOutcome::kNotAnAuthority, "it may not certify others"};
}

std::optional<ProfileViolation> CheckRootProfile(const Certificate& certificate, std::string& network) {
  const std::optional<std::string> found = NetworkOf(certificate);
  if (!found.has_value() || !IsSubject(certificate, RootSubject(*found))) {
    return Bad("its subject is not O=NETWORK, CN=NETWORK Network Root");
  }
  network = *found;
  if (certificate.issuer_der() != certificate.subject_der() ||
      certificate.authority_key_id() != certificate.subject_key_id()) {
    return Bad("it is not issued by itself, as a root is");
  }
  return CheckAuthorityProfile(certificate, kRootPathLength);
}

std::optional<ProfileViolation> CheckIssuingProfile(const Certificate& certificate, std::string& network) {
  const std::optional<std::string> found = NetworkOf(certificate);
  if (!found.has_value() || !IsSubject(certificate, IssuingSubject(*found))) {
    return Bad("its subject is not O=NETWORK, CN=NETWORK Issuing Authority");
  }
  network = *found;
  return CheckAuthorityProfile(certificate, kIssuingPathLength);
}

std::optional<ProfileViolation> CheckLeafProfile(const Certificate& certificate, std::optional<Identity>& identity) {
  const auto missing = [](std::string diagnostic) {
    return ProfileViolation{VerifyOutcome::kMissingIdentity, std::move(diagnostic)};
  };
  if (certificate.uris().size() != 1) {
    return missing(absl::StrCat("it has ", certificate.uris().size(), " URIs instead of one, its identity"));
  }
  absl::StatusOr<Identity> parsed = Identity::Parse(certificate.uris()[0]);
  if (!parsed.ok()) return missing(std::string(parsed.status().message()));
  identity = *std::move(parsed);

  if (certificate.other_names() != 0) return Bad("its subjectAltName has names that are no URI, DNS name or address");
  if (certificate.is_ca()) return Bad("it is an authority's");
  if (std::optional<ProfileViolation> violation = CheckCriticalConstraints(certificate)) return violation;
  if (certificate.key_usages() != std::vector<std::string>{"digitalSignature"}) {
    return Bad(absl::StrCat("its key usages are ", absl::StrJoin(certificate.key_usages(), ", "),
                            " instead of digitalSignature alone"));
  }
  if (!IsSubject(certificate, LeafSubject(*identity))) return Bad("its subject does not say what its URI says");
  if (certificate.extended_key_usages() != ExtendedKeyUsagesOf(identity->role)) {
    return ProfileViolation{
        VerifyOutcome::kWrongRole,
        absl::StrCat("its extended key usages are ", absl::StrJoin(certificate.extended_key_usages(), ", "),
                     " instead of ", absl::StrJoin(ExtendedKeyUsagesOf(identity->role), ", "), " as the role ",
                     RoleName(identity->role), " has")};
  }
  return std::nullopt;
}

}  // namespace paranet::pki
