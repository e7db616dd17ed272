// A package in memory: manifest, files, signature.
#ifndef PARANET_CORE_PACKAGE_PACKAGE_H_
#define PARANET_CORE_PACKAGE_PACKAGE_H_

#include <map>
#include <optional>
#include <string>

#include "paranet/v1/package.pb.h"

namespace paranet {

struct Package {
  v1::Manifest manifest;
  // The manifest as it was serialized and signed.
  std::string manifest_bytes;
  std::optional<v1::Signature> signature;
  // Path to content, for every file of the manifest.
  std::map<std::string, std::string> files;

  // SHA-256 of manifest_bytes, hexadecimal: the package's name in the store.
  std::string Digest() const;
  // `weather-1.0.0.paranet`.
  std::string FileName() const;
};

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_PACKAGE_H_
