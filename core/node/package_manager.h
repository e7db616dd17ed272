// The packages of one node: deployed, remembered, running, offered, replaced, taken back.
#ifndef PARANET_CORE_NODE_PACKAGE_MANAGER_H_
#define PARANET_CORE_NODE_PACKAGE_MANAGER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
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
#include "core/runtime/package_drain.h"
#include "core/runtime/package_runtime.h"
#include "core/skill/catalogue.h"
#include "paranet/v1/node.pb.h"
#include "paranet/v1/package.pb.h"
#include "pki/node_trust.h"

namespace paranet {

// Thread-safe; what changes something runs one after the other.
//
// A version takes the place of another in these steps, and a crash between any two leaves the one or the other: its
// files are stored, its actors start, its skills are offered, the state remembers it (from here on it is the deployed
// one), the old one's skills are withdrawn. New calls then go to the highest version, those that run end where they
// began, and when the old one has none, or after `drain`, it stops.
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
    // StartPackage: the manifest, the folder with its files, and who answers for it (identity URI; empty if nobody).
    std::function<absl::StatusOr<std::unique_ptr<RunningPackage>>(const v1::Manifest&, const std::string& dir,
                                                                  const std::string& publisher)>
        start;
    // How long the calls of a version that was withdrawn may take to end.
    absl::Duration drain = absl::Seconds(10);
    // How long a replaced version takes calls at least of those who found it in the catalogue before.
    absl::Duration grace = absl::Seconds(1);
    // Versions of each package that are kept for RollBack, beside the deployed one: those deployed last.
    size_t keep = 3;
    Logger logger;
  };
  explicit PackageManager(Options options) : options_(std::move(options)) {}
  // Stop(now).
  ~PackageManager();

  // Starts what was deployed before. A package that does not start stays, as FAILED; an error means that the state
  // cannot be read. Once, before anything else.
  absl::Status Restore();

  // Puts a package in the place of the version with its id, if there is one, as described above. On any error nothing
  // has changed. The same package again is OK, and starts it again if it had failed or an actor is quarantined.
  //   INVALID_ARGUMENT, DATA_LOSS     no package, or a damaged one (ParseArchive); an actor that does not start
  //   PERMISSION_DENIED               on a Standard Node: unsigned, altered, or of no publisher of its network
  //   FAILED_PRECONDITION             a higher version is deployed; a skill set breaks the one that it replaces
  //                                   (CheckReplaces, CheckBeside)
  //   ALREADY_EXISTS                  on a Standard Node: this version with other content; anywhere: an actor or a
  //                                   skill that another package has
  //   RESOURCE_EXHAUSTED              no room in the store
  absl::StatusOr<v1::DeployResponse> Deploy(absl::string_view archive);

  // A kept version in the place of the deployed one, in the same way; `version` empty: the highest below the deployed
  // one. What it breaks is the operator's decision. NOT_FOUND if there is no such package or version;
  // PERMISSION_DENIED if its publisher is not to be trusted any more (that the certificate has expired since does not
  // matter); Deploy's errors for actors that do not start.
  absl::StatusOr<v1::DeployResponse> RollBack(const std::string& id, const std::string& version);

  // Forgets the package with all its versions and withdraws its skills; returns when it has stopped, `drain` later at
  // most (and what RunningPackage::Stop takes). NOT_FOUND if there is none.
  absl::StatusOr<v1::PackageInfo> Undeploy(const std::string& id);

  // The archive of the deployed or a kept version (`version` empty: the deployed one): the bytes that `package build`
  // and `package sign` made. NOT_FOUND; DATA_LOSS if its files were altered.
  absl::StatusOr<std::string> Pull(const std::string& id, const std::string& version) const;

  // The newest `lines` (0: all) of the running actor `weather` or `weather@1.0.0`. NOT_FOUND with the nearest names.
  absl::StatusOr<v1::GetActorLogResponse> ActorLogTail(const std::string& actor, uint32_t lines) const;

  // Sorted by id.
  std::vector<v1::PackageInfo> List() const;

  // Refuses further changes, withdraws and stops all packages; their calls may end until `deadline`. Idempotent.
  void Stop(absl::Time deadline);

 private:
  struct Entry {
    DeployedPackage record;
    // The latest first, none with the version of `record`.
    std::vector<DeployedPackage> previous;
    // Empty if the stored one cannot be read.
    v1::Manifest manifest;
    // Null if it failed.
    std::unique_ptr<RunningPackage> running;
    absl::Status error;
  };

  absl::Status CheckNotStopped() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(deploy_mu_);
  // The package, or null. Only those who hold deploy_mu_ change the table, so that it stays what it is.
  Entry* Find(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(deploy_mu_);
  // NOT_FOUND with the nearest names.
  absl::Status NoSuchPackage(const std::string& id) const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  // The same content again: who signed it may be another.
  absl::StatusOr<v1::PackageInfo> Confirm(DeployedPackage record, Entry& deployed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(deploy_mu_);
  // The stored package of `record` in the place of `deployed` (may be null), running.
  absl::StatusOr<v1::PackageInfo> Install(DeployedPackage record, const v1::Manifest& manifest, const Entry* deployed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(deploy_mu_);
  // The same for one that is kept.
  absl::StatusOr<v1::PackageInfo> InstallKept(DeployedPackage record, const Entry& deployed,
                                              std::vector<std::string>* notes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(deploy_mu_);
  // What is kept when `next` takes the place of `deployed`.
  std::vector<DeployedPackage> PreviousAfter(const Entry& deployed, const DeployedPackage& next) const;
  // Offers what `running` has; `replaced` (may be null) loses its providers of the same names. All or nothing.
  absl::Status Offer(const std::string& id, const RunningPackage& running, const RunningPackage* replaced);
  // The catalogue as it was before Offer of the first `count` offers.
  void TakeBack(const RunningPackage& running, size_t count, const RunningPackage* replaced);
  // The package whose actor is called `provider`, other than `id`; "" if there is none.
  std::string OwnerOf(absl::string_view provider, const std::string& id) const;
  // Starts and offers the stored package of `record`.
  absl::StatusOr<std::unique_ptr<RunningPackage>> Start(const DeployedPackage& record, const v1::Manifest& manifest,
                                                        const RunningPackage* replaced);
  // Withdraws what `next` (may be null) does not offer, and lets the calls of `old` end. `gone` runs when it has
  // stopped.
  void Leave(Entry old, const RunningPackage* next, absl::Duration grace, std::function<void()> gone)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(deploy_mu_);
  // Removes what nobody needs from the store.
  void Collect() ABSL_EXCLUSIVE_LOCKS_REQUIRED(deploy_mu_);
  v1::PackageInfo Describe(const Entry& entry) const;

  const Options options_;
  // Held by whoever changes something, for as long as that takes.
  mutable absl::Mutex deploy_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  bool stopped_ ABSL_GUARDED_BY(deploy_mu_) = false;
  // Digests of versions whose calls end.
  std::multiset<std::string> leaving_ ABSL_GUARDED_BY(deploy_mu_);
  // Written with both held.
  mutable absl::Mutex mu_;
  std::map<std::string, Entry> packages_ ABSL_GUARDED_BY(mu_);
  // The last: what drains uses the others.
  PackageDrain drain_;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_PACKAGE_MANAGER_H_
