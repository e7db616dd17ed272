#include "pki/testutil/test_network.h"

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/verify.h"

namespace paranet::pki {
namespace {

TEST(TestNetworkTest, MakesNodes) {
  TestNetwork network("acme");
  const std::unique_ptr<NodeIdentity> alpha = network.Node("alpha");
  EXPECT_EQ(alpha->identity(), network.IdentityOf("alpha"));
  EXPECT_OK(VerifyChain(alpha->chain(), *alpha->trust(), {.time = absl::Now(), .roles = {Role::kNode}}).ToStatus());
}

TEST(TestNetworkTest, MakesNodesThatAreNotValidNow) {
  TestNetwork network;
  const auto outcome = [&](const TestNetwork::Options& options) {
    return VerifyChain(network.Node("alpha", options)->chain(), *network.trust(),
                       {.time = absl::Now(), .roles = {Role::kNode}})
        .outcome;
  };
  EXPECT_EQ(outcome({.not_after = absl::Now() - absl::Hours(1)}), VerifyOutcome::kExpired);
  EXPECT_EQ(outcome({.not_before = absl::Now() + absl::Hours(1)}), VerifyOutcome::kNotYetValid);
  EXPECT_EQ(outcome({.role = Role::kPublisher}), VerifyOutcome::kWrongRole);
}

TEST(TestNetworkTest, WritesFolders) {
  TestNetwork network;
  ASSERT_OK_AND_ASSIGN(const TemporaryDirectory dir, TemporaryDirectory::Create());
  const std::string folder = network.IdentityFolder(dir.path() + "/pub", Role::kPublisher, "pub");
  EXPECT_OK(LoadIdentityFolder(folder, {Role::kPublisher}, absl::Now()));
}

}  // namespace
}  // namespace paranet::pki
