#include "pki/path/name_constraints.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/testutil/forge.h"

namespace paranet::pki {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr char kPermitted = '\xa0';
constexpr char kExcluded = '\xa1';
constexpr char kOther = '\xa0';
constexpr char kEmail = '\x81';
constexpr char kDns = '\x82';
constexpr char kDirectory = '\xa4';
constexpr char kUri = '\x86';
constexpr char kAddress = '\x87';

std::string Element(char tag, const std::string& content) {
  return absl::StrCat(std::string({tag, static_cast<char>(content.size())}), content);
}

// SEQUENCE of one AttributeTypeAndValue for each, all in one attribute of type O or CN.
std::string Rdn(char type, char string_tag, const std::string& value) {
  return Element('\x31', Element('\x30', "\x06\x03\x55\x04"s + type + Element(string_tag, value)));
}

class NameConstraintsTest : public testing::Test {
 protected:
  using Names = std::vector<std::pair<char, std::string>>;
  static std::string Subtrees(char which, const Names& names) {
    std::string list;
    for (const auto& [form, name] : names) list += Element('\x30', Element(form, name));
    return Element(which, list);
  }
  static absl::StatusOr<NameConstraints> One(char which, char form, const std::string& name) {
    return NameConstraints::FromDer(Element('\x30', Subtrees(which, {{form, name}})));
  }

  // A certificate for O=acme, CN=alpha.
  Certificate Named(const Names& names) {
    Forgery forgery = Forgery::Leaf({"acme", Role::kNode, "alpha"});
    forgery.uris.clear();
    std::string list;
    for (const auto& [form, name] : names) list += Element(form, name);
    if (!names.empty()) forgery.extensions = {{"2.5.29.17", false, Element('\x30', list)}};
    return network_.Chain(forgery).leaf();
  }

  absl::Status Check(char which, char form, const std::string& constraint, const Names& names) {
    const absl::StatusOr<NameConstraints> constraints = One(which, form, constraint);
    if (!constraints.ok()) return constraints.status();
    certificates_.push_back(Named(names));
    const absl::StatusOr<ConstrainedNames> of = ConstrainedNames::Of(certificates_.back());
    if (!of.ok()) return of.status();
    size_t budget = 100;
    return constraints->Check(*of, budget);
  }

  void Both(char form, const std::string& constraint, const std::string& name, bool within) {
    EXPECT_EQ(Check(kPermitted, form, constraint, {{form, name}}).ok(), within) << constraint << " " << name;
    EXPECT_EQ(Check(kExcluded, form, constraint, {{form, name}}).ok(), !within) << constraint << " " << name;
  }

  ForgedNetwork network_;
  std::vector<Certificate> certificates_;
};

TEST_F(NameConstraintsTest, HostNames) {
  Both(kDns, "example.com", "example.com", true);
  Both(kDns, "example.com", "a.b.Example.com", true);
  Both(kDns, "example.com", "badexample.com", false);
  Both(kDns, "a.example.com", "example.com", false);
  Both(kDns, "", "anything.example", true);
}

TEST_F(NameConstraintsTest, WildcardsAreAllThatTheyStandFor) {
  Both(kDns, "example.com", "*.example.com", true);
  // Some of them are within: not all, so not permitted; one is enough to be excluded.
  EXPECT_FALSE(Check(kPermitted, kDns, "a.example.com", {{kDns, "*.example.com"}}).ok());
  EXPECT_FALSE(Check(kExcluded, kDns, "a.example.com", {{kDns, "*.example.com"}}).ok());
  EXPECT_OK(Check(kExcluded, kDns, "a.b.example.com", {{kDns, "*.example.com"}}));
  EXPECT_OK(Check(kExcluded, kDns, "a.example.com", {{kDns, "*.example.org"}}));
}

TEST_F(NameConstraintsTest, Mailboxes) {
  Both(kEmail, "me@example.com", "me@Example.com", true);
  Both(kEmail, "me@example.com", "Me@example.com", false);
  Both(kEmail, "*@example.com", "me@example.com", false);
  Both(kEmail, "example.com", "me@example.com", true);
  Both(kEmail, "example.com", "me@a.example.com", false);
  Both(kEmail, ".example.com", "me@a.example.com", true);
  Both(kEmail, ".example.com", "me@example.com", false);
  EXPECT_THAT(Check(kPermitted, kEmail, "example.com", {{kEmail, "a@b@example.com"}}), StatusIs(kInvalid));
}

TEST_F(NameConstraintsTest, Uris) {
  Both(kUri, "acme", "paranet://acme/node/alpha", true);
  Both(kUri, "acme", "paranet://acme.example/node/alpha", false);
  Both(kUri, ".example.com", "https://me@a.example.com:443/x", true);
  Both(kUri, ".example.com", "https://example.com", false);
  for (const char* uri : {"https://10.0.0.1/", "mailto:me@acme", "urn:acme", "https:///x", "://acme"}) {
    EXPECT_FALSE(Check(kPermitted, kUri, "acme", {{kUri, uri}}).ok()) << uri;
    EXPECT_FALSE(Check(kExcluded, kUri, "acme", {{kUri, uri}}).ok()) << uri;
  }
}

TEST_F(NameConstraintsTest, Addresses) {
  Both(kAddress, "\x0a\0\0\0\xff\0\0\0"s, "\x0a\x01\x02\x03", true);
  Both(kAddress, "\x0a\0\0\0\xff\0\0\0"s, "\x0b\x01\x02\x03", false);
  Both(kAddress, "\0\0\0\0\0\0\0\0"s, "\x0b\x01\x02\x03", true);
  Both(kAddress, std::string(32, '\0'), std::string(16, 'x'), true);
  // Of the other family.
  Both(kAddress, std::string(32, '\0'), "\x0b\x01\x02\x03", false);
}

TEST_F(NameConstraintsTest, DirectoryNamesAndSubjects) {
  const auto name = [](const std::string& rdns) { return Element('\x30', rdns); };
  const std::string acme = Rdn('\x0a', '\x0c', "acme");
  // The subject is O=acme, CN=alpha.
  EXPECT_OK(Check(kPermitted, kDirectory, name(acme), {}));
  EXPECT_OK(Check(kPermitted, kDirectory, name(""), {}));
  EXPECT_OK(Check(kPermitted, kDirectory, name(acme + Rdn('\x03', '\x0c', "alpha")), {}));
  EXPECT_OK(Check(kPermitted, kDirectory, name(Rdn('\x0a', '\x13', " ACME ")), {}));
  EXPECT_FALSE(Check(kPermitted, kDirectory, name(Rdn('\x0a', '\x0c', "acm")), {}).ok());
  EXPECT_FALSE(Check(kPermitted, kDirectory, name(Rdn('\x03', '\x0c', "acme")), {}).ok());
  EXPECT_FALSE(Check(kPermitted, kDirectory, name(acme + acme), {}).ok());
  EXPECT_FALSE(Check(kExcluded, kDirectory, name(acme), {}).ok());
  EXPECT_FALSE(Check(kPermitted, kDirectory, name(acme), {{kDirectory, name(Rdn('\x0a', '\x0c', "other"))}}).ok());
  EXPECT_OK(Check(kPermitted, kDirectory, name(acme), {{kDirectory, name(acme)}}));
}

TEST_F(NameConstraintsTest, OtherFormsAreRefusedWhereTheyAppear) {
  const std::string other = "\x06\x01\x2a\xa0\x02\x05\x00"s;
  EXPECT_OK(Check(kExcluded, kOther, other, {{kDns, "example.com"}}));
  EXPECT_FALSE(Check(kExcluded, kOther, other, {{kOther, other}}).ok());
  EXPECT_FALSE(Check(kPermitted, kOther, other, {{kOther, other}}).ok());
  EXPECT_OK(Check(kPermitted, kDns, "example.com", {{kOther, other}}));
}

TEST_F(NameConstraintsTest, AllOfAFormThatIsConstrained) {
  EXPECT_FALSE(Check(kPermitted, kDns, "a.example", {{kDns, "a.example"}, {kDns, "b.example"}}).ok());
  EXPECT_OK(Check(kPermitted, kDns, "a.example", {{kEmail, "me@b.example"}}));
  ASSERT_OK_AND_ASSIGN(
      const NameConstraints both,
      NameConstraints::FromDer(Element('\x30', Subtrees(kPermitted, {{kDns, "a.example"}, {kDns, "b.example"}}) +
                                                   Subtrees(kExcluded, {{kDns, "no.a.example"}}))));
  size_t budget = 100;
  const Certificate good = Named({{kDns, "x.a.example"}, {kDns, "b.example"}});
  EXPECT_OK(both.Check(*ConstrainedNames::Of(good), budget));
  const Certificate bad = Named({{kDns, "x.no.a.example"}});
  EXPECT_THAT(both.Check(*ConstrainedNames::Of(bad), budget),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("excluded")));
}

TEST_F(NameConstraintsTest, WorkIsBounded) {
  ASSERT_OK_AND_ASSIGN(const NameConstraints constraints, One(kPermitted, kDns, "example"));
  const Certificate certificate = Named({{kDns, "a.example"}, {kDns, "b.example"}});
  const ConstrainedNames names = *ConstrainedNames::Of(certificate);
  // The subject is a name, too.
  size_t budget = 3;
  EXPECT_OK(constraints.Check(names, budget));
  EXPECT_EQ(budget, 0u);
  budget = 2;
  EXPECT_THAT(constraints.Check(names, budget), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(NameConstraintsTest, RefusesWhatIsNoConstraint) {
  for (const std::string& der : {""s, "\x30\x00"s, "\x05\x00"s, "\x30\x02\xa0\x00"s, "\x30\x80\x00\x00"s,
                                 Element('\x30', Subtrees(kPermitted, {{kDns, "a"}}) + "\x05\x00"s)}) {
    EXPECT_THAT(NameConstraints::FromDer(der), StatusIs(kInvalid));
  }
  const std::string minimum = Element('\x30', Element(kDns, "a") + "\x80\x01\x01"s);
  EXPECT_THAT(NameConstraints::FromDer(Element('\x30', Element(kPermitted, minimum))),
              StatusIs(kInvalid, HasSubstr("minimum")));
  const std::pair<char, std::string> bad[] = {
      {kDns, ".example.com"},
      {kDns, "*.example.com"},
      {kEmail, "a@b@c"},
      {kEmail, ""},
      {kUri, "https://acme"},
      {kUri, "10.0.0.1"},
      {kUri, ""},
      {kAddress, "\x0a\0\0\0"s},
      {kDirectory, "x"},
      {kAddress, "\x0a\0\0\0\xff\0\xff\0"s},
  };
  for (const auto& [form, name] : bad) {
    EXPECT_THAT(One(kPermitted, form, name), StatusIs(kInvalid)) << name;
    EXPECT_THAT(One(kExcluded, form, name), StatusIs(kInvalid)) << name;
  }
}

}  // namespace
}  // namespace paranet::pki
