// Whether a node may take a package at all, before anything of it runs.
#ifndef PARANET_CORE_NODE_PACKAGE_ADMISSION_H_
#define PARANET_CORE_NODE_PACKAGE_ADMISSION_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/node/node_state.h"
#include "core/package/package.h"
#include "core/package/package_store.h"
#include "core/runtime/package_runtime.h"
#include "core/skill/catalogue.h"
#include "paranet/v1/package.pb.h"
#include "pki/node_trust.h"

namespace paranet {

// The identity of who answers for `package` at `now`; adds what the operator should know to `notes`. `trust`: of a
// Standard Node, which takes none without a publisher (PERMISSION_DENIED, VerifyPackageSignature); null: of a Test
// Node, for which it is nobody ("").
absl::StatusOr<std::string> CheckPublisher(const Package& package, const pki::TrustState* trust, absl::Time now,
                                           std::vector<std::string>* notes);

// The last moment, `now` at the latest, at which none of the certificates in the signature had expired.
absl::Time LastValid(const Package& package, absl::Time now);

// OK if the version may take the place of `deployed`, whose kept versions are `previous`. FAILED_PRECONDITION if it is
// lower; ALREADY_EXISTS if, `strict`, the node has or kept it with other content.
absl::Status CheckNewVersion(const Package& package, const DeployedPackage& deployed,
                             const std::vector<DeployedPackage>& previous, bool strict);

// What the skill sets of a new version are compared with.
struct Incumbent {
  // Of the package's own deployed version; null if there is none.
  const v1::Manifest* manifest = nullptr;
  // Where its files are.
  std::string dir;
  // Null if it does not run.
  const RunningPackage* running = nullptr;
};

// OK if the skill sets of `package` are valid, replace those of `incumbent` (CheckReplaces) and stand beside those of
// the node's other actors (CheckBeside). INVALID_ARGUMENT, FAILED_PRECONDITION.
absl::Status CheckSkills(const Package& package, const Incumbent& incumbent, const CatalogueSnapshot& catalogue);

}  // namespace paranet

#endif  // PARANET_CORE_NODE_PACKAGE_ADMISSION_H_
