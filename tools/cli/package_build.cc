#include "tools/cli/package_build.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bindings/python/runtime/python_actor_schema.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/package/archive.h"
#include "core/package/package_builder.h"
#include "tools/author/build_commands.h"

namespace paranet::cli {
namespace {

struct PackageBuildOptions {
  std::string folder;
  std::string out;
  // Leaves out the commands under `build` in paranet.yaml.
  bool no_build = false;
};

std::string OutputFile(const std::string& out, const std::string& name) {
  if (out.empty()) return name;
  std::error_code error;
  if (!std::filesystem::is_directory(out, error)) return out;
  return absl::StrCat(out, absl::EndsWith(out, "/") ? "" : "/", name);
}

}  // namespace

absl::StatusOr<PackageFileResult> BuildPackageFile(const std::string& folder, const std::string& out) {
  PARANET_ASSIGN_OR_RETURN(Package package, BuildPackage(folder, {.python_schema = &PythonActorSchema}));
  PARANET_ASSIGN_OR_RETURN(const std::string archive, SerializeArchive(package));
  return WritePackageFile(std::move(package), archive, out);
}

absl::StatusOr<PackageFileResult> WritePackageFile(Package package, const std::string& archive,
                                                   const std::string& out) {
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
  const std::string publisher = !result.publisher.empty()              ? result.publisher
                                : result.package.signature.has_value() ? "(signed; not verified)"
                                                                       : "(unsigned)";
  return FormatFields({{"file", result.file},
                       {"package", absl::StrCat(manifest.id(), " ", manifest.version())},
                       {"digest", result.package.Digest()},
                       {"publisher", publisher},
                       {"files", absl::StrCat(manifest.files_size())}});
}

void AddPackageBuild(CommandTree& tree) {
  const auto options = std::make_shared<PackageBuildOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("package", "Actor packages"), "build",
      "Makes an archive from a folder with a paranet.yaml. The same folder makes the same bytes.",
      "paranet package build weather\nparanet package build weather --out build/weather.paranet",
      [options](Context& context) -> absl::Status {
        if (!options->no_build) {
          PARANET_ASSIGN_OR_RETURN(const std::vector<std::string> commands, ReadBuildCommands(options->folder));
          PARANET_RETURN_IF_ERROR(RunBuildCommands(commands, options->folder, context.executable));
        }
        PARANET_ASSIGN_OR_RETURN(const PackageFileResult result, BuildPackageFile(options->folder, options->out));
        context.out->Result(PackageFileJson(result), FormatPackageFile(result));
        return absl::OkStatus();
      });
  verb->add_option("folder", options->folder, "The package's source form")->required()->type_name("FOLDER");
  verb->add_option("--out", options->out, "File or directory to write (./NAME-VERSION.paranet)")->type_name("FILE");
  verb->add_flag("--no-build", options->no_build, "Do not run the commands under `build` in paranet.yaml first");
}

}  // namespace paranet::cli
