// Certificates that no issuer of ours would make, to see them refused. For tests.
#ifndef PARANET_PKI_TESTUTIL_FORGE_H_
#define PARANET_PKI_TESTUTIL_FORGE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "openssl/evp.h"
#include "openssl/x509.h"
#include "pki/certificate.h"
#include "pki/identity.h"

namespace paranet::pki {

// A key as the forge holds it: of any kind.
using ForgedKey = bssl::UniquePtr<EVP_PKEY>;
ForgedKey ForgeP256Key();
ForgedKey ForgeP384Key();
ForgedKey ForgeRsaKey();

// What to put into a certificate, to the letter and without a check. Leaf(), Authority() and Root() begin with what the
// profile says; a test changes one thing.
struct Forgery {
  static Forgery Leaf(const Identity& identity);
  static Forgery Authority(absl::string_view network);
  static Forgery Root(absl::string_view network);

  // 0-based, as in X.509: 2 is version 3.
  int version = 2;
  // Big-endian; negative if `negative_serial`.
  std::string serial = "\x11\x22\x33\x44";
  bool negative_serial = false;
  // O and CN.
  std::string organization;
  std::string common_name;
  // Those of the issuer; absent: the subject of `issuer`.
  std::optional<std::string> issuer_organization;
  std::optional<std::string> issuer_common_name;
  absl::Time not_before;
  absl::Time not_after;
  const EVP_MD* digest = EVP_sha256();
  // basicConstraints: absent if not `has_basic_constraints`.
  bool has_basic_constraints = true;
  bool critical_basic_constraints = true;
  bool ca = false;
  std::optional<int> path_length;
  // keyUsage by bit numbers; absent if empty.
  std::vector<int> key_usage;
  bool critical_key_usage = true;
  // extKeyUsage, short names or dotted numbers; absent if empty.
  std::vector<std::string> extended_key_usage;
  // subjectAltName; absent if all are empty.
  std::vector<std::string> uris;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  std::vector<std::string> emails;
  bool key_ids = true;
  // Instead of the issuer's.
  std::optional<std::string> authority_key_id;
  // Further extensions.
  struct Extension {
    std::string numbers;
    bool critical = false;
    std::string der;
  };
  std::vector<Extension> extensions;
  // One bit of the signature is wrong.
  bool break_signature = false;
};

// `issuer` null: signed by itself. Ends the process if BoringSSL will not do it.
std::string ForgeDer(const Forgery& forgery, EVP_PKEY* key, const Certificate* issuer, EVP_PKEY* issuer_key);
// The same, parsed.
Certificate Forge(const Forgery& forgery, EVP_PKEY* key, const Certificate* issuer, EVP_PKEY* issuer_key);

// A root and an issuing authority with their keys, for forged leaves.
struct ForgedNetwork {
  explicit ForgedNetwork(absl::string_view network = "acme");
  // A chain of a forged leaf and the authority.
  CertificateChain Chain(const Forgery& leaf) const;

  ForgedKey root_key;
  Certificate root;
  ForgedKey authority_key;
  Certificate authority;
  ForgedKey leaf_key;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_TESTUTIL_FORGE_H_
