#include "pki/path/path_validation.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pki/path/name_constraints.h"
#include "pki/revocation_list.h"

namespace paranet::pki {
namespace {

constexpr absl::string_view kNameConstraints = "2.5.29.30";
// Comparisons of names with constraints in one validation.
constexpr size_t kMaxComparisons = size_t{1} << 18;

std::string Format(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

// A step returns false once it has set the result.
class Validation {
 public:
  Validation(absl::Span<const Certificate> path, const Certificate& anchor, const PathOptions& options,
             SignatureCheck is_signed_by)
      : path_(path), anchor_(anchor), options_(options), is_signed_by_(is_signed_by) {}

  PathResult Run() && {
    if (CheckCertificates() && CheckPathLength() && CheckNames()) CheckLeafUsage();
    return std::move(result_);
  }

 private:
  bool Fail(VerifyOutcome outcome, size_t index, std::string diagnostic) {
    result_ = {outcome, index, std::move(diagnostic)};
    return false;
  }

  const Certificate& At(size_t index) const { return index == path_.size() ? anchor_ : path_[index]; }

  std::string Name(size_t index) const {
    if (index == 0) return "the certificate";
    if (index == path_.size()) return absl::StrCat("the root certificate \"", At(index).subject(), "\"");
    return absl::StrCat("the authority's certificate \"", At(index).subject(), "\"");
  }

  bool CheckCertificates() {
    for (size_t index = path_.size() + 1; index > 0; --index) {
      if (!CheckCertificate(index - 1)) return false;
    }
    return true;
  }

  bool CheckCertificate(size_t index) {
    const Certificate& certificate = At(index);
    if (index > 0 && !MayCertify(certificate)) {
      return Fail(VerifyOutcome::kNotAnAuthority, index,
                  absl::StrCat(Name(index), " is no authority: it may not certify others",
                               "; use a certificate that the Network Root issued"));
    }
    if (const auto violation = options_.rules(certificate)) {
      return Fail(violation->outcome, index,
                  absl::StrCat(Name(index), " is outside the profile: ", violation->diagnostic,
                               "; have a new one issued by the Network Root"));
    }
    return (index == path_.size() || CheckLink(index)) && CheckValidity(index) &&
           (index == path_.size() || CheckRevocation(index)) && CheckExtendedUsage(index);
  }

  bool CheckLink(size_t index) {
    const Certificate& certificate = At(index);
    const Certificate& issuer = At(index + 1);
    if (certificate.issuer_der() != issuer.subject_der() ||
        (!certificate.authority_key_id().empty() && certificate.authority_key_id() != issuer.subject_key_id())) {
      return Fail(VerifyOutcome::kUntrustedRoot, index,
                  absl::StrCat(Name(index), " was issued by \"", certificate.issuer(), "\" and not by \"",
                               issuer.subject(), "\", which follows it; present the chain in order"));
    }
    if (!is_signed_by_(certificate, issuer)) {
      return Fail(VerifyOutcome::kBadSignature, index,
                  absl::StrCat(Name(index), " was altered or forged: \"", issuer.subject(), "\" has not signed it"));
    }
    return true;
  }

  bool CheckValidity(size_t index) {
    const Certificate& certificate = At(index);
    if (options_.time < certificate.not_before()) {
      return Fail(VerifyOutcome::kNotYetValid, index,
                  absl::StrCat(Name(index), " is valid from ", Format(certificate.not_before()), " on and it is ",
                               Format(options_.time), "; check the clocks of both sides"));
    }
    // Both ends belong to the validity, and notAfter counts whole seconds.
    if (options_.time >= certificate.not_after() + absl::Seconds(1)) {
      return Fail(VerifyOutcome::kExpired, index,
                  absl::StrCat(Name(index), " was valid until ", Format(certificate.not_after()), " and it is ",
                               Format(options_.time),
                               "; have a new one issued by the Network Root, or check the clocks of both sides"));
    }
    return true;
  }

  bool CheckRevocation(size_t index) {
    const Certificate& issuer = At(index + 1);
    const RevocationList* list = options_.revocations == nullptr
                                     ? nullptr
                                     : options_.revocations->Of(issuer.subject_der(), issuer.subject_key_id());
    if (list == nullptr) {
      if (!options_.require_revocation_list) return true;
      return Fail(VerifyOutcome::kRevocationUnknown, index,
                  absl::StrCat("no revocation list of \"", issuer.subject(),
                               "\" is known and one is required; get it from the Network Root"));
    }
    if (const RevokedSerial* revoked = list->Find(At(index).serial())) {
      return Fail(
          VerifyOutcome::kRevoked, index,
          absl::StrCat(Name(index), " with serial ", revoked->serial, " was revoked on ", Format(revoked->revoked_at),
                       " (", RevocationReasonName(revoked->reason), "), says revocation list ", list->number(),
                       " of \"", list->issuer(), "\"; have a new one issued by the Network Root"));
    }
    if (options_.time + kClockTolerance < list->this_update()) {
      return Fail(VerifyOutcome::kRevocationUnknown, index,
                  absl::StrCat("revocation list ", list->number(), " of \"", list->issuer(), "\" is from ",
                               Format(list->this_update()), " and it is ", Format(options_.time),
                               "; check the clocks of both sides"));
    }
    if (options_.time >= list->next_update() + absl::Seconds(1)) {
      return Fail(VerifyOutcome::kRevocationUnknown, index,
                  absl::StrCat("revocation list ", list->number(), " of \"", list->issuer(), "\" was good until ",
                               Format(list->next_update()), " and it is ", Format(options_.time),
                               "; get the newest from the Network Root, or check the clock"));
    }
    return true;
  }

  bool CheckExtendedUsage(size_t index) {
    const std::vector<std::string>& usages = At(index).extended_key_usages();
    if (usages.empty()) return true;
    for (const std::string& wanted : options_.extended_key_usages) {
      if (!absl::c_linear_search(usages, wanted)) {
        return Fail(
            VerifyOutcome::kWrongRole, index,
            absl::StrCat(Name(index), " is not for ", wanted, "; use a certificate that was issued for this purpose"));
      }
    }
    return true;
  }

  bool IsExempt(const Certificate& certificate) const {
    return options_.exempt_self_issued && IsSelfIssued(certificate);
  }

  // Authorities below the one at `index` that count.
  size_t AuthoritiesBelow(size_t index) const {
    size_t below = 0;
    for (size_t i = 1; i < index; ++i) below += IsExempt(At(i)) ? 0 : 1;
    return below;
  }

  bool CheckPathLength() {
    for (size_t index = path_.size(); index > 0; --index) {
      const size_t below = AuthoritiesBelow(index);
      const std::optional<int> limit = At(index).path_length();
      if (limit.has_value() && below > static_cast<size_t>(*limit)) {
        return Fail(VerifyOutcome::kPathTooLong, index,
                    absl::StrCat(Name(index), " allows ", *limit, " authorities below it and there are ", below,
                                 "; use a certificate that the Network Root issued"));
      }
    }
    const size_t authorities = AuthoritiesBelow(path_.size());
    if (authorities > options_.max_authorities) {
      return Fail(VerifyOutcome::kPathTooLong, path_.size(),
                  absl::StrCat("there are ", authorities, " authorities below ", Name(path_.size()), ", more than ",
                               options_.max_authorities));
    }
    return true;
  }

  bool CheckNames() {
    std::vector<NameConstraints> above;
    size_t budget = kMaxComparisons;
    for (size_t index = path_.size() + 1; index > 0;) {
      --index;
      const Certificate& certificate = At(index);
      if (!above.empty() && (index == 0 || !IsExempt(certificate)) && !CheckNames(above, index, budget)) {
        return false;
      }
      const std::optional<absl::string_view> der = certificate.extension(kNameConstraints);
      if (!der.has_value()) continue;
      absl::StatusOr<NameConstraints> constraints = NameConstraints::FromDer(*der);
      if (!constraints.ok()) {
        return Fail(VerifyOutcome::kBadProfile, index,
                    absl::StrCat(Name(index), " is outside the profile: ", constraints.status().message(),
                                 "; have a new one issued by the Network Root"));
      }
      above.push_back(*std::move(constraints));
    }
    return true;
  }

  bool CheckNames(const std::vector<NameConstraints>& above, size_t index, size_t& budget) {
    const absl::StatusOr<ConstrainedNames> names = ConstrainedNames::Of(At(index));
    absl::Status status = names.status();
    for (const NameConstraints& constraints : above) {
      if (status.ok()) status = constraints.Check(*names, budget);
    }
    return status.ok() ||
           Fail(VerifyOutcome::kNameNotPermitted, index,
                absl::StrCat(Name(index),
                             " is against the name constraints of an authority above it: ", status.message()));
  }

  bool CheckLeafUsage() {
    const std::vector<std::string>& usages = At(0).key_usages();
    for (const std::string& wanted : options_.key_usages) {
      if (!usages.empty() && !absl::c_linear_search(usages, wanted)) {
        return Fail(
            VerifyOutcome::kWrongRole, 0,
            absl::StrCat(Name(0), " is not for ", wanted, "; use a certificate that was issued for this purpose"));
      }
    }
    return true;
  }

  const absl::Span<const Certificate> path_;
  const Certificate& anchor_;
  const PathOptions& options_;
  const SignatureCheck is_signed_by_;
  PathResult result_;
};

}  // namespace

PathResult ValidatePath(absl::Span<const Certificate> path, const Certificate& anchor, const PathOptions& options,
                        SignatureCheck is_signed_by) {
  return Validation(path, anchor, options, is_signed_by).Run();
}

PathResult ValidatePath(absl::Span<const Certificate> path, const Certificate& anchor, const PathOptions& options) {
  return ValidatePath(path, anchor, options, [](const Certificate& certificate, const Certificate& issuer) {
    return certificate.IsSignedBy(issuer);
  });
}

}  // namespace paranet::pki
