#include "federation/handshake.h"

#include <functional>
#include <string>

#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using pki::Identity;
using pki::Role;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const Identity kAlpha{"acme", Role::kNode, "alpha"};
const Identity kBeta{"acme", Role::kNode, "beta"};

v1::Hello GoodHello() { return MakeHello(kAlpha, "beta", v1::ONE_WAY, false); }

TEST(CheckHello, AcceptsWhatTheDiallerMakes) {
  EXPECT_FALSE(CheckHello(kBeta, kAlpha, false, GoodHello()).has_value());
  EXPECT_FALSE(CheckHello(kBeta, kAlpha, false, MakeHello(kAlpha, "beta", v1::BIDIRECTIONAL, true)).has_value());
}

TEST(CheckHello, AcceptsVersionsThatOverlap) {
  v1::Hello hello = GoodHello();
  hello.set_version_min(0);
  hello.set_version_max(7);
  EXPECT_FALSE(CheckHello(kBeta, kAlpha, false, hello).has_value());
}

TEST(CheckHello, FreshLiftsADefederation) {
  EXPECT_TRUE(CheckHello(kBeta, kAlpha, true, MakeHello(kAlpha, "beta", v1::ONE_WAY, false)).has_value());
  EXPECT_FALSE(CheckHello(kBeta, kAlpha, true, MakeHello(kAlpha, "beta", v1::ONE_WAY, true)).has_value());
}

struct HelloCase {
  std::string name;
  Identity peer = kAlpha;
  bool defederated = false;
  std::function<void(v1::Hello&)> change;
  v1::Refusal::Reason reason;
  std::string says;
};

class RefusedHello : public testing::TestWithParam<HelloCase> {};

TEST_P(RefusedHello, HasReasonAndSentence) {
  v1::Hello hello = GoodHello();
  if (GetParam().change) GetParam().change(hello);
  const auto refusal = CheckHello(kBeta, GetParam().peer, GetParam().defederated, hello);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->reason(), GetParam().reason) << refusal->message();
  EXPECT_THAT(refusal->message(), HasSubstr(GetParam().says));
  // What to do about it follows the semicolon.
  EXPECT_THAT(refusal->message(), HasSubstr("; "));
}

INSTANTIATE_TEST_SUITE_P(
    , RefusedHello,
    testing::Values(
        HelloCase{.name = "Operator",
                  .peer = {"acme", Role::kOperator, "alpha"},
                  .reason = v1::Refusal::NOT_A_NODE,
                  .says = "paranet://acme/operator/alpha"},
        HelloCase{.name = "Publisher", .peer = {"acme", Role::kPublisher, "p"}, .reason = v1::Refusal::NOT_A_NODE},
        HelloCase{.name = "NewerVersion",
                  .change = [](v1::Hello& h) { h.set_version_min(2), h.set_version_max(3); },
                  .reason = v1::Refusal::VERSION,
                  .says = "2 to 3"},
        HelloCase{.name = "OlderVersion",
                  .change = [](v1::Hello& h) { h.set_version_min(0), h.set_version_max(0); },
                  .reason = v1::Refusal::VERSION},
        HelloCase{.name = "NetworkOfHello",
                  .change = [](v1::Hello& h) { h.set_network("emca"); },
                  .reason = v1::Refusal::NETWORK_NAME,
                  .says = "\"emca\""},
        HelloCase{.name = "NetworkOfCertificate",
                  .peer = {"emca", Role::kNode, "alpha"},
                  .change = [](v1::Hello& h) { h.set_network("emca"); },
                  .reason = v1::Refusal::NETWORK_NAME,
                  .says = "within one network"},
        HelloCase{.name = "NodeOfHello",
                  .change = [](v1::Hello& h) { h.set_node("al\npha"); },
                  .reason = v1::Refusal::NODE_NAME,
                  .says = "\"al\\npha\""},
        HelloCase{.name = "ExpectedNode",
                  .change = [](v1::Hello& h) { h.set_expected_node("gamma"); },
                  .reason = v1::Refusal::NODE_NAME,
                  .says = "\"gamma\""},
        HelloCase{.name = "Self",
                  .peer = kBeta,
                  .change = [](v1::Hello& h) { h.set_node("beta"); },
                  .reason = v1::Refusal::SELF,
                  .says = "itself"},
        HelloCase{.name = "NoMode",
                  .change = [](v1::Hello& h) { h.clear_mode(); },
                  .reason = v1::Refusal::MODE,
                  .says = "mode 0"},
        HelloCase{.name = "UnknownMode",
                  .change = [](v1::Hello& h) { h.set_mode(static_cast<v1::LinkMode>(9)); },
                  .reason = v1::Refusal::MODE},
        HelloCase{.name = "Defederated",
                  .defederated = true,
                  .reason = v1::Refusal::DEFEDERATED,
                  .says = "paranet federate --from alpha --to beta"},
        HelloCase{
            .name = "NoLimits", .change = [](v1::Hello& h) { h.clear_limits(); }, .reason = v1::Refusal::PROTOCOL}),
    [](const auto& test) { return test.param.name; });

TEST(CheckWelcome, AcceptsWhatTheServerMakes) {
  EXPECT_FALSE(CheckWelcome(kBeta, MakeWelcome(kBeta, "id")).has_value());
}

struct WelcomeCase {
  std::string name;
  std::function<void(v1::Welcome&)> change;
  v1::Refusal::Reason reason;
};

class RefusedWelcome : public testing::TestWithParam<WelcomeCase> {};

TEST_P(RefusedWelcome, HasReason) {
  v1::Welcome welcome = MakeWelcome(kBeta, "id");
  GetParam().change(welcome);
  const auto refusal = CheckWelcome(kBeta, welcome);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->reason(), GetParam().reason) << refusal->message();
}

INSTANTIATE_TEST_SUITE_P(
    , RefusedWelcome,
    testing::Values(WelcomeCase{"Version", [](v1::Welcome& w) { w.set_version(2); }, v1::Refusal::VERSION},
                    WelcomeCase{"NoVersion", [](v1::Welcome& w) { w.clear_version(); }, v1::Refusal::VERSION},
                    WelcomeCase{"Node", [](v1::Welcome& w) { w.set_node("gamma"); }, v1::Refusal::NODE_NAME},
                    WelcomeCase{"Network", [](v1::Welcome& w) { w.set_network("emca"); }, v1::Refusal::NETWORK_NAME},
                    WelcomeCase{"LinkId", [](v1::Welcome& w) { w.clear_link_id(); }, v1::Refusal::PROTOCOL},
                    WelcomeCase{"Limits", [](v1::Welcome& w) { w.mutable_limits()->set_message_bytes(1000); },
                                v1::Refusal::PROTOCOL}),
    [](const auto& test) { return test.param.name; });

TEST(RefusalStatus, SaysTheSentence) {
  EXPECT_THAT(RefusalStatus(MakeRefusal(v1::Refusal::VERSION, "too old")),
              StatusIs(absl::StatusCode::kFailedPrecondition, "too old"));
  EXPECT_THAT(RefusalStatus(MakeRefusal(v1::Refusal::NODE_NAME, "wrong name")),
              StatusIs(absl::StatusCode::kPermissionDenied, "wrong name"));
}

TEST(RefusalStatus, DoesNotTrustThePeersText) {
  EXPECT_THAT(RefusalStatus(MakeRefusal(v1::Refusal::SELF, "")),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("SELF")));
  EXPECT_LE(RefusalStatus(MakeRefusal(v1::Refusal::SELF, std::string(100'000, 'x'))).message().size(), 500u);
}

TEST(CommonLimits, IsTheSmallerOfEach) {
  v1::LinkLimits theirs = OwnLimits();
  theirs.set_lane_calls(3);
  theirs.set_message_bytes(OwnLimits().message_bytes() * 2u);
  const v1::LinkLimits limits = CommonLimits(OwnLimits(), theirs);
  EXPECT_EQ(limits.lane_calls(), 3u);
  EXPECT_EQ(limits.message_bytes(), OwnLimits().message_bytes());
}

}  // namespace
}  // namespace paranet
