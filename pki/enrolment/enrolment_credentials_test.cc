#include "pki/enrolment/enrolment_credentials.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/grpc_credentials.h"
#include "pki/testutil/test_network.h"
#include "pki/testutil/who_am_i.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;

class EnrolmentCredentialsTest : public testing::Test {
 protected:
  EnrolmentCredentialsTest() : identity_(std::make_shared<EnrolmentIdentity>(MaterialOf(network_, Role::kRoot))) {}

  static EnrolmentMaterial MaterialOf(TestNetwork& network, Role role) {
    NetworkRoot::IssuedKey issued = network.Issue(role, "enrolment");
    return {.key = std::move(issued.key),
            .chain = std::move(issued.chain),
            .root = network.root().root_certificate(),
            .trust = network.trust(),
            .revocations = RevocationLists::Empty()};
  }
  std::shared_ptr<grpc::ServerCredentials> Server() {
    return *MakeEnrolmentServerCredentials(identity_, &clock_, MakeNullLogger());
  }
  std::function<void(const absl::Status&)> Refused() {
    return [this](const absl::Status& status) {
      absl::MutexLock lock(&mu_);
      refused_ = status;
    };
  }
  absl::Status refused() {
    absl::MutexLock lock(&mu_);
    return refused_;
  }
  std::shared_ptr<grpc::ChannelCredentials> Pinned(const std::string& network, const Certificate& root) {
    return *MakeEnrolmentChannelCredentials(network, root.fingerprint(), &clock_, Refused());
  }
  std::shared_ptr<grpc::ChannelCredentials> Pinned() { return Pinned("acme", network_.root().root_certificate()); }
  std::shared_ptr<grpc::ChannelCredentials> Renewing(const std::shared_ptr<NodeTrust>& trust) {
    return *MakeRenewalChannelCredentials(trust, &clock_, Refused());
  }
  void ExpectRefused(const std::shared_ptr<grpc::ChannelCredentials>& client, const std::string& why) {
    const WhoAmIServer server(Server());
    EXPECT_THAT(Ask(server.port(), client), StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_THAT(refused(), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(why)));
  }

  const SystemClock clock_;
  TestNetwork network_;
  std::shared_ptr<EnrolmentIdentity> identity_;
  absl::Mutex mu_;
  absl::Status refused_ ABSL_GUARDED_BY(mu_);
};

TEST_F(EnrolmentCredentialsTest, AClientWithoutACertificateKnowsTheRootByItsFingerprint) {
  const WhoAmIServer server(Server());
  // Served, as nobody.
  EXPECT_THAT(Ask(server.port(), Pinned()), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_OK(refused());
  const auto upper = *MakeEnrolmentChannelCredentials(
      "acme", absl::AsciiStrToUpper(network_.root().root_certificate().fingerprint()), &clock_, nullptr);
  EXPECT_THAT(Ask(server.port(), upper), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(EnrolmentCredentialsTest, AnotherRootIsRefused) {
  TestNetwork impostor("acme");
  ExpectRefused(Pinned("acme", impostor.root().root_certificate()), "fingerprint");
}

TEST_F(EnrolmentCredentialsTest, AnotherNetworkIsRefused) {
  ExpectRefused(Pinned("other", network_.root().root_certificate()), "network acme");
}

TEST_F(EnrolmentCredentialsTest, TheRootOfAnotherChainIsRefused) {
  // Who has the right root's certificate, which is no secret, has not its key.
  TestNetwork impostor("acme");
  EnrolmentMaterial material = MaterialOf(impostor, Role::kRoot);
  material.root = network_.root().root_certificate();
  identity_->Replace(std::move(material));
  ExpectRefused(Pinned(), "UNTRUSTED_ROOT");
}

TEST_F(EnrolmentCredentialsTest, ANodeIsNoEnrolmentService) {
  identity_->Replace(MaterialOf(network_, Role::kNode));
  ExpectRefused(Pinned(), "WRONG_ROLE");
}

TEST_F(EnrolmentCredentialsTest, AnExpiredServiceIsRefused) {
  EnrolmentMaterial material = MaterialOf(network_, Role::kRoot);
  NetworkRoot::IssuedKey old =
      network_.Issue("enrolment", {.role = Role::kRoot, .not_after = absl::Now() - absl::Minutes(1)});
  material.key = std::move(old.key);
  material.chain = std::move(old.chain);
  identity_->Replace(std::move(material));
  ExpectRefused(Pinned(), "EXPIRED");
}

TEST_F(EnrolmentCredentialsTest, AServerThatSendsNoRootIsRefused) {
  const auto node = network_.Node("beta");
  const WhoAmIServer server(*MakeServerCredentials(*node, &clock_, MakeNullLogger()));
  EXPECT_THAT(Ask(server.port(), Pinned()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(refused(), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("root")));
}

TEST_F(EnrolmentCredentialsTest, ANodeRenewsAsItself) {
  const WhoAmIServer server(Server());
  EXPECT_THAT(Ask(server.port(), Renewing(network_.Trust("alpha"))), IsOkAndHolds("paranet://acme/node/alpha"));
}

TEST_F(EnrolmentCredentialsTest, ANodeOfAnotherNetworkNeitherTrustsNorIsTrusted) {
  TestNetwork other("other");
  ExpectRefused(Renewing(other.Trust("alpha")), "UNTRUSTED_ROOT");
  // Even one that trusts this network as a further one asks its own root alone.
  const auto friendly = other.Trust("alpha");
  ASSERT_OK(friendly->AddRoot(network_.root().root_certificate(), {}));
  ExpectRefused(Renewing(friendly), "network other");
}

TEST_F(EnrolmentCredentialsTest, ServerRefusesBadClientCertificates) {
  const auto alpha = network_.Trust("alpha");
  EnrolmentMaterial material = MaterialOf(network_, Role::kRoot);
  ASSERT_OK_AND_ASSIGN(material.revocations,
                       RevocationLists::Empty()->With(network_.Revoke("alpha"), *network_.trust(),
                                                      {network_.root().issuing_certificate()}, absl::Now()));
  const WhoAmIServer server(Server());
  EXPECT_OK(Ask(server.port(), Renewing(alpha)));
  identity_->Replace(std::move(material));
  EXPECT_THAT(Ask(server.port(), Renewing(alpha)), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_OK(Ask(server.port(), Renewing(network_.Trust("beta"))));
}

TEST_F(EnrolmentCredentialsTest, AnExpiredListDoesNotKeepANodeFromItsRoot) {
  network_.Issue(Role::kNode, "gamma");
  const RevocationList list = network_.Revoke("gamma");
  FakeClock late(absl::Now());
  const auto alpha = network_.Trust("alpha", {.not_after = list.next_update() + absl::Hours(2)}, &late);
  ASSERT_OK(alpha->AdoptRevocationList(list));
  EnrolmentMaterial material = MaterialOf(network_, Role::kRoot);
  NetworkRoot::IssuedKey service =
      network_.Issue("enrolment", {.role = Role::kRoot, .not_after = list.next_update() + absl::Hours(2)});
  material.key = std::move(service.key);
  material.chain = std::move(service.chain);
  identity_->Replace(std::move(material));
  late.Advance(list.next_update() - late.Now() + absl::Hours(1));
  const WhoAmIServer server(*MakeEnrolmentServerCredentials(identity_, &late, MakeNullLogger()));
  EXPECT_OK(Ask(server.port(), *MakeRenewalChannelCredentials(alpha, &late, Refused())));
  EXPECT_OK(refused());
}

TEST_F(EnrolmentCredentialsTest, AReplacedIdentityIsInForceAtOnce) {
  const WhoAmIServer server(Server());
  const auto client = Renewing(network_.Trust("alpha"));
  std::string before;
  ASSERT_OK(Ask(Connect(server.port(), client), nullptr, &before));
  identity_->Replace(MaterialOf(network_, Role::kRoot));
  std::string after;
  ASSERT_OK(Ask(Connect(server.port(), client), nullptr, &after));
  EXPECT_NE(before, after);
  EXPECT_EQ(after, identity_->present()->chain.leaf().ToPem());
}

}  // namespace
}  // namespace paranet::pki
