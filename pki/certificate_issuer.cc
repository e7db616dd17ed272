#include "pki/certificate_issuer.h"

#include <cstdint>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "core/base/status.h"
#include "openssl/asn1.h"
#include "openssl/bn.h"
#include "openssl/digest.h"
#include "openssl/err.h"
#include "openssl/evp.h"
#include "openssl/mem.h"
#include "openssl/nid.h"
#include "openssl/rand.h"
#include "openssl/sha.h"
#include "openssl/x509.h"
#include "openssl/x509v3.h"
#include "pki/certificate_profile.h"
#include "pki/identity.h"
#include "pki/p256.h"
#include "pki/secret_access.h"
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

// Collects the parts of one certificate; the first that fails is remembered.
class Assembly {
 public:
  explicit Assembly(absl::string_view public_key) : x509_(X509_new()), key_(ParseP256PublicKey(public_key)) {
    if (x509_ == nullptr) {
      status_ = OutOfMemory();
    } else if (key_ == nullptr) {
      status_ = absl::InvalidArgumentError("the key to certify is not ECDSA P-256: make a new one");
    } else {
      Check(X509_set_version(x509_.get(), X509_VERSION_3) && X509_set_pubkey(x509_.get(), key_.get()));
      SetSerial();
    }
  }

  void SetNames(const bssl::UniquePtr<X509_NAME>& subject, X509_NAME* issuer) {
    Check(subject != nullptr && X509_set_subject_name(x509_.get(), subject.get()) &&
          X509_set_issuer_name(x509_.get(), issuer));
  }

  void SetValidity(const CertificateValidity& validity) {
    if (!status_.ok()) return;
    if (!IsWritable(validity.not_before) || !IsWritable(validity.not_after) ||
        validity.not_after < validity.not_before) {
      status_ = absl::InvalidArgumentError(
          absl::StrCat("a certificate cannot be valid from ", absl::FormatTime(validity.not_before), " to ",
                       absl::FormatTime(validity.not_after), ": give an end after the beginning"));
      return;
    }
    Check(ASN1_TIME_set(X509_getm_notBefore(x509_.get()), absl::ToTimeT(validity.not_before)) != nullptr &&
          ASN1_TIME_set(X509_getm_notAfter(x509_.get()), absl::ToTimeT(validity.not_after)) != nullptr);
  }

  // `path_length` is that of an authority; a leaf has none.
  void AddBasicConstraints(std::optional<int> path_length) {
    const bssl::UniquePtr<BASIC_CONSTRAINTS> constraints(BASIC_CONSTRAINTS_new());
    if (!Check(constraints != nullptr)) return;
    if (path_length.has_value()) {
      constraints->ca = 1;
      constraints->pathlen = ASN1_INTEGER_new();
      if (!Check(constraints->pathlen != nullptr &&
                 ASN1_INTEGER_set_uint64(constraints->pathlen, static_cast<uint64_t>(*path_length)))) {
        return;
      }
    }
    Add(NID_basic_constraints, /*critical=*/true, constraints.get());
  }

  void AddKeyUsage(std::initializer_list<int> bits) {
    const bssl::UniquePtr<ASN1_BIT_STRING> usage(ASN1_BIT_STRING_new());
    if (!Check(usage != nullptr)) return;
    for (int bit : bits) {
      if (!Check(ASN1_BIT_STRING_set_bit(usage.get(), bit, 1))) return;
    }
    Add(NID_key_usage, /*critical=*/true, usage.get());
  }

  void AddExtendedKeyUsage(Role role) {
    const bssl::UniquePtr<STACK_OF(ASN1_OBJECT)> usages(sk_ASN1_OBJECT_new_null());
    if (!Check(usages != nullptr)) return;
    for (const std::string& usage : ExtendedKeyUsagesOf(role)) {
      bssl::UniquePtr<ASN1_OBJECT> object(OBJ_txt2obj(usage.c_str(), /*dont_search_names=*/0));
      if (!Check(object != nullptr && bssl::PushToStack(usages.get(), std::move(object)))) return;
    }
    Add(NID_ext_key_usage, /*critical=*/false, usages.get());
  }

  void AddSubjectAltNames(const LeafNames& names) {
    if (!status_.ok()) return;
    absl::StatusOr<bssl::UniquePtr<X509_EXTENSION>> extension = EncodeSubjectAltNames(
        {.dns_names = names.dns_names, .ip_addresses = names.ip_addresses, .uris = {names.identity.ToUri()}});
    if (!extension.ok()) {
      status_ = extension.status();
      return;
    }
    Check(X509_add_ext(x509_.get(), extension->get(), -1));
  }

  // `issuer`'s identifier, or, if null, its own. The identifier is the leftmost 160 bits of SHA-256 of the key's bits
  // (RFC 7093 section 2, method 1).
  void AddKeyIds(const Certificate* issuer) {
    if (!status_.ok()) return;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    const ASN1_BIT_STRING* bits = X509_get0_pubkey_bitstr(x509_.get());
    SHA256(ASN1_STRING_get0_data(bits), static_cast<size_t>(ASN1_STRING_length(bits)), digest);
    const absl::string_view own(reinterpret_cast<const char*>(digest), 20);

    const bssl::UniquePtr<ASN1_OCTET_STRING> subject_id(ASN1_OCTET_STRING_new());
    if (!Check(subject_id != nullptr && Set(subject_id.get(), own))) return;
    Add(NID_subject_key_identifier, /*critical=*/false, subject_id.get());

    const bssl::UniquePtr<AUTHORITY_KEYID> authority_id(AUTHORITY_KEYID_new());
    if (!Check(authority_id != nullptr)) return;
    authority_id->keyid = ASN1_OCTET_STRING_new();
    if (!Check(authority_id->keyid != nullptr &&
               Set(authority_id->keyid, issuer == nullptr ? own : issuer->subject_key_id()))) {
      return;
    }
    Add(NID_authority_key_identifier, /*critical=*/false, authority_id.get());
  }

  absl::StatusOr<Certificate> Sign(const PrivateKey& issuer_key) && {
    if (!status_.ok()) return status_;
    const SecretAccess access("to sign a certificate");
    uint8_t* der = nullptr;
    if (X509_sign(x509_.get(), issuer_key.Native(access), EVP_sha256()) <= 0) return OutOfMemory();
    const int size = i2d_X509(x509_.get(), &der);
    const bssl::UniquePtr<uint8_t> owner(der);
    if (size <= 0) return OutOfMemory();
    PARANET_ASSIGN_OR_RETURN(
        Certificate certificate,
        Certificate::FromDer(absl::string_view(reinterpret_cast<const char*>(der), static_cast<size_t>(size))));
    if (const auto violation = CheckCommonProfile(certificate)) return OutsideProfile(*violation);
    return certificate;
  }

  static absl::Status OutsideProfile(const ProfileViolation& violation) {
    return absl::InternalError(absl::StrCat("a certificate outside the profile was made: ", violation.diagnostic));
  }

 private:
  bool Check(bool ok) {
    if (status_.ok() && !ok) status_ = OutOfMemory();
    return status_.ok();
  }

  static bool Set(ASN1_OCTET_STRING* string, absl::string_view bytes) {
    return ASN1_STRING_set(string, bytes.data(), static_cast<int>(bytes.size())) == 1;
  }

  void Add(int nid, bool critical, void* value) {
    if (!status_.ok()) return;
    bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_i2d(nid, critical ? 1 : 0, value));
    Check(extension != nullptr && X509_add_ext(x509_.get(), extension.get(), -1));
  }

  void SetSerial() {
    uint8_t octets[16];
    RAND_bytes(octets, sizeof(octets));
    octets[0] |= 0x80;
    const bssl::UniquePtr<BIGNUM> number(BN_bin2bn(octets, sizeof(octets), nullptr));
    Check(number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509_.get())) != nullptr);
  }

  bssl::UniquePtr<X509> x509_;
  const bssl::UniquePtr<EVP_PKEY> key_;
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
  Assembly assembly(key.public_key());
  const bssl::UniquePtr<X509_NAME> subject = RootSubject(network);
  assembly.SetNames(subject, subject.get());
  assembly.SetValidity(validity);
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
  Assembly assembly(public_key);
  assembly.SetNames(IssuingSubject(network), X509_get_subject_name(root.native()));
  assembly.SetValidity(validity);
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
  Assembly assembly(public_key);
  assembly.SetNames(LeafSubject(names.identity), X509_get_subject_name(authority.native()));
  assembly.SetValidity(validity);
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
