// Archives that no builder makes.
#ifndef PARANET_TESTS_PACKAGES_FORGE_H_
#define PARANET_TESTS_PACKAGES_FORGE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/package/package.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

// A case: what is wrong, the archive, and what a node says to it.
struct BadPackage {
  std::string name;
  std::function<std::string()> archive;
  absl::StatusCode code;
  std::string says;
  // Whether a Standard Node is asked; else a Test Node.
  bool standard = false;
};

// The pieces of an archive, each of which may be wrong.
struct Forge {
  // Of a package that is as it should be, but for what the caller has changed in it.
  static Forge Of(const Package& package);

  std::string magic = std::string("PARANET\x01");
  // Number and content of each field, in order.
  std::vector<std::pair<int, std::string>> fields;

  // The first field with this number.
  std::string& Field(int number);
  // Of the fields as they are; the manifest's SHA-256 as it was.
  std::string Bytes() const;
};

// `content` as a Zstandard frame.
std::string Frame(absl::string_view content);

// An archive whose manifest is `head` with `files`, whatever it says, with the right digests.
std::string ArchiveOf(const v1::Manifest& head, const std::map<std::string, std::string>& files);

// WeatherManifest() with version 2.0.0 and WeatherFiles(), after `change`.
std::string WeatherArchive(const std::function<void(v1::Manifest&, std::map<std::string, std::string>&)>& change);

}  // namespace paranet

#endif  // PARANET_TESTS_PACKAGES_FORGE_H_
