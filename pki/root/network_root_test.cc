#include "pki/root/network_root.h"

#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/file.h"
#include "core/base/sqlite.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/root/network_root_testutil.h"
#include "pki/verify.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;

const LeafNames kAlpha{.identity = {"acme", Role::kNode, "alpha"}};

class NetworkRootTest : public NetworkRootFixture {};

TEST_F(NetworkRootTest, MakesRootAndAuthority) {
  const auto root = Create();
  EXPECT_EQ(root->network(), "acme");
  EXPECT_EQ(root->root_certificate().subject(), "CN=acme Network Root,O=acme");
  EXPECT_EQ(root->root_certificate().not_before(), now_ - absl::Minutes(1));
  EXPECT_EQ(root->root_certificate().not_after(), now_ + kRootLife);
  EXPECT_EQ(root->issuing_certificate().not_after(), now_ + kIssuingLife);
  ASSERT_EQ(root->trust()->roots().size(), 1u);
}

TEST_F(NetworkRootTest, IsOpenToItsOwnerAlone) {
  Create();
  struct stat info;
  ASSERT_EQ(stat(dir_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  for (const auto& entry : std::filesystem::directory_iterator(dir_)) {
    ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << entry.path();
  }
}

TEST_F(NetworkRootTest, IssuesLeavesThatVerify) {
  const auto root = Create();
  ASSERT_OK_AND_ASSIGN(const NetworkRoot::IssuedKey issued, root->IssueWithNewKey(kAlpha, {}));
  EXPECT_EQ(issued.chain.leaf().not_before(), now_ - absl::Minutes(1));
  EXPECT_EQ(issued.chain.leaf().not_after(), now_ + absl::Hours(24));
  EXPECT_EQ(issued.chain.leaf().public_key(), issued.key.public_key());
  const VerifyResult result = VerifyChain(issued.chain, *root->trust(), {.time = now_, .roles = {Role::kNode}});
  EXPECT_OK(result.ToStatus());
  EXPECT_EQ(result.identity, kAlpha.identity);
}

TEST_F(NetworkRootTest, IssuesForARequest) {
  const auto root = Create();
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  ASSERT_OK_AND_ASSIGN(const CertificateRequest request,
                       CertificateRequest::Create(key, {.identity = kAlpha.identity, .dns_names = {"localhost"}}));
  ASSERT_OK_AND_ASSIGN(const CertificateChain chain, root->Issue(request));
  EXPECT_EQ(chain.leaf().public_key(), key.public_key());
  EXPECT_THAT(chain.leaf().dns_names(), testing::ElementsAre("localhost"));
  EXPECT_EQ(chain[1], root->issuing_certificate());
}

TEST_F(NetworkRootTest, RefusesOtherNetworks) {
  const auto root = Create();
  EXPECT_THAT(root->IssueWithNewKey({.identity = {"other", Role::kNode, "alpha"}}, {}),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("acme")));
  ASSERT_OK_AND_ASSIGN(const auto entries, root->List());
  EXPECT_EQ(entries.size(), 2u);
}

TEST_F(NetworkRootTest, RefusesBadNamesAndValidities) {
  const auto root = Create();
  EXPECT_THAT(root->IssueWithNewKey({.identity = {"acme", Role::kNode, "A"}}, {}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(root->IssueWithNewKey(kAlpha, {.not_before = now_, .not_after = now_ - absl::Hours(1)}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(root->IssueWithNewKey(kAlpha, {.not_after = now_ + kIssuingLife + absl::Hours(1)}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(NetworkRootTest, NoLeafOutlivesTheAuthority) {
  const auto root = Create();
  clock_.Advance(kIssuingLife - absl::Hours(2));
  ASSERT_OK_AND_ASSIGN(const auto issued, root->IssueWithNewKey(kAlpha, {}));
  EXPECT_EQ(issued.chain.leaf().not_after(), root->issuing_certificate().not_after());
  clock_.Advance(absl::Hours(3));
  EXPECT_THAT(root->IssueWithNewKey(kAlpha, {}), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(NetworkRootTest, LedgerKnowsEveryCertificate) {
  auto root = Create();
  ASSERT_OK_AND_ASSIGN(const auto alpha, root->IssueWithNewKey(kAlpha, {}));
  clock_.Advance(absl::Minutes(5));
  ASSERT_OK_AND_ASSIGN(const auto pub, root->IssueWithNewKey({.identity = {"acme", Role::kPublisher, "pub"}}, {}));
  root.reset();
  ASSERT_OK_AND_ASSIGN(root, NetworkRoot::Open(dir_, &clock_));
  ASSERT_OK_AND_ASSIGN(const std::vector<NetworkRoot::Entry> entries, root->List());
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].fingerprint, root->root_certificate().fingerprint());
  EXPECT_EQ(entries[1].fingerprint, root->issuing_certificate().fingerprint());
  EXPECT_EQ(entries[0].identity, "");
  EXPECT_EQ(entries[2].serial, alpha.chain.leaf().serial());
  EXPECT_EQ(entries[2].identity, "paranet://acme/node/alpha");
  EXPECT_EQ(entries[2].fingerprint, alpha.chain.leaf().fingerprint());
  EXPECT_EQ(entries[3].identity, "paranet://acme/publisher/pub");
  EXPECT_EQ(entries[3].subject, "CN=pub,O=acme");
  EXPECT_EQ(entries[3].not_before, pub.chain.leaf().not_before());
  EXPECT_EQ(entries[3].not_after, pub.chain.leaf().not_after());
  EXPECT_EQ(entries[3].issued_at, now_ + absl::Minutes(5));
}

TEST_F(NetworkRootTest, OpensAgainAndGoesOnIssuing) {
  const std::string fingerprint = Create()->root_certificate().fingerprint();
  ASSERT_OK_AND_ASSIGN(const auto root, NetworkRoot::Open(dir_, &clock_));
  EXPECT_EQ(root->root_certificate().fingerprint(), fingerprint);
  EXPECT_OK(root->IssueWithNewKey(kAlpha, {}));
}

TEST_F(NetworkRootTest, RootKeyMayBeElsewhere) {
  Create();
  std::filesystem::remove(dir_ + "/root.key.pem");
  ASSERT_OK_AND_ASSIGN(const auto root, NetworkRoot::Open(dir_, &clock_));
  EXPECT_OK(root->IssueWithNewKey(kAlpha, {}));
}

TEST_F(NetworkRootTest, SeveralMayIssueAtATime) {
  const auto first = Create();
  ASSERT_OK_AND_ASSIGN(const auto second, NetworkRoot::Open(dir_, &clock_));
  std::vector<std::thread> threads;
  for (NetworkRoot* root : {first.get(), first.get(), second.get(), second.get()}) {
    threads.emplace_back([root] {
      for (int i = 0; i < 5; ++i) EXPECT_OK(root->IssueWithNewKey(kAlpha, {}));
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_OK_AND_ASSIGN(const auto entries, first->List());
  std::set<std::string> serials;
  for (const auto& entry : entries) serials.insert(entry.serial);
  EXPECT_EQ(serials.size(), 22u);
}

TEST_F(NetworkRootTest, NeverOverwritesARoot) {
  const std::string fingerprint = Create()->root_certificate().fingerprint();
  EXPECT_THAT(NetworkRoot::Create(dir_, "acme", &clock_), StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(const auto root, NetworkRoot::Open(dir_, &clock_));
  EXPECT_EQ(root->root_certificate().fingerprint(), fingerprint);
}

TEST_F(NetworkRootTest, BadNetworkNameLeavesNothing) {
  EXPECT_THAT(NetworkRoot::Create(dir_, "Acme Corp", &clock_), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(std::filesystem::exists(dir_));
  EXPECT_TRUE(std::filesystem::is_empty(temporary_.path()));
}

TEST_F(NetworkRootTest, NoneIsNotFound) {
  EXPECT_THAT(OpenStatus(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("paranet root init")));
}

TEST_F(NetworkRootTest, MissingLedgerIsDataLossAndStaysMissing) {
  Create();
  std::filesystem::remove(dir_ + "/ledger.db");
  EXPECT_THAT(OpenStatus(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("backup")));
  EXPECT_FALSE(std::filesystem::exists(dir_ + "/ledger.db"));
}

TEST_F(NetworkRootTest, DamagedLedgerIsDataLoss) {
  Create();
  for (const std::string& content : {std::string("this is no database"), std::string()}) {
    ASSERT_OK(WriteFileAtomically(dir_ + "/ledger.db", content, 0600));
    EXPECT_THAT(OpenStatus(), StatusIs(absl::StatusCode::kDataLoss)) << content;
  }
}

TEST_F(NetworkRootTest, TruncatedLedgerIsDataLoss) {
  auto root = Create();
  for (int i = 0; i < 20; ++i) ASSERT_OK(root->IssueWithNewKey(kAlpha, {}));
  root.reset();
  std::filesystem::resize_file(dir_ + "/ledger.db", std::filesystem::file_size(dir_ + "/ledger.db") / 2);
  EXPECT_THAT(OpenStatus(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(NetworkRootTest, LedgerOfAnotherRootIsDataLoss) {
  Create();
  const std::string other = temporary_.path() + "/other";
  ASSERT_OK(NetworkRoot::Create(other, "acme", &clock_));
  std::filesystem::copy_file(other + "/ledger.db", dir_ + "/ledger.db",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(OpenStatus(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another root")));
}

TEST_F(NetworkRootTest, FilesThatDoNotBelongTogetherAreDataLoss) {
  Create();
  const std::string other = temporary_.path() + "/other";
  ASSERT_OK(NetworkRoot::Create(other, "acme", &clock_));
  const std::string kept = temporary_.path() + "/kept";
  for (const char* file : {"/root.pem", "/issuing.pem", "/issuing.key.pem"}) {
    std::filesystem::rename(dir_ + file, kept);
    std::filesystem::copy_file(other + file, dir_ + file);
    EXPECT_THAT(OpenStatus(), StatusIs(absl::StatusCode::kDataLoss)) << file;
    std::filesystem::rename(kept, dir_ + file);
  }
  EXPECT_OK(OpenStatus());
  for (const char* file : {"/issuing.pem", "/issuing.key.pem"}) {
    std::filesystem::rename(dir_ + file, kept);
    EXPECT_THAT(OpenStatus(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("missing"))) << file;
    std::filesystem::rename(kept, dir_ + file);
  }
}

TEST_F(NetworkRootTest, KeyThatOthersCanReadIsRefused) {
  Create();
  ASSERT_EQ(chmod((dir_ + "/issuing.key.pem").c_str(), 0640), 0);
  EXPECT_THAT(OpenStatus(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("issuing.key.pem")));
}

// The certificate that could not be recorded does not leave the root.
TEST_F(NetworkRootTest, NoCertificateWithoutALine) {
  const auto root = Create();
  ASSERT_OK_AND_ASSIGN(const auto ledger, Database::Open(dir_ + "/ledger.db", std::vector<std::string>(2)));
  ASSERT_OK(ledger->Execute("CREATE TRIGGER full BEFORE INSERT ON certificate BEGIN SELECT RAISE(FAIL, 'full'); END"));
  const absl::Status status = root->IssueWithNewKey(kAlpha, {}).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("not issued"));
  ASSERT_OK_AND_ASSIGN(const auto entries, root->List());
  EXPECT_EQ(entries.size(), 2u);
}

TEST_F(NetworkRootTest, OnlyTheServiceHasTheRoleRoot) {
  const auto root = Create();
  EXPECT_THAT(root->Issue(Request({"acme", Role::kRoot, "enrolment"})),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("enrolment service")));
  ASSERT_OK_AND_ASSIGN(const auto service, root->IssueServiceIdentity({"root.example"}, {"10.0.0.1"}));
  EXPECT_THAT(service.chain.leaf().uris(), testing::ElementsAre("paranet://acme/root/enrolment"));
  EXPECT_THAT(service.chain.leaf().dns_names(), testing::ElementsAre("root.example"));
  EXPECT_OK(VerifyChain(service.chain, *root->trust(), {.time = now_, .roles = {Role::kRoot}}).ToStatus());
}

TEST_F(NetworkRootTest, FindsByEachName) {
  const auto root = Create();
  const Certificate first = Issue(*root, "alpha");
  const Certificate second = Issue(*root, "alpha");
  Issue(*root, "beta");
  std::string colons;
  for (size_t i = 0; i < first.serial().size(); i += 2) {
    absl::StrAppend(&colons, i == 0 ? "" : ":", absl::AsciiStrToUpper(first.serial().substr(i, 2)));
  }
  for (const std::string& target : {first.serial(), first.fingerprint(), colons}) {
    ASSERT_OK_AND_ASSIGN(const auto entries, root->Find(target));
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0].fingerprint, first.fingerprint());
  }
  for (const std::string& target : {std::string("paranet://acme/node/alpha"), std::string("node/alpha")}) {
    ASSERT_OK_AND_ASSIGN(const auto entries, root->Find(target));
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[1].fingerprint, second.fingerprint());
  }
  EXPECT_THAT(root->Find("node/gamma"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(root->Find("00ff"), StatusIs(absl::StatusCode::kNotFound));
  for (const char* nothing : {"", "alpha", "node/", "node/A", "https://x", "paranet://acme/node", "'; DROP TABLE"}) {
    EXPECT_THAT(root->Find(nothing), StatusIs(absl::StatusCode::kInvalidArgument)) << nothing;
  }
  ASSERT_OK_AND_ASSIGN(const Certificate read, root->CertificateWithSerial(first.serial()));
  EXPECT_EQ(read, first);
  EXPECT_THAT(root->CertificateWithSerial("00"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(NetworkRootTest, ChangeCounterSeesWhatOthersDo) {
  const auto root = Create();
  const auto other = Open();
  ASSERT_OK_AND_ASSIGN(const uint64_t before, root->ChangeCounter());
  ASSERT_OK_AND_ASSIGN(const uint64_t same, root->ChangeCounter());
  EXPECT_EQ(same, before);
  Issue(*other, "alpha");
  ASSERT_OK_AND_ASSIGN(const uint64_t after_other, root->ChangeCounter());
  EXPECT_GT(after_other, before);
  Issue(*root, "alpha");
  ASSERT_OK_AND_ASSIGN(const uint64_t after_own, root->ChangeCounter());
  EXPECT_GT(after_own, after_other);
}

TEST_F(NetworkRootTest, TheTrailTellsEverything) {
  const auto root = Create();
  const Certificate alpha = root->Issue(Request("alpha"), {}, "operator:anna")->leaf();
  const AuditEvent event = Event(*root, "issue");
  EXPECT_EQ(event.actor, "operator:anna");
  EXPECT_EQ(event.subject, "paranet://acme/node/alpha");
  EXPECT_EQ(event.time, now_);
  EXPECT_THAT(event.detail, testing::AllOf(HasSubstr(alpha.serial()), HasSubstr(alpha.fingerprint())));
  ASSERT_OK_AND_ASSIGN(const auto events, root->Audit(0, 100));
  std::vector<std::string> kinds;
  for (const AuditEvent& each : events) kinds.push_back(each.event);
  EXPECT_THAT(kinds, testing::ElementsAre("create", "authority", "authority", "issue"));
  ASSERT_OK_AND_ASSIGN(const auto some, root->Audit(1, 2));
  ASSERT_EQ(some.size(), 2u);
  EXPECT_EQ(some[0].number, 2u);
}

// --- a directory that is not what it was ----------------------------------------------------------

TEST_F(NetworkRootTest, AlteredLedgerIsDataLoss) {
  {
    const auto root = Create();
    Issue(*root, "alpha");
    ASSERT_OK(root->Revoke("node/alpha", RevocationReason::kKeyCompromise, "test"));
    Issue(*root, "beta");
    ASSERT_OK(root->Enroll(Token(*root, "gamma"), Request("gamma")));
    Token(*root, "delta");
  }
  ASSERT_OK(OpenStatus());
  const std::string kept = temporary_.path() + "/kept.db";
  std::filesystem::copy_file(dir_ + "/ledger.db", kept);
  for (const char* alteration :
       {"DELETE FROM certificate WHERE identity LIKE '%beta'", "UPDATE certificate SET identity = 'x' WHERE number = 4",
        "UPDATE certificate SET not_after = not_after + 1 WHERE number = 4",
        "UPDATE certificate SET der = x'00' WHERE number = 4", "UPDATE certificate SET revoked_at = NULL",
        "UPDATE certificate SET reason = 'superseded' WHERE revoked_at IS NOT NULL",
        "UPDATE certificate SET revoked_at = 5 WHERE number = 4", "UPDATE token SET used_at = NULL",
        "UPDATE token SET node = 'omega'", "UPDATE token SET expires_at = 9999999999", "DELETE FROM token",
        "DELETE FROM audit WHERE number = 4", "UPDATE audit SET actor = 'nobody' WHERE number = 4",
        "DELETE FROM audit WHERE number = (SELECT MAX(number) FROM audit)", "DELETE FROM audit",
        "UPDATE authority SET state = 'retired'", "UPDATE authority SET state = 'x'",
        "UPDATE authority SET der = x'00'", "DELETE FROM state"}) {
    {
      ASSERT_OK_AND_ASSIGN(const auto ledger, Database::Open(dir_ + "/ledger.db", std::vector<std::string>(2)));
      ASSERT_OK(ledger->Execute(alteration));
    }
    EXPECT_THAT(OpenStatus(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("backup"))) << alteration;
    std::filesystem::copy_file(kept, dir_ + "/ledger.db", std::filesystem::copy_options::overwrite_existing);
    ASSERT_OK(OpenStatus());
  }
}

TEST_F(NetworkRootTest, OlderLedgerIsDataLoss) {
  const std::string kept = temporary_.path() + "/kept.db";
  {
    const auto root = Create();
    Issue(*root, "alpha");
  }
  std::filesystem::copy_file(dir_ + "/ledger.db", kept);
  Issue(*Open(), "beta");
  std::filesystem::copy_file(kept, dir_ + "/ledger.db", std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(OpenStatus(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("older copy")));
  // Somebody who knows better says so.
  std::filesystem::remove(dir_ + "/ledger.mark");
  EXPECT_OK(OpenStatus());
}

TEST_F(NetworkRootTest, DamagedMarkIsDataLoss) {
  Create();
  ASSERT_OK(WriteFileAtomically(dir_ + "/ledger.mark", "x", 0600));
  EXPECT_THAT(OpenStatus(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("ledger.mark")));
}

TEST_F(NetworkRootTest, MarkThatLagsBehindIsNone) {
  Create();
  std::filesystem::copy_file(dir_ + "/ledger.mark", temporary_.path() + "/mark");
  Issue(*Open(), "alpha");
  std::filesystem::copy_file(temporary_.path() + "/mark", dir_ + "/ledger.mark",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_OK(OpenStatus());
}

TEST_F(NetworkRootTest, DirectoryThatOthersCanEnterIsRefused) {
  Create();
  for (const mode_t mode : {0750u, 0701u, 0755u, 0777u}) {
    ASSERT_EQ(chmod(dir_.c_str(), mode), 0);
    EXPECT_THAT(OpenStatus(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("chmod"))) << mode;
  }
  ASSERT_EQ(chmod(dir_.c_str(), 0700), 0);
  EXPECT_OK(OpenStatus());
}

// As the first release made them: no authorities, no audit trail.
TEST_F(NetworkRootTest, LedgerOfTheFirstReleaseIsUpgraded) {
  Certificate alpha = Issue(*Create(), "alpha");
  {
    ASSERT_OK_AND_ASSIGN(const auto ledger, Database::Open(dir_ + "/ledger.db", std::vector<std::string>(2)));
    for (const char* table : {"state", "authority", "revocation_list", "token", "acknowledgement", "audit"}) {
      ASSERT_OK(ledger->Execute(absl::StrCat("DROP TABLE ", table)));
    }
    ASSERT_OK(ledger->Execute("DROP INDEX certificate_key"));
    ASSERT_OK(ledger->Execute("DROP INDEX certificate_revoked"));
    for (const char* column :
         {"issuer", "revision", "key", "audit", "superseded", "revoked_at", "reason", "revoked_audit"}) {
      ASSERT_OK(ledger->Execute(absl::StrCat("ALTER TABLE certificate DROP COLUMN ", column)));
    }
    ASSERT_OK(ledger->Execute("PRAGMA user_version = 1"));
  }
  std::filesystem::remove(dir_ + "/ledger.mark");
  {
    const auto root = Open();
    ASSERT_OK_AND_ASSIGN(const auto entries, root->List());
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_EQ(entries[2].fingerprint, alpha.fingerprint());
    EXPECT_EQ(entries[2].issuer, root->issuing_certificate().fingerprint());
    EXPECT_EQ(entries[1].issuer, root->root_certificate().fingerprint());
    EXPECT_EQ(Event(*root, "upgrade").detail, "3 certificates");
    EXPECT_OK(root->Renew(alpha, Request("alpha")));
    EXPECT_OK(root->Revoke(alpha.serial(), RevocationReason::kSuperseded, "test"));
  }
  EXPECT_OK(OpenStatus());
}

// --- an encrypted root key ------------------------------------------------------------------------

TEST_F(NetworkRootTest, RootKeyIsEncryptedAndNotNeeded) {
  ASSERT_OK_AND_ASSIGN(const auto root,
                       NetworkRoot::Create(dir_, "acme", {.passphrase = SecretString("open sesame")}, &clock_));
  ASSERT_OK_AND_ASSIGN(const std::string pem, ReadFile(dir_ + "/root.key.pem"));
  EXPECT_THAT(pem, testing::StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
  EXPECT_OK(root->Issue(Request("alpha")));
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Load(dir_ + "/root.key.pem", SecretString("open sesame")));
  EXPECT_EQ(key.public_key(), root->root_certificate().public_key());
}

TEST_F(NetworkRootTest, EmptyPassphraseMakesNoRoot) {
  EXPECT_THAT(NetworkRoot::Create(dir_, "acme", {.passphrase = SecretString("")}, &clock_),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(std::filesystem::exists(dir_));
}

}  // namespace
}  // namespace paranet::pki
