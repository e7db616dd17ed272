#include "pki/testutil/test_network.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/log.h"

namespace paranet::pki {
namespace {

[[noreturn]] void Die(const absl::Status& status) {
  std::fprintf(stderr, "TestNetwork: %s\n", status.ToString().c_str());
  std::abort();
}

template <typename T>
T OrDie(absl::StatusOr<T> result) {
  if (!result.ok()) Die(result.status());
  return *std::move(result);
}

NetworkRoot::Validity ValidityOf(const TestNetwork::Options& options, absl::Time now) {
  NetworkRoot::Validity validity{options.not_before, options.not_after};
  if (!validity.not_before.has_value() && validity.not_after.has_value() && *validity.not_after <= now) {
    validity.not_before = *validity.not_after - absl::Hours(48);
  }
  if (!validity.not_after.has_value() && validity.not_before.has_value() && *validity.not_before >= now) {
    validity.not_after = *validity.not_before + kLeafLife;
  }
  return validity;
}

}  // namespace

TestNetwork::TestNetwork(std::string network)
    : network_(std::move(network)),
      temporary_(OrDie(TemporaryDirectory::Create("test_network"))),
      dir_(temporary_.path() + "/root"),
      root_(OrDie(NetworkRoot::Create(dir_, network_, &clock_))) {}

NetworkRoot::IssuedKey TestNetwork::Issue(const std::string& name, const Options& options) {
  return OrDie(root_->IssueWithNewKey({.identity = IdentityOf(name, options.role),
                                       .dns_names = options.dns_names,
                                       .ip_addresses = options.ip_addresses},
                                      ValidityOf(options, clock_.Now())));
}

std::unique_ptr<NodeIdentity> TestNetwork::Node(const std::string& name, const Options& options) {
  NetworkRoot::IssuedKey issued = Issue(name, options);
  return NodeIdentity::Of(IdentityOf(name, options.role), std::move(issued.key), std::move(issued.chain), trust());
}

std::string TestNetwork::NewTrustDir() { return absl::StrCat(temporary_.path(), "/trust-", ++trusts_); }

std::shared_ptr<NodeTrust> TestNetwork::Trust(const std::string& name, const Options& options, const Clock* clock) {
  return OrDie(NodeTrust::Install(
      {.dir = NewTrustDir(), .clock = clock != nullptr ? clock : &clock_, .logger = MakeNullLogger()},
      *Node(name, options), ""));
}

RevocationList TestNetwork::Revoke(const std::string& name, Role role) {
  OrDie(root_->Revoke(IdentityOf(name, role).ToUri(), RevocationReason::kKeyCompromise, "test"));
  const Certificate authority = root_->issuing_certificate();
  for (RevocationList& list : OrDie(root_->RevocationLists())) {
    if (list.IsSignedBy(authority)) return std::move(list);
  }
  Die(absl::NotFoundError("the issuing authority has no revocation list"));
}

v1::TrustBundle TestNetwork::Bundle() { return OrDie(root_->Bundle()); }

std::string TestNetwork::IdentityFolder(const std::string& dir, const std::string& name, const Options& options) {
  const NetworkRoot::IssuedKey issued = Issue(name, options);
  const absl::Status status = WriteIdentityFolder(dir, issued.key, issued.chain, *trust());
  if (!status.ok()) Die(status);
  return dir;
}

}  // namespace paranet::pki
