#include "pki/revocation_lists.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "pki/certificate_profile.h"

namespace paranet::pki {
namespace {

std::string Format(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

std::string Describe(const RevocationList& list) {
  return absl::StrCat("revocation list ", list.number(), " of \"", list.issuer(), "\"");
}

absl::Status Refuse(const Certificate& authority, absl::string_view why) {
  return absl::PermissionDeniedError(absl::StrCat("\"", authority.subject(), "\" (fingerprint ",
                                                  authority.fingerprint(),
                                                  ") is not trusted to issue revocation lists: ", why));
}

bool IsWithin(const Certificate& certificate, absl::Time now) {
  return now >= certificate.not_before() && now < certificate.not_after() + absl::Seconds(1);
}

bool Before(const RevocationList& a, const RevocationList& b) {
  return std::tie(a.issuer_der(), a.authority_key_id()) < std::tie(b.issuer_der(), b.authority_key_id());
}

}  // namespace

RevocationLists::RevocationLists(std::vector<RevocationList> lists) : lists_(std::move(lists)) {
  for (size_t i = 0; i < lists_.size(); ++i) index_[{lists_[i].issuer_der(), lists_[i].authority_key_id()}] = i;
}

std::shared_ptr<const RevocationLists> RevocationLists::Empty() {
  return std::shared_ptr<const RevocationLists>(new RevocationLists({}));
}

const RevocationList* RevocationLists::Of(absl::string_view issuer_der, absl::string_view key_id) const {
  const auto found = index_.find({issuer_der, key_id});
  return found == index_.end() ? nullptr : &lists_[found->second];
}

absl::Status RevocationLists::CheckAuthority(const Certificate& authority, const TrustStore& trust,
                                             absl::Time now) const {
  std::optional<ProfileViolation> violation = CheckCommonProfile(authority);
  if (!violation.has_value()) violation = pki::CheckAuthority(authority);
  std::string network;
  if (!violation.has_value()) violation = CheckIssuingProfile(authority, network);
  if (violation.has_value()) return Refuse(authority, violation->diagnostic);
  for (const TrustStore::Root& root : trust.roots()) {
    if (network != root.network || !authority.IsIssuedBy(root.certificate) || !authority.IsSignedBy(root.certificate)) {
      continue;
    }
    if (!IsWithin(root.certificate, now) || !IsWithin(authority, now)) {
      return Refuse(authority, absl::StrCat("it or its root is not valid at ", Format(now), "; check the clock"));
    }
    const RevocationList* list = Of(authority.issuer_der(), authority.authority_key_id());
    if (list != nullptr && list->Find(authority.serial()) != nullptr) return Refuse(authority, "it has been revoked");
    return absl::OkStatus();
  }
  return Refuse(authority, "no trusted root has issued it");
}

absl::StatusOr<std::shared_ptr<const RevocationLists>> RevocationLists::With(
    const RevocationList& list, const TrustStore& trust, const std::vector<Certificate>& authorities,
    absl::Time now) const {
  for (const TrustStore::Root& root : trust.roots()) {
    if (!list.IsSignedBy(root.certificate)) continue;
    if (!IsWithin(root.certificate, now)) {
      return Refuse(root.certificate, absl::StrCat("it is not valid at ", Format(now), "; check the clock"));
    }
    return WithListOf(root.certificate, list, now);
  }
  absl::Status refusal;
  for (const Certificate& authority : authorities) {
    if (!list.IsSignedBy(authority)) continue;
    refusal = CheckAuthority(authority, trust, now);
    // A renewed certificate of the same authority and key may be among them, too.
    if (refusal.ok()) return WithListOf(authority, list, now);
  }
  if (!refusal.ok()) return Annotate(refusal, Describe(list));
  return absl::PermissionDeniedError(
      absl::StrCat(Describe(list),
                   " is signed by none of the trusted roots and issuing authorities; it is another "
                   "network's, was altered, or its authority's certificate was not presented"));
}

absl::StatusOr<std::shared_ptr<const RevocationLists>> RevocationLists::WithListOf(const Certificate& authority,
                                                                                   const RevocationList& list,
                                                                                   absl::Time now) const {
  if (!list.IsSignedBy(authority)) {
    return absl::PermissionDeniedError(
        absl::StrCat(Describe(list), " was not signed by \"", authority.subject(), "\""));
  }
  const RevocationList* present = Of(list.issuer_der(), list.authority_key_id());
  if (present != nullptr && *present == list) {
    return absl::AlreadyExistsError(absl::StrCat(Describe(list), " is there already"));
  }
  if (present != nullptr && !list.IsNewerThan(*present)) {
    return absl::FailedPreconditionError(
        present->number() == list.number()
            ? absl::StrCat(Describe(list), " differs from the one with the number ", present->number(),
                           " that is there; have the authority sign one with a higher number than ", list.number())
            : absl::StrCat(Describe(list), " is older than the one there, which has the number ", present->number(),
                           "; give the newest"));
  }
  if (now + kClockTolerance < list.this_update()) {
    return absl::FailedPreconditionError(absl::StrCat(Describe(list), " is from ", Format(list.this_update()),
                                                      " and it is ", Format(now), "; check the clocks of both sides"));
  }
  if (now >= list.next_update() + absl::Seconds(1)) {
    return absl::FailedPreconditionError(absl::StrCat(Describe(list), " was good until ", Format(list.next_update()),
                                                      " and it is ", Format(now),
                                                      "; get the newest from the Network Root, or check the clock"));
  }

  std::vector<RevocationList> lists;
  lists.reserve(lists_.size() + 1);
  for (const RevocationList& other : lists_) {
    if (present == nullptr || !(other == *present)) lists.push_back(other);
  }
  lists.insert(std::upper_bound(lists.begin(), lists.end(), list, Before), list);
  return std::shared_ptr<const RevocationLists>(new RevocationLists(std::move(lists)));
}

}  // namespace paranet::pki
