// `paranet.yaml`: what an author writes about a package.
//
//   id: weather
//   version: 1.0.0
//   name: Weather reports            # optional, as is description
//   build: [make]                    # optional: commands for the shell that `package build` runs in the folder first
//   actors:
//     - id: weather
//       version: 1.0.0
//       library: libweather.so       # or exec: [bin/weather, --flag], or python: weather.main
//       skillsets: [weather.v1.Weather]
//       descriptors: weather.binpb   # optional in a Python actor, with skillsets: its code says them
//       isolation: process           # optional: in_process, process
//       concurrency: one_at_a_time   # optional: one_at_a_time, concurrent
//       env: {CITY: Oslo}            # optional
//       network: true                # optional: asks for it; the node's operator grants it
//       limits: {mailbox: 100, streams: 10, per_caller: 20, memory_bytes: 100000000, processors_milli: 500,
//                open_files: 64, processes: 8, cpu_seconds: 3600, start_timeout_ms: 5000,
//                hang_timeout_ms: 5000}          # optional, each too; 0 is the node's default
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
