// `paranet.yaml`: what an author writes about a package.
//
//   id: weather
//   version: 1.0.0
//   name: Weather reports            # optional, as is description
//   actors:
//     - id: weather
//       version: 1.0.0
//       library: libweather.so       # or exec: [bin/weather, --flag], or python: weather.main
//       skillsets: [weather.v1.Weather]
//       descriptors: weather.binpb
//       isolation: in_process        # optional: in_process, process
//       concurrency: one_at_a_time   # optional: one_at_a_time, concurrent
//       env: {CITY: Oslo}            # optional
//       limits: {mailbox: 100, streams: 10, memory_bytes: 1000000, processors_milli: 500}   # optional, each too
#ifndef PARANET_CORE_PACKAGE_MANIFEST_YAML_H_
#define PARANET_CORE_PACKAGE_MANIFEST_YAML_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

// The manifest that `text` describes, without `files`, as CheckManifestHead (manifest_check.h) wants it.
// INVALID_ARGUMENT `FILE:LINE:COLUMN: ...` at the first thing that is wrong: no YAML (yaml_tree.h), an unknown key
// (with the nearest valid one), a missing key, a value of the wrong type or form. `file` is for messages only.
absl::StatusOr<v1::Manifest> ParseManifestYaml(absl::string_view text, absl::string_view file = "paranet.yaml");

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_MANIFEST_YAML_H_
