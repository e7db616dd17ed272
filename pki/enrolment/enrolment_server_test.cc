#include "pki/enrolment/enrolment_server.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/grpc_status.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"
#include "paranet/v1/pki.grpc.pb.h"
#include "pki/enrolment/enrolment_client.h"
#include "pki/enrolment/enrolment_credentials.h"
#include "pki/enrolment/enrolment_testutil.h"
#include "pki/revocation_list.h"

namespace paranet::pki {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class EnrolmentServerTest : public testing::Test {
 protected:
  void SetUp() override { served_.Serve(); }

  // Certificates of `node` in the ledger.
  int64_t Issued(const std::string& node) {
    const auto entries = served_.root().List();
    EXPECT_OK(entries);
    const std::string uri = served_.Names(node).identity.ToUri();
    return std::count_if(entries->begin(), entries->end(), [&](const auto& entry) { return entry.identity == uri; });
  }

  // A client that is not ours: whatever it likes to send, without a certificate.
  std::unique_ptr<v1::NetworkRoot::Stub> Stranger() {
    auto credentials = MakeEnrolmentChannelCredentials("acme", served_.root().root_certificate().fingerprint(),
                                                       &served_.clock(), nullptr);
    EXPECT_OK(credentials);
    return v1::NetworkRoot::NewStub(grpc::CreateChannel(served_.address(), *credentials));
  }
  absl::Status EnrollRaw(const std::string& token, const std::string& request) {
    const auto stub = Stranger();
    grpc::ClientContext context;
    v1::EnrollRequest message;
    message.set_token(token);
    message.set_request(request);
    v1::EnrollResponse response;
    return FromGrpcStatus(stub->Enroll(&context, message, &response));
  }

  absl::StatusOr<IssuedIdentity> Renew(const std::shared_ptr<NodeTrust>& node, const PrivateKey& key) {
    grpc::ClientContext context;
    return RenewCertificate(node, key, &served_.clock(), absl::Now() + absl::Seconds(60), context);
  }

  void ExpectRefused(const JoinToken& token, const std::string& node, const std::string& says) {
    EXPECT_THAT(served_.Enroll(token, node), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(says)));
    EXPECT_EQ(Issued(node), 0);
  }

  ServedRoot served_;
};

// --- enrolment

TEST_F(EnrolmentServerTest, ATokenBringsACertificateThatIsInTheLedger) {
  ASSERT_OK_AND_ASSIGN(const IssuedIdentity issued, served_.Enroll(served_.Token("alpha"), "alpha"));
  EXPECT_EQ(issued.identity->identity().ToUri(), "paranet://acme/node/alpha");
  EXPECT_THAT(issued.identity->chain().leaf().dns_names(), testing::ElementsAre("alpha.example"));
  EXPECT_EQ(issued.identity->trust()->roots()[0].certificate, served_.root().root_certificate());
  EXPECT_EQ(issued.bundle.active_root(), served_.root().root_certificate().fingerprint());
  const auto entries = served_.root().List();
  ASSERT_OK(entries);
  EXPECT_EQ(entries->back().serial, issued.identity->chain().leaf().serial());
  EXPECT_EQ(served_.server().counts().enrolled, 1U);
}

TEST_F(EnrolmentServerTest, ATokenIsGoodOnce) {
  const JoinToken token = served_.Token("alpha");
  ASSERT_OK(served_.Enroll(token, "alpha"));
  EXPECT_THAT(served_.Enroll(token, "alpha"), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("used")));
  EXPECT_EQ(Issued("alpha"), 1);
}

TEST_F(EnrolmentServerTest, OfManyAtATimeWithOneTokenExactlyOneWins) {
  const JoinToken token = served_.Token("alpha");
  std::atomic<int> won = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&] {
      const absl::Status status = served_.Enroll(token, "alpha").status();
      if (status.ok()) ++won;
      if (status.code() == absl::StatusCode::kPermissionDenied) ++refused;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(refused, 11);
  EXPECT_EQ(Issued("alpha"), 1);
}

TEST_F(EnrolmentServerTest, ManyNodesAtATime) {
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      const std::string name = absl::StrCat("n", i);
      if (served_.Enroll(served_.Token(name), name).ok()) ++won;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 16);
}

TEST_F(EnrolmentServerTest, UnknownToken) {
  ExpectRefused(ServedRoot::Altered(served_.Token("alpha"),
                                    [](v1::JoinToken& fields) { fields.set_secret(std::string(32, 'x')); }),
                "alpha", "does not know");
}

TEST_F(EnrolmentServerTest, ExpiredToken) {
  const JoinToken token = served_.Token("alpha", absl::Minutes(5));
  served_.clock().Advance(absl::Minutes(6));
  ExpectRefused(token, "alpha", "expired");
}

TEST_F(EnrolmentServerTest, TokenWithAnotherEndOfLife) {
  const JoinToken token = ServedRoot::Altered(served_.Token("alpha", absl::Minutes(5)), [](v1::JoinToken& fields) {
    fields.set_expires_unix(fields.expires_unix() + 3600);
  });
  served_.clock().Advance(absl::Minutes(6));
  EXPECT_THAT(served_.Enroll(token, "alpha"), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(EnrolmentServerTest, RevokedToken) {
  const JoinToken token = served_.Token("alpha");
  const auto tokens = served_.root().ListTokens();
  ASSERT_OK(tokens);
  ASSERT_OK(served_.root().RevokeToken(tokens->back().id, "test"));
  ExpectRefused(token, "alpha", "revoked");
}

TEST_F(EnrolmentServerTest, TokenOfAnotherNodeIsRefusedWithoutUsingIt) {
  const JoinToken token = served_.Token("beta");
  EXPECT_THAT(served_.Enroll(token, "alpha"),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       AllOf(HasSubstr("paranet://acme/node/beta"), HasSubstr("paranet://acme/node/alpha"))));
  EXPECT_OK(served_.Enroll(token, "beta"));
}

TEST_F(EnrolmentServerTest, TokenThatWasMadeOutForAnotherNodeIsRefusedByTheRoot) {
  const JoinToken forged =
      ServedRoot::Altered(served_.Token("beta"), [](v1::JoinToken& fields) { fields.set_node("alpha"); });
  EXPECT_THAT(served_.Enroll(forged, "alpha"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(Issued("alpha"), 0);
}

TEST_F(EnrolmentServerTest, ServiceOfAnotherRootIsNotTrusted) {
  ServedRoot other("acme");
  other.Serve();
  const JoinToken token =
      ServedRoot::Altered(served_.Token("alpha"), [&](v1::JoinToken& fields) { fields.set_endpoint(other.address()); });
  EXPECT_THAT(
      served_.Enroll(token, "alpha"),
      StatusIs(absl::StatusCode::kPermissionDenied, AllOf(HasSubstr("not trusted"), HasSubstr(other.address()),
                                                          HasSubstr(served_.root().root_certificate().fingerprint()))));
}

TEST_F(EnrolmentServerTest, ServiceOfAnotherNetworkIsNotTrusted) {
  const JoinToken token =
      ServedRoot::Altered(served_.Token("alpha"), [](v1::JoinToken& fields) { fields.set_network("other"); });
  LeafNames names = served_.Names("alpha");
  names.identity.network = "other";
  EXPECT_THAT(EnrollWithToken(token, *PrivateKey::Generate(), names, &served_.clock(), absl::Now() + absl::Minutes(1)),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("network")));
}

TEST_F(EnrolmentServerTest, OutOfReach) {
  const JoinToken token = served_.Token("alpha");
  served_.StopServing();
  EXPECT_THAT(served_.Enroll(token, "alpha"),
              StatusIs(absl::StatusCode::kUnavailable, AllOf(HasSubstr(served_.address()), HasSubstr("root serve"))));
  served_.Serve();
  EXPECT_OK(served_.Enroll(token, "alpha"));
}

TEST_F(EnrolmentServerTest, AClockThatIsOffIsNamedAndTheTokenIsStillGood) {
  const JoinToken token = served_.Token("alpha");
  for (const absl::Duration off : {absl::Hours(25), -absl::Hours(24)}) {
    // The connection may outlive the call, and asks the clock.
    static FakeClock clock(absl::Now());
    clock.Advance(served_.clock().Now() + off - clock.Now());
    EXPECT_THAT(
        EnrollWithToken(token, *PrivateKey::Generate(), served_.Names("alpha"), &clock, absl::Now() + absl::Minutes(1)),
        StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("the clock of this machine says")));
  }
  EXPECT_OK(served_.Enroll(token, "alpha"));
}

TEST_F(EnrolmentServerTest, AMinuteOffIsNothing) {
  FakeClock late(served_.clock().Now() + absl::Seconds(60));
  FakeClock early(served_.clock().Now() - absl::Seconds(59));
  for (FakeClock* clock : {&late, &early}) {
    EXPECT_OK(EnrollWithToken(served_.Token("alpha"), *PrivateKey::Generate(), served_.Names("alpha"), clock,
                              absl::Now() + absl::Minutes(1)));
  }
  served_.StopServing();
}

TEST_F(EnrolmentServerTest, WhatIsNoTokenOrNoRequest) {
  const std::string token = served_.Token("alpha").ToText();
  EXPECT_THAT(EnrollRaw("", ""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(EnrollRaw("hello", ""), StatusIs(absl::StatusCode::kInvalidArgument));
  const absl::Status cut = EnrollRaw(token.substr(0, token.size() - 3), "");
  EXPECT_THAT(cut, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(cut.message()), Not(HasSubstr(token.substr(20, 20))));
  EXPECT_THAT(EnrollRaw(token, "no DER"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("request")));
  EXPECT_EQ(served_.server().counts().refused, 4U);
}

TEST_F(EnrolmentServerTest, MessagesBeyondTheLimitAreNotRead) {
  EXPECT_THAT(EnrollRaw(std::string(kMaxRequestBytes, 'x'), ""), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(served_.server().counts().refused, 0U);
}

TEST_F(EnrolmentServerTest, OneAddressHasARate) {
  served_.StopServing();
  served_.Serve([](EnrolmentServer::Options& options) { options.service.enroll_rate = {.per_second = 1, .burst = 2}; });
  EXPECT_THAT(EnrollRaw("x", ""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(EnrollRaw("x", ""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(EnrollRaw("x", ""),
              StatusIs(absl::StatusCode::kResourceExhausted, AllOf(HasSubstr("127.0.0.1"), HasSubstr("try again"))));
  served_.clock().Advance(absl::Seconds(1));
  EXPECT_OK(served_.Enroll(served_.Token("alpha"), "alpha"));
}

TEST_F(EnrolmentServerTest, LeafLife) {
  served_.StopServing();
  served_.Serve([](EnrolmentServer::Options& options) { options.service.leaf_life = absl::Seconds(10); });
  ASSERT_OK_AND_ASSIGN(const IssuedIdentity issued, served_.Enroll(served_.Token("alpha"), "alpha"));
  EXPECT_LE(issued.identity->chain().leaf().not_after(), served_.clock().Now() + absl::Seconds(10));
}

// --- renewal

TEST_F(EnrolmentServerTest, RenewalNeedsACertificate) {
  const auto stub = Stranger();
  grpc::ClientContext context;
  v1::RenewResponse response;
  EXPECT_THAT(FromGrpcStatus(stub->Renew(&context, v1::RenewRequest(), &response)),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("join token")));
}

TEST_F(EnrolmentServerTest, RenewalHasAFreshKey) {
  const auto alpha = served_.Node("alpha");
  const auto before = alpha->state();
  ASSERT_OK_AND_ASSIGN(const PrivateKey key, PrivateKey::Generate());
  ASSERT_OK_AND_ASSIGN(const IssuedIdentity issued, Renew(alpha, key));
  EXPECT_NE(issued.identity->chain().leaf().serial(), before->identity->chain().leaf().serial());
  EXPECT_EQ(issued.identity->chain().leaf().dns_names(), before->identity->chain().leaf().dns_names());
  EXPECT_THAT(Renew(alpha, before->identity->key()), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(served_.server().counts().renewed, 1U);
}

TEST_F(EnrolmentServerTest, RevokedNodesDoNotRenew) {
  const auto alpha = served_.Node("alpha");
  ASSERT_OK(served_.root().Revoke("node/alpha", RevocationReason::kKeyCompromise, "test"));
  EXPECT_FALSE(Renew(alpha, *PrivateKey::Generate()).ok());
  EXPECT_EQ(Issued("alpha"), 1);
}

TEST_F(EnrolmentServerTest, ExpiredNodesDoNotRenew) {
  const auto alpha = served_.Node("alpha");
  served_.clock().Advance(absl::Hours(25));
  EXPECT_FALSE(Renew(alpha, *PrivateKey::Generate()).ok());
  // A new token alone brings it back, once the service has renewed its own certificate.
  const JoinToken token = served_.Token("alpha");
  EXPECT_TRUE(Eventually([&] { return served_.Enroll(token, "alpha").ok(); }));
}

// --- bundles

TEST_F(EnrolmentServerTest, WatchNeedsACertificate) {
  const auto stub = Stranger();
  grpc::ClientContext context;
  const auto stream = stub->Watch(&context);
  stream->Write(v1::WatchRequest());
  v1::TrustBundle bundle;
  EXPECT_FALSE(stream->Read(&bundle));
  EXPECT_THAT(FromGrpcStatus(stream->Finish()), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(EnrolmentServerTest, WatchBringsTheBundleAndEachChangeOfAnyProcess) {
  const auto alpha = served_.Node("alpha");
  const auto beta = served_.Node("beta");
  ASSERT_OK_AND_ASSIGN(const auto watch, TrustWatch::Open(alpha, &served_.clock()));
  ASSERT_OK_AND_ASSIGN(const v1::TrustBundle first, watch->Next());
  EXPECT_EQ(first.roots_size(), 1);
  ASSERT_OK(served_.OpenAgain()->Revoke("node/beta", RevocationReason::kKeyCompromise, "test"));
  ASSERT_OK_AND_ASSIGN(const v1::TrustBundle second, watch->Next());
  EXPECT_GT(second.revision(), first.revision());
  ASSERT_OK_AND_ASSIGN(const RevocationList list, RevocationList::FromDer(second.revocation_lists(0)));
  EXPECT_NE(list.Find(beta->state()->identity->chain().leaf().serial()), nullptr);
}

TEST_F(EnrolmentServerTest, AcknowledgementsLetARotationGoOn) {
  const auto alpha = served_.Node("alpha");
  ASSERT_OK_AND_ASSIGN(const auto watch, TrustWatch::Open(alpha, &served_.clock()));
  ASSERT_OK(watch->Next());
  ASSERT_OK(served_.root().PrepareRotation(std::nullopt, "test"));
  ASSERT_OK_AND_ASSIGN(const v1::TrustBundle bundle, watch->Next());
  EXPECT_EQ(bundle.roots_size(), 2);
  EXPECT_THAT(served_.root().ActivateRotation("test"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("alpha")));
  watch->Acknowledge(bundle.revision());
  ASSERT_TRUE(Eventually([&] { return served_.root().GetRotationStatus()->not_ready.empty(); }));
  ASSERT_OK(served_.root().ActivateRotation("test"));
  ASSERT_OK_AND_ASSIGN(v1::TrustBundle active, watch->Next());
  // The service may have signed its lists anew meanwhile, which is a bundle too.
  while (active.active_root() == bundle.active_root()) {
    ASSERT_OK_AND_ASSIGN(active, watch->Next());
  }
  EXPECT_EQ(active.active_root(), served_.root().root_certificate().fingerprint());
  // The service itself has a certificate below the new root, for those who know no other.
  EXPECT_OK(alpha->AdoptBundle(active));
  const JoinToken token = served_.Token("beta");
  absl::StatusOr<IssuedIdentity> beta = absl::UnknownError("not asked");
  ASSERT_TRUE(Eventually([&] { return (beta = served_.Enroll(token, "beta")).ok(); })) << beta.status();
  EXPECT_EQ(beta->bundle.active_root(), active.active_root());
}

TEST_F(EnrolmentServerTest, ARevokedNodesStreamEnds) {
  const auto alpha = served_.Node("alpha");
  ASSERT_OK_AND_ASSIGN(const auto watch, TrustWatch::Open(alpha, &served_.clock()));
  ASSERT_OK(watch->Next());
  ASSERT_OK(served_.root().Revoke("node/alpha", RevocationReason::kKeyCompromise, "test"));
  absl::StatusOr<v1::TrustBundle> next = watch->Next();
  while (next.ok()) next = watch->Next();
  EXPECT_THAT(next, StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("revoked")));
}

TEST_F(EnrolmentServerTest, AnExpiredNodesStreamEnds) {
  const auto alpha = served_.Node("alpha");
  ASSERT_OK_AND_ASSIGN(const auto watch, TrustWatch::Open(alpha, &served_.clock()));
  ASSERT_OK(watch->Next());
  served_.clock().Advance(absl::Hours(25));
  absl::StatusOr<v1::TrustBundle> next = watch->Next();
  while (next.ok()) next = watch->Next();
  EXPECT_THAT(next, StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("expired")));
}

TEST_F(EnrolmentServerTest, OneNodeHasAFewStreamsAndTheOldestEnds) {
  const auto alpha = served_.Node("alpha");
  std::vector<std::unique_ptr<TrustWatch>> watches;
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK_AND_ASSIGN(auto watch, TrustWatch::Open(alpha, &served_.clock()));
    ASSERT_OK(watch->Next());
    watches.push_back(std::move(watch));
  }
  EXPECT_THAT(watches[0]->Next(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(served_.server().counts().watches, 4U);
}

TEST_F(EnrolmentServerTest, ANodeThatGoesLeavesNothing) {
  const auto alpha = served_.Node("alpha");
  {
    ASSERT_OK_AND_ASSIGN(const auto watch, TrustWatch::Open(alpha, &served_.clock()));
    ASSERT_OK(watch->Next());
    EXPECT_EQ(served_.server().counts().watches, 1U);
    watch->Cancel();
    EXPECT_THAT(watch->Next(), StatusIs(absl::StatusCode::kCancelled));
  }
  EXPECT_TRUE(Eventually([&] { return served_.server().counts().watches == 0; }));
}

TEST_F(EnrolmentServerTest, StreamsBeyondTheBoundAreRefused) {
  served_.StopServing();
  served_.Serve([](EnrolmentServer::Options& options) { options.service.watches = 1; });
  const auto alpha = served_.Node("alpha");
  const auto beta = served_.Node("beta");
  ASSERT_OK_AND_ASSIGN(const auto first, TrustWatch::Open(alpha, &served_.clock()));
  ASSERT_OK(first->Next());
  ASSERT_OK_AND_ASSIGN(const auto second, TrustWatch::Open(beta, &served_.clock()));
  EXPECT_THAT(second->Next(), StatusIs(absl::StatusCode::kResourceExhausted));
}

// --- the server itself

TEST_F(EnrolmentServerTest, StopEndsStreams) {
  const auto alpha = served_.Node("alpha");
  ASSERT_OK_AND_ASSIGN(const auto watch, TrustWatch::Open(alpha, &served_.clock()));
  ASSERT_OK(watch->Next());
  served_.server().Stop(absl::Now() + absl::Seconds(30));
  EXPECT_THAT(watch->Next(), StatusIs(absl::StatusCode::kUnavailable));
  served_.server().Stop(absl::Now());
}

TEST_F(EnrolmentServerTest, ItsOwnCertificateIsRenewed) {
  // Twice the life of the first.
  for (int i = 0; i < 4; ++i) {
    served_.clock().Advance(absl::Hours(13));
    const std::string name = absl::StrCat("n", i);
    const JoinToken token = served_.Token(name);
    // The upkeep has to see the time first.
    EXPECT_TRUE(Eventually([&] { return served_.Enroll(token, name).ok(); }));
  }
}

TEST_F(EnrolmentServerTest, ListsAreRefreshedWhenHalfOfTheirLifeIsOver) {
  ServedRoot other("other");
  other.Serve([](EnrolmentServer::Options& options) { options.revocation_list_life = absl::Hours(2); });
  const auto alpha = other.Node("alpha");
  ASSERT_OK_AND_ASSIGN(const auto watch, TrustWatch::Open(alpha, &other.clock()));
  ASSERT_OK_AND_ASSIGN(const v1::TrustBundle first, watch->Next());
  ASSERT_EQ(first.revocation_lists_size(), 1);
  ASSERT_OK_AND_ASSIGN(const RevocationList before, RevocationList::FromDer(first.revocation_lists(0)));
  other.clock().Advance(absl::Minutes(65));
  ASSERT_OK_AND_ASSIGN(const v1::TrustBundle second, watch->Next());
  ASSERT_OK_AND_ASSIGN(const RevocationList after, RevocationList::FromDer(second.revocation_lists(0)));
  EXPECT_TRUE(after.IsNewerThan(before));
}

TEST_F(EnrolmentServerTest, AddressInUseAndNoAddress) {
  EnrolmentServer::Options options{
      .root = &served_.root(), .clock = &served_.clock(), .logger = MakeNullLogger(), .address = served_.address()};
  EXPECT_THAT(EnrolmentServer::Start(options),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(served_.address())));
  options.address = "nowhere";
  EXPECT_THAT(EnrolmentServer::Start(options), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("HOST:PORT")));
}

}  // namespace
}  // namespace paranet::pki
