// What a manifest must be, wherever it comes from: a folder, an archive, the store.
#ifndef PARANET_CORE_PACKAGE_MANIFEST_CHECK_H_
#define PARANET_CORE_PACKAGE_MANIFEST_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

// Of one package.
inline constexpr int kMaxPackageFiles = 1000;
inline constexpr uint64_t kMaxPackageBytes = uint64_t{256} << 20;
inline constexpr int kMaxPackageActors = 64;
// Of a serialized manifest.
inline constexpr size_t kMaxManifestBytes = size_t{2} << 20;
// Of a path within a package, and of each of its components.
inline constexpr size_t kMaxPackagePathBytes = 512;
inline constexpr size_t kMaxPackageNameBytes = 255;

// OK if `path` is one within a package: UTF-8, relative, with single slashes, without `.`, `..` and control
// characters, and within the limits. INVALID_ARGUMENT quotes it (escaped) and says what is wrong.
absl::Status CheckPackagePath(absl::string_view path);

// OK if `name` is a full name in protobuf: `weather.v1.Weather`.
absl::Status CheckServiceName(absl::string_view name);

// OK if `module` is a Python module: `weather.main`.
absl::Status CheckPythonModule(absl::string_view module);

// OK if `name` is a name for an environment variable: letters, digits and underscores, no digit first.
absl::Status CheckEnvironmentName(absl::string_view name);

// OK if `text`, a name or description for people, is UTF-8 of at most 4,096 bytes without control characters other
// than line feeds. `what` names it in the error.
absl::Status CheckText(absl::string_view text, absl::string_view what);

// One actor, by itself: id, version, code, skill sets (one at least, none twice), descriptors, environment, an
// isolation that its code allows (a program or a Python module never runs in the node's process), limits within their
// ranges, and neither the network nor limits of a process where the isolation gives it none. A Python actor may name no
// descriptors, and then no skill sets, before its package is built (BuildPackage).
absl::Status CheckActor(const v1::ActorManifest& actor);

// All but `files`: id, version, texts, one actor at least, each valid, no two with the same id.
absl::Status CheckManifestHead(const v1::Manifest& manifest);

// The whole manifest: its head, and `files`: valid paths, sorted, none twice, none that differ only in the case of
// ASCII letters, none that is also a folder of another, SHA-256 of 32 bytes, numbers and sizes within the limits; and
// each file that an actor names is there, a program with the right to be executed. INVALID_ARGUMENT names actor or
// file.
absl::Status CheckManifest(const v1::Manifest& manifest);

// The same manifest makes the same bytes: maps in the order of their keys.
std::string SerializeManifest(const v1::Manifest& manifest);

// Parses a serialized manifest and checks it. Fields that this version does not know are refused: what they say would
// go unheeded.
absl::StatusOr<v1::Manifest> ParseManifest(absl::string_view bytes);

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_MANIFEST_CHECK_H_
