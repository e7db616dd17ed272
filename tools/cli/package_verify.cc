#include "tools/cli/package_verify.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/package/archive.h"
#include "core/package/package_signature.h"
#include "pki/certificate.h"
#include "pki/identity.h"
#include "pki/revocation_lists.h"
#include "pki/trust_store.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/input_file.h"
#include "tools/cli/package_build.h"

namespace paranet::cli {
namespace {

struct PackageVerifyOptions {
  std::string file;
  std::string roots;
  std::vector<std::string> lists;
  std::string time;
};

absl::Status Verify(Context& context, const PackageVerifyOptions& options) {
  absl::Time when = absl::Now();
  std::string error;
  if (!options.time.empty() && !absl::ParseTime(absl::RFC3339_full, options.time, &when, &error)) {
    return UsageError(absl::StrCat("--at takes a time such as 2026-01-31T12:00:00Z, not \"", options.time, "\""));
  }
  PARANET_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(options.file, kMaxArchiveBytes));
  absl::StatusOr<Package> package = ParseArchive(bytes);
  if (!package.ok()) return Annotate(package.status(), options.file);
  PARANET_ASSIGN_OR_RETURN(const pki::CertificateChain roots, ReadCertificates(options.roots));
  const absl::StatusOr<std::shared_ptr<const pki::TrustStore>> trust = pki::TrustStore::Create(roots.certificates());
  if (!trust.ok()) return Annotate(trust.status(), options.roots);
  std::vector<pki::Certificate> authorities;
  if (package->signature.has_value()) {
    for (const std::string& der : package->signature->certificates()) {
      absl::StatusOr<pki::Certificate> certificate = pki::Certificate::FromDer(der);
      // What is no certificate is the signature's business below.
      if (certificate.ok()) authorities.push_back(*std::move(certificate));
    }
  }
  std::shared_ptr<const pki::RevocationLists> lists = pki::RevocationLists::Empty();
  for (const std::string& file : options.lists) {
    PARANET_ASSIGN_OR_RETURN(const pki::RevocationList list, ReadRevocationList(file));
    absl::StatusOr<std::shared_ptr<const pki::RevocationLists>> with = lists->With(list, **trust, authorities, when);
    if (!with.ok()) return Annotate(with.status(), file);
    lists = *std::move(with);
  }
  PARANET_ASSIGN_OR_RETURN(const pki::Identity publisher, VerifyPackageSignature(*package, **trust, when, lists.get()));
  const PackageFileResult result{.package = *std::move(package), .file = options.file, .publisher = publisher.ToUri()};
  context.out->Result(PackageFileJson(result), FormatPackageFile(result));
  return absl::OkStatus();
}

}  // namespace

void AddPackageVerify(CommandTree& tree) {
  const auto options = std::make_shared<PackageVerifyOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("package", "Actor packages"), "verify",
      "Says whether an archive is whole and signed by a publisher to be trusted, as a Standard Node decides it; exit "
      "code 4 where it is whole but not trusted.",
      "paranet package verify weather-1.0.0.paranet --roots alpha/roots.pem\n"
      "paranet package verify weather-1.0.0.paranet --roots alpha/roots.pem --crl acme.crl --at 2026-01-31T12:00:00Z",
      [options](Context& context) { return Verify(context, *options); });
  verb->add_option("file", options->file, "The archive")->required()->type_name("FILE");
  verb->add_option("--roots", options->roots, "The Network Roots to trust")->required()->type_name("FILE");
  verb->add_option("--crl", options->lists, "A revocation list; may come several times")
      ->type_name("FILE")
      ->allow_extra_args(false);
  verb->add_option("--at", options->time, "When, in place of now")->type_name("RFC3339");
}

}  // namespace paranet::cli
