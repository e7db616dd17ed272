#include "core/node/trust_audit.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"

namespace paranet {
namespace {

std::string Describe(const pki::TrustConstraints& constraints) {
  std::vector<absl::string_view> roles;
  for (const pki::Role role : constraints.roles) roles.push_back(pki::RoleName(role));
  return absl::StrCat("roles ", roles.empty() ? "all" : absl::StrJoin(roles, ","), ", names ",
                      constraints.names.empty() ? "all" : absl::StrJoin(constraints.names, ","));
}

// Whether `roots` has this one, with the same constraints.
bool Has(const std::vector<pki::TrustStore::Root>& roots, const pki::TrustStore::Root& root) {
  return std::any_of(roots.begin(), roots.end(), [&](const pki::TrustStore::Root& other) {
    return other.certificate == root.certificate && other.constraints == root.constraints;
  });
}

}  // namespace

TrustAudit::TrustAudit(std::shared_ptr<pki::NodeTrust> trust, AuditLog* audit)
    : trust_(std::move(trust)), audit_(audit), self_(trust_->self()), last_(trust_->state()) {
  subscription_ = trust_->Subscribe([this](const std::shared_ptr<const pki::TrustState>& now) { Changed(now); });
}

TrustAudit::~TrustAudit() { trust_->Unsubscribe(subscription_); }

void TrustAudit::Changed(const std::shared_ptr<const pki::TrustState>& now) {
  std::shared_ptr<const pki::TrustState> last = now;
  {
    absl::MutexLock lock(&mu_);
    last_.swap(last);
  }
  const std::string actor = audit_->actor();
  const pki::Certificate& leaf = now->identity->chain().leaf();
  if (!(leaf == last->identity->chain().leaf())) {
    audit_->Note(AuditKind::kRenewed, actor, self_.ToUri(),
                 absl::StrCat("serial ", leaf.serial(), ", until ",
                              absl::FormatTime(absl::RFC3339_sec, leaf.not_after(), absl::UTCTimeZone())));
  }
  if (now->bundle_revision != last->bundle_revision) {
    audit_->Note(AuditKind::kBundleAdopted, actor, self_.network, absl::StrCat("revision ", now->bundle_revision));
  }
  const std::vector<pki::TrustStore::Root>& roots = now->identity->trust()->roots();
  const std::vector<pki::TrustStore::Root>& before = last->identity->trust()->roots();
  for (const pki::TrustStore::Root& root : roots) {
    if (Has(before, root)) continue;
    audit_->Note(AuditKind::kRootAdded, actor, root.certificate.subject(),
                 absl::StrCat(root.certificate.fingerprint(), ", ", Describe(root.constraints)));
  }
  for (const pki::TrustStore::Root& root : before) {
    if (Has(roots, root)) continue;
    audit_->Note(AuditKind::kRootRemoved, actor, root.certificate.subject(), root.certificate.fingerprint());
  }
  for (const pki::RevocationList& list : now->revocations->lists()) {
    const pki::RevocationList* const other = last->revocations->Of(list.issuer_der(), list.authority_key_id());
    if (other != nullptr && *other == list) continue;
    audit_->Note(AuditKind::kListAdopted, actor, list.issuer(),
                 absl::StrCat("number ", list.number(), ", ", list.entries().size(), " revoked"));
  }
}

}  // namespace paranet
