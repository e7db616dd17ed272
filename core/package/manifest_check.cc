#include "core/package/manifest_check.h"

#include <limits>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "core/package/utf8.h"
#include "core/skill/skill_id.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/message.h"

namespace paranet {

namespace {

constexpr size_t kMaxTextBytes = 4096;
constexpr size_t kMaxArgumentBytes = 32768;
// Below these nothing starts; above the others a number is a mistake.
constexpr uint64_t kMinMemoryBytes = 1'000'000;
constexpr uint64_t kMaxProcessorsMilli = 1'024'000;
constexpr uint64_t kMinOpenFiles = 16;
constexpr uint64_t kMaxOpenFiles = 1'048'576;
constexpr uint64_t kMaxProcesses = 32'768;
constexpr uint64_t kMinTimeoutMs = 100;
constexpr uint64_t kMaxStartTimeoutMs = 600'000;
constexpr uint64_t kMaxHangTimeoutMs = 3'600'000;

std::string Quoted(absl::string_view text) {
  constexpr size_t kShown = 200;
  return absl::StrCat("\"", absl::Utf8SafeCEscape(text.substr(0, kShown)), text.size() > kShown ? "..." : "", "\"");
}

bool IsIdentifier(absl::string_view text) {
  if (text.empty() || absl::ascii_isdigit(static_cast<unsigned char>(text[0]))) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
  }
  return true;
}

bool IsDottedName(absl::string_view text) {
  if (text.size() > kMaxPackageNameBytes) return false;
  for (const absl::string_view part : absl::StrSplit(text, '.')) {
    if (!IsIdentifier(part)) return false;
  }
  return true;
}

// An argument of a program or a value in its environment: C strings.
absl::Status CheckArgument(absl::string_view text, absl::string_view what) {
  static constexpr absl::string_view kAllButNul =
      "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b"
      "\x1c\x1d\x1e\x1f\x7f";
  if (text.size() > kMaxArgumentBytes) {
    return absl::InvalidArgumentError(absl::StrCat(what, " has ", text.size(), " bytes; the most is 32768"));
  }
  if (SoundUtf8Prefix(text, kAllButNul) != text.size()) {
    return absl::InvalidArgumentError(absl::StrCat(what, " ", Quoted(text), " is not UTF-8 without null characters"));
  }
  return absl::OkStatus();
}

absl::Status CheckCode(const v1::ActorManifest& actor) {
  switch (actor.code_case()) {
    case v1::ActorManifest::kLibrary:
      return Annotate(CheckPackagePath(actor.library()), "library");
    case v1::ActorManifest::kExec:
      if (actor.exec().command().empty()) {
        return absl::InvalidArgumentError("exec is empty; name a program of the package, then its arguments");
      }
      PARANET_RETURN_IF_ERROR(Annotate(CheckPackagePath(actor.exec().command(0)), "exec"));
      for (const std::string& argument : actor.exec().command()) {
        PARANET_RETURN_IF_ERROR(CheckArgument(argument, "an argument in exec"));
      }
      break;
    case v1::ActorManifest::kPython:
      PARANET_RETURN_IF_ERROR(CheckPythonModule(actor.python()));
      break;
    case v1::ActorManifest::CODE_NOT_SET:
      return absl::InvalidArgumentError("it has no code; give it one of library, exec and python");
  }
  if (actor.isolation() == v1::ActorManifest::IN_PROCESS) {
    return absl::InvalidArgumentError(
        "isolation in_process is for libraries only; programs and Python modules run in a process of their own");
  }
  return absl::OkStatus();
}

// One of ActorLimits. Zero, the node's default, is always in range.
struct LimitRange {
  absl::string_view name;
  uint64_t value;
  uint64_t least;
  uint64_t most;
  // Whether it is a matter of the actor's process.
  bool of_process;
};

absl::Status CheckLimits(const v1::ActorManifest& actor) {
  constexpr uint64_t kAny = std::numeric_limits<uint64_t>::max();
  const v1::ActorLimits& limits = actor.limits();
  const LimitRange ranges[] = {
      {"mailbox", limits.mailbox(), 1, kAny, false},
      {"streams", limits.streams(), 1, kAny, false},
      {"per_caller", limits.per_caller(), 1, limits.mailbox() == 0 ? kAny : limits.mailbox(), false},
      {"memory_bytes", limits.memory_bytes(), kMinMemoryBytes, kAny, true},
      {"processors_milli", limits.processors_milli(), 1, kMaxProcessorsMilli, true},
      {"open_files", limits.open_files(), kMinOpenFiles, kMaxOpenFiles, true},
      {"processes", limits.processes(), 1, kMaxProcesses, true},
      {"cpu_seconds", limits.cpu_seconds(), 1, kAny, true},
      {"start_timeout_ms", limits.start_timeout_ms(), kMinTimeoutMs, kMaxStartTimeoutMs, true},
      {"hang_timeout_ms", limits.hang_timeout_ms(), kMinTimeoutMs, kMaxHangTimeoutMs, true},
  };
  const bool in_process = actor.isolation() == v1::ActorManifest::IN_PROCESS;
  for (const LimitRange& range : ranges) {
    if (range.value == 0) continue;
    if (in_process && range.of_process) {
      return absl::InvalidArgumentError(absl::StrCat("limit ", range.name, " is one of a process, and isolation ",
                                                     "in_process gives the actor none; leave one of the two out"));
    }
    if (range.value >= range.least && range.value <= range.most) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("limit ", range.name, " is ", range.value, "; it is 0 (the node's default) or ",
                     range.most == kAny ? absl::StrCat("at least ", range.least)
                                        : absl::StrCat("from ", range.least, " to ", range.most)));
  }
  if (in_process && actor.network()) {
    return absl::InvalidArgumentError(
        "network is granted to a process, and isolation in_process gives the actor none; leave one of the two out");
  }
  return absl::OkStatus();
}

absl::Status CheckActorBody(const v1::ActorManifest& actor) {
  PARANET_RETURN_IF_ERROR(Version::Parse(actor.version()).status());
  PARANET_RETURN_IF_ERROR(CheckCode(actor));
  // The code of a Python actor says both, and the package is not built yet.
  const bool unbuilt = actor.has_python() && actor.descriptors().empty();
  if (actor.skill_sets().empty() && !unbuilt) {
    return absl::InvalidArgumentError("it has no skill sets; name the services that it serves under skillsets");
  }
  absl::flat_hash_set<absl::string_view> skill_sets;
  for (const std::string& skill_set : actor.skill_sets()) {
    PARANET_RETURN_IF_ERROR(CheckServiceName(skill_set));
    if (!skill_sets.insert(skill_set).second) {
      return absl::InvalidArgumentError(absl::StrCat("skill set ", Quoted(skill_set), " is named twice"));
    }
  }
  if (!unbuilt) PARANET_RETURN_IF_ERROR(Annotate(CheckPackagePath(actor.descriptors()), "descriptors"));
  if (!v1::ActorManifest::Isolation_IsValid(actor.isolation()) ||
      !v1::ActorManifest::Concurrency_IsValid(actor.concurrency())) {
    return absl::InvalidArgumentError("its isolation or concurrency is one that this version does not know");
  }
  for (const auto& [name, value] : actor.env()) {
    PARANET_RETURN_IF_ERROR(CheckEnvironmentName(name));
    PARANET_RETURN_IF_ERROR(CheckArgument(value, absl::StrCat("env ", name)));
  }
  return CheckLimits(actor);
}

// The files of a manifest by path.
using Files = absl::flat_hash_map<std::string, const v1::PackageFile*>;

absl::Status CheckPresent(const Files& files, absl::string_view what, const std::string& path, bool executable) {
  const auto file = files.find(path);
  if (file == files.end()) {
    std::vector<std::string> paths;
    for (const auto& [known, unused] : files) paths.push_back(known);
    return absl::InvalidArgumentError(absl::StrCat(what, " ", Quoted(path),
                                                   " is not among the package's files; put it there or correct the "
                                                   "path.",
                                                   DidYouMean(path, paths)));
  }
  if (executable && !file->second->executable()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " ", Quoted(path), " is not executable; give its owner the right to execute it"));
  }
  return absl::OkStatus();
}

absl::Status CheckActorFiles(const v1::ActorManifest& actor, const Files& files) {
  if (actor.descriptors().empty()) {
    return absl::InvalidArgumentError("it has no descriptors; build the package with `paranet package build`");
  }
  PARANET_RETURN_IF_ERROR(CheckPresent(files, "descriptors", actor.descriptors(), false));
  if (actor.has_library()) return CheckPresent(files, "library", actor.library(), false);
  if (actor.has_exec()) return CheckPresent(files, "program", actor.exec().command(0), true);
  const std::string base = absl::StrReplaceAll(actor.python(), {{".", "/"}});
  if (files.contains(absl::StrCat(base, "/__init__.py"))) return absl::OkStatus();
  return CheckPresent(files, "Python module", absl::StrCat(base, ".py"), false);
}

absl::Status CheckFiles(const v1::Manifest& manifest) {
  if (manifest.files_size() > kMaxPackageFiles) {
    return absl::InvalidArgumentError(
        absl::StrCat("it has ", manifest.files_size(), " files; a package has at most ", kMaxPackageFiles));
  }
  uint64_t left = kMaxPackageBytes;
  // In lower case, so that the package is the same on a file system that does not tell cases apart.
  absl::flat_hash_map<std::string, std::string> seen;
  absl::flat_hash_map<std::string, std::string> folders;
  const std::string* previous = nullptr;
  for (const v1::PackageFile& file : manifest.files()) {
    PARANET_RETURN_IF_ERROR(CheckPackagePath(file.path()));
    if (previous != nullptr && *previous >= file.path()) {
      return absl::InvalidArgumentError(
          absl::StrCat("file ", Quoted(file.path()), " is there twice or not in order; build the package again"));
    }
    previous = &file.path();
    if (file.size() > left) {
      return absl::InvalidArgumentError(absl::StrCat("with file ", Quoted(file.path()), " of ", file.size(),
                                                     " bytes it is larger than the ", kMaxPackageBytes >> 20,
                                                     " MiB that a package may have"));
    }
    left -= file.size();
    if (file.sha256().size() != 32) {
      return absl::InvalidArgumentError(absl::StrCat("file ", Quoted(file.path()), " has no SHA-256 of 32 bytes"));
    }
    const std::string lower = absl::AsciiStrToLower(file.path());
    if (const auto [other, is_new] = seen.try_emplace(lower, file.path()); !is_new) {
      return absl::InvalidArgumentError(absl::StrCat("files ", Quoted(other->second), " and ", Quoted(file.path()),
                                                     " differ in case only; rename one"));
    }
    for (size_t slash = lower.find('/'); slash != std::string::npos; slash = lower.find('/', slash + 1)) {
      folders.try_emplace(lower.substr(0, slash), file.path());
    }
  }
  for (const auto& [lower, path] : seen) {
    if (const auto folder = folders.find(lower); folder != folders.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("file ", Quoted(path), " is also a folder of ", Quoted(folder->second), "; rename one"));
    }
  }
  return absl::OkStatus();
}

// Whether `message` or one below it has fields that this version does not know.
bool HasUnknownFields(const google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) return true;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (HasUnknownFields(reflection.GetMessage(message, field))) return true;
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      if (HasUnknownFields(reflection.GetRepeatedMessage(message, field, i))) return true;
    }
  }
  return false;
}

}  // namespace

absl::Status CheckPackagePath(absl::string_view path) {
  const auto bad = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("path ", Quoted(path), " ", why));
  };
  if (path.empty()) return bad("is empty");
  if (path.size() > kMaxPackagePathBytes) return bad(absl::StrCat("is longer than ", kMaxPackagePathBytes, " bytes"));
  if (SoundUtf8Prefix(path) != path.size()) return bad("has control characters or is not UTF-8");
  if (path.front() == '/') return bad("is absolute; give it relative to the package's folder");
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty()) return bad("has an empty part; write single slashes, none at the end");
    if (part == "." || part == "..") return bad("has \".\" or \"..\"; give it relative to the package's folder");
    if (part.size() > kMaxPackageNameBytes) {
      return bad(absl::StrCat("has a part longer than ", kMaxPackageNameBytes, " bytes"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckServiceName(absl::string_view name) {
  if (IsDottedName(name)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "skill set ", Quoted(name), " is not the full name of a protobuf service, such as weather.v1.Weather"));
}

absl::Status CheckPythonModule(absl::string_view module) {
  if (IsDottedName(module)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("python ", Quoted(module), " is not the name of a module, such as weather.main"));
}

absl::Status CheckEnvironmentName(absl::string_view name) {
  if (IsIdentifier(name) && name.size() <= kMaxPackageNameBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("env name ", Quoted(name), " is not made of letters, digits and underscores, no digit first"));
}

absl::Status CheckText(absl::string_view text, absl::string_view what) {
  if (text.size() > kMaxTextBytes) {
    return absl::InvalidArgumentError(absl::StrCat(what, " has ", text.size(), " bytes; the most is ", kMaxTextBytes));
  }
  if (SoundUtf8Prefix(text, "\n") == text.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, " ", Quoted(text), " has control characters or is not UTF-8"));
}

absl::Status CheckActor(const v1::ActorManifest& actor) {
  PARANET_RETURN_IF_ERROR(CheckName(actor.id(), "actor id"));
  return Annotate(CheckActorBody(actor), absl::StrCat("actor ", Quoted(actor.id())));
}

absl::Status CheckManifestHead(const v1::Manifest& manifest) {
  PARANET_RETURN_IF_ERROR(CheckName(manifest.id(), "package id"));
  PARANET_RETURN_IF_ERROR(Version::Parse(manifest.version()).status());
  PARANET_RETURN_IF_ERROR(CheckText(manifest.name(), "name"));
  PARANET_RETURN_IF_ERROR(CheckText(manifest.description(), "description"));
  if (manifest.actors().empty()) return absl::InvalidArgumentError("package has no actors; give it one at least");
  if (manifest.actors_size() > kMaxPackageActors) {
    return absl::InvalidArgumentError(
        absl::StrCat("package has ", manifest.actors_size(), " actors; the most is ", kMaxPackageActors));
  }
  absl::flat_hash_set<absl::string_view> ids;
  for (const v1::ActorManifest& actor : manifest.actors()) {
    PARANET_RETURN_IF_ERROR(CheckActor(actor));
    if (!ids.insert(actor.id()).second) {
      return absl::InvalidArgumentError(absl::StrCat("two actors have the id ", Quoted(actor.id()), "; rename one"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckManifest(const v1::Manifest& manifest) {
  PARANET_RETURN_IF_ERROR(CheckManifestHead(manifest));
  PARANET_RETURN_IF_ERROR(CheckFiles(manifest));
  Files files;
  for (const v1::PackageFile& file : manifest.files()) files.emplace(file.path(), &file);
  for (const v1::ActorManifest& actor : manifest.actors()) {
    PARANET_RETURN_IF_ERROR(Annotate(CheckActorFiles(actor, files), absl::StrCat("actor ", Quoted(actor.id()))));
  }
  return absl::OkStatus();
}

std::string SerializeManifest(const v1::Manifest& manifest) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    manifest.SerializeToCodedStream(&coded);
  }
  return bytes;
}

absl::StatusOr<v1::Manifest> ParseManifest(absl::string_view bytes) {
  if (bytes.size() > kMaxManifestBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("manifest has ", bytes.size(), " bytes; the most is ", kMaxManifestBytes));
  }
  v1::Manifest manifest;
  if (!manifest.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("manifest is not a serialized paranet.v1.Manifest; build the package again");
  }
  if (HasUnknownFields(manifest)) {
    return absl::InvalidArgumentError(
        "manifest has fields that this version of Paranet does not know; use the version that built it, or a later "
        "one");
  }
  PARANET_RETURN_IF_ERROR(CheckManifest(manifest));
  return manifest;
}

}  // namespace paranet
