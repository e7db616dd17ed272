#include "pki/certificate_issuer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "core/base/status.h"
#include "openssl/bytestring.h"
#include "openssl/err.h"
#include "openssl/mem.h"
#include "openssl/obj.h"
#include "openssl/rand.h"
#include "openssl/sha.h"
#include "openssl/x509.h"
#include "pki/certificate_profile.h"
#include "pki/der.h"
#include "pki/identity.h"
#include "pki/p256.h"
#include "pki/subject_alt_names.h"

namespace paranet::pki {
namespace {

// keyUsage by the numbers of its bits (RFC 5280 section 4.2.1.3).
constexpr int kDigitalSignature = 0;
constexpr int kKeyCertSign = 5;
constexpr int kCrlSign = 6;

absl::Status OutOfMemory() {
  ERR_clear_error();
  return absl::ResourceExhaustedError("out of memory while making a certificate");
}

// Years that UTCTime and GeneralizedTime can write.
bool IsWritable(absl::Time time) {
  const auto year = absl::ToCivilYear(time, absl::UTCTimeZone()).year();
  return time != absl::InfiniteFuture() && time != absl::InfinitePast() && year >= 1950 && year <= 9999;
}

bool AddBytes(CBB* cbb, absl::string_view bytes) {
  return CBB_add_bytes(cbb, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()) == 1;
}

bool AddTime(CBB* cbb, absl::Time time) {
  unsigned tag = 0;
  const std::string text = EncodeTime(time, tag);
  CBB content;
  return CBB_add_asn1(cbb, &content, tag) && AddBytes(&content, text) && CBB_flush(cbb);
}

absl::StatusOr<std::string> Finish(CBB* cbb) {
  uint8_t* der = nullptr;
  size_t size = 0;
  if (!CBB_finish(cbb, &der, &size)) return OutOfMemory();
  const bssl::UniquePtr<uint8_t> owner(der);
  return std::string(reinterpret_cast<const char*>(der), size);
}

// Writes one certificate (RFC 5280 section 4.1) in DER; the first part that fails is remembered. The parts come in the
// order of TBSCertificate.
class Assembly {
 public:
  Assembly() {
    Check(CBB_init(tbs_.get(), 1024) && CBB_add_asn1(tbs_.get(), &fields_, CBS_ASN1_SEQUENCE) &&
          AddBytes(&fields_, kVersion3));
    AddSerial();
    Check(AddBytes(&fields_, kEcdsaWithSha256));
  }

  // Names in DER.
  void AddNamesAndValidity(absl::string_view subject, absl::string_view issuer, const CertificateValidity& validity) {
    if (!status_.ok()) return;
    if (!IsWritable(validity.not_before) || !IsWritable(validity.not_after) ||
        validity.not_after < validity.not_before) {
      status_ = absl::InvalidArgumentError(
          absl::StrCat("a certificate cannot be valid from ", absl::FormatTime(validity.not_before), " to ",
                       absl::FormatTime(validity.not_after), ": give an end after the beginning"));
      return;
    }
    CBB times;
    Check(!subject.empty() && !issuer.empty() && AddBytes(&fields_, issuer) &&
          CBB_add_asn1(&fields_, &times, CBS_ASN1_SEQUENCE) && AddTime(&times, validity.not_before) &&
          AddTime(&times, validity.not_after) && AddBytes(&fields_, subject));
  }

  // The extensions follow.
  void AddPublicKey(absl::string_view spki) {
    if (!status_.ok()) return;
    if (ParseP256PublicKey(spki) == nullptr) {
      status_ = absl::InvalidArgumentError("the key to certify is not ECDSA P-256: make a new one");
      return;
    }
    point_ = spki.substr(spki.size() - kPointSize);
    Check(AddBytes(&fields_, spki) && CBB_add_asn1(&fields_, &tagged_, kExtensionsTag) &&
          CBB_add_asn1(&tagged_, &extensions_, CBS_ASN1_SEQUENCE));
  }

  // `path_length` is that of an authority; a leaf has none.
  void AddBasicConstraints(std::optional<int> path_length) {
    Extend(kBasicConstraints, /*critical=*/true, [&](CBB* value) {
      CBB constraints;
      return CBB_add_asn1(value, &constraints, CBS_ASN1_SEQUENCE) &&
             (!path_length.has_value() || (CBB_add_asn1_bool(&constraints, 1) &&
                                           CBB_add_asn1_uint64(&constraints, static_cast<uint64_t>(*path_length)))) &&
             CBB_flush(value);
    });
  }

  void AddKeyUsage(std::initializer_list<int> bits) {
    uint8_t octet = 0;
    int last = 0;
    for (const int bit : bits) {
      octet = static_cast<uint8_t>(octet | (0x80 >> bit));
      last = std::max(last, bit);
    }
    Extend(kKeyUsage, /*critical=*/true, [&](CBB* value) {
      CBB usage;
      return CBB_add_asn1(value, &usage, CBS_ASN1_BITSTRING) && CBB_add_u8(&usage, static_cast<uint8_t>(7 - last)) &&
             CBB_add_u8(&usage, octet) && CBB_flush(value);
    });
  }

  void AddExtendedKeyUsage(Role role) {
    Extend(kExtendedKeyUsage, /*critical=*/false, [&](CBB* value) {
      CBB usages;
      if (!CBB_add_asn1(value, &usages, CBS_ASN1_SEQUENCE)) return false;
      for (const std::string& usage : ExtendedKeyUsagesOf(role)) {
        const bssl::UniquePtr<ASN1_OBJECT> object(OBJ_txt2obj(usage.c_str(), /*dont_search_names=*/0));
        CBB oid;
        if (object == nullptr || !CBB_add_asn1(&usages, &oid, CBS_ASN1_OBJECT) ||
            !CBB_add_bytes(&oid, OBJ_get0_data(object.get()), OBJ_length(object.get())) || !CBB_flush(&usages)) {
          return false;
        }
      }
      return CBB_flush(value) == 1;
    });
  }

  void AddSubjectAltNames(const LeafNames& names) {
    if (!status_.ok()) return;
    absl::StatusOr<bssl::UniquePtr<X509_EXTENSION>> extension = EncodeSubjectAltNames(
        {.dns_names = names.dns_names, .ip_addresses = names.ip_addresses, .uris = {names.identity.ToUri()}});
    if (!extension.ok()) {
      status_ = extension.status();
      return;
    }
    uint8_t* der = nullptr;
    const int size = i2d_X509_EXTENSION(extension->get(), &der);
    const bssl::UniquePtr<uint8_t> owner(der);
    Check(size > 0 && CBB_add_bytes(&extensions_, der, static_cast<size_t>(size)));
  }

  // `issuer`'s identifier, or, if null, its own. The identifier is the leftmost 160 bits of SHA-256 of the key's bits
  // (RFC 7093 section 2, method 1).
  void AddKeyIds(const Certificate* issuer) {
    if (!status_.ok()) return;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const uint8_t*>(point_.data()), point_.size(), digest);
    const absl::string_view own(reinterpret_cast<const char*>(digest), 20);
    Extend(kSubjectKeyIdentifier, /*critical=*/false, [&](CBB* value) {
      CBB id;
      return CBB_add_asn1(value, &id, CBS_ASN1_OCTETSTRING) && AddBytes(&id, own) && CBB_flush(value);
    });
    Extend(kAuthorityKeyIdentifier, /*critical=*/false, [&](CBB* value) {
      CBB sequence;
      CBB id;
      return CBB_add_asn1(value, &sequence, CBS_ASN1_SEQUENCE) &&
             CBB_add_asn1(&sequence, &id, CBS_ASN1_CONTEXT_SPECIFIC | 0) &&
             AddBytes(&id, issuer == nullptr ? own : absl::string_view(issuer->subject_key_id())) && CBB_flush(value);
    });
  }

  absl::StatusOr<Certificate> Sign(const PrivateKey& issuer_key) && {
    PARANET_RETURN_IF_ERROR(status_);
    PARANET_ASSIGN_OR_RETURN(const std::string tbs, Finish(tbs_.get()));
    PARANET_ASSIGN_OR_RETURN(const std::string signature, issuer_key.Sign(tbs));
    bssl::ScopedCBB whole;
    CBB sequence;
    CBB bits;
    if (!CBB_init(whole.get(), tbs.size() + 128) || !CBB_add_asn1(whole.get(), &sequence, CBS_ASN1_SEQUENCE) ||
        !AddBytes(&sequence, tbs) || !AddBytes(&sequence, kEcdsaWithSha256) ||
        !CBB_add_asn1(&sequence, &bits, CBS_ASN1_BITSTRING) || !CBB_add_u8(&bits, 0) || !AddBytes(&bits, signature)) {
      return OutOfMemory();
    }
    PARANET_ASSIGN_OR_RETURN(const std::string der, Finish(whole.get()));
    PARANET_ASSIGN_OR_RETURN(Certificate certificate, Certificate::FromDer(der));
    if (const auto violation = CheckCommonProfile(certificate)) return OutsideProfile(*violation);
    return certificate;
  }

  static absl::Status OutsideProfile(const ProfileViolation& violation) {
    return absl::InternalError(absl::StrCat("a certificate outside the profile was made: ", violation.diagnostic));
  }

 private:
  // [0] EXPLICIT Version, v3.
  static constexpr absl::string_view kVersion3{"\xa0\x03\x02\x01\x02", 5};
  static constexpr unsigned kExtensionsTag = CBS_ASN1_CONSTRUCTED | CBS_ASN1_CONTEXT_SPECIFIC | 3;
  // Contents of object identifiers: 2.5.29.19 and so on.
  static constexpr absl::string_view kBasicConstraints = "\x55\x1d\x13";
  static constexpr absl::string_view kKeyUsage = "\x55\x1d\x0f";
  static constexpr absl::string_view kExtendedKeyUsage = "\x55\x1d\x25";
  static constexpr absl::string_view kSubjectKeyIdentifier = "\x55\x1d\x0e";
  static constexpr absl::string_view kAuthorityKeyIdentifier = "\x55\x1d\x23";
  // Of a point on P-256, uncompressed: the end of its SubjectPublicKeyInfo.
  static constexpr size_t kPointSize = 65;

  bool Check(bool ok) {
    if (status_.ok() && !ok) status_ = OutOfMemory();
    return status_.ok();
  }

  void Extend(absl::string_view oid, bool critical, absl::FunctionRef<bool(CBB*)> write_value) {
    if (!status_.ok()) return;
    CBB extension;
    CBB id;
    CBB value;
    Check(CBB_add_asn1(&extensions_, &extension, CBS_ASN1_SEQUENCE) && CBB_add_asn1(&extension, &id, CBS_ASN1_OBJECT) &&
          AddBytes(&id, oid) && (!critical || CBB_add_asn1_bool(&extension, 1)) &&
          CBB_add_asn1(&extension, &value, CBS_ASN1_OCTETSTRING) && write_value(&value) && CBB_flush(&extensions_));
  }

  // 128 bits from the random number generator, of which the first is set: always as long, and, with an octet of zeros
  // before it, positive.
  void AddSerial() {
    uint8_t octets[17] = {};
    RAND_bytes(octets + 1, sizeof(octets) - 1);
    octets[1] |= 0x80;
    CBB serial;
    Check(CBB_add_asn1(&fields_, &serial, CBS_ASN1_INTEGER) && CBB_add_bytes(&serial, octets, sizeof(octets)) &&
          CBB_flush(&fields_));
  }

  bssl::ScopedCBB tbs_;
  // Within `tbs_`.
  CBB fields_;
  CBB tagged_;
  CBB extensions_;
  // Within the public key.
  absl::string_view point_;
  absl::Status status_;
};

absl::Status CheckIssuer(const Certificate& issuer, const PrivateKey& key, const CertificateValidity& validity) {
  if (issuer.public_key() != key.public_key()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the key is not that of \"", issuer.subject(), "\": give the one that belongs to it"));
  }
  if (validity.not_after > issuer.not_after()) {
    return absl::InvalidArgumentError(absl::StrCat("a certificate cannot be valid until ",
                                                   absl::FormatTime(validity.not_after, absl::UTCTimeZone()),
                                                   ": its issuer \"", issuer.subject(), "\" is valid until ",
                                                   absl::FormatTime(issuer.not_after(), absl::UTCTimeZone()), " only"));
  }
  return absl::OkStatus();
}

absl::Status NoIssuer(const Certificate& issuer, const ProfileViolation& violation) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", issuer.subject(), "\" cannot issue this: ", violation.diagnostic));
}

}  // namespace

absl::StatusOr<Certificate> IssueRoot(absl::string_view network, const PrivateKey& key,
                                      const CertificateValidity& validity) {
  PARANET_RETURN_IF_ERROR(CheckIdentityName(network, "network"));
  if (network.size() > kMaxNetworkName) {
    return absl::InvalidArgumentError(
        absl::StrCat("network name \"", network, "\" is too long: give at most ", kMaxNetworkName, " characters"));
  }
  Assembly assembly;
  const std::string subject = NameToDer(RootSubject(network).get());
  assembly.AddNamesAndValidity(subject, subject, validity);
  assembly.AddPublicKey(key.public_key());
  assembly.AddBasicConstraints(kRootPathLength);
  assembly.AddKeyUsage({kKeyCertSign, kCrlSign});
  assembly.AddKeyIds(nullptr);
  PARANET_ASSIGN_OR_RETURN(Certificate certificate, std::move(assembly).Sign(key));
  std::string checked;
  if (const auto violation = CheckRootProfile(certificate, checked)) return Assembly::OutsideProfile(*violation);
  return certificate;
}

absl::StatusOr<Certificate> IssueAuthority(absl::string_view public_key, const Certificate& root,
                                           const PrivateKey& root_key, const CertificateValidity& validity) {
  PARANET_RETURN_IF_ERROR(CheckIssuer(root, root_key, validity));
  std::string network;
  if (const auto violation = CheckRootProfile(root, network)) return NoIssuer(root, *violation);
  Assembly assembly;
  assembly.AddNamesAndValidity(NameToDer(IssuingSubject(network).get()), root.subject_der(), validity);
  assembly.AddPublicKey(public_key);
  assembly.AddBasicConstraints(kIssuingPathLength);
  assembly.AddKeyUsage({kKeyCertSign, kCrlSign});
  assembly.AddKeyIds(&root);
  PARANET_ASSIGN_OR_RETURN(Certificate certificate, std::move(assembly).Sign(root_key));
  if (const auto violation = CheckIssuingProfile(certificate, network)) return Assembly::OutsideProfile(*violation);
  return certificate;
}

absl::StatusOr<Certificate> IssueLeaf(const LeafNames& names, absl::string_view public_key,
                                      const Certificate& authority, const PrivateKey& authority_key,
                                      const CertificateValidity& validity) {
  PARANET_RETURN_IF_ERROR(CheckLeafNames(names));
  PARANET_RETURN_IF_ERROR(CheckIssuer(authority, authority_key, validity));
  std::string network;
  if (const auto violation = CheckIssuingProfile(authority, network)) return NoIssuer(authority, *violation);
  if (names.identity.network != network) {
    return absl::InvalidArgumentError(absl::StrCat("\"", authority.subject(), "\" cannot issue a certificate for ",
                                                   names.identity.ToUri(), ", which is of another network"));
  }
  Assembly assembly;
  assembly.AddNamesAndValidity(NameToDer(LeafSubject(names.identity).get()), authority.subject_der(), validity);
  assembly.AddPublicKey(public_key);
  assembly.AddBasicConstraints(std::nullopt);
  assembly.AddKeyUsage({kDigitalSignature});
  assembly.AddExtendedKeyUsage(names.identity.role);
  assembly.AddSubjectAltNames(names);
  assembly.AddKeyIds(&authority);
  PARANET_ASSIGN_OR_RETURN(Certificate certificate, std::move(assembly).Sign(authority_key));
  std::optional<Identity> identity;
  if (const auto violation = CheckLeafProfile(certificate, identity)) return Assembly::OutsideProfile(*violation);
  return certificate;
}

}  // namespace paranet::pki
