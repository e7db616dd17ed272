#include "pki/verify.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pki/certificate_profile.h"
#include "pki/path/path_validation.h"

namespace paranet::pki {
namespace {

std::string JoinRoles(const std::vector<Role>& roles) {
  return absl::StrJoin(roles, " or ", [](std::string* out, Role role) { out->append(RoleName(role)); });
}

// One validation, step by step as the header numbers them. A step returns false once it has set the outcome.
class Validation {
 public:
  Validation(const CertificateChain& chain, const TrustStore& trust, const VerifyOptions& options,
             SignatureCheck is_signed_by)
      : chain_(chain), trust_(trust), options_(options), is_signed_by_(is_signed_by) {}

  VerifyResult Run() && {
    if (CheckShape() && FindRoot() && CheckPath() && CheckAuthorities() && CheckLeaf() && CheckConstraints() &&
        CheckExpected()) {
      result_.outcome = VerifyOutcome::kOk;
    } else if (!result_.identity.has_value() && !chain_.empty()) {
      // What it claims helps whoever reads the refusal.
      std::optional<Identity> claimed;
      CheckLeafProfile(chain_.leaf(), claimed);
      result_.identity = std::move(claimed);
    }
    return std::move(result_);
  }

 private:
  bool Fail(VerifyOutcome outcome, size_t index, std::string diagnostic) {
    result_.outcome = outcome;
    result_.index = index;
    result_.diagnostic = std::move(diagnostic);
    return false;
  }

  bool Fail(size_t index, const ProfileViolation& violation) {
    return Fail(violation.outcome, index,
                absl::StrCat(Name(index), " is outside the profile: ", violation.diagnostic,
                             "; have a new one issued by the Network Root"));
  }

  const Certificate& At(size_t index) const { return index == chain_.size() ? root_->certificate : chain_[index]; }

  std::string Name(size_t index) const {
    if (index == 0) return "the certificate";
    if (index == chain_.size()) return absl::StrCat("the root certificate \"", At(index).subject(), "\"");
    return absl::StrCat("the authority's certificate \"", At(index).subject(), "\"");
  }

  // Step 1.
  bool CheckShape() {
    if (chain_.empty()) {
      return Fail(VerifyOutcome::kMalformed, 0, "there is no certificate; present a leaf and its issuing authority");
    }
    if (chain_.size() > options_.max_depth) {
      return Fail(VerifyOutcome::kPathTooLong, options_.max_depth,
                  absl::StrCat("the chain has ", chain_.size(), " certificates, more than ", options_.max_depth,
                               "; present a leaf and its issuing authority"));
    }
    for (size_t i = 1; i < chain_.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (chain_[i] == chain_[j]) {
          return Fail(VerifyOutcome::kMalformed, i, "the chain has the same certificate twice; present each once");
        }
      }
      for (const TrustStore::Root& root : trust_.roots()) {
        if (chain_[i] == root.certificate) {
          return Fail(VerifyOutcome::kMalformed, i, "the chain contains the root certificate; leave it out");
        }
      }
    }
    return true;
  }

  // Step 2. Several roots can have one name while a network changes its root, but each its own key.
  bool FindRoot() {
    const Certificate& last = chain_.certificates().back();
    size_t candidates = 0;
    for (const TrustStore::Root& root : trust_.roots()) {
      if (!last.IsIssuedBy(root.certificate)) continue;
      root_ = &root;
      ++candidates;
    }
    // With several the signature tells; with one, CheckPath asks for it.
    for (const TrustStore::Root& root : trust_.roots()) {
      if (candidates < 2) break;
      if (!last.IsIssuedBy(root.certificate) || !is_signed_by_(last, root.certificate)) continue;
      root_ = &root;
      break;
    }
    if (root_ != nullptr) return true;
    return Fail(
        VerifyOutcome::kUntrustedRoot, chain_.size() - 1,
        absl::StrCat("its issuer \"", last.issuer(), "\" (key ", ShortKeyId(last), ") is not among the trusted roots (",
                     absl::StrJoin(trust_.roots(), ", ",
                                   [](std::string* out, const TrustStore::Root& root) {
                                     absl::StrAppend(out, "\"", root.certificate.subject(), "\"");
                                   }),
                     "); it is another network's, or its issuing authority's certificate was not presented"));
  }

  static std::string ShortKeyId(const Certificate& certificate) {
    if (certificate.authority_key_id().empty()) return "not named";
    return absl::BytesToHexString(absl::string_view(certificate.authority_key_id()).substr(0, 8));
  }

  // Step 3.
  bool CheckPath() {
    PathOptions options;
    options.time = options_.time;
    options.max_authorities = options_.max_depth;
    // All issuing authorities of a network have the same name: one below another would be exempt from everything.
    options.exempt_self_issued = false;
    options.revocations = options_.revocations;
    options.require_revocation_list = options_.require_revocation_list;
    options.rules = CheckCommonProfile;
    PathResult path = ValidatePath(chain_.certificates(), root_->certificate, options, is_signed_by_);
    return path.ok() || Fail(path.outcome, path.index, std::move(path.diagnostic));
  }

  // Step 4.
  bool CheckAuthorities() {
    for (size_t index = chain_.size() - 1; index > 0; --index) {
      std::string network;
      if (const auto violation = CheckIssuingProfile(At(index), network)) return Fail(index, *violation);
      if (network != root_->network) {
        return Fail(VerifyOutcome::kWrongNetwork, index,
                    absl::StrCat(Name(index), " speaks for network ", network, " and its root for ", root_->network,
                                 "; have a new one issued by the root of ", network));
      }
    }
    return true;
  }

  // Step 5.
  bool CheckLeaf() {
    if (const auto violation = CheckLeafProfile(At(0), result_.identity)) return Fail(0, *violation);
    // Only the column `issuing authority` issues leaves.
    if (chain_.size() == 1) {
      return Fail(0, {VerifyOutcome::kBadProfile, "the root itself has issued it, not an issuing authority"});
    }
    if (result_.identity->network != root_->network) {
      return Fail(VerifyOutcome::kWrongNetwork, 0,
                  absl::StrCat("it says network ", result_.identity->network, " and its root speaks for ",
                               root_->network, "; have one issued by the root of ", result_.identity->network));
    }
    if (!absl::c_linear_search(options_.roles, result_.identity->role)) {
      return Fail(VerifyOutcome::kWrongRole, 0,
                  absl::StrCat("it is a certificate of role ", RoleName(result_.identity->role), " where ",
                               options_.roles.empty() ? std::string("none") : JoinRoles(options_.roles),
                               " is accepted; use a certificate that was issued for this purpose"));
    }
    return true;
  }

  // Step 6.
  bool CheckConstraints() {
    const TrustConstraints& constraints = root_->constraints;
    if (!constraints.roles.empty() && !absl::c_linear_search(constraints.roles, result_.identity->role)) {
      return Fail(VerifyOutcome::kWrongRole, 0,
                  absl::StrCat("its root \"", root_->certificate.subject(), "\" is trusted for the role ",
                               JoinRoles(constraints.roles), " only, and it has the role ",
                               RoleName(result_.identity->role), "; change the constraints of that root to accept it"));
    }
    if (!constraints.names.empty() && !absl::c_linear_search(constraints.names, result_.identity->name)) {
      return Fail(VerifyOutcome::kNameNotPermitted, 0,
                  absl::StrCat("its root \"", root_->certificate.subject(), "\" is trusted for the names ",
                               absl::StrJoin(constraints.names, ", "), " only, and it is ", result_.identity->name,
                               "; change the constraints of that root to accept it"));
    }
    return true;
  }

  // Step 7.
  bool CheckExpected() {
    if (!options_.expected.has_value()) return true;
    const Identity& found = *result_.identity;
    const Identity& expected = *options_.expected;
    const auto fail = [&](VerifyOutcome outcome) {
      return Fail(outcome, 0,
                  absl::StrCat("it is ", found.ToUri(), " that answers where ", expected.ToUri(),
                               " is expected; check the address and the name"));
    };
    if (found.network != expected.network) return fail(VerifyOutcome::kWrongNetwork);
    if (found.role != expected.role) return fail(VerifyOutcome::kWrongRole);
    if (found.name != expected.name) return fail(VerifyOutcome::kWrongName);
    return true;
  }

  const CertificateChain& chain_;
  const TrustStore& trust_;
  const VerifyOptions& options_;
  const SignatureCheck is_signed_by_;
  const TrustStore::Root* root_ = nullptr;
  VerifyResult result_;
};

}  // namespace

absl::Status VerifyResult::ToStatus() const {
  if (ok()) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("certificate of ", identity.has_value() ? identity->ToUri() : std::string("an unknown party"),
                   " refused (", OutcomeName(outcome), "): ", diagnostic));
}

VerifyResult VerifyChain(const CertificateChain& chain, const TrustStore& trust, const VerifyOptions& options) {
  return VerifyChain(chain, trust, options, [](const Certificate& certificate, const Certificate& issuer) {
    return certificate.IsSignedBy(issuer);
  });
}

VerifyResult VerifyChain(const CertificateChain& chain, const TrustStore& trust, const VerifyOptions& options,
                         SignatureCheck is_signed_by) {
  return Validation(chain, trust, options, is_signed_by).Run();
}

}  // namespace paranet::pki
