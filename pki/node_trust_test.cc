#include "pki/node_trust.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/testutil/fake_auth_context.h"
#include "pki/testutil/test_network.h"

namespace paranet::pki {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class NodeTrustTest : public testing::Test {
 protected:
  NodeTrustTest() : clock_(absl::Now()), dir_(network_.NewTrustDir()) {}

  NodeTrust::Options Options() { return {.dir = dir_, .clock = &clock_, .logger = MakeNullLogger()}; }
  absl::StatusOr<std::unique_ptr<NodeTrust>> Install(const NodeIdentity& identity) {
    return NodeTrust::Install(Options(), identity, "127.0.0.1:1");
  }
  void Start() { ASSERT_OK_AND_ASSIGN(trust_, Install(*network_.Node("alpha"))); }
  void Reopen() {
    trust_.reset();
    ASSERT_OK_AND_ASSIGN(trust_, NodeTrust::Open(Options()));
  }
  std::string Serial() const { return trust_->state()->identity->chain().leaf().serial(); }
  FakeAuthContext Caller(const std::string& name, Role role = Role::kNode) {
    return FakeAuthContext(network_.Issue(role, name).chain);
  }
  // What is in force is what is on disk.
  void ExpectOnDisk() {
    const std::shared_ptr<const TrustState> before = trust_->state();
    Reopen();
    const std::shared_ptr<const TrustState> after = trust_->state();
    EXPECT_EQ(after->identity->chain().leaf(), before->identity->chain().leaf());
    EXPECT_EQ(after->identity->key().public_key(), before->identity->key().public_key());
    EXPECT_EQ(after->identity->trust()->ToPem(), before->identity->trust()->ToPem());
    EXPECT_EQ(after->revocations->lists(), before->revocations->lists());
    EXPECT_EQ(after->bundle_revision, before->bundle_revision);
    EXPECT_EQ(after->endpoint, before->endpoint);
  }

  TestNetwork network_;
  FakeClock clock_;
  const std::string dir_;
  std::unique_ptr<NodeTrust> trust_;
};

TEST_F(NodeTrustTest, InstallsAndOpens) {
  const auto identity = network_.Node("alpha");
  ASSERT_OK_AND_ASSIGN(trust_, Install(*identity));
  EXPECT_EQ(trust_->self(), network_.IdentityOf("alpha"));
  const std::shared_ptr<const TrustState> state = trust_->state();
  EXPECT_EQ(state->endpoint, "127.0.0.1:1");
  EXPECT_EQ(state->bundle_revision, 0u);
  EXPECT_THAT(state->revocations->lists(), IsEmpty());
  EXPECT_EQ(Serial(), identity->chain().leaf().serial());
  ExpectOnDisk();
}

TEST_F(NodeTrustTest, OnlyTheOwnerCanRead) {
  Start();
  struct stat info {};
  ASSERT_EQ(stat(dir_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  for (const char* file : {"key.pem", "chain.pem", "roots.pem", "trust.db"}) {
    ASSERT_EQ(stat((dir_ + "/" + file).c_str(), &info), 0) << file;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << file;
  }
  ASSERT_EQ(chmod((dir_ + "/key.pem").c_str(), 0640), 0);
  EXPECT_THAT(NodeTrust::Open(Options()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("key.pem")));
}

TEST_F(NodeTrustTest, OpensAnIdentityFolderWithoutADatabase) {
  network_.IdentityFolder(dir_, Role::kNode, "alpha");
  ASSERT_OK_AND_ASSIGN(trust_, NodeTrust::Open(Options()));
  EXPECT_EQ(trust_->state()->endpoint, "");
}

TEST_F(NodeTrustTest, MissingIsNotFound) {
  EXPECT_THAT(NodeTrust::Open(Options()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(NodeTrustTest, AnExpiredCertificateSaysSinceWhenAndHowToComeBack) {
  Start();
  const absl::Time end = trust_->state()->identity->chain().leaf().not_after();
  clock_.Advance(absl::Hours(25));
  const absl::Status status = NodeTrust::Open(Options()).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied,
                               AllOf(HasSubstr("EXPIRED"), HasSubstr("valid until"),
                                     HasSubstr("`paranet node enroll --name alpha --token TOKEN`"))));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", end, absl::UTCTimeZone())));
}

TEST_F(NodeTrustTest, ARevokedNodeDoesNotStart) {
  Start();
  ASSERT_OK(trust_->AdoptRevocationList(network_.Revoke("alpha")));
  EXPECT_THAT(NodeTrust::Open(Options()),
              StatusIs(absl::StatusCode::kPermissionDenied, AllOf(HasSubstr("REVOKED"), HasSubstr("node enroll"))));
}

TEST_F(NodeTrustTest, ADamagedDatabaseIsDataLossAndEnrollingHeals) {
  Start();
  ASSERT_OK(WriteFileAtomically(dir_ + "/trust.db", std::string(8192, 'x'), 0600));
  EXPECT_THAT(NodeTrust::Open(Options()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("trust.db")));
  Start();
  ExpectOnDisk();
}

TEST_F(NodeTrustTest, InstallRefusesWhatDoesNotVerify) {
  EXPECT_THAT(Install(*network_.Node("alpha", {.not_after = absl::Now() - absl::Minutes(1)})),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("EXPIRED")));
  EXPECT_THAT(Install(*network_.Node("alpha", {.role = Role::kOperator})),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_NE(access(dir_.c_str(), F_OK), 0);
}

TEST_F(NodeTrustTest, AReplacedCertificateIsInForceAndOnDisk) {
  Start();
  std::vector<std::shared_ptr<const TrustState>> seen;
  trust_->Subscribe([&](const std::shared_ptr<const TrustState>& state) {
    EXPECT_EQ(trust_->state(), state);
    seen.push_back(state);
  });
  const NetworkRoot::IssuedKey renewed = network_.Issue(Role::kNode, "alpha");
  ASSERT_OK(trust_->ReplaceCertificate(renewed.key, renewed.chain));
  EXPECT_EQ(Serial(), renewed.chain.leaf().serial());
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0]->identity->key().public_key(), renewed.chain.leaf().public_key());
  ExpectOnDisk();
}

TEST_F(NodeTrustTest, ReplaceRefusesWhatIsNotItsOwnAndChangesNothing) {
  Start();
  const std::string serial = Serial();
  trust_->Subscribe([](const std::shared_ptr<const TrustState>&) { FAIL(); });
  const NetworkRoot::IssuedKey one = network_.Issue(Role::kNode, "alpha");
  const NetworkRoot::IssuedKey two = network_.Issue(Role::kNode, "alpha");
  EXPECT_THAT(trust_->ReplaceCertificate(one.key, two.chain), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(trust_->ReplaceCertificate(one.key, CertificateChain()), StatusIs(absl::StatusCode::kInvalidArgument));
  const NetworkRoot::IssuedKey beta = network_.Issue(Role::kNode, "beta");
  EXPECT_THAT(trust_->ReplaceCertificate(beta.key, beta.chain),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("WRONG_NAME")));
  const NetworkRoot::IssuedKey old = network_.Issue("alpha", {.not_after = absl::Now() - absl::Minutes(1)});
  EXPECT_THAT(trust_->ReplaceCertificate(old.key, old.chain),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("EXPIRED")));
  TestNetwork impostor("acme");
  const NetworkRoot::IssuedKey foreign = impostor.Issue(Role::kNode, "alpha");
  EXPECT_THAT(trust_->ReplaceCertificate(foreign.key, foreign.chain),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("UNTRUSTED_ROOT")));
  EXPECT_EQ(Serial(), serial);
  ExpectOnDisk();
}

TEST_F(NodeTrustTest, AReenrolmentBringsNewRootsAndKeepsLists) {
  Start();
  network_.Issue(Role::kNode, "beta");
  ASSERT_OK(trust_->AdoptRevocationList(network_.Revoke("beta")));
  const auto again = network_.Node("alpha");
  ASSERT_OK(trust_->Reinstall(*again, "127.0.0.1:2", network_.Bundle()));
  EXPECT_EQ(trust_->state()->endpoint, "127.0.0.1:2");
  EXPECT_EQ(trust_->state()->bundle_revision, network_.Bundle().revision());
  EXPECT_THAT(trust_->state()->revocations->lists(), SizeIs(1));
  EXPECT_EQ(Serial(), again->chain().leaf().serial());
  ExpectOnDisk();
  EXPECT_THAT(trust_->Reinstall(*network_.Node("beta"), "", {}), StatusIs(absl::StatusCode::kFailedPrecondition));
  // By a whole new root of the network.
  TestNetwork successor("acme");
  ASSERT_OK(trust_->Reinstall(*successor.Node("alpha"), "", {}));
  EXPECT_EQ(trust_->state()->identity->trust()->roots().front().certificate, successor.root().root_certificate());
  ExpectOnDisk();
}

TEST_F(NodeTrustTest, InstallOverAnExpiredOneKeepsItsLists) {
  Start();
  network_.Issue(Role::kNode, "beta");
  const RevocationList list = network_.Revoke("beta");
  ASSERT_OK(trust_->AdoptRevocationList(list));
  trust_.reset();
  ASSERT_OK_AND_ASSIGN(trust_, Install(*network_.Node("alpha")));
  EXPECT_THAT(trust_->state()->revocations->lists(), SizeIs(1));
  // Of another network nothing is of use.
  TestNetwork other("other");
  ASSERT_OK_AND_ASSIGN(trust_, Install(*other.Node("alpha")));
  EXPECT_THAT(trust_->state()->revocations->lists(), IsEmpty());
}

TEST_F(NodeTrustTest, BundlesAreAdopted) {
  Start();
  network_.Issue(Role::kNode, "beta");
  network_.Revoke("beta");
  const v1::TrustBundle bundle = network_.Bundle();
  int changes = 0;
  trust_->Subscribe([&](const std::shared_ptr<const TrustState>&) { ++changes; });
  ASSERT_OK(trust_->AdoptBundle(bundle));
  EXPECT_EQ(trust_->state()->bundle_revision, bundle.revision());
  EXPECT_THAT(trust_->state()->revocations->lists(), SizeIs(bundle.revocation_lists_size()));
  // The same again is no change.
  ASSERT_OK(trust_->AdoptBundle(bundle));
  EXPECT_EQ(changes, 1);
  ExpectOnDisk();
}

TEST_F(NodeTrustTest, UnsoundBundlesChangeNothing) {
  Start();
  network_.Issue(Role::kNode, "beta");
  network_.Revoke("beta");
  const v1::TrustBundle good = network_.Bundle();
  ASSERT_OK(trust_->AdoptBundle(good));
  const std::shared_ptr<const TrustState> before = trust_->state();
  const auto refused = [&](const v1::TrustBundle& bundle, absl::StatusCode code, const std::string& why) {
    EXPECT_THAT(trust_->AdoptBundle(bundle), StatusIs(code, HasSubstr(why)));
    EXPECT_EQ(trust_->state(), before);
  };
  v1::TrustBundle bundle = good;
  bundle.set_revision(good.revision() - 1);
  refused(bundle, absl::StatusCode::kPermissionDenied, "revision");
  bundle = good;
  bundle.clear_roots();
  refused(bundle, absl::StatusCode::kInvalidArgument, "root");
  bundle = good;
  bundle.add_roots("no certificate");
  refused(bundle, absl::StatusCode::kInvalidArgument, "root of the trust bundle");
  bundle = good;
  bundle.add_revocation_lists("no list");
  refused(bundle, absl::StatusCode::kInvalidArgument, "revocation list");
  TestNetwork impostor("acme");
  bundle = good;
  bundle.clear_roots();
  bundle.add_roots(impostor.root().root_certificate().ToDer());
  refused(bundle, absl::StatusCode::kPermissionDenied, "none of the roots");
  TestNetwork other("other");
  bundle = good;
  bundle.add_roots(other.root().root_certificate().ToDer());
  refused(bundle, absl::StatusCode::kPermissionDenied, "network other");
  // Signed by a stranger.
  impostor.Issue(Role::kNode, "beta");
  bundle = good;
  bundle.add_revocation_lists(impostor.Revoke("beta").ToDer());
  refused(bundle, absl::StatusCode::kPermissionDenied, "not accepted");
  ExpectOnDisk();
}

TEST_F(NodeTrustTest, ARotationOfTheRootTakesPlace) {
  Start();
  ASSERT_OK(network_.root().PrepareRotation(std::nullopt, "test"));
  ASSERT_OK(trust_->AdoptBundle(network_.Bundle()));
  EXPECT_THAT(trust_->state()->identity->trust()->roots(), SizeIs(2));
  ASSERT_OK(network_.root().Acknowledge(trust_->self(), trust_->state()->bundle_revision));
  ASSERT_OK(network_.root().ActivateRotation("test"));
  const v1::TrustBundle activated = network_.Bundle();
  // Without the old root, the node's own certificate would be worth nothing.
  v1::TrustBundle retired = activated;
  retired.clear_roots();
  for (const std::string& root : activated.roots()) {
    if (Certificate::FromDer(root)->fingerprint() == activated.active_root()) retired.add_roots(root);
  }
  ASSERT_THAT(retired.roots(), SizeIs(1));
  EXPECT_THAT(trust_->AdoptBundle(retired), StatusIs(absl::StatusCode::kPermissionDenied));
  const NetworkRoot::IssuedKey renewed = network_.Issue(Role::kNode, "alpha");
  ASSERT_OK(trust_->AdoptBundle(activated));
  ASSERT_OK(trust_->ReplaceCertificate(renewed.key, renewed.chain));
  ASSERT_OK(trust_->AdoptBundle(retired));
  EXPECT_THAT(trust_->state()->identity->trust()->roots(), SizeIs(1));
  ExpectOnDisk();
}

TEST_F(NodeTrustTest, ListsAreNeverRolledBack) {
  Start();
  network_.Issue(Role::kNode, "beta");
  network_.Issue(Role::kNode, "gamma");
  const RevocationList first = network_.Revoke("beta");
  const RevocationList second = network_.Revoke("gamma");
  ASSERT_OK(trust_->AdoptRevocationList(second));
  EXPECT_THAT(trust_->AdoptRevocationList(first), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(trust_->AdoptRevocationList(second), StatusIs(absl::StatusCode::kAlreadyExists));
  Reopen();
  EXPECT_THAT(trust_->AdoptRevocationList(first), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(trust_->state()->revocations->lists(), std::vector<RevocationList>{second});
  // Nor by a bundle, which may have been on its way longer than a list from a peer.
  v1::TrustBundle bundle = network_.Bundle();
  bundle.clear_revocation_lists();
  bundle.add_revocation_lists(first.ToDer());
  ASSERT_OK(trust_->AdoptBundle(bundle));
  EXPECT_EQ(trust_->state()->revocations->lists(), std::vector<RevocationList>{second});
}

TEST_F(NodeTrustTest, AListStaysInForceWhenItHasExpired) {
  Start();
  network_.Issue(Role::kNode, "beta");
  const RevocationList list = network_.Revoke("beta");
  ASSERT_OK(trust_->AdoptRevocationList(list));
  // The node is down past the list's end, and comes back with a new certificate.
  clock_.Advance(list.next_update() - clock_.Now() + absl::Hours(1));
  const auto later = network_.Node("alpha", {.not_after = clock_.Now() + absl::Hours(1)});
  trust_.reset();
  ASSERT_OK_AND_ASSIGN(trust_, Install(*later));
  EXPECT_EQ(trust_->state()->revocations->lists(), std::vector<RevocationList>{list});
}

TEST_F(NodeTrustTest, FurtherRootsComeAndGo) {
  Start();
  TestNetwork other("other");
  const Certificate root = other.root().root_certificate();
  const FakeAuthContext caller(other.Issue(Role::kNode, "gamma").chain);
  EXPECT_THAT(trust_->Authenticate(caller), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("UNTRUSTED_ROOT")));
  const TrustConstraints constraints{.roles = {Role::kNode}, .names = {"gamma"}};
  ASSERT_OK(trust_->AddRoot(root, constraints));
  EXPECT_THAT(trust_->AddRoot(root, {}), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(trust_->AddRoot(network_.root().root_certificate(), {}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(trust_->AddRoot(network_.root().issuing_certificate(), {}), StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(const auto peer, trust_->Authenticate(caller));
  EXPECT_EQ(peer->identity, other.IdentityOf("gamma"));
  EXPECT_THAT(trust_->Authenticate(FakeAuthContext(other.Issue(Role::kNode, "delta").chain)),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("NAME_NOT_PERMITTED")));
  ExpectOnDisk();
  EXPECT_EQ(trust_->state()->identity->trust()->roots().back().constraints, constraints);
  EXPECT_THAT(trust_->RemoveRoot(network_.root().root_certificate().fingerprint()),
              StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK(trust_->RemoveRoot(root.fingerprint()));
  EXPECT_THAT(trust_->CheckPeer(*peer), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("UNTRUSTED_ROOT")));
  ExpectOnDisk();
}

TEST_F(NodeTrustTest, ListsOfARootThatGoesComeBackWithIt) {
  Start();
  TestNetwork other("other");
  const Certificate root = other.root().root_certificate();
  ASSERT_OK(trust_->AddRoot(root, {}));
  const FakeAuthContext gamma(other.Issue(Role::kNode, "gamma").chain);
  // Its authority is known by the peer that showed it.
  ASSERT_OK(trust_->Authenticate(gamma));
  const RevocationList first = other.Revoke("gamma");
  other.Issue(Role::kNode, "delta");
  const RevocationList second = other.Revoke("delta");
  ASSERT_OK(trust_->AdoptRevocationList(second));
  EXPECT_THAT(trust_->Authenticate(gamma), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("REVOKED")));
  ASSERT_OK(trust_->RemoveRoot(root.fingerprint()));
  EXPECT_THAT(trust_->state()->revocations->lists(), IsEmpty());
  Reopen();
  ASSERT_OK(trust_->AddRoot(root, {}));
  EXPECT_THAT(trust_->state()->revocations->lists(), SizeIs(1));
  EXPECT_THAT(trust_->AdoptRevocationList(first), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(NodeTrustTest, AuthenticateTellsWhoItIs) {
  Start();
  const NetworkRoot::IssuedKey beta = network_.Issue(Role::kNode, "beta");
  ASSERT_OK_AND_ASSIGN(const auto peer, trust_->Authenticate(FakeAuthContext(beta.chain)));
  EXPECT_EQ(peer->identity, network_.IdentityOf("beta"));
  EXPECT_EQ(peer->serial, beta.chain.leaf().serial());
  EXPECT_EQ(peer->issuer_der, beta.chain.leaf().issuer_der());
  EXPECT_EQ(peer->not_after, beta.chain.leaf().not_after());
  // Remembered; and the same as a client sees it.
  EXPECT_THAT(trust_->Authenticate(FakeAuthContext(beta.chain)), IsOkAndHolds(peer));
  ASSERT_OK_AND_ASSIGN(const auto as_client, trust_->Authenticate(FakeAuthContext(beta.chain, /*on_client=*/true)));
  EXPECT_EQ(as_client->chain.size(), peer->chain.size());
  ASSERT_OK_AND_ASSIGN(const auto ann, trust_->Authenticate(Caller("ann", Role::kOperator)));
  EXPECT_EQ(ann->identity, network_.IdentityOf("ann", Role::kOperator));
}

TEST_F(NodeTrustTest, AuthenticateRefusesStrangers) {
  Start();
  EXPECT_THAT(trust_->Authenticate(FakeAuthContext()), StatusIs(absl::StatusCode::kUnauthenticated));
  FakeAuthContext other_transport = Caller("beta");
  other_transport.Set(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME, "ssl");
  EXPECT_THAT(trust_->Authenticate(other_transport), StatusIs(absl::StatusCode::kUnauthenticated));
  FakeAuthContext garbage = Caller("beta");
  garbage.Set(GRPC_X509_PEM_CERT_PROPERTY_NAME, "garbage");
  EXPECT_THAT(trust_->Authenticate(garbage), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("MALFORMED")));
  EXPECT_THAT(trust_->Authenticate(Caller("pub", Role::kPublisher)),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("WRONG_ROLE")));
  // A known leaf with another chain is another thing.
  const NetworkRoot::IssuedKey beta = network_.Issue(Role::kNode, "beta");
  ASSERT_OK(trust_->Authenticate(FakeAuthContext(beta.chain)));
  TestNetwork impostor("acme");
  const CertificateChain mixed({beta.chain.leaf(), impostor.root().issuing_certificate()});
  EXPECT_FALSE(trust_->Authenticate(FakeAuthContext(mixed)).ok());
}

TEST_F(NodeTrustTest, WhatWasGoodIsCheckedAgainAtEachCall) {
  Start();
  const FakeAuthContext beta = Caller("beta");
  const FakeAuthContext gamma = Caller("gamma");
  ASSERT_OK_AND_ASSIGN(const auto peer, trust_->Authenticate(beta));
  ASSERT_OK(trust_->Authenticate(gamma));
  ASSERT_OK(trust_->AdoptRevocationList(network_.Revoke("beta")));
  EXPECT_THAT(trust_->Authenticate(beta),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("refused (REVOKED)")));
  EXPECT_THAT(trust_->CheckPeer(*peer), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("REVOKED")));
  EXPECT_OK(trust_->Authenticate(gamma));
}

TEST_F(NodeTrustTest, ExpiryIsSeenAtEachCallToTheSecond) {
  Start();
  const FakeAuthContext beta(network_.Issue("beta", {.not_after = clock_.Now() + absl::Minutes(1)}).chain);
  ASSERT_OK_AND_ASSIGN(const auto peer, trust_->Authenticate(beta));
  clock_.Advance(peer->not_after - clock_.Now());
  EXPECT_OK(trust_->Authenticate(beta));
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(trust_->Authenticate(beta), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("EXPIRED")));
  // A clock that is set back by a day is no reason to believe more.
  clock_.Advance(-absl::Hours(24));
  EXPECT_THAT(trust_->CheckPeer(*peer), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("NOT_YET_VALID")));
}

TEST_F(NodeTrustTest, UnsubscribedIsSilent) {
  Start();
  const uint64_t id = trust_->Subscribe([](const std::shared_ptr<const TrustState>&) { FAIL(); });
  trust_->Unsubscribe(id);
  const NetworkRoot::IssuedKey renewed = network_.Issue(Role::kNode, "alpha");
  EXPECT_OK(trust_->ReplaceCertificate(renewed.key, renewed.chain));
}

TEST_F(NodeTrustTest, NothingChangesThatCannotBeWritten) {
  Start();
  const std::string parent = dir_.substr(0, dir_.rfind('/'));
  // Something that is no directory is in the way of the new one.
  ASSERT_OK(WriteFileAtomically(dir_ + ".new", "x"));
  const NetworkRoot::IssuedKey renewed = network_.Issue(Role::kNode, "alpha");
  EXPECT_OK(trust_->ReplaceCertificate(renewed.key, renewed.chain));
  if (geteuid() == 0) return;
  ASSERT_EQ(chmod(parent.c_str(), 0500), 0);
  const NetworkRoot::IssuedKey again = network_.Issue(Role::kNode, "alpha");
  EXPECT_FALSE(trust_->ReplaceCertificate(again.key, again.chain).ok());
  ASSERT_EQ(chmod(parent.c_str(), 0700), 0);
  EXPECT_EQ(Serial(), renewed.chain.leaf().serial());
}

// A process is killed again and again while it replaces; what is left is always one whole identity.
TEST_F(NodeTrustTest, ACrashLeavesTheOldOrTheNew) {
  Start();
  std::vector<NetworkRoot::IssuedKey> keys;
  for (int i = 0; i < 8; ++i) keys.push_back(network_.Issue(Role::kNode, "alpha"));
  for (int round = 0; round < 20; ++round) {
    int progress[2];
    ASSERT_EQ(pipe(progress), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto trust = NodeTrust::Open(Options());
      for (size_t i = 0; trust.ok(); ++i) {
        const NetworkRoot::IssuedKey& key = keys[i % keys.size()];
        if (write(progress[1], "x", 1) != 1) break;
        if (!(*trust)->ReplaceCertificate(key.key, key.chain).ok()) break;
      }
      _exit(1);
    }
    close(progress[1]);
    char byte = 0;
    for (int i = 0; i <= round % 3; ++i) ASSERT_EQ(read(progress[0], &byte, 1), 1);
    // Wherever it is after a while that is another in each round.
    const absl::Time until = absl::Now() + absl::Microseconds(700) * round;
    while (absl::Now() < until) continue;
    kill(child, SIGKILL);
    close(progress[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child could not replace";
    ASSERT_OK(NodeTrust::Open(Options())) << "round " << round;
  }
  // And what a crash leaves beside it is in nobody's way.
  Reopen();
  EXPECT_OK(trust_->ReplaceCertificate(keys[0].key, keys[0].chain));
  EXPECT_NE(access((dir_ + ".new").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace paranet::pki
