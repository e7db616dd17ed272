#include "pki/testutil/forge.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "openssl/asn1.h"
#include "openssl/bn.h"
#include "openssl/ec_key.h"
#include "openssl/mem.h"
#include "openssl/nid.h"
#include "openssl/obj.h"
#include "openssl/rsa.h"
#include "openssl/sha.h"
#include "openssl/x509v3.h"

namespace paranet::pki {
namespace {

void Must(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "forge: %s failed\n", what);
  std::abort();
}

const uint8_t* Bytes(absl::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

ForgedKey EcKey(int curve) {
  const bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(curve));
  ForgedKey key(EVP_PKEY_new());
  Must(EC_KEY_generate_key(ec.get()) == 1 && EVP_PKEY_set1_EC_KEY(key.get(), ec.get()) == 1, "EC key");
  return key;
}

bssl::UniquePtr<X509_NAME> Name(absl::string_view organization, absl::string_view common_name) {
  bssl::UniquePtr<X509_NAME> name(X509_NAME_new());
  for (const auto& [nid, value] : {std::pair(NID_organizationName, organization), {NID_commonName, common_name}}) {
    if (value.empty()) continue;
    Must(X509_NAME_add_entry_by_NID(name.get(), nid, V_ASN1_UTF8STRING, Bytes(value), static_cast<int>(value.size()),
                                    -1, 0) == 1,
         "name");
  }
  return name;
}

void Add(X509* x509, int nid, bool critical, void* value) {
  const bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_i2d(nid, critical ? 1 : 0, value));
  Must(extension != nullptr && X509_add_ext(x509, extension.get(), -1) == 1, "extension");
}

void AddRaw(X509* x509, const Forgery::Extension& raw) {
  const bssl::UniquePtr<ASN1_OBJECT> object(OBJ_txt2obj(raw.numbers.c_str(), 1));
  const bssl::UniquePtr<ASN1_OCTET_STRING> value(ASN1_OCTET_STRING_new());
  Must(object != nullptr && ASN1_STRING_set(value.get(), raw.der.data(), static_cast<int>(raw.der.size())) == 1,
       "raw extension");
  const bssl::UniquePtr<X509_EXTENSION> extension(
      X509_EXTENSION_create_by_OBJ(nullptr, object.get(), raw.critical ? 1 : 0, value.get()));
  Must(extension != nullptr && X509_add_ext(x509, extension.get(), -1) == 1, "raw extension");
}

void AddBasicConstraints(X509* x509, const Forgery& forgery) {
  const bssl::UniquePtr<BASIC_CONSTRAINTS> constraints(BASIC_CONSTRAINTS_new());
  constraints->ca = forgery.ca ? 1 : 0;
  if (forgery.path_length.has_value()) {
    constraints->pathlen = ASN1_INTEGER_new();
    Must(ASN1_INTEGER_set_uint64(constraints->pathlen, static_cast<uint64_t>(*forgery.path_length)) == 1, "pathlen");
  }
  Add(x509, NID_basic_constraints, forgery.critical_basic_constraints, constraints.get());
}

void AddUsages(X509* x509, const Forgery& forgery) {
  if (!forgery.key_usage.empty()) {
    const bssl::UniquePtr<ASN1_BIT_STRING> usage(ASN1_BIT_STRING_new());
    for (int bit : forgery.key_usage) Must(ASN1_BIT_STRING_set_bit(usage.get(), bit, 1) == 1, "key usage");
    Add(x509, NID_key_usage, forgery.critical_key_usage, usage.get());
  }
  if (!forgery.extended_key_usage.empty()) {
    const bssl::UniquePtr<STACK_OF(ASN1_OBJECT)> usages(sk_ASN1_OBJECT_new_null());
    for (const std::string& usage : forgery.extended_key_usage) {
      bssl::UniquePtr<ASN1_OBJECT> object(OBJ_txt2obj(usage.c_str(), 0));
      Must(object != nullptr && bssl::PushToStack(usages.get(), std::move(object)), "extended key usage");
    }
    Add(x509, NID_ext_key_usage, false, usages.get());
  }
}

void AddAltNames(X509* x509, const Forgery& forgery) {
  const bssl::UniquePtr<STACK_OF(GENERAL_NAME)> names(sk_GENERAL_NAME_new_null());
  const auto add = [&](int kind, absl::string_view content) {
    bssl::UniquePtr<GENERAL_NAME> name(GENERAL_NAME_new());
    bssl::UniquePtr<ASN1_STRING> value(kind == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new());
    Must(ASN1_STRING_set(value.get(), content.data(), static_cast<int>(content.size())) == 1, "alt name");
    GENERAL_NAME_set0_value(name.get(), kind, value.release());
    Must(bssl::PushToStack(names.get(), std::move(name)), "alt name");
  };
  for (const std::string& uri : forgery.uris) add(GEN_URI, uri);
  for (const std::string& name : forgery.dns_names) add(GEN_DNS, name);
  for (const std::string& octets : forgery.ip_addresses) add(GEN_IPADD, octets);
  for (const std::string& email : forgery.emails) add(GEN_EMAIL, email);
  if (sk_GENERAL_NAME_num(names.get()) > 0) Add(x509, NID_subject_alt_name, false, names.get());
}

void AddKeyIds(X509* x509, const Forgery& forgery, const Certificate* issuer) {
  uint8_t digest[SHA256_DIGEST_LENGTH];
  const ASN1_BIT_STRING* bits = X509_get0_pubkey_bitstr(x509);
  SHA256(ASN1_STRING_get0_data(bits), static_cast<size_t>(ASN1_STRING_length(bits)), digest);
  const std::string own(reinterpret_cast<const char*>(digest), 20);
  const bssl::UniquePtr<ASN1_OCTET_STRING> subject_id(ASN1_OCTET_STRING_new());
  Must(ASN1_STRING_set(subject_id.get(), own.data(), static_cast<int>(own.size())) == 1, "key id");
  Add(x509, NID_subject_key_identifier, false, subject_id.get());
  const std::string above = forgery.authority_key_id.value_or(issuer == nullptr ? own : issuer->subject_key_id());
  const bssl::UniquePtr<AUTHORITY_KEYID> authority_id(AUTHORITY_KEYID_new());
  authority_id->keyid = ASN1_OCTET_STRING_new();
  Must(ASN1_STRING_set(authority_id->keyid, above.data(), static_cast<int>(above.size())) == 1, "key id");
  Add(x509, NID_authority_key_identifier, false, authority_id.get());
}

Certificate ParseOrDie(const std::string& der) {
  absl::StatusOr<Certificate> certificate = Certificate::FromDer(der);
  Must(certificate.ok(), std::string(certificate.status().message()).c_str());
  return *std::move(certificate);
}

Forgery InForce() {
  Forgery forgery;
  forgery.not_before = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now())) - absl::Hours(1);
  forgery.not_after = forgery.not_before + absl::Hours(25);
  return forgery;
}

}  // namespace

ForgedKey ForgeP256Key() { return EcKey(NID_X9_62_prime256v1); }
ForgedKey ForgeP384Key() { return EcKey(NID_secp384r1); }

ForgedKey ForgeRsaKey() {
  const bssl::UniquePtr<RSA> rsa(RSA_new());
  const bssl::UniquePtr<BIGNUM> exponent(BN_new());
  ForgedKey key(EVP_PKEY_new());
  Must(BN_set_word(exponent.get(), RSA_F4) == 1 && RSA_generate_key_ex(rsa.get(), 2048, exponent.get(), nullptr) == 1 &&
           EVP_PKEY_set1_RSA(key.get(), rsa.get()) == 1,
       "RSA key");
  return key;
}

Forgery Forgery::Leaf(const Identity& identity) {
  Forgery forgery = InForce();
  forgery.organization = identity.network;
  forgery.common_name = identity.name;
  forgery.key_usage = {0};
  switch (identity.role) {
    case Role::kNode:
      forgery.extended_key_usage = {"serverAuth", "clientAuth"};
      break;
    case Role::kOperator:
      forgery.extended_key_usage = {"clientAuth"};
      break;
    case Role::kPublisher:
      forgery.extended_key_usage = {"codeSigning"};
      break;
    case Role::kRoot:
      forgery.extended_key_usage = {"serverAuth"};
      break;
  }
  forgery.uris = {identity.ToUri()};
  return forgery;
}

Forgery Forgery::Authority(absl::string_view network) {
  Forgery forgery = InForce();
  forgery.organization = std::string(network);
  forgery.common_name = absl::StrCat(network, " Issuing Authority");
  forgery.ca = true;
  forgery.path_length = 0;
  forgery.key_usage = {5, 6};
  return forgery;
}

Forgery Forgery::Root(absl::string_view network) {
  Forgery forgery = Authority(network);
  forgery.common_name = absl::StrCat(network, " Network Root");
  forgery.path_length = 1;
  return forgery;
}

std::string ForgeDer(const Forgery& forgery, EVP_PKEY* key, const Certificate* issuer, EVP_PKEY* issuer_key) {
  const bssl::UniquePtr<X509> x509(X509_new());
  Must(X509_set_version(x509.get(), forgery.version) == 1 && X509_set_pubkey(x509.get(), key) == 1, "key");
  const bssl::UniquePtr<BIGNUM> serial(BN_bin2bn(Bytes(forgery.serial), forgery.serial.size(), nullptr));
  BN_set_negative(serial.get(), forgery.negative_serial ? 1 : 0);
  Must(BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(x509.get())) != nullptr, "serial");
  const bssl::UniquePtr<X509_NAME> subject = Name(forgery.organization, forgery.common_name);
  Must(X509_set_subject_name(x509.get(), subject.get()) == 1, "subject");
  if (forgery.issuer_organization.has_value() || forgery.issuer_common_name.has_value()) {
    const bssl::UniquePtr<X509_NAME> name =
        Name(forgery.issuer_organization.value_or(""), forgery.issuer_common_name.value_or(""));
    Must(X509_set_issuer_name(x509.get(), name.get()) == 1, "issuer");
  } else {
    Must(X509_set_issuer_name(x509.get(),
                              issuer == nullptr ? subject.get() : X509_get_subject_name(issuer->native())) == 1,
         "issuer");
  }
  Must(ASN1_TIME_set(X509_getm_notBefore(x509.get()), absl::ToTimeT(forgery.not_before)) != nullptr &&
           ASN1_TIME_set(X509_getm_notAfter(x509.get()), absl::ToTimeT(forgery.not_after)) != nullptr,
       "validity");
  if (forgery.version == 2) {
    if (forgery.has_basic_constraints) AddBasicConstraints(x509.get(), forgery);
    AddUsages(x509.get(), forgery);
    AddAltNames(x509.get(), forgery);
    if (forgery.key_ids) AddKeyIds(x509.get(), forgery, issuer);
    for (const Forgery::Extension& extension : forgery.extensions) AddRaw(x509.get(), extension);
  }
  Must(X509_sign(x509.get(), issuer_key, forgery.digest) > 0, "signature");
  if (forgery.break_signature) {
    const ASN1_BIT_STRING* signature = nullptr;
    X509_get0_signature(&signature, nullptr, x509.get());
    std::string bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(signature)),
                      static_cast<size_t>(ASN1_STRING_length(signature)));
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    Must(X509_set1_signature_value(x509.get(), Bytes(bytes), bytes.size()) == 1, "signature");
  }
  uint8_t* der = nullptr;
  const int size = i2d_X509(x509.get(), &der);
  const bssl::UniquePtr<uint8_t> owner(der);
  Must(size > 0, "DER");
  return std::string(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
}

Certificate Forge(const Forgery& forgery, EVP_PKEY* key, const Certificate* issuer, EVP_PKEY* issuer_key) {
  return ParseOrDie(ForgeDer(forgery, key, issuer, issuer_key));
}

ForgedNetwork::ForgedNetwork(absl::string_view network)
    : root_key(ForgeP256Key()),
      root(Forge(Forgery::Root(network), root_key.get(), nullptr, root_key.get())),
      authority_key(ForgeP256Key()),
      authority(Forge(Forgery::Authority(network), authority_key.get(), &root, root_key.get())),
      leaf_key(ForgeP256Key()) {}

CertificateChain ForgedNetwork::Chain(const Forgery& leaf) const {
  return CertificateChain({Forge(leaf, leaf_key.get(), &authority, authority_key.get()), authority});
}

}  // namespace paranet::pki
