// Join tokens, enrolment and renewal.
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
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
using ::testing::SizeIs;

class NetworkRootEnrolTest : public NetworkRootFixture {
 protected:
  NetworkRootEnrolTest() : root_(Create()) {}

  const std::unique_ptr<NetworkRoot> root_;
};

TEST_F(NetworkRootEnrolTest, TokenCarriesWhatANodeNeeds) {
  ASSERT_OK_AND_ASSIGN(
      const JoinToken token,
      root_->CreateToken({.node = "beta", .endpoint = "root.example:8443", .life = absl::Hours(2)}, "operator:anna"));
  EXPECT_EQ(token.fields().network(), "acme");
  EXPECT_EQ(token.fields().node(), "beta");
  EXPECT_EQ(token.fields().endpoint(), "root.example:8443");
  EXPECT_EQ(token.fields().root_fingerprint(), root_->root_certificate().fingerprint());
  EXPECT_EQ(token.fields().expires_unix(), absl::ToUnixSeconds(now_ + absl::Hours(2)));
  ASSERT_OK_AND_ASSIGN(const auto tokens, root_->ListTokens());
  ASSERT_THAT(tokens, SizeIs(1));
  EXPECT_EQ(tokens[0].node, "beta");
  EXPECT_EQ(tokens[0].endpoint, "root.example:8443");
  EXPECT_EQ(tokens[0].created_at, now_);
  EXPECT_EQ(tokens[0].expires_at, now_ + absl::Hours(2));
  EXPECT_FALSE(tokens[0].used_at.has_value());
  const AuditEvent event = Event(*root_, "token-create");
  EXPECT_EQ(event.actor, "operator:anna");
  EXPECT_EQ(event.subject, tokens[0].id);
}

TEST_F(NetworkRootEnrolTest, NothingInTheDirectoryGivesATokenAway) {
  const JoinToken token = Token(*root_, "beta");
  for (const char* file : {"/ledger.db", "/ledger.db-wal"}) {
    const absl::StatusOr<std::string> content = ReadFile(dir_ + file);
    EXPECT_FALSE(absl::StrContains(content.value_or(""), token.fields().secret())) << file;
  }
}

TEST_F(NetworkRootEnrolTest, BadTokenRequestsMakeNone) {
  for (const NetworkRoot::TokenRequest& request : std::vector<NetworkRoot::TokenRequest>{
           {.node = "Beta", .endpoint = "localhost:1"},
           {.node = "beta", .endpoint = "localhost"},
           {.node = "beta", .endpoint = "localhost:1", .life = absl::ZeroDuration()},
           {.node = "beta", .endpoint = "localhost:1", .life = absl::InfiniteDuration()}}) {
    EXPECT_THAT(root_->CreateToken(request, "test"), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  ASSERT_OK_AND_ASSIGN(const auto tokens, root_->ListTokens());
  EXPECT_THAT(tokens, SizeIs(0));
}

TEST_F(NetworkRootEnrolTest, EnrolmentGivesACertificateAndTheBundle) {
  const JoinToken token = Token(*root_, "beta");
  clock_.Advance(absl::Minutes(1));
  ASSERT_OK_AND_ASSIGN(const NetworkRoot::Issued issued,
                       root_->Enroll(token, Request(Node("beta"), {"beta.example"}), absl::Hours(1)));
  EXPECT_OK(VerifyChain(issued.chain, *root_->trust(),
                        {.time = clock_.Now(), .roles = {Role::kNode}, .expected = Node("beta")})
                .ToStatus());
  EXPECT_THAT(issued.chain.leaf().dns_names(), ElementsAre("beta.example"));
  EXPECT_EQ(issued.chain.leaf().not_after(), clock_.Now() + absl::Hours(1));
  EXPECT_THAT(issued.trust.roots(), ElementsAre(root_->root_certificate().ToDer()));
  EXPECT_THAT(issued.trust.authorities(), ElementsAre(root_->issuing_certificate().ToDer()));
  EXPECT_EQ(issued.trust.active_root(), root_->root_certificate().fingerprint());
  ASSERT_OK_AND_ASSIGN(const auto tokens, root_->ListTokens());
  EXPECT_EQ(tokens[0].used_at, clock_.Now());
  EXPECT_EQ(tokens[0].serial, issued.chain.leaf().serial());
  EXPECT_EQ(Event(*root_, "enrol").actor, "token:" + tokens[0].id);
  ASSERT_OK_AND_ASSIGN(const auto found, root_->Find(issued.chain.leaf().serial()));
  EXPECT_EQ(found[0].revision, issued.trust.revision());
}

TEST_F(NetworkRootEnrolTest, EachRefusalHasItsOwnSentenceAndChangesNothing) {
  const JoinToken token = Token(*root_, "beta");
  const auto spoiled = [&token](void (*spoil)(v1::JoinToken&)) {
    v1::JoinToken fields = token.fields();
    spoil(fields);
    return *JoinToken::Create(fields);
  };
  const auto refused = [](const std::string& says) {
    return StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(says));
  };
  EXPECT_THAT(root_->Enroll(spoiled([](v1::JoinToken& f) { f.set_network("other"); }), Request("beta")),
              refused("network other"));
  EXPECT_THAT(
      root_->Enroll(spoiled([](v1::JoinToken& f) { f.set_root_fingerprint(std::string(64, '0')); }), Request("beta")),
      refused("of a root that network acme does not have"));
  EXPECT_THAT(root_->Enroll(spoiled([](v1::JoinToken& f) { f.set_secret(std::string(32, 'x')); }), Request("beta")),
              refused("does not know"));
  EXPECT_THAT(root_->Enroll(spoiled([](v1::JoinToken& f) { f.set_node("gamma"); }), Request("gamma")),
              refused("altered"));
  EXPECT_THAT(root_->Enroll(spoiled([](v1::JoinToken& f) { f.set_expires_unix(9'000'000'000); }), Request("beta")),
              refused("altered"));
  EXPECT_THAT(root_->Enroll(token, Request("gamma")),
              StatusIs(absl::StatusCode::kPermissionDenied, AllOf(HasSubstr("node/beta"), HasSubstr("node/gamma"))));
  EXPECT_THAT(root_->Enroll(token, Request({"acme", Role::kOperator, "beta"})), refused("operator/beta"));
  EXPECT_THAT(root_->Enroll(token, Request({"other", Role::kNode, "beta"})), refused("paranet://other/node/beta"));
  ASSERT_OK_AND_ASSIGN(const auto entries, root_->List());
  EXPECT_THAT(entries, SizeIs(2));
  EXPECT_OK(root_->Enroll(token, Request("beta")));
  ASSERT_OK_AND_ASSIGN(const auto tokens, root_->ListTokens());
  EXPECT_THAT(root_->Enroll(token, Request("beta")),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       AllOf(HasSubstr("was used on 2027-01-15T08:00:00Z"), HasSubstr(tokens[0].serial))));
}

TEST_F(NetworkRootEnrolTest, ExpiredTokenIsRefused) {
  const JoinToken token = Token(*root_, "beta");
  clock_.Advance(absl::Hours(24));
  const JoinToken second = Token(*root_, "beta");
  EXPECT_OK(root_->Enroll(token, Request("beta")));
  clock_.Advance(absl::Hours(24) + absl::Seconds(1));
  EXPECT_THAT(root_->Enroll(second, Request("beta")),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("expired on 2027-01-17T08:00:00Z")));
}

TEST_F(NetworkRootEnrolTest, RevokedTokenIsRefused) {
  const JoinToken token = Token(*root_, "beta");
  ASSERT_OK_AND_ASSIGN(const auto tokens, root_->ListTokens());
  ASSERT_OK(root_->RevokeToken(tokens[0].id, "operator:anna"));
  EXPECT_THAT(root_->Enroll(token, Request("beta")),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("was revoked on")));
  EXPECT_THAT(root_->RevokeToken(tokens[0].id, "test"), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(root_->RevokeToken("nothing", "test"), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK(root_->Enroll(Token(*root_, "beta"), Request("beta")));
  ASSERT_OK_AND_ASSIGN(const auto both, root_->ListTokens());
  EXPECT_THAT(root_->RevokeToken(both[1].id, "test"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(both[1].serial)));
  EXPECT_EQ(Event(*root_, "token-revoke").subject, tokens[0].id);
}

TEST_F(NetworkRootEnrolTest, OfManyWithOneTokenExactlyOneWins) {
  const auto other = Open();
  for (int round = 0; round < 5; ++round) {
    const JoinToken token = Token(*root_, "beta");
    std::atomic<int> won = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&, i] {
        const auto issued = (i % 2 == 0 ? root_ : other)->Enroll(token, Request("beta"));
        if (issued.ok()) {
          ++won;
        } else {
          EXPECT_THAT(issued, StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("was used")));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(won, 1);
  }
  ASSERT_OK_AND_ASSIGN(const auto entries, root_->List());
  EXPECT_THAT(entries, SizeIs(2 + 5));
  EXPECT_OK(OpenStatus());
}

TEST_F(NetworkRootEnrolTest, ManyAtATimeAllGetTheirOwn) {
  constexpr int kThreads = 16;
  constexpr int kEach = 10;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < kEach; ++j) {
        // A refused one among them is nobody else's business.
        if (j == 5) {
          EXPECT_FALSE(root_->Enroll(Token(*root_, "beta"), Request("gamma")).ok());
        }
        const std::string node = absl::StrCat("n", i);
        EXPECT_OK(root_->Enroll(Token(*root_, node), Request(node)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_OK_AND_ASSIGN(const auto entries, root_->List());
  std::set<std::string> serials;
  for (const auto& entry : entries) serials.insert(entry.serial);
  EXPECT_EQ(serials.size(), 2u + kThreads * kEach);
  EXPECT_OK(OpenStatus());
}

// --- renewal --------------------------------------------------------------------------------------

TEST_F(NetworkRootEnrolTest, RenewalIsANewKeyForTheSameNames) {
  const Certificate old = root_->Issue(Request(Node("alpha"), {"b.example", "a.example"}))->leaf();
  clock_.Advance(absl::Hours(12));
  const CertificateRequest request = Request(Node("alpha"), {"a.example", "b.example"});
  ASSERT_OK_AND_ASSIGN(const NetworkRoot::Issued issued, root_->Renew(old, request, absl::Hours(6)));
  EXPECT_EQ(issued.chain.leaf().public_key(), request.public_key());
  EXPECT_EQ(issued.chain.leaf().not_after(), clock_.Now() + absl::Hours(6));
  EXPECT_NE(issued.chain.leaf().serial(), old.serial());
  EXPECT_EQ(Event(*root_, "renew").actor, "paranet://acme/node/alpha");
  // The old one is good until it ends.
  EXPECT_OK(root_->Renew(old, Request(Node("alpha"), {"a.example", "b.example"})));
}

TEST_F(NetworkRootEnrolTest, RenewalsThatAreRefused) {
  const CertificateRequest first = Request("alpha");
  const Certificate alpha = root_->Issue(first)->leaf();
  const auto refused = [](const std::string& says) {
    return StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(says));
  };
  EXPECT_THAT(root_->Renew(alpha, first), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("certified before")));
  EXPECT_THAT(root_->Renew(alpha, Request("beta")), refused("node/beta"));
  EXPECT_THAT(root_->Renew(alpha, Request(Node("alpha"), {"more.example"})), refused("names"));

  const std::string elsewhere = temporary_.path() + "/other";
  ASSERT_OK_AND_ASSIGN(const auto other, NetworkRoot::Create(elsewhere, "acme", &clock_));
  EXPECT_THAT(root_->Renew(Issue(*other, "alpha"), Request("alpha")), refused("not in the ledger"));

  const Identity anna{"acme", Role::kOperator, "anna"};
  EXPECT_THAT(root_->Renew(root_->Issue(Request(anna))->leaf(), Request(anna)), refused("not a node's"));

  ASSERT_OK(root_->Revoke(alpha.serial(), RevocationReason::kKeyCompromise, "test"));
  EXPECT_THAT(root_->Renew(alpha, Request("alpha")), refused("(keyCompromise)"));

  const Certificate beta = Issue(*root_, "beta");
  clock_.Advance(kLeafLife + absl::Seconds(1));
  EXPECT_THAT(root_->Renew(beta, Request("beta")), refused("expired on"));
}

// Whatever is wrong with one of several, the others get what they would have got alone.
TEST_F(NetworkRootEnrolTest, EachOfSeveralIsAnsweredForItself) {
  const Certificate alpha = Issue(*root_, "alpha");
  const JoinToken token = Token(*root_, "beta");
  const CertificateRequest renewal = Request("alpha");
  const CertificateRequest first = Request("beta");
  const CertificateRequest second = Request("beta");
  const CertificateRequest other = Request("gamma");
  // Another process changes what the network trusts: the first attempt is by what is no longer so.
  ASSERT_OK(Open()->RefreshRevocationLists(absl::Hours(1), /*force=*/true, "test"));
  const auto issued = root_->IssueAll({{.request = &renewal, .peer = &alpha},
                                       {.request = &first, .token = &token},
                                       {.request = &second, .token = &token},
                                       {.request = &other, .token = &token},
                                       {.request = &other, .peer = &alpha},
                                       {.request = &renewal, .peer = &alpha}});
  ASSERT_THAT(issued, SizeIs(6));
  ASSERT_OK(issued[0]);
  EXPECT_EQ(issued[0]->chain.leaf().public_key(), renewal.public_key());
  ASSERT_OK(issued[1]);
  EXPECT_EQ(issued[1]->chain.leaf().public_key(), first.public_key());
  EXPECT_THAT(issued[2], StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("used")));
  EXPECT_THAT(issued[3], StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("node/gamma")));
  EXPECT_THAT(issued[4], StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("has others")));
  EXPECT_THAT(issued[5], StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("certified before")));
  EXPECT_EQ(issued[0]->trust.revision(), Open()->Bundle()->revision());
  ASSERT_OK_AND_ASSIGN(const auto entries, root_->List());
  // The root, its issuing authority, and three leaves.
  EXPECT_THAT(entries, SizeIs(5));
  EXPECT_THAT(root_->IssueAll({}), SizeIs(0));
}

}  // namespace
}  // namespace paranet::pki
