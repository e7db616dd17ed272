#include "pki/root/root_revocation.h"

#include <memory>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/sqlite.h"
#include "core/base/status.h"
#include "pki/private_key.h"
#include "pki/root/audit_trail.h"
#include "pki/root/authority_book.h"
#include "pki/root/list_signer.h"
#include "pki/root/root_lives.h"

namespace paranet::pki {
namespace {

std::string Utc(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

// Signs the authorities' lists of what was revoked; those of issuing authorities as long-lived as the ones before.
absl::Status SignListsOf(Database& database, const RootState::View& view, const std::set<std::string>& issuers,
                         const std::optional<PrivateKey>& root_key, absl::Time now, const std::string& actor) {
  for (const Authority& authority : view.authorities) {
    const std::string& fingerprint = authority.certificate.fingerprint();
    // Nobody trusts a retired one, list or no list.
    if (issuers.count(fingerprint) == 0 || authority.state == AuthorityState::kRetired) continue;
    absl::Duration life = authority.is_root() ? kIssuingLife : kRevocationListLife;
    PARANET_ASSIGN_OR_RETURN(const std::optional<ListTimes> before, ReadListTimes(database, fingerprint));
    if (before.has_value()) life = before->next_update - before->this_update - kBackdate;
    const PrivateKey& key = authority.is_root() ? *root_key : view.issuing_keys.at(fingerprint);
    PARANET_RETURN_IF_ERROR(SignRevocationList(database, authority.certificate, key, life, now, actor));
  }
  return absl::OkStatus();
}

// The root that has to sign if `entry` is an issuing authority that may be revoked; null if it is a leaf.
absl::StatusOr<const Authority*> RootToRevoke(const RootState::View& view, const CertificateEntry& entry) {
  if (!entry.identity.empty()) return nullptr;
  const Authority* authority = view.Find(entry.fingerprint);
  if (authority == nullptr || authority->is_root()) {
    return absl::FailedPreconditionError(
        "a root cannot be revoked, for nobody is above it: replace it (paranet root rotate prepare)");
  }
  if (authority->state == AuthorityState::kActive || authority->state == AuthorityState::kPrepared) {
    return absl::FailedPreconditionError(absl::StrCat(
        "this issuing authority is ", AuthorityStateName(authority->state),
        ": put another one in its place first (paranet root authority renew), and its certificates can then be "
        "replaced before it is revoked"));
  }
  const Authority* root = view.Find(authority->issuer);
  if (root == nullptr || root->state == AuthorityState::kRetired) {
    return absl::FailedPreconditionError("the root of this issuing authority is retired: nobody trusts either");
  }
  return root;
}

// Of `entries`, those that can be revoked; FAILED_PRECONDITION if there are none.
absl::StatusOr<std::vector<CertificateEntry>> Revocable(const std::vector<CertificateEntry>& entries, absl::Time now) {
  std::vector<CertificateEntry> revocable;
  std::vector<std::string> why;
  for (const CertificateEntry& entry : entries) {
    if (entry.revoked_at.has_value()) {
      why.push_back(absl::StrCat(entry.serial, " was revoked on ", Utc(*entry.revoked_at)));
    } else if (entry.not_after < now) {
      why.push_back(absl::StrCat(entry.serial, " expired on ", Utc(entry.not_after)));
    } else {
      revocable.push_back(entry);
    }
  }
  if (!revocable.empty()) return revocable;
  constexpr size_t kSpelledOut = 5;
  const size_t more = why.size() > kSpelledOut ? why.size() - kSpelledOut : 0;
  why.resize(why.size() - more);
  return absl::FailedPreconditionError(absl::StrCat("there is nothing left to revoke: ", absl::StrJoin(why, ", "),
                                                    more == 0 ? "" : absl::StrCat(", and ", more, " more")));
}

// The issuing authorities whose lists have to be signed anew.
absl::StatusOr<std::vector<const Authority*>> DueLists(Database& database, const RootState::View& view, bool force,
                                                       absl::Time now) {
  std::vector<const Authority*> due;
  for (const Authority& authority : view.authorities) {
    if (authority.is_root() || authority.state == AuthorityState::kRetired) continue;
    if (authority.certificate.not_after() <= now) continue;
    PARANET_ASSIGN_OR_RETURN(const std::optional<ListTimes> times,
                             ReadListTimes(database, authority.certificate.fingerprint()));
    if (force || !times.has_value() || now >= times->this_update + (times->next_update - times->this_update) / 2) {
      due.push_back(&authority);
    }
  }
  return due;
}

}  // namespace

absl::StatusOr<std::vector<CertificateEntry>> RevokeCertificates(RootState& state, const std::string& target,
                                                                 RevocationReason reason, const std::string& actor,
                                                                 const RootKey& root_key, absl::Time now) {
  if (reason == RevocationReason::kRemoveFromCrl) {
    return absl::InvalidArgumentError("removeFromCRL is no reason for a revocation (RFC 5280 section 5.3.1)");
  }
  Database& database = state.ledger().database();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const RootState::View> view, state.Current());
    // The root key before the transaction: a passphrase takes its time.
    std::optional<PrivateKey> signer;
    PARANET_ASSIGN_OR_RETURN(const std::vector<CertificateEntry> named,
                             FindCertificates(database, state.network(), target));
    PARANET_ASSIGN_OR_RETURN(const std::vector<CertificateEntry> candidates, Revocable(named, now));
    for (const CertificateEntry& entry : candidates) {
      PARANET_ASSIGN_OR_RETURN(const Authority* root, RootToRevoke(*view, entry));
      if (root == nullptr) continue;
      PARANET_ASSIGN_OR_RETURN(signer, state.LoadRootKey(*root, root_key));
    }
    std::vector<CertificateEntry> revoked;
    bool fresh = false;
    const absl::Status committed = state.ledger().Commit([&]() -> absl::Status {
      fresh = false;
      PARANET_RETURN_IF_ERROR(CheckFresh(database, *view));
      fresh = true;
      PARANET_ASSIGN_OR_RETURN(const std::vector<CertificateEntry> entries,
                               FindCertificates(database, state.network(), target));
      PARANET_ASSIGN_OR_RETURN(revoked, Revocable(entries, now));
      std::set<std::string> issuers;
      for (CertificateEntry& entry : revoked) {
        PARANET_ASSIGN_OR_RETURN(
            const AuditHead event,
            AppendAudit(database, {.time = now,
                                   .actor = actor,
                                   .event = "revoke",
                                   .subject = entry.identity.empty() ? entry.subject : entry.identity,
                                   .detail = absl::StrCat(entry.serial, " ", RevocationReasonName(reason)),
                                   .hash = ""}));
        PARANET_RETURN_IF_ERROR(MarkRevoked(database, entry.serial, reason, now, event.number));
        entry.revoked_at = absl::FromUnixSeconds(absl::ToUnixSeconds(now));
        entry.reason = reason;
        issuers.insert(entry.issuer);
      }
      PARANET_RETURN_IF_ERROR(SignListsOf(database, *view, issuers, signer, now, actor));
      return RaiseRevision(database, now).status();
    });
    if (committed.ok()) return revoked;
    if (fresh || !absl::IsAborted(committed)) return committed;
  }
  return absl::AbortedError("what the network trusts keeps changing: try again");
}

absl::Status RefreshLists(RootState& state, absl::Duration life, bool force, const std::string& actor, absl::Time now) {
  if (life <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("a revocation list is valid for more than nothing");
  }
  Database& database = state.ledger().database();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const RootState::View> view, state.Current());
    PARANET_ASSIGN_OR_RETURN(const std::vector<const Authority*> due, DueLists(database, *view, force, now));
    if (due.empty()) return absl::OkStatus();
    bool fresh = false;
    const absl::Status committed = state.ledger().Commit([&]() -> absl::Status {
      fresh = false;
      PARANET_RETURN_IF_ERROR(CheckFresh(database, *view));
      fresh = true;
      for (const Authority* authority : due) {
        PARANET_RETURN_IF_ERROR(SignRevocationList(database, authority->certificate,
                                                   view->issuing_keys.at(authority->certificate.fingerprint()), life,
                                                   now, actor));
      }
      return RaiseRevision(database, now).status();
    });
    if (committed.ok() || fresh || !absl::IsAborted(committed)) return committed;
  }
  return absl::AbortedError("what the network trusts keeps changing: try again");
}

}  // namespace paranet::pki
