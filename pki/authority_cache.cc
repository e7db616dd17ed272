#include "pki/authority_cache.h"

namespace paranet::pki {

AuthorityCache::Authorities AuthorityCache::Find(absl::string_view pem) const {
  absl::ReaderMutexLock lock(&mu_);
  const auto found = shown_.find(pem);
  return found == shown_.end() ? nullptr : found->second;
}

void AuthorityCache::Remember(absl::string_view pem, std::vector<Certificate> authorities) {
  auto shared = std::make_shared<const std::vector<Certificate>>(std::move(authorities));
  absl::MutexLock lock(&mu_);
  if (shown_.size() >= limit_) shown_.clear();
  shown_.insert_or_assign(std::string(pem), std::move(shared));
}

bool AuthorityCache::IsSignedBy(const Certificate& certificate, const Certificate& issuer) {
  if (!certificate.is_ca()) return certificate.IsSignedBy(issuer);
  Link link{certificate.fingerprint(), issuer.fingerprint()};
  {
    absl::ReaderMutexLock lock(&mu_);
    if (signed_.contains(link)) return true;
  }
  if (!certificate.IsSignedBy(issuer)) return false;
  absl::MutexLock lock(&mu_);
  if (signed_.size() >= limit_) signed_.clear();
  signed_.insert(std::move(link));
  return true;
}

}  // namespace paranet::pki
