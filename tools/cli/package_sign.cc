#include "tools/cli/package_sign.h"

#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/package/archive.h"
#include "core/package/package_signature.h"
#include "pki/identity.h"
#include "pki/identity_folder.h"

namespace paranet::cli {

absl::StatusOr<PackageFileResult> SignPackageFile(const PackageSignOptions& options) {
  PARANET_ASSIGN_OR_RETURN(const pki::IdentityFolder publisher,
                           pki::LoadIdentityFolder(options.identity, {pki::Role::kPublisher}, absl::Now()));
  PARANET_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(options.file, kMaxArchiveBytes));
  absl::StatusOr<Package> package = ParseArchive(bytes);
  if (!package.ok()) return Annotate(package.status(), options.file);
  PARANET_RETURN_IF_ERROR(SignPackage(&*package, publisher.key, publisher.chain));
  PARANET_ASSIGN_OR_RETURN(const std::string archive, SerializeArchive(*package));
  const std::string file = options.out.empty() ? options.file : options.out;
  PARANET_RETURN_IF_ERROR(WriteFileAtomically(file, archive));
  return PackageFileResult{.package = *std::move(package), .file = file, .publisher = publisher.identity.ToUri()};
}

void AddPackageSign(CommandTree& tree) {
  const auto options = std::make_shared<PackageSignOptions>();
  CLI::App* verb = tree.Verb(tree.Noun("package", "Actor packages"), "sign",
                             "Signs an archive as a publisher of a network, in place of a signature that it has.",
                             "paranet root issue acme --role publisher --name tools --out publisher\n"
                             "paranet package sign weather-1.0.0.paranet --identity publisher",
                             [options](Context& context) -> absl::Status {
                               PARANET_ASSIGN_OR_RETURN(const PackageFileResult result, SignPackageFile(*options));
                               context.out->Result(PackageFileJson(result), FormatPackageFile(result));
                               return absl::OkStatus();
                             });
  verb->add_option("file", options->file, "The archive")->required()->type_name("FILE");
  verb->add_option("--identity", options->identity, "The publisher's directory, from `paranet root issue`")
      ->required()
      ->type_name("DIR");
  verb->add_option("--out", options->out, "Where the signed archive goes, in place of FILE itself")->type_name("FILE");
}

}  // namespace paranet::cli
