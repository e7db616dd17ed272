#include "tools/cli/package_inspect.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/package/archive.h"
#include "pki/certificate.h"
#include "tools/cli/message_json.h"

namespace paranet::cli {
namespace {

// Whom the first certificate of the signature names; nobody has looked whether that is true.
std::string ClaimedPublisher(const Package& package) {
  if (!package.signature.has_value()) return "";
  const v1::Signature& signature = *package.signature;
  if (signature.certificates().empty()) return "nobody";
  const absl::StatusOr<pki::Certificate> leaf = pki::Certificate::FromDer(signature.certificates(0));
  return leaf.ok() && leaf->uris().size() == 1 ? leaf->uris().front() : "nobody";
}

std::string CodeOf(const v1::ActorManifest& actor) {
  if (actor.has_library()) return absl::StrCat("library ", actor.library());
  if (actor.has_python()) return absl::StrCat("python ", actor.python());
  return absl::StrCat("exec ", absl::StrJoin(actor.exec().command(), " "));
}

std::string FormatPackage(const Package& package, size_t bytes, const std::string& publisher) {
  const v1::Manifest& manifest = package.manifest;
  std::string text =
      FormatFields({{"package", absl::StrCat(manifest.id(), " ", manifest.version())},
                    {"name", manifest.name()},
                    {"description", manifest.description()},
                    {"digest", package.Digest()},
                    {"signed by", publisher.empty() ? "(unsigned)" : absl::StrCat(publisher, " (not verified)")},
                    {"archive", absl::StrCat(bytes, " bytes")}});
  std::vector<std::vector<std::string>> actors;
  for (const v1::ActorManifest& actor : manifest.actors()) {
    actors.push_back({absl::StrCat(actor.id(), "@", actor.version()), CodeOf(actor),
                      absl::StrJoin(actor.skill_sets(), ", "),
                      EnumWord(v1::ActorManifest::Isolation_descriptor(), actor.isolation()),
                      actor.network() ? "asks for the network" : ""});
  }
  absl::StrAppend(&text, "\n", FormatTable({"actor", "code", "skill sets", "isolation", ""}, actors, ""));
  std::vector<std::vector<std::string>> files;
  for (const v1::PackageFile& file : manifest.files()) {
    files.push_back({file.path(), absl::StrCat(file.size()), file.executable() ? "executable" : ""});
  }
  absl::StrAppend(&text, "\n", FormatTable({"file", "bytes", ""}, files, ""));
  return text;
}

}  // namespace

void AddPackageInspect(CommandTree& tree) {
  const auto file = std::make_shared<std::string>();
  CLI::App* verb = tree.Verb(tree.Noun("package", "Actor packages"), "inspect",
                             "Prints what is in an archive, which is checked to be whole. Trusts nothing.",
                             "paranet package inspect weather-1.0.0.paranet\n"
                             "paranet package inspect weather-1.0.0.paranet --output json",
                             [file](Context& context) -> absl::Status {
                               PARANET_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(*file, kMaxArchiveBytes));
                               const absl::StatusOr<Package> package = ParseArchive(bytes);
                               if (!package.ok()) return Annotate(package.status(), *file);
                               const std::string publisher = ClaimedPublisher(*package);
                               context.out->Result(JsonObject()
                                                       .Set("file", *file)
                                                       .Set("digest", package->Digest())
                                                       .Set("claimed_publisher", publisher)
                                                       .Set("bytes", bytes.size())
                                                       .Set("manifest", MessageToJson(package->manifest)),
                                                   FormatPackage(*package, bytes.size(), publisher));
                               return absl::OkStatus();
                             });
  verb->add_option("file", *file, "The archive")->required()->type_name("FILE");
}

}  // namespace paranet::cli
