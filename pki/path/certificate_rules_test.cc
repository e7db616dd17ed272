#include "pki/path/certificate_rules.h"

#include <functional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pki/testutil/forge.h"

namespace paranet::pki {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using O = VerifyOutcome;

class CertificateRulesTest : public testing::Test {
 protected:
  using Change = std::function<void(Forgery&)>;

  Certificate Leaf(const Change& change) {
    Forgery forgery = Forgery::Leaf({"acme", Role::kNode, "alpha"});
    change(forgery);
    return network_.Chain(forgery).leaf();
  }
  Certificate Authority(const Change& change) {
    Forgery forgery = Forgery::Authority("acme");
    change(forgery);
    return Forge(forgery, network_.authority_key.get(), &network_.root, network_.root_key.get());
  }
  Certificate Root(const Change& change) {
    Forgery forgery = Forgery::Root("acme");
    change(forgery);
    return Forge(forgery, network_.root_key.get(), nullptr, network_.root_key.get());
  }
  static void ExpectBroken(const Certificate& certificate, O outcome, const std::string& says) {
    const auto violation = CheckRules(certificate);
    ASSERT_TRUE(violation.has_value()) << says;
    EXPECT_EQ(violation->outcome, outcome) << violation->diagnostic;
    EXPECT_THAT(violation->diagnostic, HasSubstr(says));
  }

  ForgedNetwork network_;
};

TEST_F(CertificateRulesTest, GoodOnes) {
  EXPECT_FALSE(CheckRules(network_.root).has_value());
  EXPECT_FALSE(CheckRules(network_.authority).has_value());
  EXPECT_FALSE(CheckRules(Leaf([](Forgery&) {})).has_value());
  // RFC 5280 leaves these to the issuer.
  const Change less = [](Forgery& f) {
    f.key_usage.clear();
    f.extended_key_usage.clear();
    f.has_basic_constraints = false;
    f.uris = {"https://example.com"};
    f.dns_names = {"*.example.com"};
  };
  EXPECT_FALSE(CheckRules(Leaf(less)).has_value());
  EXPECT_FALSE(CheckRules(Authority([](Forgery& f) { f.key_usage.clear(); })).has_value());
  EXPECT_FALSE(CheckRules(Root([](Forgery& f) {
                 f.key_ids = false;
                 f.extensions = {{"2.5.29.14", false, "\x04\x01x"s}};
               })).has_value());
}

TEST_F(CertificateRulesTest, Serials) {
  const auto with = [&](const std::string& serial) { return Leaf([&](Forgery& f) { f.serial = serial; }); };
  EXPECT_FALSE(CheckRules(with(std::string(20, '\x7f'))).has_value());
  // DER puts a zero before it.
  ExpectBroken(with(std::string(20, '\x80')), O::kBadProfile, "20 octets");
  ExpectBroken(with(std::string(21, '\x01')), O::kBadProfile, "20 octets");
  ExpectBroken(with(""), O::kBadProfile, "positive");
}

TEST_F(CertificateRulesTest, Names) {
  const Change nameless = [](Forgery& f) { f.organization = f.common_name = ""; };
  ExpectBroken(Leaf(nameless), O::kBadProfile, "subjectAltName is not critical");
  ExpectBroken(Authority(nameless), O::kBadProfile, "subject has no name");
  EXPECT_FALSE(CheckRules(Leaf([&](Forgery& f) {
                 nameless(f);
                 f.uris.clear();
                 f.extensions = {{"2.5.29.17", true, "\x30\x03\x82\x01x"s}};
               })).has_value());
  ExpectBroken(Leaf([](Forgery& f) { f.issuer_organization = f.issuer_common_name = ""; }), O::kBadProfile, "issuer");
  for (const char* name : {"*", "a.*.example", "a*.example", ".example", "10.0.0.1", "a_b.example"}) {
    ExpectBroken(Leaf([&](Forgery& f) { f.dns_names = {name}; }), O::kBadProfile, "which is none");
  }
}

TEST_F(CertificateRulesTest, Criticality) {
  const auto with = [&](const char* numbers, bool critical, const std::string& der) {
    return Leaf([&](Forgery& f) {
      f.key_ids = false;
      f.extensions = {{"2.5.29.35", false, "\x30\x03\x80\x01x"s}, {numbers, critical, der}};
    });
  };
  ExpectBroken(with("1.2.3.4", true, "x"), O::kUnknownCriticalExtension, "1.2.3.4");
  ExpectBroken(with("2.5.29.32", true, "\x30\x00"s), O::kUnknownCriticalExtension, "2.5.29.32");
  ExpectBroken(with("2.5.29.14", true, "\x04\x01x"s), O::kBadProfile, "2.5.29.14 is critical");
  ExpectBroken(with("1.3.6.1.5.5.7.1.1", true, "x"), O::kBadProfile, "1.3.6.1.5.5.7.1.1 is critical");
  ExpectBroken(with("2.5.29.36", false, "\x30\x00"s), O::kBadProfile, "2.5.29.36 is not critical");
  ExpectBroken(with("2.5.29.54", false, "\x02\x01\x00"s), O::kBadProfile, "2.5.29.54 is not critical");
  ExpectBroken(with("2.5.29.30", true, "x"), O::kBadProfile, "no authority's");
  ExpectBroken(with("1.3.6.1.5.5.7.1.1", false, "\x30\x00"s), O::kBadProfile, "authorityInfoAccess");
  const std::string access = "\x30\x0f\x30\x0d\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02\x86\x01x"s;
  EXPECT_FALSE(CheckRules(with("1.3.6.1.5.5.7.1.1", false, access)).has_value());
}

TEST_F(CertificateRulesTest, KeyIdentifiers) {
  ExpectBroken(Leaf([](Forgery& f) { f.key_ids = false; }), O::kBadProfile, "no authorityKeyIdentifier");
  ExpectBroken(Authority([](Forgery& f) {
                 f.key_ids = false;
                 f.extensions = {{"2.5.29.35", false, "\x30\x03\x80\x01x"s}};
               }),
               O::kBadProfile, "no subjectKeyIdentifier");
  ExpectBroken(Root([](Forgery& f) { f.authority_key_id = "another"; }), O::kBadProfile, "not its own");
  for (const std::string& der : {"\x30\x00"s, "\x30\x03\x82\x01\x05"s, "\x30\x06\x80\x01x\x82\x01\x05"s}) {
    ExpectBroken(Leaf([&](Forgery& f) {
                   f.key_ids = false;
                   f.extensions = {{"2.5.29.35", false, der}};
                 }),
                 O::kBadProfile, "keyIdentifier alone");
  }
}

TEST_F(CertificateRulesTest, AuthoritiesAndOthers) {
  ExpectBroken(Leaf([](Forgery& f) { f.key_usage = {0, 5}; }), O::kBadProfile, "no authority");
  ExpectBroken(Leaf([](Forgery& f) { f.ca = true; }), O::kBadProfile, "lacks keyCertSign");
  ExpectBroken(Authority([](Forgery& f) { f.critical_basic_constraints = false; }), O::kBadProfile, "not critical");
  EXPECT_TRUE(MayCertify(network_.authority));
  EXPECT_TRUE(MayCertify(Authority([](Forgery& f) { f.key_usage.clear(); })));
  EXPECT_FALSE(MayCertify(Authority([](Forgery& f) { f.key_usage = {6}; })));
  EXPECT_FALSE(MayCertify(Leaf([](Forgery&) {})));
  EXPECT_TRUE(IsSelfIssued(network_.root));
  EXPECT_FALSE(IsSelfIssued(network_.authority));
}

}  // namespace
}  // namespace paranet::pki
