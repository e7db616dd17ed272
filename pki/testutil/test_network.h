// A network for tests: a Network Root in a temporary directory, and identities on demand.
#ifndef PARANET_PKI_TESTUTIL_TEST_NETWORK_H_
#define PARANET_PKI_TESTUTIL_TEST_NETWORK_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "paranet/v1/pki.pb.h"
#include "pki/identity.h"
#include "pki/identity_folder.h"
#include "pki/node_identity.h"
#include "pki/node_trust.h"
#include "pki/revocation_list.h"
#include "pki/root/network_root.h"

namespace paranet::pki {

// Everything that goes wrong here ends the process with a message: it is a broken test. Thread-safe.
class TestNetwork {
 public:
  explicit TestNetwork(std::string network = "acme");
  TestNetwork(const TestNetwork&) = delete;
  TestNetwork& operator=(const TestNetwork&) = delete;

  struct Options {
    Role role = Role::kNode;
    // Absent: a minute ago, and a day from now. With a `not_after` in the past, two days before that; with a
    // `not_before` in the future, a day after that.
    std::optional<absl::Time> not_before;
    std::optional<absl::Time> not_after;
    std::vector<std::string> dns_names;
    std::vector<std::string> ip_addresses;
  };

  // A node's identity, or with other options something that pretends to be one: it need not be valid now nor a node's.
  std::unique_ptr<NodeIdentity> Node(const std::string& name, const Options& options);
  std::unique_ptr<NodeIdentity> Node(const std::string& name) { return Node(name, Options()); }

  // What a running node holds, in a directory of its own that lives as long as this object. `clock`: outlives it; null:
  // the system's.
  std::shared_ptr<NodeTrust> Trust(const std::string& name, const Options& options, const Clock* clock = nullptr);
  std::shared_ptr<NodeTrust> Trust(const std::string& name) { return Trust(name, Options()); }
  // The directory of the next Trust, for a NodeTrust of the test's own.
  std::string NewTrustDir();

  // Revokes all certificates of this identity; the new list of the issuing authority.
  RevocationList Revoke(const std::string& name, Role role = Role::kNode);
  // What the Network Root says now.
  v1::TrustBundle Bundle();

  // Key and chain of anybody.
  NetworkRoot::IssuedKey Issue(Role role, const std::string& name) { return Issue(name, Options{.role = role}); }
  NetworkRoot::IssuedKey Issue(const std::string& name, const Options& options);

  // Writes an identity folder `dir` (identity_folder.h); returns `dir`.
  std::string IdentityFolder(const std::string& dir, const std::string& name, const Options& options);
  std::string IdentityFolder(const std::string& dir, Role role, const std::string& name) {
    return IdentityFolder(dir, name, Options{.role = role});
  }

  Identity IdentityOf(const std::string& name, Role role = Role::kNode) const { return {network_, role, name}; }
  const std::string& network() const { return network_; }
  NetworkRoot& root() { return *root_; }
  // The Network Root's directory.
  const std::string& dir() const { return dir_; }
  std::shared_ptr<const TrustStore> trust() const { return root_->trust(); }

 private:
  const std::string network_;
  const SystemClock clock_{};
  std::atomic<int> trusts_ = 0;
  TemporaryDirectory temporary_;
  const std::string dir_;
  std::unique_ptr<NetworkRoot> root_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_TESTUTIL_TEST_NETWORK_H_
