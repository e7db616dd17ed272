#include "pki/certificate_request.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdint>
#include <set>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"
#include "openssl/asn1.h"
#include "openssl/digest.h"
#include "openssl/err.h"
#include "openssl/evp.h"
#include "openssl/mem.h"
#include "openssl/nid.h"
#include "openssl/x509.h"
#include "pki/certificate_profile.h"
#include "pki/der.h"
#include "pki/p256.h"
#include "pki/pem.h"
#include "pki/secret_access.h"
#include "pki/subject_alt_names.h"

namespace paranet::pki {
namespace {

constexpr absl::string_view kLabel = "CERTIFICATE REQUEST";
constexpr size_t kMaxDer = size_t{64} << 10;
constexpr size_t kMaxNames = 32;
constexpr size_t kMaxHostName = 253;
constexpr size_t kMaxHostLabel = 63;

absl::Status OutOfMemory() {
  ERR_clear_error();
  return absl::ResourceExhaustedError("out of memory while making a certificate request");
}

absl::Status NoRequest(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("this is no certificate request of ours: ", why));
}

bool IsHostName(absl::string_view name) {
  if (name.empty() || name.size() > kMaxHostName) return false;
  for (absl::string_view label : absl::StrSplit(name, '.')) {
    if (label.empty() || label.size() > kMaxHostLabel || label.front() == '-' || label.back() == '-') return false;
    for (char c : label) {
      const auto byte = static_cast<unsigned char>(c);
      if (!absl::ascii_islower(byte) && !absl::ascii_isdigit(byte) && c != '-') return false;
    }
  }
  return true;
}

// The one way of writing an address that inet_ntop has.
bool IsAddress(const std::string& address) {
  char text[INET6_ADDRSTRLEN];
  in6_addr octets;
  for (int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, address.c_str(), &octets) == 1 && inet_ntop(family, &octets, text, sizeof(text)) != nullptr &&
        address == text) {
      return true;
    }
  }
  return false;
}

template <typename Predicate>
absl::Status CheckNames(const std::vector<std::string>& names, absl::string_view what, Predicate is_valid) {
  if (names.size() > kMaxNames) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxNames, " ", what, "s: give fewer"));
  }
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!is_valid(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", absl::CHexEscape(name.substr(0, kMaxHostName)), "\" is no ", what));
    }
    if (!seen.insert(name).second) {
      return absl::InvalidArgumentError(absl::StrCat(what, " ", name, " is given twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckLeafNames(const LeafNames& names) {
  PARANET_RETURN_IF_ERROR(Identity::Parse(names.identity.ToUri()).status());
  PARANET_RETURN_IF_ERROR(CheckNames(names.dns_names, "lower-case host name", IsHostName));
  return CheckNames(names.ip_addresses, "IP address", IsAddress);
}

absl::StatusOr<CertificateRequest> CertificateRequest::Create(const PrivateKey& key, const LeafNames& names) {
  PARANET_RETURN_IF_ERROR(CheckLeafNames(names));
  PARANET_ASSIGN_OR_RETURN(
      bssl::UniquePtr<X509_EXTENSION> extension,
      EncodeSubjectAltNames(
          {.dns_names = names.dns_names, .ip_addresses = names.ip_addresses, .uris = {names.identity.ToUri()}}));
  const bssl::UniquePtr<X509_REQ> request(X509_REQ_new());
  const bssl::UniquePtr<X509_NAME> subject = LeafSubject(names.identity);
  const bssl::UniquePtr<STACK_OF(X509_EXTENSION)> extensions(sk_X509_EXTENSION_new_null());
  const SecretAccess access("to sign a request: proof of possession");
  EVP_PKEY* native = key.Native(access);
  if (request == nullptr || subject == nullptr || extensions == nullptr ||
      !bssl::PushToStack(extensions.get(), std::move(extension)) ||
      !X509_REQ_set_subject_name(request.get(), subject.get()) || !X509_REQ_set_pubkey(request.get(), native) ||
      !X509_REQ_add_extensions(request.get(), extensions.get()) ||
      X509_REQ_sign(request.get(), native, EVP_sha256()) <= 0) {
    return OutOfMemory();
  }
  uint8_t* der = nullptr;
  const int size = i2d_X509_REQ(request.get(), &der);
  const bssl::UniquePtr<uint8_t> owner(der);
  if (size <= 0) return OutOfMemory();
  return FromDer(absl::string_view(reinterpret_cast<const char*>(der), static_cast<size_t>(size)));
}

absl::StatusOr<CertificateRequest> CertificateRequest::FromDer(absl::string_view der) {
  if (der.size() > kMaxDer) return NoRequest("it is too long");
  if (!IsDer(der)) return NoRequest("it is not in DER");
  const auto* begin = reinterpret_cast<const uint8_t*>(der.data());
  const uint8_t* position = begin;
  const bssl::UniquePtr<X509_REQ> request(
      d2i_X509_REQ(nullptr, &position, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
  ERR_clear_error();
  if (request == nullptr || position != begin + der.size()) return NoRequest("it cannot be decoded");

  const bssl::UniquePtr<EVP_PKEY> native(X509_REQ_get_pubkey(request.get()));
  uint8_t* spki = nullptr;
  const int spki_size = native == nullptr ? 0 : i2d_PUBKEY(native.get(), &spki);
  const bssl::UniquePtr<uint8_t> owner(spki);
  ERR_clear_error();
  std::string public_key(reinterpret_cast<const char*>(spki), static_cast<size_t>(spki_size > 0 ? spki_size : 0));
  const bssl::UniquePtr<EVP_PKEY> key = ParseP256PublicKey(public_key);
  if (key == nullptr) return NoRequest("its key is not ECDSA P-256; make a new key");
  if (X509_REQ_get_signature_nid(request.get()) != NID_ecdsa_with_SHA256) {
    return NoRequest("it is not signed with ECDSA and SHA-256");
  }
  const bool possesses_key = X509_REQ_verify(request.get(), key.get()) == 1;
  ERR_clear_error();
  if (!possesses_key) return NoRequest("its key has not signed it (was it altered?)");

  const bssl::UniquePtr<STACK_OF(X509_EXTENSION)> extensions(X509_REQ_get_extensions(request.get()));
  ERR_clear_error();
  if (extensions == nullptr || sk_X509_EXTENSION_num(extensions.get()) != 1) {
    return NoRequest("it does not ask for exactly one extension, subjectAltName");
  }
  absl::StatusOr<SubjectAltNames> decoded = DecodeSubjectAltNames(sk_X509_EXTENSION_value(extensions.get(), 0));
  if (!decoded.ok()) return NoRequest(decoded.status().message());
  if (decoded->uris.size() != 1 || decoded->other_names != 0) {
    return NoRequest("its subjectAltName is not one URI, the identity, with DNS names and IP addresses");
  }
  LeafNames names;
  absl::StatusOr<Identity> identity = Identity::Parse(decoded->uris[0]);
  if (!identity.ok()) return NoRequest(identity.status().message());
  names.identity = *std::move(identity);
  names.dns_names = std::move(decoded->dns_names);
  names.ip_addresses = std::move(decoded->ip_addresses);
  if (absl::Status status = CheckLeafNames(names); !status.ok()) return NoRequest(status.message());
  return CertificateRequest(std::string(der), std::move(names), std::move(public_key));
}

absl::StatusOr<CertificateRequest> CertificateRequest::FromPem(absl::string_view pem) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<std::string> blocks, DecodePublicPem(pem, kLabel, 1));
  return FromDer(blocks[0]);
}

std::string CertificateRequest::ToPem() const { return EncodePublicPem(kLabel, der_); }

}  // namespace paranet::pki
