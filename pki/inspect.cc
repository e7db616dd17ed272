#include "pki/inspect.h"

#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/status.h"
#include "openssl/asn1.h"
#include "openssl/bio.h"
#include "openssl/bn.h"
#include "openssl/bytestring.h"
#include "openssl/ec.h"
#include "openssl/ec_key.h"
#include "openssl/err.h"
#include "openssl/evp.h"
#include "openssl/mem.h"
#include "openssl/nid.h"
#include "openssl/pem.h"
#include "openssl/pkcs7.h"
#include "openssl/rsa.h"
#include "openssl/sha.h"
#include "openssl/x509.h"
#include "openssl/x509v3.h"
#include "pki/certificate.h"
#include "pki/certificate_info.h"
#include "pki/certificate_request.h"
#include "pki/der.h"
#include "pki/identity.h"
#include "pki/revocation_list.h"
#include "pki/revocation_list_info.h"
#include "pki/subject_alt_names.h"

namespace paranet::pki {
namespace {

using Kind = Inspected::Kind;

constexpr absl::string_view kOurKey = "ECDSA P-256";
constexpr absl::string_view kOtherKey = "keys of a network are ECDSA keys on P-256";

const uint8_t* Bytes(absl::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

std::string Sha256Hex(absl::string_view bytes) {
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(Bytes(bytes), bytes.size(), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

// What a function of the i2d kind writes; empty if it cannot.
template <typename Object>
std::string Der(int (*encode)(Object, uint8_t**), Object object) {
  uint8_t* out = nullptr;
  const int size = encode(object, &out);
  if (size < 0) return "";
  const bssl::UniquePtr<uint8_t> owner(out);
  return std::string(reinterpret_cast<const char*>(out), static_cast<size_t>(size));
}

std::string KeyDescription(const EVP_PKEY* key) {
  if (key == nullptr) return "of a kind that is unknown here";
  switch (EVP_PKEY_id(key)) {
    case EVP_PKEY_RSA:
      return absl::StrCat("RSA ", EVP_PKEY_bits(key));
    case EVP_PKEY_DSA:
      return absl::StrCat("DSA ", EVP_PKEY_bits(key));
    case EVP_PKEY_ED25519:
      return "Ed25519";
    case EVP_PKEY_X25519:
      return "X25519";
    case EVP_PKEY_EC:
      switch (EC_GROUP_get_curve_name(EC_KEY_get0_group(EVP_PKEY_get0_EC_KEY(key)))) {
        case NID_X9_62_prime256v1:
          return "ECDSA P-256";
        case NID_secp384r1:
          return "ECDSA P-384";
        case NID_secp521r1:
          return "ECDSA P-521";
        case NID_secp224r1:
          return "ECDSA P-224";
        default:
          return "ECDSA";
      }
    default:
      return "of a kind that is unknown here";
  }
}

std::string PublicKeyDer(const EVP_PKEY* key) {
  bssl::ScopedCBB out;
  if (!CBB_init(out.get(), 256) || !EVP_marshal_public_key(out.get(), key)) return "";
  return std::string(reinterpret_cast<const char*>(CBB_data(out.get())), CBB_len(out.get()));
}

// As Certificate::serial() writes it.
std::string SerialText(const ASN1_INTEGER* serial) {
  const bssl::UniquePtr<BIGNUM> number(ASN1_INTEGER_to_BN(serial, nullptr));
  if (number == nullptr) return "";
  const bssl::UniquePtr<char> hex(BN_bn2hex(number.get()));
  return hex == nullptr ? "" : absl::AsciiStrToLower(hex.get());
}

int64_t UnixTime(const ASN1_TIME* time) {
  if (time == nullptr) return 0;
  const absl::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(time)),
                               static_cast<size_t>(ASN1_STRING_length(time)));
  const absl::StatusOr<absl::Time> decoded = DecodeTime(text, ASN1_STRING_type(time) == V_ASN1_UTCTIME);
  return decoded.ok() ? absl::ToUnixSeconds(*decoded) : 0;
}

void SetNames(const SubjectAltNames& names, v1::CertificateInfo* info) {
  for (const std::string& name : names.dns_names) info->add_dns_names(name);
  for (const std::string& address : names.ip_addresses) info->add_ip_addresses(address);
  if (names.uris.size() != 1) return;
  const absl::StatusOr<Identity> identity = Identity::Parse(names.uris[0]);
  if (!identity.ok()) return;
  info->set_identity(identity->ToUri());
  info->set_network(identity->network);
  info->set_name(identity->name);
  info->set_role(RoleToProto(identity->role));
}

// Only the form of what RFC 5280 allows: our own class refuses more than that.
v1::CertificateInfo DescribeLoosely(X509* x509) {
  v1::CertificateInfo info;
  info.set_subject(NameToText(X509_get_subject_name(x509)));
  info.set_issuer(NameToText(X509_get_issuer_name(x509)));
  info.set_serial(SerialText(X509_get0_serialNumber(x509)));
  info.set_not_before_unix(UnixTime(X509_get0_notBefore(x509)));
  info.set_not_after_unix(UnixTime(X509_get0_notAfter(x509)));
  const int place = X509_get_ext_by_NID(x509, NID_subject_alt_name, -1);
  if (place >= 0) {
    const absl::StatusOr<SubjectAltNames> names = DecodeSubjectAltNames(X509_get_ext(x509, place));
    if (names.ok()) SetNames(*names, &info);
  }
  const bssl::UniquePtr<BASIC_CONSTRAINTS> constraints(static_cast<BASIC_CONSTRAINTS*>(
      X509_get_ext_d2i(x509, NID_basic_constraints, /*out_critical=*/nullptr, /*out_idx=*/nullptr)));
  info.set_authority(constraints != nullptr && constraints->ca != 0);
  info.set_fingerprint(Sha256Hex(Der<X509*>(i2d_X509, x509)));
  const bssl::UniquePtr<EVP_PKEY> key(X509_get_pubkey(x509));
  info.set_key(KeyDescription(key.get()));
  return info;
}

absl::Status No(absl::string_view what) { return absl::InvalidArgumentError(absl::StrCat("is no ", what)); }

Inspected DescribeX509(X509* x509, absl::string_view der) {
  Inspected found{.kind = Kind::kCertificate};
  if (const absl::StatusOr<Certificate> strict = Certificate::FromDer(der); strict.ok()) {
    found.certificate = DescribeCertificate(*strict);
  } else {
    found.certificate = DescribeLoosely(x509);
    found.note = std::string(strict.status().message());
  }
  found.key = found.certificate.key();
  if (found.note.empty() && found.key != kOurKey) found.note = std::string(kOtherKey);
  found.public_key_fingerprint = Sha256Hex(Der<X509_PUBKEY*>(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(x509)));
  return found;
}

absl::StatusOr<Inspected> InspectCertificate(absl::string_view der, bool trusted) {
  const uint8_t* at = Bytes(der);
  const bssl::UniquePtr<X509> x509(trusted ? d2i_X509_AUX(nullptr, &at, static_cast<long>(der.size()))
                                           : d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (x509 == nullptr || at != Bytes(der) + der.size()) return No("certificate");
  return DescribeX509(x509.get(), Der<X509*>(i2d_X509, x509.get()));
}

absl::StatusOr<Inspected> InspectRequest(absl::string_view der) {
  const uint8_t* at = Bytes(der);
  const bssl::UniquePtr<X509_REQ> request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (request == nullptr || at != Bytes(der) + der.size()) return No("certification request");
  Inspected found{.kind = Kind::kRequest};
  if (const auto strict = CertificateRequest::FromDer(der); !strict.ok()) {
    found.note = std::string(strict.status().message());
  }
  found.certificate.set_subject(NameToText(X509_REQ_get_subject_name(request.get())));
  const bssl::UniquePtr<EVP_PKEY> key(X509_REQ_get_pubkey(request.get()));
  found.signed_by_its_key = key != nullptr && X509_REQ_verify(request.get(), key.get()) == 1;
  found.key = KeyDescription(key.get());
  found.certificate.set_key(found.key);
  if (key != nullptr) found.public_key_fingerprint = Sha256Hex(PublicKeyDer(key.get()));
  const bssl::UniquePtr<STACK_OF(X509_EXTENSION)> extensions(X509_REQ_get_extensions(request.get()));
  const int place = X509v3_get_ext_by_NID(extensions.get(), NID_subject_alt_name, -1);
  if (place >= 0) {
    const absl::StatusOr<SubjectAltNames> names = DecodeSubjectAltNames(X509v3_get_ext(extensions.get(), place));
    if (names.ok()) SetNames(*names, &found.certificate);
  }
  return found;
}

v1::RevocationListInfo DescribeLoosely(X509_CRL* crl, absl::string_view der) {
  v1::RevocationListInfo info;
  info.set_issuer(NameToText(X509_CRL_get_issuer(crl)));
  info.set_this_update_unix(UnixTime(X509_CRL_get0_lastUpdate(crl)));
  info.set_next_update_unix(UnixTime(X509_CRL_get0_nextUpdate(crl)));
  info.set_fingerprint(Sha256Hex(der));
  const bssl::UniquePtr<ASN1_INTEGER> number(static_cast<ASN1_INTEGER*>(
      X509_CRL_get_ext_d2i(crl, NID_crl_number, /*out_critical=*/nullptr, /*out_idx=*/nullptr)));
  if (number != nullptr) info.set_number(SerialText(number.get()));
  const STACK_OF(X509_REVOKED)* const entries = X509_CRL_get_REVOKED(crl);
  for (size_t i = 0; entries != nullptr && i < sk_X509_REVOKED_num(entries); ++i) {
    const X509_REVOKED* const entry = sk_X509_REVOKED_value(entries, i);
    v1::RevokedCertificate* const revoked = info.add_revoked();
    revoked->set_serial(SerialText(X509_REVOKED_get0_serialNumber(entry)));
    revoked->set_revoked_at_unix(UnixTime(X509_REVOKED_get0_revocationDate(entry)));
  }
  return info;
}

absl::StatusOr<Inspected> InspectList(absl::string_view der) {
  Inspected found{.kind = Kind::kRevocationList};
  const absl::StatusOr<RevocationList> strict = RevocationList::FromDer(der);
  if (strict.ok()) {
    found.list = DescribeRevocationList(*strict);
    return found;
  }
  const uint8_t* at = Bytes(der);
  const bssl::UniquePtr<X509_CRL> crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  if (crl == nullptr || at != Bytes(der) + der.size()) return No("revocation list");
  found.list = DescribeLoosely(crl.get(), der);
  found.note = std::string(strict.status().message());
  return found;
}

Inspected DescribeKey(Kind kind, const EVP_PKEY* key) {
  Inspected found{.kind = kind, .key = KeyDescription(key)};
  found.public_key_fingerprint = Sha256Hex(PublicKeyDer(key));
  if (found.key != kOurKey) found.note = std::string(kOtherKey);
  return found;
}

// PKCS#8, SEC 1 or PKCS#1, which differ in their outermost form: it is at most one of them.
absl::StatusOr<Inspected> InspectPrivateKey(absl::string_view der) {
  CBS in;
  CBS_init(&in, Bytes(der), der.size());
  bssl::UniquePtr<EVP_PKEY> key(EVP_parse_private_key(&in));
  if (key != nullptr && CBS_len(&in) == 0) return DescribeKey(Kind::kPrivateKey, key.get());
  CBS_init(&in, Bytes(der), der.size());
  const bssl::UniquePtr<EC_KEY> ec(EC_KEY_parse_private_key(&in, nullptr));
  if (ec != nullptr && CBS_len(&in) == 0) {
    key.reset(EVP_PKEY_new());
    if (EVP_PKEY_set1_EC_KEY(key.get(), ec.get())) return DescribeKey(Kind::kPrivateKey, key.get());
  }
  CBS_init(&in, Bytes(der), der.size());
  const bssl::UniquePtr<RSA> rsa(RSA_parse_private_key(&in));
  if (rsa != nullptr && CBS_len(&in) == 0) {
    key.reset(EVP_PKEY_new());
    if (EVP_PKEY_set1_RSA(key.get(), rsa.get())) return DescribeKey(Kind::kPrivateKey, key.get());
  }
  return No("private key that can be read");
}

// EncryptedPrivateKeyInfo (RFC 5958 section 3): an algorithm and octets.
absl::StatusOr<Inspected> InspectEncryptedKey(absl::string_view der) {
  CBS in, outer, algorithm, octets;
  CBS_init(&in, Bytes(der), der.size());
  if (!CBS_get_asn1(&in, &outer, CBS_ASN1_SEQUENCE) || CBS_len(&in) != 0 ||
      !CBS_get_asn1(&outer, &algorithm, CBS_ASN1_SEQUENCE) || !CBS_peek_asn1_tag(&algorithm, CBS_ASN1_OBJECT) ||
      !CBS_get_asn1(&outer, &octets, CBS_ASN1_OCTETSTRING) || CBS_len(&outer) != 0) {
    return No("encrypted private key");
  }
  return Inspected{.kind = Kind::kEncryptedPrivateKey};
}

absl::StatusOr<Inspected> InspectPublicKey(absl::string_view der) {
  CBS in;
  CBS_init(&in, Bytes(der), der.size());
  const bssl::UniquePtr<EVP_PKEY> key(EVP_parse_public_key(&in));
  if (key == nullptr || CBS_len(&in) != 0) return No("public key that can be read");
  return DescribeKey(Kind::kPublicKey, key.get());
}

absl::StatusOr<std::vector<Inspected>> InspectBundle(absl::string_view der) {
  const bssl::UniquePtr<STACK_OF(X509)> certificates(sk_X509_new_null());
  CBS in;
  CBS_init(&in, Bytes(der), der.size());
  if (certificates == nullptr || !PKCS7_get_certificates(certificates.get(), &in) || CBS_len(&in) != 0) {
    return No("PKCS#7 file with certificates");
  }
  std::vector<Inspected> all;
  for (X509* const x509 : certificates.get()) {
    all.push_back(DescribeX509(x509, Der<X509*>(i2d_X509, x509)));
  }
  return all;
}

absl::StatusOr<std::vector<Inspected>> One(absl::StatusOr<Inspected> found) {
  if (!found.ok()) return found.status();
  std::vector<Inspected> all;
  all.push_back(*std::move(found));
  return all;
}

absl::StatusOr<std::vector<Inspected>> InspectBlock(absl::string_view label, bool encrypted, absl::string_view der) {
  if (encrypted) return One(Inspected{.kind = Kind::kEncryptedPrivateKey});
  if (label == "CERTIFICATE" || label == "X509 CERTIFICATE") return One(InspectCertificate(der, /*trusted=*/false));
  if (label == "TRUSTED CERTIFICATE") return One(InspectCertificate(der, /*trusted=*/true));
  if (label == "CERTIFICATE REQUEST" || label == "NEW CERTIFICATE REQUEST") return One(InspectRequest(der));
  if (label == "X509 CRL") return One(InspectList(der));
  if (label == "ENCRYPTED PRIVATE KEY") return One(InspectEncryptedKey(der));
  if (absl::EndsWith(label, "PRIVATE KEY")) return One(InspectPrivateKey(der));
  if (label == "PUBLIC KEY") return One(InspectPublicKey(der));
  if (label == "PKCS7") return InspectBundle(der);
  return One(Inspected{.kind = Kind::kOther, .note = "nothing is known of such blocks here"});
}

absl::StatusOr<std::vector<Inspected>> InspectDer(absl::string_view der) {
  if (auto found = One(InspectCertificate(der, /*trusted=*/false)); found.ok()) return found;
  if (auto found = One(InspectRequest(der)); found.ok()) return found;
  if (auto found = One(InspectList(der)); found.ok()) return found;
  if (auto found = One(InspectPrivateKey(der)); found.ok()) return found;
  if (auto found = One(InspectPublicKey(der)); found.ok()) return found;
  if (auto found = One(InspectEncryptedKey(der)); found.ok()) return found;
  if (auto found = InspectBundle(der); found.ok()) return found;
  return absl::InvalidArgumentError(
      "neither PEM nor DER of a certificate, request, revocation list or key that can be read");
}

}  // namespace

absl::string_view InspectedKindName(Kind kind) {
  switch (kind) {
    case Kind::kCertificate:
      return "certificate";
    case Kind::kRequest:
      return "certification request";
    case Kind::kRevocationList:
      return "revocation list";
    case Kind::kPrivateKey:
      return "private key";
    case Kind::kEncryptedPrivateKey:
      return "encrypted private key";
    case Kind::kPublicKey:
      return "public key";
    case Kind::kOther:
      return "other";
  }
  return "other";
}

absl::StatusOr<std::vector<Inspected>> Inspect(absl::string_view bytes) {
  if (bytes.size() > kMaxInspected) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxInspected >> 20, " MiB"));
  }
  std::vector<Inspected> all;
  if (!absl::StrContains(bytes, "-----BEGIN ")) {
    PARANET_ASSIGN_OR_RETURN(all, InspectDer(bytes));
    for (Inspected& found : all) found.label = "DER";
    ERR_clear_error();
    return all;
  }
  const bssl::UniquePtr<BIO> in(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  if (in == nullptr) return absl::ResourceExhaustedError("no memory");
  for (size_t block = 1;; ++block) {
    char* label = nullptr;
    char* header = nullptr;
    uint8_t* data = nullptr;
    long size = 0;
    if (!PEM_read_bio(in.get(), &label, &header, &data, &size)) break;
    // Both wipe what they free.
    const bssl::UniquePtr<char> label_owner(label);
    const bssl::UniquePtr<char> header_owner(header);
    const bssl::UniquePtr<uint8_t> data_owner(data);
    const absl::string_view der(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
    absl::StatusOr<std::vector<Inspected>> found = InspectBlock(label, absl::StrContains(header, "ENCRYPTED"), der);
    if (!found.ok()) return Annotate(found.status(), absl::StrCat("PEM block ", block, " (", label, ")"));
    for (Inspected& one : *found) {
      one.label = label;
      all.push_back(std::move(one));
    }
  }
  const uint32_t error = ERR_peek_last_error();
  ERR_clear_error();
  if (all.empty() || ERR_GET_LIB(error) != ERR_LIB_PEM || ERR_GET_REASON(error) != PEM_R_NO_START_LINE) {
    return absl::InvalidArgumentError(
        absl::StrCat("what stands behind PEM block ", all.size(), " is no whole PEM block"));
  }
  return all;
}

}  // namespace paranet::pki
