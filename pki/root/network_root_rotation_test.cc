// Root rotation and the renewal of the issuing authority.
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/root/network_root.h"
#include "pki/root/network_root_testutil.h"
#include "pki/verify.h"

namespace paranet::pki {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Stage = RotationStatus::Stage;

class NetworkRootRotationTest : public NetworkRootFixture {
 protected:
  NetworkRootRotationTest() : root_(Create()), first_(root_->root_certificate()) {}

  RotationStatus Status() { return *root_->GetRotationStatus(); }
  std::vector<std::string> NotReady() {
    std::vector<std::string> identities;
    for (const auto& each : Status().not_ready) identities.push_back(each.identity);
    return identities;
  }
  uint64_t Revision() { return root_->Bundle()->revision(); }
  bool Verifies(const CertificateChain& chain) {
    return VerifyChain(chain, *root_->trust(), {.time = clock_.Now(), .roles = {Role::kNode, Role::kRoot}}).ok();
  }
  // Prepared, activated, with nobody in the way.
  void Rotate() {
    ASSERT_OK(root_->PrepareRotation(std::nullopt, "test"));
    ASSERT_OK(root_->ActivateRotation("test"));
  }

  const std::unique_ptr<NetworkRoot> root_;
  const Certificate first_;
};

TEST_F(NetworkRootRotationTest, PreparedRootIsTrustedAndNotUsed) {
  const uint64_t before = Revision();
  EXPECT_EQ(Status().stage, Stage::kNone);
  ASSERT_OK(root_->PrepareRotation(std::nullopt, "operator:anna"));
  EXPECT_EQ(root_->root_certificate(), first_);
  EXPECT_THAT(root_->trust()->roots(), SizeIs(2));
  ASSERT_OK_AND_ASSIGN(const v1::TrustBundle bundle, root_->Bundle());
  EXPECT_GT(bundle.revision(), before);
  EXPECT_THAT(bundle.roots(), SizeIs(2));
  EXPECT_THAT(bundle.authorities(), SizeIs(2));
  EXPECT_EQ(bundle.active_root(), first_.fingerprint());
  const RotationStatus status = Status();
  EXPECT_EQ(status.stage, Stage::kPrepared);
  ASSERT_THAT(status.roots, SizeIs(2));
  EXPECT_EQ(status.roots[0].state, "active");
  EXPECT_EQ(status.roots[1].state, "prepared");
  EXPECT_EQ(status.roots[1].file, "root-2");
  EXPECT_EQ(status.roots[1].not_after, now_ + kRootLife);
  for (const char* file : {"/root-2.pem", "/root-2.key.pem", "/issuing-2.pem", "/issuing-2.key.pem"}) {
    EXPECT_TRUE(std::filesystem::exists(dir_ + file)) << file;
  }
  EXPECT_EQ(root_->Issue(Request("alpha"))->certificates()[1], root_->issuing_certificate());
  EXPECT_EQ(Event(*root_, "prepare").actor, "operator:anna");
  EXPECT_OK(OpenStatus());
}

TEST_F(NetworkRootRotationTest, StepsComeInTheirOrder) {
  const auto refused = [](const std::string& says) {
    return StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(says));
  };
  EXPECT_THAT(root_->ActivateRotation("test"), refused("rotate prepare"));
  EXPECT_THAT(root_->RetireRotation("test"), refused("rotate activate"));
  ASSERT_OK(root_->PrepareRotation(std::nullopt, "test"));
  EXPECT_THAT(root_->PrepareRotation(std::nullopt, "test"), refused("prepared already"));
  EXPECT_THAT(root_->RetireRotation("test"), refused("rotate activate"));
  ASSERT_OK(root_->ActivateRotation("test"));
  EXPECT_THAT(root_->ActivateRotation("test"), refused("rotate prepare"));
  EXPECT_THAT(root_->PrepareRotation(std::nullopt, "test"), refused("rotate retire"));
  ASSERT_OK(root_->RetireRotation("test"));
  EXPECT_THAT(root_->RetireRotation("test"), refused("rotate activate"));
  EXPECT_EQ(Status().stage, Stage::kNone);
  EXPECT_OK(OpenStatus());
}

TEST_F(NetworkRootRotationTest, ActivationWaitsForEveryIdentityInForce) {
  Issue(*root_, "acknowledges");
  Issue(*root_, "renews");
  Issue(*root_, "revoked");
  ASSERT_OK(root_->Issue(Request("expires"), {.not_after = now_ + absl::Minutes(5)}));
  ASSERT_OK(root_->Issue(Request({"acme", Role::kPublisher, "tools"})));
  ASSERT_OK(root_->IssueServiceIdentity({}, {}));
  const uint64_t before = Revision();
  ASSERT_OK(root_->PrepareRotation(std::nullopt, "test"));
  Issue(*root_, "later");

  // A revision from before is not enough.
  ASSERT_OK(root_->Acknowledge(Node("acknowledges"), before));
  EXPECT_THAT(NotReady(), ElementsAre("paranet://acme/node/acknowledges", "paranet://acme/node/expires",
                                      "paranet://acme/node/renews", "paranet://acme/node/revoked",
                                      "paranet://acme/publisher/tools"));
  EXPECT_THAT(root_->ActivateRotation("test"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("5 are not ready"), HasSubstr("paranet://acme/publisher/tools"),
                             HasSubstr("node/acknowledges has not yet taken"), HasSubstr("node/renews has never told"),
                             Not(HasSubstr("node/later")))));
  EXPECT_EQ(root_->root_certificate(), first_);

  ASSERT_OK(root_->Acknowledge(Node("acknowledges"), Revision()));
  Issue(*root_, "renews");
  ASSERT_OK(root_->Revoke("node/revoked", RevocationReason::kUnspecified, "test"));
  ASSERT_OK(root_->Issue(Request({"acme", Role::kPublisher, "tools"})));
  EXPECT_THAT(NotReady(), ElementsAre("paranet://acme/node/expires"));
  clock_.Advance(absl::Minutes(6));
  EXPECT_THAT(NotReady(), ElementsAre());
  EXPECT_OK(root_->ActivateRotation("test"));
}

TEST_F(NetworkRootRotationTest, AcknowledgementsDoNotGoBack) {
  Issue(*root_, "alpha");
  const uint64_t before = Revision();
  ASSERT_OK(root_->PrepareRotation(std::nullopt, "test"));
  ASSERT_OK(root_->Acknowledge(Node("alpha"), Revision()));
  ASSERT_OK(root_->Acknowledge(Node("alpha"), before));
  EXPECT_THAT(NotReady(), ElementsAre());
}

TEST_F(NetworkRootRotationTest, ActivatedRootIssuesAndBothAreAccepted) {
  ASSERT_OK_AND_ASSIGN(const CertificateChain old, root_->Issue(Request("alpha")));
  const JoinToken token = Token(*root_, "beta");
  ASSERT_OK(root_->PrepareRotation(std::nullopt, "test"));
  ASSERT_OK(root_->Acknowledge(Node("alpha"), Revision()));
  ASSERT_OK(root_->ActivateRotation("test"));
  EXPECT_NE(root_->root_certificate(), first_);
  EXPECT_EQ(root_->Bundle()->active_root(), root_->root_certificate().fingerprint());
  EXPECT_EQ(root_->trust()->roots()[0].certificate, root_->root_certificate());
  EXPECT_EQ(Status().stage, Stage::kActivated);
  ASSERT_OK_AND_ASSIGN(const CertificateChain renewed, root_->Issue(Request("alpha")));
  EXPECT_EQ(renewed[1].authority_key_id(), root_->root_certificate().subject_key_id());
  EXPECT_TRUE(Verifies(old));
  EXPECT_TRUE(Verifies(renewed));
  // A token of the old root is good as long as that is trusted.
  EXPECT_OK(root_->Enroll(token, Request("beta")));
  // The old authority still answers for what it has issued.
  ASSERT_OK(root_->Revoke(old.leaf().serial(), RevocationReason::kSuperseded, "test"));
  ASSERT_OK_AND_ASSIGN(const auto lists, root_->RevocationLists());
  ASSERT_THAT(lists, SizeIs(1));
  EXPECT_TRUE(lists[0].IsSignedBy(old[1]));
}

TEST_F(NetworkRootRotationTest, RetirementWaitsForEveryCertificateBelowTheOldRoot) {
  const Certificate alpha = Issue(*root_, "alpha");
  const Certificate beta = Issue(*root_, "beta");
  ASSERT_OK(root_->IssueServiceIdentity({}, {}));
  ASSERT_OK(root_->PrepareRotation(std::nullopt, "test"));
  ASSERT_OK(root_->Acknowledge(alpha, Revision()));
  ASSERT_OK(root_->Acknowledge(beta, Revision()));
  ASSERT_OK(root_->ActivateRotation("test"));
  EXPECT_THAT(root_->RetireRotation("test"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("2 are not ready"), HasSubstr(alpha.serial()), HasSubstr(beta.serial()))));
  // That it got a new one is not enough: it has to use it.
  ASSERT_OK_AND_ASSIGN(const NetworkRoot::Issued renewed, root_->Renew(alpha, Request("alpha")));
  EXPECT_THAT(NotReady(), ElementsAre("paranet://acme/node/alpha", "paranet://acme/node/beta"));
  ASSERT_OK(root_->Acknowledge(renewed.chain.leaf(), Revision()));
  EXPECT_THAT(NotReady(), ElementsAre("paranet://acme/node/beta"));
  // Time settles the rest.
  clock_.Advance(kLeafLife + absl::Seconds(1));
  ASSERT_OK(root_->RetireRotation("operator:anna"));
  EXPECT_THAT(root_->trust()->roots(), SizeIs(1));
  ASSERT_OK_AND_ASSIGN(const v1::TrustBundle bundle, root_->Bundle());
  EXPECT_THAT(bundle.roots(), ElementsAre(root_->root_certificate().ToDer()));
  EXPECT_THAT(bundle.authorities(), ElementsAre(root_->issuing_certificate().ToDer()));
  EXPECT_EQ(Event(*root_, "retire").actor, "operator:anna");
}

TEST_F(NetworkRootRotationTest, AcknowledgementByAnotherNetworksCertificateIsRefused) {
  ASSERT_OK_AND_ASSIGN(const auto other, NetworkRoot::Create(temporary_.path() + "/other", "acme", &clock_));
  EXPECT_THAT(root_->Acknowledge(Issue(*other, "alpha"), 1), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(NetworkRootRotationTest, RetiredRootIsGone) {
  ASSERT_OK_AND_ASSIGN(const CertificateChain service, [&]() -> absl::StatusOr<CertificateChain> {
    return root_->IssueServiceIdentity({}, {})->chain;
  }());
  const JoinToken token = Token(*root_, "beta");
  ASSERT_OK(root_->RefreshRevocationLists(kRevocationListLife, false, "test"));
  Rotate();
  ASSERT_OK(root_->RetireRotation("test"));
  EXPECT_FALSE(Verifies(service));
  EXPECT_THAT(root_->Enroll(token, Request("beta")),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("(any more)")));
  for (const char* file : {"/root.key.pem", "/issuing.key.pem"}) {
    EXPECT_FALSE(std::filesystem::exists(dir_ + file)) << file;
  }
  EXPECT_TRUE(std::filesystem::exists(dir_ + "/root.pem"));
  ASSERT_OK_AND_ASSIGN(const auto lists, root_->RevocationLists());
  EXPECT_THAT(lists, SizeIs(0));
  ASSERT_OK(OpenStatus());
  // And once more.
  Rotate();
  ASSERT_OK(root_->RetireRotation("test"));
  EXPECT_THAT(Status().roots, SizeIs(3));
  EXPECT_EQ(Status().roots[2].file, "root-3");
  EXPECT_OK(OpenStatus());
}

TEST_F(NetworkRootRotationTest, NewRootKeyIsEncryptedAndMayBeTakenAway) {
  ASSERT_OK(root_->PrepareRotation(SecretString("open sesame"), "test"));
  ASSERT_OK_AND_ASSIGN(const std::string pem, ReadFile(dir_ + "/root-2.key.pem"));
  EXPECT_THAT(pem, testing::StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
  std::filesystem::remove(dir_ + "/root-2.key.pem");
  std::filesystem::remove(dir_ + "/root.key.pem");
  ASSERT_OK(root_->ActivateRotation("test"));
  EXPECT_OK(root_->Issue(Request("alpha")));
  EXPECT_OK(OpenStatus());
}

TEST_F(NetworkRootRotationTest, AnotherProcessSeesEachStep) {
  const auto other = Open();
  ASSERT_OK(root_->PrepareRotation(std::nullopt, "test"));
  EXPECT_THAT(other->trust()->roots(), SizeIs(2));
  ASSERT_OK(root_->ActivateRotation("test"));
  ASSERT_OK_AND_ASSIGN(const CertificateChain chain, other->Issue(Request("alpha")));
  EXPECT_EQ(chain[1], root_->issuing_certificate());
  clock_.Advance(kLeafLife + absl::Hours(1));
  ASSERT_OK(other->Issue(Request("beta")));
  ASSERT_OK(root_->RetireRotation("test"));
  EXPECT_THAT(other->trust()->roots(), SizeIs(1));
}

TEST_F(NetworkRootRotationTest, CertificatesAreIssuedWhileItGoesOn) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const std::string node = absl::StrCat("n", i);
      for (int j = 0; j < 25; ++j) {
        const auto issued = root_->Issue(Request(node), {.not_after = now_});
        ASSERT_OK(issued);
      }
    });
  }
  // The certificates expire at once, so that nobody stands in the way.
  clock_.Advance(absl::Seconds(1));
  for (int round = 0; round < 3; ++round) {
    Rotate();
    ASSERT_OK(root_->RetireRotation("test"));
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_OK_AND_ASSIGN(const auto entries, root_->List());
  std::set<std::string> serials;
  for (const auto& entry : entries) serials.insert(entry.serial);
  EXPECT_EQ(serials.size(), 2u + 3u * 2u + 100u);
  EXPECT_OK(OpenStatus());
}

// --- the issuing authority ------------------------------------------------------------------------

TEST_F(NetworkRootRotationTest, NewIssuingAuthorityBelowTheSameRoot) {
  ASSERT_OK_AND_ASSIGN(const CertificateChain old, root_->Issue(Request("alpha")));
  clock_.Advance(kIssuingLife - absl::Hours(1));
  ASSERT_OK(root_->RenewIssuingAuthority({}, "operator:anna"));
  EXPECT_EQ(root_->root_certificate(), first_);
  EXPECT_EQ(root_->issuing_certificate().not_after(), clock_.Now() + kIssuingLife);
  ASSERT_OK_AND_ASSIGN(const CertificateChain chain, root_->Issue(Request("alpha")));
  EXPECT_EQ(chain.leaf().not_after(), clock_.Now() + kLeafLife);
  EXPECT_TRUE(Verifies(chain));
  EXPECT_THAT(root_->Bundle()->authorities(), SizeIs(2));
  EXPECT_OK(OpenStatus());
}

TEST_F(NetworkRootRotationTest, ExpiredIssuingAuthorityIsReplacedToo) {
  clock_.Advance(kIssuingLife + absl::Hours(1));
  EXPECT_THAT(root_->Issue(Request("alpha")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("authority renew")));
  ASSERT_OK(root_->RenewIssuingAuthority({}, "test"));
  EXPECT_OK(root_->Issue(Request("alpha")));
}

TEST_F(NetworkRootRotationTest, RootKeyFromElsewhereAndWithItsPassphrase) {
  const std::string dir = temporary_.path() + "/offline";
  ASSERT_OK_AND_ASSIGN(const auto root,
                       NetworkRoot::Create(dir, "acme", {.passphrase = SecretString("open sesame")}, &clock_));
  const std::string away = temporary_.path() + "/away.pem";
  std::filesystem::rename(dir + "/root.key.pem", away);
  const Certificate before = root->issuing_certificate();

  EXPECT_THAT(root->RenewIssuingAuthority({}, "test"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("--root-key")));
  EXPECT_THAT(root->RenewIssuingAuthority({.file = away, .passphrase = std::nullopt}, "test"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("passphrase")));
  EXPECT_THAT(root->RenewIssuingAuthority({.file = away, .passphrase = SecretString("sesame open")}, "test"),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("passphrase is not the one")));
  EXPECT_THAT(root->RenewIssuingAuthority({.file = dir_ + "/root.key.pem", .passphrase = std::nullopt}, "test"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("is not the key of")));
  EXPECT_EQ(root->issuing_certificate(), before);
  EXPECT_OK(root->RenewIssuingAuthority({.file = away, .passphrase = SecretString("open sesame")}, "test"));
  EXPECT_NE(root->issuing_certificate(), before);
}

}  // namespace
}  // namespace paranet::pki
