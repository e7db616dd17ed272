// Revocation lists that no issuer of ours would make, to see them refused. For tests.
#ifndef PARANET_PKI_TESTUTIL_FORGE_LIST_H_
#define PARANET_PKI_TESTUTIL_FORGE_LIST_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "openssl/evp.h"
#include "pki/certificate.h"
#include "pki/revocation_list.h"
#include "pki/testutil/forge.h"

namespace paranet::pki {

// What to put into a list, to the letter and without a check; begins with what an authority of ours would say.
struct ListForgery {
  ListForgery();

  // 0-based, as in X.509: 1 is version 2.
  int version = 1;
  absl::Time this_update;
  std::optional<absl::Time> next_update;
  const EVP_MD* digest = EVP_sha256();
  // cRLNumber: absent if nullopt.
  std::optional<uint64_t> number = 1;
  bool critical_number = false;
  // Instead of the issuer's; empty: no authorityKeyIdentifier.
  std::optional<std::string> authority_key_id;
  struct Entry {
    // Big-endian.
    std::string serial;
    absl::Time revoked_at;
    std::vector<Forgery::Extension> extensions;
  };
  std::vector<Entry> entries;
  // Further extensions.
  std::vector<Forgery::Extension> extensions;
  // One bit of the signature is wrong.
  bool break_signature = false;
};

// Ends the process if BoringSSL will not do it.
std::string ForgeListDer(const ListForgery& forgery, const Certificate& issuer, EVP_PKEY* key);
// The same, parsed.
RevocationList ForgeList(const ListForgery& forgery, const Certificate& issuer, EVP_PKEY* key);

}  // namespace paranet::pki

#endif  // PARANET_PKI_TESTUTIL_FORGE_LIST_H_
