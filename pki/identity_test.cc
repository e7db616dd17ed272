#include "pki/identity.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;

TEST(IdentityTest, ParsesEachRole) {
  EXPECT_THAT(Identity::Parse("paranet://acme/node/alpha"), IsOkAndHolds(Identity{"acme", Role::kNode, "alpha"}));
  EXPECT_THAT(Identity::Parse("paranet://acme/operator/eve"), IsOkAndHolds(Identity{"acme", Role::kOperator, "eve"}));
  EXPECT_THAT(Identity::Parse("paranet://a-1/publisher/w-2"), IsOkAndHolds(Identity{"a-1", Role::kPublisher, "w-2"}));
}

TEST(IdentityTest, PrintsWhatItParses) {
  for (const char* uri : {"paranet://acme/node/alpha", "paranet://a/operator/b", "paranet://x9/publisher/y--"}) {
    ASSERT_OK_AND_ASSIGN(const Identity identity, Identity::Parse(uri));
    EXPECT_EQ(identity.ToUri(), uri);
  }
}

TEST(IdentityTest, EqualityIsOfAllParts) {
  const Identity identity{"acme", Role::kNode, "alpha"};
  EXPECT_EQ(identity, (Identity{"acme", Role::kNode, "alpha"}));
  EXPECT_NE(identity, (Identity{"acmf", Role::kNode, "alpha"}));
  EXPECT_NE(identity, (Identity{"acme", Role::kOperator, "alpha"}));
  EXPECT_NE(identity, (Identity{"acme", Role::kNode, "beta"}));
}

class NoIdentityTest : public testing::TestWithParam<std::string> {};

TEST_P(NoIdentityTest, IsRefused) {
  EXPECT_THAT(Identity::Parse(GetParam()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is no identity")));
}

INSTANTIATE_TEST_SUITE_P(
    All, NoIdentityTest,
    testing::Values("", "paranet", "paranet://", "paranet:///node/alpha", "paranet://acme", "paranet://acme/",
                    "paranet://acme/node", "paranet://acme/node/", "paranet://acme//alpha",
                    "paranet://acme/node/alpha/", "paranet://acme/node/alpha/x", "paranet://acme/node//alpha",
                    "PARANET://acme/node/alpha", "Paranet://acme/node/alpha", "http://acme/node/alpha",
                    "spiffe://acme/node/alpha", "paranet:/acme/node/alpha", " paranet://acme/node/alpha",
                    "paranet://acme/node/alpha ", "paranet://acme:1/node/alpha", "paranet://u@acme/node/alpha",
                    "paranet://acme/node/alpha?x", "paranet://acme/node/alpha#x", "paranet://acme/node/al%70ha",
                    "paranet://Acme/node/alpha", "paranet://acme/Node/alpha", "paranet://acme/roots/alpha",
                    "paranet://acme/node/Alpha", "paranet://acme/node/1alpha", "paranet://acme/node/-alpha",
                    "paranet://acme/node/al_pha", "paranet://acme/node/al.pha", "paranet://acme/node/..",
                    "paranet://acme.org/node/alpha", "paranet://acme/node/\xc3\xa4lpha",
                    std::string("paranet://acme/node/alpha\0", 26), std::string("paranet://acme/node/al\0pha", 26),
                    "paranet://acme/node/alpha\n", absl::StrCat("paranet://acme/node/", std::string(64, 'a')),
                    absl::StrCat("paranet://", std::string(64, 'a'), "/node/a"),
                    absl::StrCat("paranet://", std::string(100000, 'a'), "/node/a")));

TEST(IdentityTest, NamesMayHave63Characters) {
  const std::string name(63, 'a');
  EXPECT_OK(Identity::Parse(absl::StrCat("paranet://", name, "/publisher/", name)));
}

TEST(IdentityTest, ErrorIsShortAndPrintableWhateverTheInput) {
  const absl::Status status = Identity::Parse(std::string(100000, '\x01')).status();
  EXPECT_LT(status.message().size(), 2000u);
  EXPECT_EQ(status.message().find('\x01'), absl::string_view::npos);
}

TEST(CheckIdentityNameTest, SaysWhatIsWrongWithWhat) {
  EXPECT_OK(CheckIdentityName("a", "node"));
  EXPECT_OK(CheckIdentityName("weather-station-7", "node"));
  EXPECT_THAT(CheckIdentityName("", "node"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is empty")));
  EXPECT_THAT(CheckIdentityName("Alpha", "network"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("network name \"Alpha\" does not begin")));
  EXPECT_THAT(CheckIdentityName("al pha", "node"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckIdentityName(std::string(64, 'a'), "node"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too long")));
}

TEST(RoleTest, NamesAndBack) {
  for (Role role : {Role::kNode, Role::kOperator, Role::kPublisher, Role::kRoot}) {
    EXPECT_THAT(ParseRole(RoleName(role)), IsOkAndHolds(role));
  }
  EXPECT_THAT(ParseRole("admin"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("node, operator or publisher")));
  EXPECT_THAT(ParseRole(""), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace paranet::pki
