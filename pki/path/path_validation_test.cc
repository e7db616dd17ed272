#include "pki/path/path_validation.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pki/testutil/forge.h"

namespace paranet::pki {
namespace {

using namespace std::string_literals;
using O = VerifyOutcome;
using Change = std::function<void(Forgery&)>;

// A certificate with its key.
struct Party {
  ForgedKey key;
  Certificate certificate;
};

Party Make(const std::string& name, const Party* issuer, const Change& change) {
  Forgery forgery = Forgery::Authority("any");
  forgery.common_name = name;
  forgery.path_length.reset();
  change(forgery);
  ForgedKey key = ForgeP256Key();
  EVP_PKEY* signer = issuer == nullptr ? key.get() : issuer->key.get();
  Certificate certificate = Forge(forgery, key.get(), issuer == nullptr ? nullptr : &issuer->certificate, signer);
  return {std::move(key), std::move(certificate)};
}

void AsIs(Forgery&) {}

void AsLeaf(Forgery& f) {
  f.ca = false;
  f.key_usage = {0};
  f.dns_names = {"alpha.example.com"};
}

class PathValidationTest : public testing::Test {
 protected:
  PathValidationTest() { options_.time = absl::Now(); }

  PathResult Validate(const std::vector<Certificate>& path) { return ValidatePath(path, root_.certificate, options_); }

  PathOptions options_;
  const Party root_ = Make("root", nullptr, AsIs);
};

MATCHER_P2(Ends, outcome, index, "") {
  *result_listener << OutcomeName(arg.outcome) << " at " << arg.index << ": " << arg.diagnostic;
  return arg.outcome == outcome && arg.index == static_cast<size_t>(index) &&
         arg.diagnostic.empty() == (outcome == O::kOk);
}

TEST_F(PathValidationTest, LongAndShortPaths) {
  const Party a = Make("a", &root_, AsIs);
  const Party b = Make("b", &a, AsIs);
  const Party leaf = Make("leaf", &b, AsLeaf);
  const Party direct = Make("leaf", &root_, AsLeaf);
  EXPECT_THAT(Validate({leaf.certificate, b.certificate, a.certificate}), Ends(O::kOk, 0));
  EXPECT_THAT(Validate({direct.certificate}), Ends(O::kOk, 0));
  EXPECT_THAT(Validate({leaf.certificate, a.certificate, b.certificate}), Ends(O::kUntrustedRoot, 2));
  EXPECT_THAT(Validate({leaf.certificate, a.certificate}), Ends(O::kUntrustedRoot, 0));
  options_.max_authorities = 2;
  EXPECT_THAT(Validate({leaf.certificate, b.certificate, a.certificate}), Ends(O::kOk, 0));
  options_.max_authorities = 1;
  EXPECT_THAT(Validate({leaf.certificate, b.certificate, a.certificate}), Ends(O::kPathTooLong, 3));
}

TEST_F(PathValidationTest, SelfIssuedAuthoritiesDoNotCount) {
  const Party a = Make("a", &root_, [](Forgery& f) { f.path_length = 0; });
  // The same authority with a new key.
  const Party again = Make("a", &a, [](Forgery& f) { f.path_length = 0; });
  const Party leaf = Make("leaf", &again, AsLeaf);
  EXPECT_THAT(Validate({leaf.certificate, again.certificate, a.certificate}), Ends(O::kOk, 0));
  const Party b = Make("b", &again, AsIs);
  const Party below = Make("leaf", &b, AsLeaf);
  EXPECT_THAT(Validate({below.certificate, b.certificate, again.certificate, a.certificate}), Ends(O::kPathTooLong, 3));
  options_.exempt_self_issued = false;
  EXPECT_THAT(Validate({leaf.certificate, again.certificate, a.certificate}), Ends(O::kPathTooLong, 2));
}

TEST_F(PathValidationTest, ExtendedUsagesAreThoseOfAllAbove) {
  const Party a = Make("a", &root_, [](Forgery& f) { f.extended_key_usage = {"clientAuth"}; });
  const Party leaf = Make("leaf", &a, [](Forgery& f) {
    AsLeaf(f);
    f.extended_key_usage = {"serverAuth", "clientAuth"};
  });
  options_.extended_key_usages = {"clientAuth"};
  EXPECT_THAT(Validate({leaf.certificate, a.certificate}), Ends(O::kOk, 0));
  options_.extended_key_usages = {"serverAuth"};
  EXPECT_THAT(Validate({leaf.certificate, a.certificate}), Ends(O::kWrongRole, 1));
  const Party any = Make("leaf", &root_, [](Forgery& f) {
    AsLeaf(f);
    f.extended_key_usage = {"2.5.29.37.0"};
  });
  EXPECT_THAT(Validate({any.certificate}), Ends(O::kWrongRole, 0));
  options_.extended_key_usages = {};
  options_.key_usages = {"digitalSignature"};
  EXPECT_THAT(Validate({any.certificate}), Ends(O::kOk, 0));
  options_.key_usages = {"keyAgreement"};
  EXPECT_THAT(Validate({any.certificate}), Ends(O::kWrongRole, 0));
}

// permittedSubtrees of one DNS name.
Change Permits(const std::string& name) {
  const auto element = [](char tag, const std::string& content) {
    return absl::StrCat(std::string({tag, static_cast<char>(content.size())}), content);
  };
  const std::string der = element('\x30', element('\xa0', element('\x30', element('\x82', name))));
  return [=](Forgery& f) { f.extensions = {{"2.5.29.30", true, der}}; };
}

TEST_F(PathValidationTest, NameConstraintsOnlyNarrow) {
  const Party a = Make("a", &root_, Permits("example.com"));
  const Party wider = Make("b", &a, Permits(""));
  const Party narrower = Make("b", &a, Permits("beta.example.com"));
  const Party good = Make("leaf", &wider, AsLeaf);
  const Party outside = Make("leaf", &narrower, AsLeaf);
  const Party other = Make("leaf", &wider, [](Forgery& f) {
    AsLeaf(f);
    f.dns_names = {"alpha.example.org"};
  });
  EXPECT_THAT(Validate({good.certificate, wider.certificate, a.certificate}), Ends(O::kOk, 0));
  EXPECT_THAT(Validate({outside.certificate, narrower.certificate, a.certificate}), Ends(O::kNameNotPermitted, 0));
  EXPECT_THAT(Validate({other.certificate, wider.certificate, a.certificate}), Ends(O::kNameNotPermitted, 0));
}

TEST_F(PathValidationTest, NamesOfAuthoritiesAreConstrainedUnlessSelfIssued) {
  const Party a = Make("a", &root_, Permits("example.com"));
  const Change elsewhere = [](Forgery& f) { f.dns_names = {"authority.example.org"}; };
  const Party b = Make("b", &a, elsewhere);
  const Party again = Make("a", &a, elsewhere);
  EXPECT_THAT(Validate({Make("leaf", &b, AsLeaf).certificate, b.certificate, a.certificate}),
              Ends(O::kNameNotPermitted, 1));
  EXPECT_THAT(Validate({Make("leaf", &again, AsLeaf).certificate, again.certificate, a.certificate}), Ends(O::kOk, 0));
  // At the end of the path it is not excepted.
  EXPECT_THAT(Validate({again.certificate, a.certificate}), Ends(O::kNameNotPermitted, 0));
}

TEST_F(PathValidationTest, TheAnchorIsAsGoodAsAnyOther) {
  const auto below = [&](const Change& change) {
    const Party anchor = Make("root", nullptr, change);
    const Party leaf = Make("leaf", &anchor, AsLeaf);
    return ValidatePath({leaf.certificate}, anchor.certificate, options_);
  };
  EXPECT_THAT(below([&](Forgery& f) { f.not_after = options_.time - absl::Seconds(2); }), Ends(O::kExpired, 1));
  EXPECT_THAT(below([](Forgery& f) { f.key_usage = {6}; }), Ends(O::kNotAnAuthority, 1));
  EXPECT_THAT(below([](Forgery& f) {
                f.extensions = {{"1.2.3.4", true, "x"}};
              }),
              Ends(O::kUnknownCriticalExtension, 1));
  EXPECT_THAT(below(Permits("example.org")), Ends(O::kNameNotPermitted, 0));
  EXPECT_THAT(below(Permits(".")), Ends(O::kBadProfile, 1));
  // It need not be a root.
  const Party a = Make("a", &root_, AsIs);
  const Party leaf = Make("leaf", &a, AsLeaf);
  EXPECT_THAT(ValidatePath({leaf.certificate}, a.certificate, options_), Ends(O::kOk, 0));
}

}  // namespace
}  // namespace paranet::pki
