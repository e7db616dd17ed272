// Authorities that verified peers have shown. Private to pki.
#ifndef PARANET_PKI_AUTHORITY_CACHE_H_
#define PARANET_PKI_AUTHORITY_CACHE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "pki/certificate.h"

namespace paranet::pki {

// All peers of a network show the same authorities behind their own certificates. What never changes about those is
// found out once: what their bytes say, and that an issuer's key has signed them. Everything that may change (validity,
// revocation, trust, the profile of the path) is no matter of this cache, and a leaf's signature is checked each time.
//
// Thread-safe. Holds at most `limit` of each kind and forgets all when there would be more.
class AuthorityCache {
 public:
  using Authorities = std::shared_ptr<const std::vector<Certificate>>;

  explicit AuthorityCache(size_t limit) : limit_(limit) {}

  // What CertificateChain::FromPem makes of `pem`, if that has been remembered; else null.
  Authorities Find(absl::string_view pem) const;
  // To be called for what was verified, so that strangers fill nothing.
  void Remember(absl::string_view pem, std::vector<Certificate> authorities);

  // As Certificate::IsSignedBy. Only that an authority is signed is remembered.
  [[nodiscard]] bool IsSignedBy(const Certificate& certificate, const Certificate& issuer);

 private:
  // Fingerprints of an authority's certificate and of its issuer's.
  using Link = std::pair<std::string, std::string>;

  const size_t limit_;
  mutable absl::Mutex mu_;
  absl::flat_hash_map<std::string, Authorities> shown_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_set<Link> signed_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_AUTHORITY_CACHE_H_
