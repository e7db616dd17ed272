#include "pki/certificate.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>

#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "openssl/asn1.h"
#include "openssl/ec.h"
#include "openssl/ec_key.h"
#include "openssl/err.h"
#include "openssl/evp.h"
#include "openssl/mem.h"
#include "openssl/nid.h"
#include "openssl/obj.h"
#include "openssl/sha.h"
#include "openssl/x509.h"
#include "openssl/x509v3.h"
#include "pki/der.h"
#include "pki/p256.h"
#include "pki/pem.h"
#include "pki/subject_alt_names.h"

namespace paranet::pki {
namespace {

constexpr absl::string_view kLabel = "CERTIFICATE";
constexpr size_t kMaxDer = size_t{64} << 10;

absl::string_view Content(const ASN1_STRING* string) {
  return absl::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                           static_cast<size_t>(ASN1_STRING_length(string)));
}

std::string Hex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

std::string DottedNumbers(const ASN1_OBJECT* object) {
  char text[128];
  const int size = OBJ_obj2txt(text, sizeof(text), object, /*always_return_oid=*/1);
  return size <= 0 ? std::string("?") : std::string(text);
}

bool IsUtcTime(const ASN1_TIME* time) { return ASN1_STRING_type(time) == V_ASN1_UTCTIME; }

absl::StatusOr<absl::Time> DecodeTime(const ASN1_TIME* time) {
  return pki::DecodeTime(Content(time), IsUtcTime(time), /*any_year=*/true);
}

absl::Status CannotDecode(absl::string_view extension) {
  return absl::InvalidArgumentError(absl::StrCat("extension ", extension, " cannot be decoded"));
}

absl::Status DecodeBasicConstraints(const X509_EXTENSION* extension, bool& is_ca, std::optional<int>& path_length) {
  const bssl::UniquePtr<BASIC_CONSTRAINTS> decoded(static_cast<BASIC_CONSTRAINTS*>(X509V3_EXT_d2i(extension)));
  if (decoded == nullptr) return CannotDecode("basicConstraints");
  is_ca = decoded->ca != 0;
  if (decoded->pathlen == nullptr) return absl::OkStatus();
  uint64_t length = 0;
  if (!is_ca || !ASN1_INTEGER_get_uint64(&length, decoded->pathlen) ||
      length > static_cast<uint64_t>(std::numeric_limits<int>::max())) {
    return CannotDecode("basicConstraints");
  }
  path_length = static_cast<int>(length);
  return absl::OkStatus();
}

absl::Status DecodeKeyUsage(const X509_EXTENSION* extension, std::vector<std::string>& usages) {
  static constexpr const char* kNames[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                           "dataEncipherment", "keyAgreement",   "keyCertSign",
                                           "cRLSign",          "encipherOnly",   "decipherOnly"};
  const bssl::UniquePtr<ASN1_BIT_STRING> decoded(static_cast<ASN1_BIT_STRING*>(X509V3_EXT_d2i(extension)));
  if (decoded == nullptr) return CannotDecode("keyUsage");
  int bit = 0;
  for (const char* name : kNames) {
    if (ASN1_BIT_STRING_get_bit(decoded.get(), bit++)) usages.emplace_back(name);
  }
  // Section 4.2.1.3: at least one bit is set.
  return usages.empty() ? CannotDecode("keyUsage") : absl::OkStatus();
}

absl::Status DecodeExtendedKeyUsage(const X509_EXTENSION* extension, std::vector<std::string>& usages) {
  const bssl::UniquePtr<STACK_OF(ASN1_OBJECT)> decoded(static_cast<STACK_OF(ASN1_OBJECT)*>(X509V3_EXT_d2i(extension)));
  if (decoded == nullptr || sk_ASN1_OBJECT_num(decoded.get()) == 0) return CannotDecode("extKeyUsage");
  for (const ASN1_OBJECT* object : decoded.get()) {
    switch (OBJ_obj2nid(object)) {
      case NID_server_auth:
        usages.emplace_back("serverAuth");
        break;
      case NID_client_auth:
        usages.emplace_back("clientAuth");
        break;
      case NID_code_sign:
        usages.emplace_back("codeSigning");
        break;
      default:
        usages.push_back(DottedNumbers(object));
    }
  }
  return absl::OkStatus();
}

absl::Status DecodeSubjectKeyId(const X509_EXTENSION* extension, std::string& id) {
  const bssl::UniquePtr<ASN1_OCTET_STRING> decoded(static_cast<ASN1_OCTET_STRING*>(X509V3_EXT_d2i(extension)));
  if (decoded == nullptr) return CannotDecode("subjectKeyIdentifier");
  id = std::string(Content(decoded.get()));
  return absl::OkStatus();
}

absl::Status DecodeAuthorityKeyId(const X509_EXTENSION* extension, std::string& id) {
  const bssl::UniquePtr<AUTHORITY_KEYID> decoded(static_cast<AUTHORITY_KEYID*>(X509V3_EXT_d2i(extension)));
  if (decoded == nullptr) return CannotDecode("authorityKeyIdentifier");
  if (decoded->keyid != nullptr) id = std::string(Content(decoded->keyid));
  return absl::OkStatus();
}

std::string DescribeKey(EVP_PKEY* key) {
  if (key == nullptr) return "of an unknown kind";
  switch (EVP_PKEY_id(key)) {
    case EVP_PKEY_EC: {
      const EC_KEY* ec = EVP_PKEY_get0_EC_KEY(key);
      const char* curve = EC_curve_nid2nist(EC_GROUP_get_curve_name(EC_KEY_get0_group(ec)));
      return absl::StrCat("ECDSA ", curve == nullptr ? "on an unknown curve" : curve);
    }
    case EVP_PKEY_RSA:
      return absl::StrCat("RSA ", EVP_PKEY_bits(key));
    case EVP_PKEY_ED25519:
      return "Ed25519";
    default:
      return "of an unknown kind";
  }
}

}  // namespace

absl::Status Certificate::DecodeNames(Data& data) {
  X509* x509 = data.x509.get();
  data.subject = NameToText(X509_get_subject_name(x509));
  data.issuer = NameToText(X509_get_issuer_name(x509));
  data.subject_der = NameToDer(X509_get_subject_name(x509));
  data.issuer_der = NameToDer(X509_get_issuer_name(x509));
  const ASN1_INTEGER* serial = X509_get0_serialNumber(x509);
  const absl::string_view octets = Content(serial);
  data.serial =
      absl::StrCat(ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER ? "-" : "", octets.empty() ? "00" : Hex(octets));
  PARANET_ASSIGN_OR_RETURN(data.not_before, DecodeTime(X509_get0_notBefore(x509)));
  PARANET_ASSIGN_OR_RETURN(data.not_after, DecodeTime(X509_get0_notAfter(x509)));
  data.has_plain_times =
      pki::DecodeTime(Content(X509_get0_notBefore(x509)), IsUtcTime(X509_get0_notBefore(x509))).ok() &&
      pki::DecodeTime(Content(X509_get0_notAfter(x509)), IsUtcTime(X509_get0_notAfter(x509))).ok();
  return absl::OkStatus();
}

absl::Status Certificate::DecodeExtensions(Data& data) {
  const STACK_OF(X509_EXTENSION)* extensions = X509_get0_extensions(data.x509.get());
  if (extensions == nullptr) return absl::OkStatus();
  for (X509_EXTENSION* extension : extensions) {
    const ASN1_OBJECT* object = X509_EXTENSION_get_object(extension);
    std::string numbers = DottedNumbers(object);
    if (absl::c_linear_search(data.extensions, numbers)) {
      return absl::InvalidArgumentError(absl::StrCat("extension ", numbers, " comes twice"));
    }
    if (X509_EXTENSION_get_critical(extension)) data.critical_extensions.push_back(numbers);
    data.extensions.push_back(std::move(numbers));
    data.extension_contents.push_back(Content(X509_EXTENSION_get_data(extension)));

    const int nid = OBJ_obj2nid(object);
    switch (nid) {
      case NID_basic_constraints:
      case NID_key_usage:
      case NID_ext_key_usage:
      case NID_subject_key_identifier:
      case NID_authority_key_identifier:
        if (!IsDer(Content(X509_EXTENSION_get_data(extension)))) return CannotDecode(OBJ_nid2ln(nid));
        break;
      default:
        break;
    }
    switch (nid) {
      case NID_basic_constraints:
        PARANET_RETURN_IF_ERROR(DecodeBasicConstraints(extension, data.is_ca, data.path_length));
        break;
      case NID_key_usage:
        PARANET_RETURN_IF_ERROR(DecodeKeyUsage(extension, data.key_usages));
        break;
      case NID_ext_key_usage:
        PARANET_RETURN_IF_ERROR(DecodeExtendedKeyUsage(extension, data.extended_key_usages));
        break;
      case NID_subject_key_identifier:
        PARANET_RETURN_IF_ERROR(DecodeSubjectKeyId(extension, data.subject_key_id));
        break;
      case NID_authority_key_identifier:
        PARANET_RETURN_IF_ERROR(DecodeAuthorityKeyId(extension, data.authority_key_id));
        break;
      case NID_subject_alt_name: {
        PARANET_ASSIGN_OR_RETURN(SubjectAltNames names, DecodeSubjectAltNames(extension));
        data.dns_names = std::move(names.dns_names);
        data.ip_addresses = std::move(names.ip_addresses);
        data.uris = std::move(names.uris);
        data.other_names = names.other_names;
        break;
      }
      default:
        break;
    }
  }
  return absl::OkStatus();
}

absl::Status Certificate::DecodeOutline(Data& data) {
  CBS whole = ToCbs(data.der);
  CBS certificate;
  CBS tbs;
  CBS algorithm;
  CBS signature;
  uint8_t unused_bits = 0;
  if (!CBS_get_asn1(&whole, &certificate, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1_element(&certificate, &tbs, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1_element(&certificate, &algorithm, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&certificate, &signature, CBS_ASN1_BITSTRING) || CBS_len(&certificate) != 0 ||
      !CBS_get_u8(&signature, &unused_bits) || unused_bits != 0) {
    return absl::InvalidArgumentError("its signature cannot be decoded");
  }
  data.tbs = pki::Content(tbs);
  data.signature_algorithm = pki::Content(algorithm);
  data.signature = pki::Content(signature);
  CBS fields;
  CBS inner;
  if (!CBS_get_asn1(&tbs, &fields, CBS_ASN1_SEQUENCE) ||
      !CBS_get_optional_asn1(&fields, nullptr, nullptr, CBS_ASN1_CONSTRUCTED | CBS_ASN1_CONTEXT_SPECIFIC | 0) ||
      !CBS_get_asn1(&fields, nullptr, CBS_ASN1_INTEGER) || !CBS_get_asn1_element(&fields, &inner, CBS_ASN1_SEQUENCE)) {
    return absl::InvalidArgumentError("its signature algorithm cannot be decoded");
  }
  data.signed_algorithm = pki::Content(inner);
  return absl::OkStatus();
}

absl::Status Certificate::DecodeKey(Data& data) {
  uint8_t* spki = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(data.x509.get()), &spki);
  const bssl::UniquePtr<uint8_t> owner(spki);
  if (size <= 0) return absl::InvalidArgumentError("the public key cannot be decoded");
  data.public_key.assign(reinterpret_cast<const char*>(spki), static_cast<size_t>(size));
  data.p256 = ParseP256PublicKey(data.public_key);
  data.key_description = DescribeKey(bssl::UniquePtr<EVP_PKEY>(X509_get_pubkey(data.x509.get())).get());
  return absl::OkStatus();
}

absl::StatusOr<Certificate> Certificate::FromDer(absl::string_view der) {
  if (der.size() > kMaxDer) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxDer, " bytes are no certificate of ours"));
  }
  if (!IsDer(der)) return absl::InvalidArgumentError("this is no certificate: it is not in DER");
  const auto* begin = reinterpret_cast<const uint8_t*>(der.data());
  const uint8_t* position = begin;
  auto data = std::make_shared<Data>();
  // Keeps the TBSCertificate as it is here, so that X509_verify checks these very bytes.
  data->x509.reset(d2i_X509(nullptr, &position, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
  ERR_clear_error();
  if (data->x509 == nullptr || position != begin + der.size()) {
    return absl::InvalidArgumentError("this is no certificate: it cannot be decoded");
  }
  data->der = std::string(der);
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(begin, der.size(), digest);
  data->fingerprint = Hex(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
  absl::Status status = DecodeOutline(*data);
  if (status.ok()) status = DecodeNames(*data);
  if (status.ok()) status = DecodeExtensions(*data);
  if (status.ok()) status = DecodeKey(*data);
  ERR_clear_error();
  if (!status.ok()) return Annotate(status, "this is no certificate");
  return Certificate(std::move(data));
}

absl::StatusOr<Certificate> Certificate::FromPem(absl::string_view pem) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<std::string> blocks, DecodePublicPem(pem, kLabel, 1));
  return FromDer(blocks[0]);
}

std::string Certificate::ToPem() const { return EncodePublicPem(kLabel, ToDer()); }

std::optional<absl::string_view> Certificate::extension(absl::string_view numbers) const {
  for (size_t i = 0; i < data_->extensions.size(); ++i) {
    if (data_->extensions[i] == numbers) return data_->extension_contents[i];
  }
  return std::nullopt;
}

bool Certificate::VerifySignature(absl::string_view data, absl::string_view signature) const {
  return VerifyP256Signature(data_->p256.get(), data, signature);
}

bool Certificate::IsIssuedBy(const Certificate& issuer) const {
  return issuer_der() == issuer.subject_der() && !authority_key_id().empty() &&
         authority_key_id() == issuer.subject_key_id();
}

bool Certificate::IsEcdsaSha256() const {
  return data_->signature_algorithm == kEcdsaWithSha256 && data_->signed_algorithm == kEcdsaWithSha256;
}

bool Certificate::IsSignedBy(const Certificate& issuer) const {
  return IsEcdsaSha256() && issuer.VerifySignature(data_->tbs, data_->signature);
}

absl::StatusOr<CertificateChain> CertificateChain::FromPem(absl::string_view pem) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<std::string> blocks, DecodePublicPem(pem, kLabel, kMaxSize));
  std::vector<Certificate> certificates;
  for (const std::string& block : blocks) {
    absl::StatusOr<Certificate> certificate = Certificate::FromDer(block);
    if (!certificate.ok()) {
      return Annotate(certificate.status(), absl::StrCat("certificate ", certificates.size() + 1));
    }
    certificates.push_back(*std::move(certificate));
  }
  return CertificateChain(std::move(certificates));
}

absl::StatusOr<CertificateChain> CertificateChain::FromDer(const std::vector<std::string>& certificates) {
  if (certificates.empty()) return absl::InvalidArgumentError("a certificate chain without a certificate");
  if (certificates.size() > kMaxSize) {
    return absl::InvalidArgumentError(absl::StrCat("a certificate chain of more than ", kMaxSize, " certificates"));
  }
  std::vector<Certificate> decoded;
  for (const std::string& der : certificates) {
    absl::StatusOr<Certificate> certificate = Certificate::FromDer(der);
    if (!certificate.ok()) return Annotate(certificate.status(), absl::StrCat("certificate ", decoded.size() + 1));
    decoded.push_back(*std::move(certificate));
  }
  return CertificateChain(std::move(decoded));
}

std::string CertificateChain::ToPem() const {
  std::string pem;
  for (const Certificate& certificate : certificates_) pem += certificate.ToPem();
  return pem;
}

}  // namespace paranet::pki
