// Packages for tests.
#ifndef PARANET_CORE_PACKAGE_PACKAGE_TESTUTIL_H_
#define PARANET_CORE_PACKAGE_PACKAGE_TESTUTIL_H_

#include <map>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "core/package/package.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

// Everything that goes wrong here ends the process with a message: it is a broken test.

// A serialized google.protobuf.FileDescriptorSet with `service` (`weather.v1.Weather`), which has one unary method
// `Current`.
std::string DescriptorsOf(absl::string_view service);

// A package `weather` 1.0.0 with one actor of that name, whose library is `lib/weather.so` and whose descriptors are
// `weather.binpb`, of the skill set `weather.v1.Weather`; without files.
v1::Manifest WeatherManifest();

// The files that WeatherManifest asks for, and one that is empty.
std::map<std::string, std::string> WeatherFiles();

// `head` (a manifest whose `files` are ignored) and `files` as a package, consistent but unchecked.
Package MakePackage(v1::Manifest head, std::map<std::string, std::string> files,
                    const std::set<std::string>& executables = {});

// MakePackage(WeatherManifest(), WeatherFiles()).
Package WeatherPackage();

// The paranet.yaml of WeatherManifest.
std::string WeatherYaml();

// Writes each file, whose path is below `dir`, with the folders that it needs.
void WriteFiles(const std::string& dir, const std::map<std::string, std::string>& files);

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_PACKAGE_TESTUTIL_H_
