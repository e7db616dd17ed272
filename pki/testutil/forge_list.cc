#include "pki/testutil/forge_list.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "openssl/asn1.h"
#include "openssl/bn.h"
#include "openssl/mem.h"
#include "openssl/nid.h"
#include "openssl/obj.h"
#include "openssl/x509.h"
#include "openssl/x509v3.h"

namespace paranet::pki {
namespace {

void Must(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "forge: %s failed\n", what);
  std::abort();
}

bssl::UniquePtr<X509_EXTENSION> Raw(const Forgery::Extension& raw) {
  const bssl::UniquePtr<ASN1_OBJECT> object(OBJ_txt2obj(raw.numbers.c_str(), 1));
  const bssl::UniquePtr<ASN1_OCTET_STRING> value(ASN1_OCTET_STRING_new());
  Must(object != nullptr && ASN1_STRING_set(value.get(), raw.der.data(), static_cast<int>(raw.der.size())) == 1,
       "raw extension");
  return bssl::UniquePtr<X509_EXTENSION>(
      X509_EXTENSION_create_by_OBJ(nullptr, object.get(), raw.critical ? 1 : 0, value.get()));
}

void Add(X509_CRL* list, int nid, bool critical, void* value) {
  const bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_i2d(nid, critical ? 1 : 0, value));
  Must(extension != nullptr && X509_CRL_add_ext(list, extension.get(), -1) == 1, "list extension");
}

bssl::UniquePtr<ASN1_TIME> Time(absl::Time time) {
  return bssl::UniquePtr<ASN1_TIME>(ASN1_TIME_set(nullptr, absl::ToTimeT(time)));
}

void AddEntry(X509_CRL* list, const ListForgery::Entry& entry) {
  bssl::UniquePtr<X509_REVOKED> revoked(X509_REVOKED_new());
  const bssl::UniquePtr<BIGNUM> number(
      BN_bin2bn(reinterpret_cast<const uint8_t*>(entry.serial.data()), entry.serial.size(), nullptr));
  const bssl::UniquePtr<ASN1_INTEGER> serial(BN_to_ASN1_INTEGER(number.get(), nullptr));
  Must(X509_REVOKED_set_serialNumber(revoked.get(), serial.get()) == 1 &&
           X509_REVOKED_set_revocationDate(revoked.get(), Time(entry.revoked_at).get()) == 1,
       "list entry");
  for (const Forgery::Extension& extension : entry.extensions) {
    Must(X509_REVOKED_add_ext(revoked.get(), Raw(extension).get(), -1) == 1, "entry extension");
  }
  Must(X509_CRL_add0_revoked(list, revoked.release()) == 1, "list entry");
}

}  // namespace

ListForgery::ListForgery()
    : this_update(absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now())) - absl::Minutes(30)),
      next_update(this_update + absl::Hours(24)) {}

std::string ForgeListDer(const ListForgery& forgery, const Certificate& issuer, EVP_PKEY* key) {
  const bssl::UniquePtr<X509_CRL> list(X509_CRL_new());
  Must(X509_CRL_set_version(list.get(), forgery.version) == 1 &&
           X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.native())) == 1 &&
           X509_CRL_set1_lastUpdate(list.get(), Time(forgery.this_update).get()) == 1,
       "list");
  if (forgery.next_update.has_value()) {
    Must(X509_CRL_set1_nextUpdate(list.get(), Time(*forgery.next_update).get()) == 1, "nextUpdate");
  }
  for (const ListForgery::Entry& entry : forgery.entries) AddEntry(list.get(), entry);
  const std::string key_id = forgery.authority_key_id.value_or(issuer.subject_key_id());
  if (!key_id.empty()) {
    const bssl::UniquePtr<AUTHORITY_KEYID> id(AUTHORITY_KEYID_new());
    id->keyid = ASN1_OCTET_STRING_new();
    Must(ASN1_STRING_set(id->keyid, key_id.data(), static_cast<int>(key_id.size())) == 1, "key id");
    Add(list.get(), NID_authority_key_identifier, false, id.get());
  }
  if (forgery.number.has_value()) {
    const bssl::UniquePtr<ASN1_INTEGER> number(ASN1_INTEGER_new());
    Must(ASN1_INTEGER_set_uint64(number.get(), *forgery.number) == 1, "number");
    Add(list.get(), NID_crl_number, forgery.critical_number, number.get());
  }
  for (const Forgery::Extension& extension : forgery.extensions) {
    Must(X509_CRL_add_ext(list.get(), Raw(extension).get(), -1) == 1, "list extension");
  }
  Must(X509_CRL_sign(list.get(), key, forgery.digest) > 0, "list signature");
  uint8_t* der = nullptr;
  const int size = i2d_X509_CRL(list.get(), &der);
  const bssl::UniquePtr<uint8_t> owner(der);
  Must(size > 0, "DER");
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  // The signature is what comes last.
  if (forgery.break_signature) bytes.back() = static_cast<char>(bytes.back() ^ 1);
  return bytes;
}

RevocationList ForgeList(const ListForgery& forgery, const Certificate& issuer, EVP_PKEY* key) {
  absl::StatusOr<RevocationList> list = RevocationList::FromDer(ForgeListDer(forgery, issuer, key));
  Must(list.ok(), std::string(list.status().message()).c_str());
  return *std::move(list);
}

}  // namespace paranet::pki
