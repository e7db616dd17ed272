#include "pki/path/certificate_rules.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "openssl/bytestring.h"
#include "openssl/x509.h"
#include "pki/der.h"
#include "pki/path/host_name.h"

namespace paranet::pki {
namespace {

constexpr absl::string_view kSubjectKeyId = "2.5.29.14";
constexpr absl::string_view kKeyUsage = "2.5.29.15";
constexpr absl::string_view kSubjectAltName = "2.5.29.17";
constexpr absl::string_view kBasicConstraints = "2.5.29.19";
constexpr absl::string_view kNameConstraints = "2.5.29.30";
constexpr absl::string_view kAuthorityKeyId = "2.5.29.35";
constexpr absl::string_view kPolicyConstraints = "2.5.29.36";
constexpr absl::string_view kExtendedKeyUsage = "2.5.29.37";
constexpr absl::string_view kInhibitAnyPolicy = "2.5.29.54";
constexpr absl::string_view kAuthorityInfoAccess = "1.3.6.1.5.5.7.1.1";
constexpr absl::string_view kProcessed[] = {kKeyUsage, kSubjectAltName, kBasicConstraints, kNameConstraints,
                                            kExtendedKeyUsage};
// Critical where section 4.2 says that they must not be: named as what they are rather than as unknown.
constexpr absl::string_view kNeverCritical[] = {kSubjectKeyId, kAuthorityKeyId, kAuthorityInfoAccess};
constexpr absl::string_view kEmptyName("\x30\x00", 2);
// Of a serial: 20 octets, the highest of which has its first bit clear in DER.
constexpr size_t kMaxSerialDigits = 40;
constexpr unsigned kKeyIdTag = CBS_ASN1_CONTEXT_SPECIFIC | 0;

using Violation = std::optional<ProfileViolation>;

Violation Bad(std::string diagnostic) { return ProfileViolation{VerifyOutcome::kBadProfile, std::move(diagnostic)}; }

bool IsCritical(const Certificate& certificate, absl::string_view numbers) {
  return absl::c_linear_search(certificate.critical_extensions(), numbers);
}

bool HasUsage(const Certificate& certificate, absl::string_view usage) {
  return absl::c_linear_search(certificate.key_usages(), usage);
}

bool IsGoodSerial(absl::string_view serial) {
  if (serial[0] == '-' || serial == "00" || serial.size() > kMaxSerialDigits) return false;
  return serial.size() < kMaxSerialDigits || serial[0] < '8';
}

Violation CheckFields(const Certificate& certificate) {
  if (X509_get_version(certificate.native()) != X509_VERSION_3) {
    return Bad("it is not an X.509 certificate of version 3");
  }
  if (!certificate.IsEcdsaSha256()) return Bad("its signature algorithm is not ECDSA with SHA-256");
  if (certificate.p256_key() == nullptr) {
    return Bad(absl::StrCat("its key is ", certificate.key_description(), " or in an unusual form, not ECDSA P-256"));
  }
  if (!IsGoodSerial(certificate.serial())) return Bad("its serial number is not positive or has more than 20 octets");
  if (!certificate.has_plain_times()) return Bad("its validity is in a type of time that its years must not have");
  if (certificate.issuer_der() == kEmptyName) return Bad("its issuer has no name");
  if (certificate.subject_der() == kEmptyName && (certificate.is_ca() || !IsCritical(certificate, kSubjectAltName))) {
    return Bad("its subject has no name and subjectAltName is not critical, or it is an authority");
  }
  return std::nullopt;
}

Violation CheckCriticalExtensions(const Certificate& certificate) {
  for (const std::string& numbers : certificate.critical_extensions()) {
    if (absl::c_linear_search(kProcessed, numbers)) continue;
    if (absl::c_linear_search(kNeverCritical, numbers)) {
      return Bad(absl::StrCat("its extension ", numbers, " is critical, which it must not be"));
    }
    return ProfileViolation{VerifyOutcome::kUnknownCriticalExtension,
                            absl::StrCat("its extension ", numbers, " is critical and unknown here")};
  }
  for (absl::string_view numbers : {kNameConstraints, kPolicyConstraints, kInhibitAnyPolicy}) {
    if (certificate.extension(numbers).has_value() && !IsCritical(certificate, numbers)) {
      return Bad(absl::StrCat("its extension ", numbers, " is not critical, which it must be"));
    }
  }
  return std::nullopt;
}

bool IsKeyIdAlone(absl::string_view der) {
  CBS value = ToCbs(der);
  CBS fields;
  return CBS_get_asn1(&value, &fields, CBS_ASN1_SEQUENCE) == 1 && CBS_get_asn1(&fields, nullptr, kKeyIdTag) == 1 &&
         CBS_len(&fields) == 0;
}

Violation CheckKeyIds(const Certificate& certificate) {
  const std::optional<absl::string_view> authority = certificate.extension(kAuthorityKeyId);
  const bool by_itself = certificate.issuer_der() == certificate.subject_der();
  if (!authority.has_value()) {
    if (!by_itself || !certificate.IsSignedBy(certificate)) return Bad("it has no authorityKeyIdentifier");
  } else if (!IsKeyIdAlone(*authority) || certificate.authority_key_id().empty()) {
    return Bad("its authorityKeyIdentifier is not a keyIdentifier alone");
  } else if (by_itself && certificate.authority_key_id() != certificate.subject_key_id() &&
             certificate.IsSignedBy(certificate)) {
    return Bad("it has signed itself and its authorityKeyIdentifier is not its own");
  }
  if (certificate.is_ca() && certificate.subject_key_id().empty())
    return Bad("an authority has no subjectKeyIdentifier");
  return std::nullopt;
}

Violation CheckAuthorityFields(const Certificate& certificate) {
  const bool certifies = HasUsage(certificate, "keyCertSign");
  if (certifies && !certificate.is_ca()) return Bad("its keyUsage has keyCertSign and it is no authority");
  if (certificate.is_ca() && !certifies && !certificate.key_usages().empty()) {
    return Bad("it is an authority's and its keyUsage lacks keyCertSign");
  }
  if (certificate.is_ca() && !IsCritical(certificate, kBasicConstraints)) {
    return Bad("it is an authority's and its basicConstraints are not critical");
  }
  if (!certificate.is_ca() && certificate.extension(kNameConstraints).has_value()) {
    return Bad("it has nameConstraints and is no authority's");
  }
  return std::nullopt;
}

Violation CheckDnsNames(const Certificate& certificate) {
  for (absl::string_view name : certificate.dns_names()) {
    absl::ConsumePrefix(&name, "*.");
    if (!IsHostName(name)) {
      return Bad(absl::StrCat("its subjectAltName has the DNS name \"", absl::CHexEscape(name.substr(0, 256)),
                              "\", which is none"));
    }
  }
  return std::nullopt;
}

Violation CheckInfoAccess(const Certificate& certificate) {
  const std::optional<absl::string_view> der = certificate.extension(kAuthorityInfoAccess);
  if (!der.has_value()) return std::nullopt;
  const auto bad = [] { return Bad("its authorityInfoAccess cannot be decoded"); };
  if (!IsDer(*der)) return bad();
  CBS value = ToCbs(*der);
  CBS descriptions;
  if (!CBS_get_asn1(&value, &descriptions, CBS_ASN1_SEQUENCE) || CBS_len(&descriptions) == 0) return bad();
  while (CBS_len(&descriptions) > 0) {
    CBS description;
    CBS location;
    unsigned tag = 0;
    if (!CBS_get_asn1(&descriptions, &description, CBS_ASN1_SEQUENCE) ||
        !CBS_get_asn1(&description, nullptr, CBS_ASN1_OBJECT) || !CBS_get_any_asn1(&description, &location, &tag) ||
        (tag & CBS_ASN1_CLASS_MASK) != CBS_ASN1_CONTEXT_SPECIFIC || CBS_len(&description) != 0) {
      return bad();
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<ProfileViolation> CheckRules(const Certificate& certificate) {
  for (const auto check :
       {CheckFields, CheckCriticalExtensions, CheckKeyIds, CheckAuthorityFields, CheckDnsNames, CheckInfoAccess}) {
    if (Violation violation = check(certificate)) return violation;
  }
  return std::nullopt;
}

bool MayCertify(const Certificate& certificate) {
  return certificate.is_ca() && (certificate.key_usages().empty() || HasUsage(certificate, "keyCertSign"));
}

bool IsSelfIssued(const Certificate& certificate) { return certificate.issuer_der() == certificate.subject_der(); }

}  // namespace paranet::pki
