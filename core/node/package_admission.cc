#include "core/node/package_admission.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/package/manifest_check.h"
#include "core/package/package_signature.h"
#include "core/package/package_skill_sets.h"
#include "core/skill/skill_id.h"
#include "pki/certificate.h"
#include "pki/identity.h"

namespace paranet {
namespace {

bool Offers(const RunningPackage* package, absl::string_view provider) {
  return package != nullptr &&
         std::any_of(package->offers().begin(), package->offers().end(),
                     [&](const RunningPackage::Offer& offer) { return offer.provider->name() == provider; });
}

}  // namespace

absl::StatusOr<std::string> CheckPublisher(const Package& package, const pki::TrustState* trust, absl::Time now,
                                           std::vector<std::string>* notes) {
  if (trust != nullptr) {
    PARANET_ASSIGN_OR_RETURN(const pki::Identity publisher,
                             VerifyPackageSignature(package, *trust->identity->trust(), now, trust->revocations.get()));
    return publisher.ToUri();
  }
  notes->push_back(package.signature.has_value()
                       ? "the package is signed, but a Test Node has no roots to check the signature by"
                       : "the package is unsigned; a Test Node accepts that, a Standard Node does not");
  return std::string();
}

absl::Time LastValid(const Package& package, absl::Time now) {
  if (!package.signature.has_value()) return now;
  for (const std::string& der : package.signature->certificates()) {
    const absl::StatusOr<pki::Certificate> certificate = pki::Certificate::FromDer(der);
    if (certificate.ok()) now = std::min(now, certificate->not_after());
  }
  return now;
}

absl::Status CheckNewVersion(const Package& package, const DeployedPackage& deployed,
                             const std::vector<DeployedPackage>& previous, bool strict) {
  PARANET_ASSIGN_OR_RETURN(const Version version, Version::Parse(package.manifest.version()));
  PARANET_ASSIGN_OR_RETURN(const Version present, Version::Parse(deployed.version));
  const std::string& id = package.manifest.id();
  if (version < present) {
    return absl::FailedPreconditionError(absl::StrCat(
        "package \"", id, "\" is deployed as ", deployed.version, ", which is higher than ", package.manifest.version(),
        ": raise the version, or go back to it with `paranet package rollback`"));
  }
  if (!strict) return absl::OkStatus();
  const std::string digest = package.Digest();
  std::vector<const DeployedPackage*> known = {&deployed};
  for (const DeployedPackage& kept : previous) known.push_back(&kept);
  for (const DeployedPackage* record : known) {
    if (record->version != package.manifest.version() || record->digest == digest) continue;
    return absl::AlreadyExistsError(absl::StrCat("package \"", id, "\" ", record->version,
                                                 record == &deployed ? " is" : " was",
                                                 " deployed with other content: raise the version in paranet.yaml"));
  }
  return absl::OkStatus();
}

absl::Status CheckSkills(const Package& package, const Incumbent& incumbent, const CatalogueSnapshot& catalogue) {
  const auto from_memory = [&](const std::string& path) { return absl::StatusOr<std::string>(package.files.at(path)); };
  PARANET_ASSIGN_OR_RETURN(const SkillSetList sets, PackageSkillSets(package.manifest, from_memory));
  if (incumbent.manifest != nullptr) {
    const absl::StatusOr<SkillSetList> before = PackageSkillSets(*incumbent.manifest, [&](const std::string& path) {
      return ReadFile(absl::StrCat(incumbent.dir, "/", path), kMaxPackageBytes);
    });
    // Nobody calls what cannot be read.
    if (before.ok()) PARANET_RETURN_IF_ERROR(CheckReplaces(*before, sets));
  }
  SkillSetList others;
  for (const std::shared_ptr<const CatalogueEntry>& entry : catalogue.entries()) {
    const bool beside =
        std::any_of(entry->providers.begin(), entry->providers.end(), [&](const std::shared_ptr<Provider>& provider) {
          return provider->kind() == Provider::Kind::kActor && !Offers(incumbent.running, provider->name());
        });
    if (beside) others.push_back(entry->set);
  }
  return CheckBeside(others, sets);
}

}  // namespace paranet
