#include "core/package/package_signature.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status.h"
#include "pki/verify.h"

namespace paranet {

namespace {

// So that the signature is of no use for anything else that the same key signs.
constexpr absl::string_view kDomain("paranet package manifest v1\0", 28);

std::string SignedBytes(const Package& package) { return absl::StrCat(kDomain, package.manifest_bytes); }

std::string Name(const Package& package) {
  return absl::StrCat("package ", package.manifest.id(), " ", package.manifest.version());
}

std::string Networks(const pki::TrustStore& trust) {
  std::string names;
  for (const pki::TrustStore::Root& root : trust.roots()) {
    if (!names.empty()) absl::StrAppend(&names, ", ");
    absl::StrAppend(&names, root.network);
  }
  return names;
}

// Why the chain was refused, in the words of somebody who has a package.
absl::Status ChainRefused(const Package& package, const pki::CertificateChain& chain, const pki::TrustStore& trust,
                          const pki::VerifyResult& result, absl::Time now) {
  const std::string signer = result.identity.has_value() ? absl::StrCat("by ", result.identity->ToUri())
                                                         : "with a certificate that names nobody";
  const auto refused = [&](absl::string_view why) {
    return absl::PermissionDeniedError(absl::StrCat(Name(package), " was signed ", signer, why));
  };
  switch (result.outcome) {
    case pki::VerifyOutcome::kUntrustedRoot:
    case pki::VerifyOutcome::kWrongNetwork:
      return refused(absl::StrCat(", whose certificate is not by a Network Root of ", Networks(trust),
                                  "; sign it with a publisher's certificate of that network"));
    case pki::VerifyOutcome::kWrongRole:
      return refused(
          ", who is not a publisher; sign it with a publisher's certificate: paranet root issue --role publisher, then "
          "paranet package sign");
    case pki::VerifyOutcome::kExpired:
      return refused(absl::StrCat(
          ", whose certificate expired (",
          absl::FormatTime(chain[result.index < chain.size() ? result.index : 0].not_after(), absl::UTCTimeZone()),
          "); sign it again with a current one"));
    case pki::VerifyOutcome::kNotYetValid:
      return refused(absl::StrCat(", whose certificate is not yet valid at ",
                                  absl::FormatTime(now, absl::UTCTimeZone()), "; check the clocks"));
    default:
      return refused(absl::StrCat(", whose certificate was refused (", pki::OutcomeName(result.outcome),
                                  "): ", result.diagnostic));
  }
}

}  // namespace

absl::Status SignPackage(Package* package, const pki::PrivateKey& key, const pki::CertificateChain& chain) {
  if (chain.empty() || chain.leaf().public_key() != key.public_key()) {
    return absl::InvalidArgumentError(
        "the certificate is not of this private key; use the two that were issued together");
  }
  const std::vector<std::string>& uris = chain.leaf().uris();
  absl::StatusOr<pki::Identity> signer = pki::Identity::Parse(uris.size() == 1 ? uris.front() : "");
  if (!signer.ok() || signer->role != pki::Role::kPublisher) {
    return absl::InvalidArgumentError(absl::StrCat("a package is signed by a publisher, and the certificate is of ",
                                                   signer.ok() ? signer->ToUri() : "nobody",
                                                   "; get one with paranet root issue --role publisher"));
  }
  v1::Signature signature;
  for (const pki::Certificate& certificate : chain.certificates()) signature.add_certificates(certificate.ToDer());
  PARANET_ASSIGN_OR_RETURN(*signature.mutable_signature(), key.Sign(SignedBytes(*package)));
  package->signature = std::move(signature);
  return absl::OkStatus();
}

absl::StatusOr<pki::Identity> VerifyPackageSignature(const Package& package, const pki::TrustStore& trust,
                                                     absl::Time now, const pki::RevocationLists* revocations) {
  if (!package.signature.has_value()) {
    return absl::PermissionDeniedError(
        absl::StrCat(Name(package), " is not signed; sign it with `paranet package sign`"));
  }
  const v1::Signature& signature = *package.signature;
  const absl::StatusOr<pki::CertificateChain> chain = pki::CertificateChain::FromDer(
      std::vector<std::string>(signature.certificates().begin(), signature.certificates().end()));
  if (!chain.ok()) {
    return absl::PermissionDeniedError(absl::StrCat(Name(package), " has a signature without a proper certificate (",
                                                    chain.status().message(), "); sign it again"));
  }
  const pki::VerifyResult result =
      pki::VerifyChain(*chain, trust, {.time = now, .roles = {pki::Role::kPublisher}, .revocations = revocations});
  if (!result.ok()) return ChainRefused(package, *chain, trust, result, now);
  if (!chain->leaf().VerifySignature(SignedBytes(package), signature.signature())) {
    return absl::PermissionDeniedError(absl::StrCat(Name(package), " was altered after ", result.identity->ToUri(),
                                                    " signed it; get it from its publisher again"));
  }
  return *result.identity;
}

}  // namespace paranet
