// X.509 certificates (RFC 5280) as values.
#ifndef PARANET_PKI_CERTIFICATE_H_
#define PARANET_PKI_CERTIFICATE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "openssl/evp.h"
#include "openssl/x509.h"

namespace paranet::pki {

// One certificate. Immutable and thread-safe; copies share it. That there is one says nothing about trust: see
// VerifyChain (verify.h).
class Certificate {
 public:
  // One whole certificate in DER, with any kind of key, signature, name and extension: what of this is good is for
  // others to decide (certificate_rules.h, certificate_profile.h). INVALID_ARGUMENT, saying what is wrong, for anything
  // else: BER that is not DER, bytes behind the end, a time that is none, an extension that comes twice (RFC 5280
  // section 4.2) or that this class knows and cannot decode, a DNS name or URI in subjectAltName with a character
  // outside printable ASCII, more than 64 KiB.
  static absl::StatusOr<Certificate> FromDer(absl::string_view der);
  // Exactly one `CERTIFICATE` block (RFC 7468).
  static absl::StatusOr<Certificate> FromPem(absl::string_view pem);

  const std::string& ToDer() const { return data_->der; }
  std::string ToPem() const;

  // SHA-256 of the DER form, in hexadecimal.
  const std::string& fingerprint() const { return data_->fingerprint; }
  // Names for people, as RFC 2253 writes them: `CN=acme Network Root,O=acme`.
  const std::string& subject() const { return data_->subject; }
  const std::string& issuer() const { return data_->issuer; }
  // The same names in DER: what is compared (section 7.1).
  const std::string& subject_der() const { return data_->subject_der; }
  const std::string& issuer_der() const { return data_->issuer_der; }
  // Lower-case hexadecimal, two digits for each octet; with `-` if negative.
  const std::string& serial() const { return data_->serial; }
  // The first and the last moment of validity, to the second (section 4.1.2.5).
  absl::Time not_before() const { return data_->not_before; }
  absl::Time not_after() const { return data_->not_after; }

  // Whether both are in the type that section 4.1.2.5 has for their years. If not, the certificate can be looked at and
  // is never accepted (certificate_rules.h).
  bool has_plain_times() const { return data_->has_plain_times; }

  // basicConstraints (section 4.2.1.9).
  bool is_ca() const { return data_->is_ca; }
  std::optional<int> path_length() const { return data_->path_length; }

  // subjectAltName (section 4.2.1.6), in the order of the certificate. Addresses as `10.0.0.1` and `2001:db8::1`.
  const std::vector<std::string>& dns_names() const { return data_->dns_names; }
  const std::vector<std::string>& ip_addresses() const { return data_->ip_addresses; }
  const std::vector<std::string>& uris() const { return data_->uris; }
  // How many names of other kinds there are.
  size_t other_names() const { return data_->other_names; }

  // keyUsage by the names of section 4.2.1.3 (`digitalSignature`), in the order of its bits; empty if there is none.
  const std::vector<std::string>& key_usages() const { return data_->key_usages; }
  // extKeyUsage by the names of section 4.2.1.12 (`serverAuth`), or dotted numbers, in the order of the certificate.
  const std::vector<std::string>& extended_key_usages() const { return data_->extended_key_usages; }

  // Dotted numbers of all extensions and of those marked critical, in the order of the certificate.
  const std::vector<std::string>& extensions() const { return data_->extensions; }
  const std::vector<std::string>& critical_extensions() const { return data_->critical_extensions; }

  // The content of an extension in DER, as a view of this object; absent if the certificate does not have it.
  std::optional<absl::string_view> extension(absl::string_view numbers) const;

  // subjectKeyIdentifier and the keyIdentifier of authorityKeyIdentifier (sections 4.2.1.2, 4.2.1.1): bytes, or empty.
  const std::string& subject_key_id() const { return data_->subject_key_id; }
  const std::string& authority_key_id() const { return data_->authority_key_id; }

  // DER SubjectPublicKeyInfo.
  const std::string& public_key() const { return data_->public_key; }
  // For people: `ECDSA P-256`, `RSA 2048`.
  const std::string& key_description() const { return data_->key_description; }

  // Whether `signature` is one by this certificate's key, as PrivateKey::Sign makes them, of `data`. False for keys
  // that are not on P-256.
  [[nodiscard]] bool VerifySignature(absl::string_view data, absl::string_view signature) const;

  // The key if it is one on P-256 in the form of p256.h, else null. Belongs to this object.
  EVP_PKEY* p256_key() const { return data_->p256.get(); }
  // Whether both places that name the signature's algorithm (sections 4.1.1.2, 4.1.2.3) say ECDSA with SHA-256, without
  // parameters (RFC 5758 section 3.2).
  [[nodiscard]] bool IsEcdsaSha256() const;
  // Whether this names `issuer` as the one that issued it: name in DER, and key identifier, which both must have.
  [[nodiscard]] bool IsIssuedBy(const Certificate& issuer) const;
  // Whether the key of `issuer` has signed this: by ECDSA P-256 with SHA-256, or it has not.
  [[nodiscard]] bool IsSignedBy(const Certificate& issuer) const;

  // Of BoringSSL; belongs to this object and is not to be changed.
  X509* native() const { return data_->x509.get(); }

  // The same bytes.
  friend bool operator==(const Certificate& a, const Certificate& b) { return a.ToDer() == b.ToDer(); }

 private:
  struct Data {
    bssl::UniquePtr<X509> x509;
    std::string der;
    // Within `der`.
    absl::string_view tbs;
    absl::string_view signature_algorithm;
    absl::string_view signed_algorithm;
    absl::string_view signature;
    std::string fingerprint;
    std::string subject;
    std::string issuer;
    std::string subject_der;
    std::string issuer_der;
    std::string serial;
    absl::Time not_before;
    absl::Time not_after;
    bool has_plain_times = false;
    bool is_ca = false;
    std::optional<int> path_length;
    std::vector<std::string> dns_names;
    std::vector<std::string> ip_addresses;
    std::vector<std::string> uris;
    size_t other_names = 0;
    std::vector<std::string> key_usages;
    std::vector<std::string> extended_key_usages;
    std::vector<std::string> extensions;
    std::vector<std::string> critical_extensions;
    // As `extensions`, within `x509`.
    std::vector<absl::string_view> extension_contents;
    std::string subject_key_id;
    std::string authority_key_id;
    std::string public_key;
    bssl::UniquePtr<EVP_PKEY> p256;
    std::string key_description;
  };

  explicit Certificate(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  static absl::Status DecodeOutline(Data& data);
  static absl::Status DecodeNames(Data& data);
  static absl::Status DecodeExtensions(Data& data);
  static absl::Status DecodeKey(Data& data);

  std::shared_ptr<const Data> data_;
};

// Certificates in the order in which they certify each other: the leaf first, then its issuer, and so on; the root is
// left out. Order and signatures are claims until VerifyChain (verify.h) has checked them.
class CertificateChain {
 public:
  CertificateChain() = default;
  explicit CertificateChain(std::vector<Certificate> certificates) : certificates_(std::move(certificates)) {}

  // At least one `CERTIFICATE` block, at most kMaxSize, no other block; text between blocks is ignored (RFC 7468
  // section 2).
  static absl::StatusOr<CertificateChain> FromPem(absl::string_view pem);
  // One DER certificate each.
  static absl::StatusOr<CertificateChain> FromDer(const std::vector<std::string>& certificates);
  static constexpr size_t kMaxSize = 16;

  std::string ToPem() const;

  bool empty() const { return certificates_.empty(); }
  size_t size() const { return certificates_.size(); }
  const Certificate& operator[](size_t index) const { return certificates_[index]; }
  // The first. There must be one.
  const Certificate& leaf() const { return certificates_.front(); }
  const std::vector<Certificate>& certificates() const { return certificates_; }

 private:
  std::vector<Certificate> certificates_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_CERTIFICATE_H_
