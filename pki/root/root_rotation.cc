#include "pki/root/root_rotation.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "pki/certificate.h"
#include "pki/certificate_issuer.h"
#include "pki/private_key.h"
#include "pki/root/audit_trail.h"
#include "pki/root/authority_book.h"
#include "pki/root/root_lives.h"

namespace paranet::pki {
namespace {

// What follows `root` and `issuing` in the names of the files of the next generation: `-2` and so on.
std::string NextSuffix(const std::vector<Authority>& authorities) {
  uint32_t last = 1;
  for (const Authority& authority : authorities) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(authority.stem, absl::MaxSplits('-', 1));
    uint32_t generation = 1;
    if (!parts.second.empty() && absl::SimpleAtoi(parts.second, &generation)) last = std::max(last, generation);
  }
  return absl::StrCat("-", last + 1);
}

// Of authorities that are of no use any more; what cannot be removed does no harm.
void RemoveKeys(const std::string& dir, const std::vector<std::string>& stems) {
  for (const std::string& stem : stems) unlink(absl::StrCat(dir, "/", stem, ".key.pem").c_str());
}

const Authority* Find(const std::vector<Authority>& authorities, bool root, AuthorityState state) {
  for (const Authority& authority : authorities) {
    if (authority.is_root() == root && authority.state == state) return &authority;
  }
  return nullptr;
}

absl::Status CheckNoRotation(const std::vector<Authority>& authorities) {
  if (Find(authorities, /*root=*/true, AuthorityState::kPrepared) != nullptr) {
    return absl::FailedPreconditionError("a new root is prepared already: activate it (paranet root rotate activate)");
  }
  if (Find(authorities, /*root=*/true, AuthorityState::kOld) != nullptr) {
    return absl::FailedPreconditionError(
        "the last rotation is not finished: retire the old root first (paranet root rotate retire)");
  }
  return absl::OkStatus();
}

absl::Status Tell(Database& database, const std::string& event, const Authority& root, const std::string& actor,
                  absl::Time now) {
  return AppendAudit(database, {.time = now,
                                .actor = actor,
                                .event = event,
                                .subject = root.certificate.subject(),
                                .detail = root.certificate.fingerprint(),
                                .hash = ""})
      .status();
}

std::vector<std::string> FingerprintsBelow(const std::vector<Authority>& authorities, const Authority& root) {
  std::vector<std::string> below;
  for (const Authority& authority : authorities) {
    if (!authority.is_root() && authority.issuer == root.certificate.fingerprint()) {
      below.push_back(authority.certificate.fingerprint());
    }
  }
  return below;
}

}  // namespace

absl::Status PrepareRotation(RootState& state, const std::optional<SecretString>& passphrase, const std::string& actor,
                             absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(const DirectoryLock lock, DirectoryLock::Acquire(state.dir()));
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const RootState::View> view, state.Current());
  PARANET_RETURN_IF_ERROR(CheckNoRotation(view->authorities));

  PARANET_ASSIGN_OR_RETURN(const PrivateKey root_key, PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const Certificate root,
                           IssueRoot(state.network(), root_key, {now - kBackdate, now + kRootLife}));
  PARANET_ASSIGN_OR_RETURN(const PrivateKey issuing_key, PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const Certificate issuing, IssueAuthority(issuing_key.public_key(), root, root_key,
                                                                     {now - kBackdate, now + kIssuingLife}));
  const std::string suffix = NextSuffix(view->authorities);
  const Authority new_root{.certificate = root,
                           .issuer = root.fingerprint(),
                           .state = AuthorityState::kPrepared,
                           .stem = kRootStem + suffix};
  const Authority new_issuing{.certificate = issuing,
                              .issuer = root.fingerprint(),
                              .state = AuthorityState::kPrepared,
                              .stem = kIssuingStem + suffix};
  PARANET_RETURN_IF_ERROR(WriteAuthorityFiles(state.dir(), new_root.stem, root, root_key, passphrase));
  PARANET_RETURN_IF_ERROR(WriteAuthorityFiles(state.dir(), new_issuing.stem, issuing, issuing_key, std::nullopt));

  Database& database = state.ledger().database();
  const absl::Status committed = state.ledger().Commit([&]() -> absl::Status {
    PARANET_RETURN_IF_ERROR(RecordNewAuthority(database, new_root, now, actor));
    PARANET_RETURN_IF_ERROR(RecordNewAuthority(database, new_issuing, now, actor));
    PARANET_ASSIGN_OR_RETURN(const uint64_t revision, RaiseRevision(database, now));
    PARANET_RETURN_IF_ERROR(SetPreparedRevision(database, revision));
    return Tell(database, "prepare", new_root, actor, now);
  });
  if (!committed.ok()) RemoveKeys(state.dir(), {new_root.stem, new_issuing.stem});
  return committed;
}

absl::Status ActivateRotation(RootState& state, const std::string& actor, absl::Time now) {
  Database& database = state.ledger().database();
  return state.ledger().Commit([&]() -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(const std::vector<Authority> authorities, ListAuthorities(database));
    const Authority* root = Find(authorities, /*root=*/true, AuthorityState::kPrepared);
    const Authority* issuing = Find(authorities, /*root=*/false, AuthorityState::kPrepared);
    if (root == nullptr || issuing == nullptr) {
      return absl::FailedPreconditionError("no new root is prepared: do that first (paranet root rotate prepare)");
    }
    PARANET_ASSIGN_OR_RETURN(const uint64_t prepared, ReadPreparedRevision(database));
    PARANET_ASSIGN_OR_RETURN(const std::vector<RotationStatus::NotReady> not_ready,
                             NotReadyToActivate(database, prepared, now));
    if (!not_ready.empty()) return RefuseNotReady("activate the new root", not_ready);
    for (const Authority& authority : authorities) {
      if (authority.state != AuthorityState::kActive) continue;
      PARANET_RETURN_IF_ERROR(SetAuthorityState(database, authority.certificate.fingerprint(), AuthorityState::kOld));
    }
    for (const Authority* authority : {root, issuing}) {
      PARANET_RETURN_IF_ERROR(
          SetAuthorityState(database, authority->certificate.fingerprint(), AuthorityState::kActive));
    }
    PARANET_RETURN_IF_ERROR(RaiseRevision(database, now).status());
    return Tell(database, "activate", *root, actor, now);
  });
}

absl::Status RetireRotation(RootState& state, const std::string& actor, absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(const DirectoryLock lock, DirectoryLock::Acquire(state.dir()));
  Database& database = state.ledger().database();
  std::vector<std::string> stems;
  const absl::Status committed = state.ledger().Commit([&]() -> absl::Status {
    stems.clear();
    PARANET_ASSIGN_OR_RETURN(const std::vector<Authority> authorities, ListAuthorities(database));
    const Authority* root = Find(authorities, /*root=*/true, AuthorityState::kOld);
    if (root == nullptr) {
      return absl::FailedPreconditionError(
          "there is no old root to retire: activate a new one first (paranet root rotate activate)");
    }
    const std::vector<std::string> below = FingerprintsBelow(authorities, *root);
    PARANET_ASSIGN_OR_RETURN(const std::vector<RotationStatus::NotReady> not_ready,
                             NotReadyToRetire(database, below, now));
    if (!not_ready.empty()) return RefuseNotReady("retire the old root", not_ready);
    for (const Authority& authority : authorities) {
      if (authority.issuer != root->certificate.fingerprint()) continue;
      stems.push_back(authority.stem);
      PARANET_RETURN_IF_ERROR(
          SetAuthorityState(database, authority.certificate.fingerprint(), AuthorityState::kRetired));
      PARANET_RETURN_IF_ERROR(DropRevocationList(database, authority.certificate.fingerprint()));
    }
    PARANET_RETURN_IF_ERROR(RaiseRevision(database, now).status());
    return Tell(database, "retire", *root, actor, now);
  });
  if (committed.ok()) RemoveKeys(state.dir(), stems);
  return committed;
}

absl::StatusOr<RotationStatus> ReadRotationStatus(RootState& state, absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const RootState::View> view, state.Current());
  Database& database = state.ledger().database();
  RotationStatus status;
  for (const Authority& authority : view->authorities) {
    if (!authority.is_root()) continue;
    status.roots.push_back({.fingerprint = authority.certificate.fingerprint(),
                            .state = AuthorityStateName(authority.state),
                            .not_after = authority.certificate.not_after(),
                            .file = authority.stem});
  }
  if (view->RootIn(AuthorityState::kPrepared) != nullptr) {
    status.stage = RotationStatus::Stage::kPrepared;
    PARANET_ASSIGN_OR_RETURN(const uint64_t prepared, ReadPreparedRevision(database));
    PARANET_ASSIGN_OR_RETURN(status.not_ready, NotReadyToActivate(database, prepared, now));
  } else if (const Authority* old = view->RootIn(AuthorityState::kOld); old != nullptr) {
    status.stage = RotationStatus::Stage::kActivated;
    PARANET_ASSIGN_OR_RETURN(status.not_ready,
                             NotReadyToRetire(database, FingerprintsBelow(view->authorities, *old), now));
  }
  return status;
}

absl::Status RenewIssuingAuthority(RootState& state, const RootKey& root_key, const std::string& actor,
                                   absl::Time now) {
  PARANET_ASSIGN_OR_RETURN(const DirectoryLock lock, DirectoryLock::Acquire(state.dir()));
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const RootState::View> view, state.Current());
  const Authority& root = view->active_root();
  PARANET_ASSIGN_OR_RETURN(const PrivateKey signer, state.LoadRootKey(root, root_key));
  PARANET_ASSIGN_OR_RETURN(const PrivateKey key, PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(
      const Certificate certificate,
      IssueAuthority(key.public_key(), root.certificate, signer,
                     {now - kBackdate, std::min(now + kIssuingLife, root.certificate.not_after())}));
  const Authority authority{.certificate = certificate,
                            .issuer = root.certificate.fingerprint(),
                            .state = AuthorityState::kActive,
                            .stem = kIssuingStem + NextSuffix(view->authorities)};
  PARANET_RETURN_IF_ERROR(WriteAuthorityFiles(state.dir(), authority.stem, certificate, key, std::nullopt));
  Database& database = state.ledger().database();
  const absl::Status committed = state.ledger().Commit([&]() -> absl::Status {
    PARANET_ASSIGN_OR_RETURN(const std::vector<Authority> authorities, ListAuthorities(database));
    const Authority* active = Find(authorities, /*root=*/false, AuthorityState::kActive);
    if (active == nullptr || active->issuer != authority.issuer) {
      return absl::AbortedError("the active root has just been changed: try again");
    }
    PARANET_RETURN_IF_ERROR(SetAuthorityState(database, active->certificate.fingerprint(), AuthorityState::kOld));
    PARANET_RETURN_IF_ERROR(RecordNewAuthority(database, authority, now, actor));
    return RaiseRevision(database, now).status();
  });
  if (!committed.ok()) RemoveKeys(state.dir(), {authority.stem});
  return committed;
}

}  // namespace paranet::pki
