#include "core/package/package_builder.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/package/manifest_check.h"
#include "core/package/manifest_yaml.h"
#include "core/package/package_skill_sets.h"
#include "core/package/sha256.h"

namespace paranet {

namespace {

constexpr char kManifestName[] = "paranet.yaml";
constexpr absl::string_view kPythonCache = "__pycache__";

struct FoundFile {
  uint64_t size = 0;
  bool executable = false;
};

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\""); }

// The names in `folder`, in order.
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
    return absl::NotFoundError(absl::StrCat("there is no folder ", Quoted(folder)));
  }
  if (error)
    return absl::PermissionDeniedError(absl::StrCat("cannot read folder ", Quoted(folder), ": ", error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

// The files of a folder, and that all of them may be in a package.
class FolderReader {
 public:
  explicit FolderReader(const std::string& root) : root_(root) {}

  // By path below the root.
  const std::map<std::string, FoundFile>& files() const { return files_; }

  absl::Status Walk() { return WalkFolder(""); }

 private:
  // `prefix`: empty, or the path of a folder below the root with a slash behind it.
  absl::Status WalkFolder(const std::string& prefix) {
    PARANET_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(absl::StrCat(root_, "/", prefix)));
    for (const std::string& name : names) PARANET_RETURN_IF_ERROR(Visit(prefix, name));
    return absl::OkStatus();
  }

  absl::Status Visit(const std::string& prefix, const std::string& name) {
    const std::string path = absl::StrCat(prefix, name);
    PARANET_RETURN_IF_ERROR(CheckPackagePath(path));
    struct stat info;
    if (lstat(absl::StrCat(root_, "/", path).c_str(), &info) != 0) {
      return absl::FailedPreconditionError(absl::StrCat("cannot look at ", Quoted(path), ": ", std::strerror(errno)));
    }
    if (S_ISDIR(info.st_mode)) return name == kPythonCache ? absl::OkStatus() : WalkFolder(absl::StrCat(path, "/"));
    if (S_ISLNK(info.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat(Quoted(path), " is a symbolic link; put the file itself into the folder"));
    }
    if (!S_ISREG(info.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat(Quoted(path), " is not a regular file; a package has regular files only"));
    }
    if (prefix.empty() && (name == kManifestName || absl::EndsWith(name, ".paranet"))) return absl::OkStatus();
    const auto size = static_cast<uint64_t>(info.st_size);
    if (files_.size() == static_cast<size_t>(kMaxPackageFiles)) {
      return absl::InvalidArgumentError(
          absl::StrCat("with ", Quoted(path), " there are more than the ", kMaxPackageFiles,
                       " files that a package may have; leave out what the actors do not need"));
    }
    if (size > kMaxPackageBytes - total_) {
      return absl::InvalidArgumentError(absl::StrCat("with ", Quoted(path), " of ", size,
                                                     " bytes there is more than the ", kMaxPackageBytes >> 20,
                                                     " MiB that a package may have; leave out what the actors do not "
                                                     "need"));
    }
    total_ += size;
    files_[path] = {.size = size, .executable = (info.st_mode & S_IXUSR) != 0};
    return absl::OkStatus();
  }

  const std::string root_;
  std::map<std::string, FoundFile> files_;
  uint64_t total_ = 0;
};

// Puts what the code of a Python actor says into `package`, as the file that the manifest then names.
absl::Status AddSchema(const std::string& folder, const BuildOptions& options, v1::ActorManifest& actor,
                       Package& package) {
  if (!options.python_schema) {
    return absl::InvalidArgumentError(
        "it names no descriptors, and this program cannot ask Python code for them; build with `paranet package "
        "build`, or name a file with them under descriptors");
  }
  const std::string path = absl::StrCat(actor.id(), ".binpb");
  if (package.files.count(path) > 0) {
    return absl::InvalidArgumentError(absl::StrCat("the folder has a file ", Quoted(path),
                                                   ", where the descriptors of its code would go; name it ",
                                                   "under descriptors, or take it away"));
  }
  PARANET_ASSIGN_OR_RETURN(ActorSchema schema, options.python_schema(folder, actor));
  std::sort(schema.skill_sets.begin(), schema.skill_sets.end());
  if (actor.skill_sets().empty()) {
    actor.mutable_skill_sets()->Assign(schema.skill_sets.begin(), schema.skill_sets.end());
  } else if (std::set<std::string>(actor.skill_sets().begin(), actor.skill_sets().end()) !=
             std::set<std::string>(schema.skill_sets.begin(), schema.skill_sets.end())) {
    return absl::InvalidArgumentError(absl::StrCat("its code serves ", absl::StrJoin(schema.skill_sets, ", "),
                                                   ", its skillsets in paranet.yaml are ",
                                                   absl::StrJoin(actor.skill_sets(), ", "), "; make them the same"));
  }
  actor.set_descriptors(path);
  package.files.emplace(path, std::move(schema.descriptors));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Package> BuildPackage(const std::string& folder, const BuildOptions& options) {
  FolderReader reader(folder);
  PARANET_RETURN_IF_ERROR(reader.Walk());
  const std::string manifest_path = absl::StrCat(folder, "/", kManifestName);
  absl::StatusOr<std::string> yaml = ReadFile(manifest_path);
  if (absl::IsNotFound(yaml.status())) {
    return absl::NotFoundError(
        absl::StrCat("folder ", Quoted(folder), " has no paranet.yaml; write one, or name the folder that has it"));
  }
  PARANET_RETURN_IF_ERROR(yaml.status());

  Package package;
  PARANET_ASSIGN_OR_RETURN(package.manifest, ParseManifestYaml(*yaml, manifest_path));
  for (const auto& [path, found] : reader.files()) {
    PARANET_ASSIGN_OR_RETURN(std::string content, ReadFile(absl::StrCat(folder, "/", path), kMaxPackageBytes));
    package.files.emplace(path, std::move(content));
  }
  for (v1::ActorManifest& actor : *package.manifest.mutable_actors()) {
    if (!actor.has_python() || !actor.descriptors().empty()) continue;
    PARANET_RETURN_IF_ERROR(
        Annotate(AddSchema(folder, options, actor, package), absl::StrCat("actor ", Quoted(actor.id()))));
  }
  for (const auto& [path, content] : package.files) {
    const auto found = reader.files().find(path);
    v1::PackageFile& file = *package.manifest.add_files();
    file.set_path(path);
    file.set_size(content.size());
    file.set_sha256(Sha256(content));
    file.set_executable(found != reader.files().end() && found->second.executable);
  }
  PARANET_RETURN_IF_ERROR(CheckManifest(package.manifest));
  PARANET_RETURN_IF_ERROR(
      PackageSkillSets(package.manifest, [&](const std::string& path) { return package.files.at(path); }).status());
  package.manifest_bytes = SerializeManifest(package.manifest);
  return package;
}

}  // namespace paranet
