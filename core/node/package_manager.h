// The packages of one node: deployed, remembered, running, offered.
#ifndef PARANET_CORE_NODE_PACKAGE_MANAGER_H_
#define PARANET_CORE_NODE_PACKAGE_MANAGER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/node/node_state.h"
#include "core/package/package.h"
#include "core/package/package_store.h"
#include "core/runtime/package_runtime.h"
#include "core/skill/catalogue.h"
#include "paranet/v1/node.pb.h"
#include "paranet/v1/package.pb.h"
#include "pki/node_trust.h"

namespace paranet {

// Thread-safe; deployments run one after the other.
class PackageManager {
 public:
  struct Options {
    std::string node_name;
    // All outlive this object.
    NodeState* state = nullptr;
    PackageStore* store = nullptr;
    Catalogue* catalogue = nullptr;
    const Clock* clock = nullptr;
    // What a Standard Node goes by at present; null on a Test Node, which accepts unsigned packages.
    std::function<std::shared_ptr<const pki::TrustState>()> trust;
    // StartPackage: the manifest, and the folder with its files.
    std::function<absl::StatusOr<std::unique_ptr<RunningPackage>>(const v1::Manifest&, const std::string&)> start;
    // How long the calls of a replaced version may take to end.
    absl::Duration drain = absl::Seconds(10);
    Logger logger;
  };
  explicit PackageManager(Options options) : options_(std::move(options)) {}
  // Stop(now).
  ~PackageManager();

  // Starts what was deployed before. A package that does not start stays, as FAILED; an error means that the state
  // cannot be read. Once, before Deploy.
  absl::Status Restore();

  // Puts a package in the place of the version with its id, if there is one: the new one runs and is offered before the
  // old one is withdrawn and its calls end. On any error nothing has changed. The same package again is OK.
  //   INVALID_ARGUMENT, DATA_LOSS     no package, or a damaged one (ParseArchive); an actor that does not start
  //   PERMISSION_DENIED               on a Standard Node: unsigned, altered, or of no publisher of its network
  //   FAILED_PRECONDITION             a higher version is deployed
  //   ALREADY_EXISTS                  on a Standard Node: this version with other content; anywhere: an actor or a
  //   skill
  //                                   that another package has
  absl::StatusOr<v1::DeployResponse> Deploy(absl::string_view archive);

  // Sorted by id.
  std::vector<v1::PackageInfo> List() const;

  // Refuses further deployments, withdraws and stops all packages; their calls may end until `deadline`. Idempotent.
  void Stop(absl::Time deadline);

 private:
  struct Entry {
    DeployedPackage record;
    // Empty if the stored one cannot be read.
    v1::Manifest manifest;
    // Null if it failed.
    std::unique_ptr<RunningPackage> running;
    absl::Status error;
  };

  // Who answers for `package`; notes for the operator.
  absl::StatusOr<std::string> CheckSignature(const Package& package, std::vector<std::string>* notes) const;
  absl::Status CheckVersion(const Package& package, const Entry& deployed) const;
  // Offers what `running` has; `replaced` (may be null) loses its providers of the same names. All or nothing.
  absl::Status Offer(const std::string& id, const RunningPackage& running, const RunningPackage* replaced);
  // The catalogue as it was before Offer of the first `count` offers.
  void TakeBack(const RunningPackage& running, size_t count, const RunningPackage* replaced);
  // The package whose actor is called `provider`, other than `id`; "" if there is none.
  std::string OwnerOf(absl::string_view provider, const std::string& id) const;
  // Starts and offers the stored package of `digest`.
  absl::StatusOr<std::unique_ptr<RunningPackage>> Start(const std::string& id, const v1::Manifest& manifest,
                                                        const std::string& dir, const RunningPackage* replaced);
  static v1::PackageInfo Describe(const Entry& entry);

  const Options options_;
  // Held by whoever changes something, for as long as that takes.
  absl::Mutex deploy_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  bool stopped_ ABSL_GUARDED_BY(deploy_mu_) = false;
  // Written with both held.
  mutable absl::Mutex mu_;
  std::map<std::string, Entry> packages_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_PACKAGE_MANAGER_H_
