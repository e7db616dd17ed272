#include "tools/cli/package_build.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/package/archive.h"
#include "core/package/package_builder.h"

namespace paranet::cli {
namespace {

struct PackageBuildOptions {
  std::string folder;
  std::string out;
};

std::string OutputFile(const std::string& out, const std::string& name) {
  if (out.empty()) return name;
  std::error_code error;
  if (!std::filesystem::is_directory(out, error)) return out;
  return absl::StrCat(out, absl::EndsWith(out, "/") ? "" : "/", name);
}

}  // namespace

absl::StatusOr<PackageFileResult> BuildPackageFile(const std::string& folder, const std::string& out) {
  PARANET_ASSIGN_OR_RETURN(Package package, BuildPackage(folder));
  PARANET_ASSIGN_OR_RETURN(const std::string archive, SerializeArchive(package));
  const std::string file = OutputFile(out, package.FileName());
  PARANET_RETURN_IF_ERROR(WriteFileAtomically(file, archive));
  return PackageFileResult{.package = std::move(package), .file = file, .publisher = ""};
}

Json PackageFileJson(const PackageFileResult& result) {
  const v1::Manifest& manifest = result.package.manifest;
  std::vector<std::string> actors;
  for (const v1::ActorManifest& actor : manifest.actors())
    actors.push_back(absl::StrCat(actor.id(), "@", actor.version()));
  return JsonObject()
      .Set("file", result.file)
      .Set("id", manifest.id())
      .Set("version", manifest.version())
      .Set("digest", result.package.Digest())
      .Set("publisher", result.publisher)
      .Set("actors", Json::Strings(actors))
      .Set("files", manifest.files_size());
}

std::string FormatPackageFile(const PackageFileResult& result) {
  const v1::Manifest& manifest = result.package.manifest;
  return FormatFields({{"file", result.file},
                       {"package", absl::StrCat(manifest.id(), " ", manifest.version())},
                       {"digest", result.package.Digest()},
                       {"publisher", result.publisher.empty() ? "(unsigned)" : result.publisher},
                       {"files", absl::StrCat(manifest.files_size())}});
}

void AddPackageBuild(CommandTree& tree) {
  const auto options = std::make_shared<PackageBuildOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("package", "Actor packages"), "build",
      "Makes an archive from a folder with a paranet.yaml. The same folder makes the same bytes.",
      "paranet package build weather\nparanet package build weather --out build/weather.paranet",
      [options](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(const PackageFileResult result, BuildPackageFile(options->folder, options->out));
        context.out->Result(PackageFileJson(result), FormatPackageFile(result));
        return absl::OkStatus();
      });
  verb->add_option("folder", options->folder, "The package's source form")->required()->type_name("FOLDER");
  verb->add_option("--out", options->out, "File or directory to write (./NAME-VERSION.paranet)")->type_name("FILE");
}

}  // namespace paranet::cli
