#include "pki/path/path_building.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace paranet::pki {
namespace {

class Search {
 public:
  Search(absl::Span<const Certificate> pool, absl::Span<const Certificate> anchors, const PathOptions& options,
         const PathLimits& limits)
      : pool_(pool), anchors_(anchors), options_(options), limits_(limits) {}

  BuiltPath Run(const Certificate& leaf) && {
    path_ = {leaf};
    const bool found = Extend();
    if (!found && exhausted_) {
      return {{VerifyOutcome::kPathTooLong, 0, "no path was found within the work that one is worth"}, {leaf}};
    }
    if (!found && !first_.has_value()) {
      return {{VerifyOutcome::kUntrustedRoot, 0,
               absl::StrCat("its issuer \"", leaf.issuer(), "\" leads to none of the trusted roots")},
              {leaf}};
    }
    return *std::move(first_);
  }

 private:
  // Whether a good path was found, which then is `first_`.
  bool Extend() {
    const Certificate last = path_.back();
    for (const Certificate& anchor : anchors_) {
      if (CouldIssue(anchor, last) && IsSignedBy(last, anchor) && Try(anchor)) return true;
      if (exhausted_) return false;
    }
    if (path_.size() >= limits_.max_path) return false;
    for (const Certificate& issuer : pool_) {
      if (CouldIssue(issuer, last) && !IsOnPath(issuer) && IsSignedBy(last, issuer)) {
        path_.push_back(issuer);
        if (Extend()) return true;
        path_.pop_back();
      }
      if (exhausted_) return false;
    }
    return false;
  }

  bool CouldIssue(const Certificate& issuer, const Certificate& certificate) {
    if (++steps_ > limits_.max_steps) exhausted_ = true;
    return !exhausted_ && certificate.issuer_der() == issuer.subject_der() &&
           (certificate.authority_key_id().empty() || issuer.subject_key_id().empty() ||
            certificate.authority_key_id() == issuer.subject_key_id());
  }

  bool IsOnPath(const Certificate& issuer) const {
    return absl::c_any_of(path_, [&](const Certificate& other) {
      return other == issuer ||
             (other.subject_der() == issuer.subject_der() && other.public_key() == issuer.public_key());
    });
  }

  bool IsSignedBy(const Certificate& certificate, const Certificate& issuer) {
    const auto [known, is_new] = signed_.try_emplace({certificate.fingerprint(), issuer.fingerprint()}, false);
    if (!is_new) return known->second;
    if (signed_.size() > limits_.max_signature_checks) {
      exhausted_ = true;
      return false;
    }
    known->second = certificate.IsSignedBy(issuer);
    return known->second;
  }

  bool Try(const Certificate& anchor) {
    BuiltPath built;
    built.result = ValidatePath(
        path_, anchor, options_,
        [this](const Certificate& certificate, const Certificate& issuer) { return IsSignedBy(certificate, issuer); });
    const bool ok = built.result.ok();
    if (ok || !first_.has_value()) {
      built.path = path_;
      first_ = std::move(built);
    }
    return ok;
  }

  const absl::Span<const Certificate> pool_;
  const absl::Span<const Certificate> anchors_;
  const PathOptions& options_;
  const PathLimits& limits_;
  std::vector<Certificate> path_;
  // By the fingerprints of both.
  absl::flat_hash_map<std::pair<std::string, std::string>, bool> signed_;
  size_t steps_ = 0;
  bool exhausted_ = false;
  std::optional<BuiltPath> first_;
};

}  // namespace

BuiltPath BuildPath(const Certificate& leaf, absl::Span<const Certificate> pool, absl::Span<const Certificate> anchors,
                    const PathOptions& options, const PathLimits& limits) {
  return Search(pool, anchors, options, limits).Run(leaf);
}

}  // namespace paranet::pki
