// Path building (RFC 4158): from a leaf over a pool of intermediates to one of several trust anchors.
//
// A Paranet node does not build paths: its peers present theirs in order (verify.h). This is for conformance tests,
// which hand over certificates in no order, and it is to show that path_validation.h decides right however they are
// presented.
#ifndef PARANET_PKI_PATH_PATH_BUILDING_H_
#define PARANET_PKI_PATH_PATH_BUILDING_H_

#include <cstddef>
#include <vector>

#include "absl/types/span.h"
#include "pki/certificate.h"
#include "pki/path/path_validation.h"

namespace paranet::pki {

// What one search may cost. Beyond it there is no path, with the outcome kPathTooLong.
struct PathLimits {
  // Certificates of a path without the anchor.
  size_t max_path = 16;
  size_t max_signature_checks = 100;
  // Certificates looked at as issuers of others, the same one as often as it is.
  size_t max_steps = 10000;
};

struct BuiltPath {
  // kOk, or the outcome of the path that was tried first; kUntrustedRoot if none was found.
  PathResult result;
  // Leaf first, without the anchor. What `result.index` counts; if no path was found, the leaf alone.
  std::vector<Certificate> path;
};

// Depth first; anchors before intermediates, these in the order of the pool. An issuer is one by name and, where both
// have one, key identifier, and has signed; no path has a certificate, nor a subject with a key, twice. What is in the
// pool and not on the path plays no part. The first path that ValidatePath accepts wins.
[[nodiscard]] BuiltPath BuildPath(const Certificate& leaf, absl::Span<const Certificate> pool,
                                  absl::Span<const Certificate> anchors, const PathOptions& options,
                                  const PathLimits& limits);

}  // namespace paranet::pki

#endif  // PARANET_PKI_PATH_PATH_BUILDING_H_
