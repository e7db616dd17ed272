#include "pki/certificate_profile.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "pki/identity.h"
#include "pki/testutil/forge.h"

namespace paranet::pki {
namespace {

const Identity kAlpha{"acme", Role::kNode, "alpha"};

std::optional<VerifyOutcome> OutcomeOf(const std::optional<ProfileViolation>& violation) {
  if (!violation.has_value()) return std::nullopt;
  EXPECT_FALSE(violation->diagnostic.empty());
  return violation->outcome;
}

class CertificateProfileTest : public testing::Test {
 protected:
  Certificate Leaf(const Forgery& forgery) {
    return Forge(forgery, network_.leaf_key.get(), &network_.authority, network_.authority_key.get());
  }
  std::optional<VerifyOutcome> LeafOutcome(const Forgery& forgery) {
    std::optional<Identity> identity;
    return OutcomeOf(CheckLeafProfile(Leaf(forgery), identity));
  }
  std::optional<VerifyOutcome> CommonOutcome(const Forgery& forgery) {
    return OutcomeOf(CheckCommonProfile(Leaf(forgery)));
  }
  std::optional<VerifyOutcome> IssuingOutcome(const Forgery& forgery) {
    std::string network;
    return OutcomeOf(CheckIssuingProfile(
        Forge(forgery, network_.authority_key.get(), &network_.root, network_.root_key.get()), network));
  }
  std::optional<VerifyOutcome> RootOutcome(const Forgery& forgery) {
    std::string network;
    return OutcomeOf(
        CheckRootProfile(Forge(forgery, network_.root_key.get(), nullptr, network_.root_key.get()), network));
  }

  ForgedNetwork network_;
};

TEST_F(CertificateProfileTest, AcceptsTheProfile) {
  for (Role role : {Role::kNode, Role::kOperator, Role::kPublisher}) {
    const Certificate leaf = Leaf(Forgery::Leaf({"acme", role, "x"}));
    std::optional<Identity> identity;
    EXPECT_EQ(OutcomeOf(CheckCommonProfile(leaf)), std::nullopt);
    EXPECT_EQ(OutcomeOf(CheckLeafProfile(leaf, identity)), std::nullopt);
    EXPECT_EQ(identity, (Identity{"acme", role, "x"}));
  }
  std::string network;
  EXPECT_EQ(OutcomeOf(CheckAuthority(network_.authority)), std::nullopt);
  EXPECT_EQ(OutcomeOf(CheckIssuingProfile(network_.authority, network)), std::nullopt);
  EXPECT_EQ(network, "acme");
  network.clear();
  EXPECT_EQ(OutcomeOf(CheckAuthority(network_.root)), std::nullopt);
  EXPECT_EQ(OutcomeOf(CheckRootProfile(network_.root, network)), std::nullopt);
  EXPECT_EQ(network, "acme");
}

TEST_F(CertificateProfileTest, OrderOfUsagesAndNonCriticalExtensionsAside) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.extensions = {{"1.2.3.4", false, "x"}};
  EXPECT_EQ(CommonOutcome(forgery), std::nullopt);
}

TEST_F(CertificateProfileTest, RefusesOtherVersions) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.version = 0;
  EXPECT_EQ(CommonOutcome(forgery), VerifyOutcome::kBadProfile);
  forgery.version = 1;
  EXPECT_EQ(CommonOutcome(forgery), VerifyOutcome::kBadProfile);
}

TEST_F(CertificateProfileTest, RefusesOtherAlgorithms) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.digest = EVP_sha384();
  EXPECT_EQ(CommonOutcome(forgery), VerifyOutcome::kBadProfile);
  forgery.digest = EVP_sha1();
  EXPECT_EQ(CommonOutcome(forgery), VerifyOutcome::kBadProfile);

  const ForgedKey p384 = ForgeP384Key();
  const ForgedKey rsa = ForgeRsaKey();
  const Forgery leaf = Forgery::Leaf(kAlpha);
  for (EVP_PKEY* key : {p384.get(), rsa.get()}) {
    // As the subject's key, and as the signer's.
    EXPECT_EQ(OutcomeOf(CheckCommonProfile(Forge(leaf, key, &network_.authority, network_.authority_key.get()))),
              VerifyOutcome::kBadProfile);
  }
  EXPECT_EQ(OutcomeOf(CheckCommonProfile(Forge(leaf, network_.leaf_key.get(), &network_.authority, rsa.get()))),
            VerifyOutcome::kBadProfile);
}

TEST_F(CertificateProfileTest, RefusesBadSerials) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.serial = std::string(19, '\xff');
  EXPECT_EQ(CommonOutcome(forgery), std::nullopt);
  forgery.serial = "\x7f" + std::string(19, '\xff');
  EXPECT_EQ(CommonOutcome(forgery), std::nullopt);
  forgery.serial = std::string(20, '\xff');
  EXPECT_EQ(CommonOutcome(forgery), VerifyOutcome::kBadProfile);
  forgery.serial = std::string(21, '\x01');
  EXPECT_EQ(CommonOutcome(forgery), VerifyOutcome::kBadProfile);
  forgery.serial = "";
  EXPECT_EQ(CommonOutcome(forgery), VerifyOutcome::kBadProfile);
  forgery.serial = "\x05";
  forgery.negative_serial = true;
  EXPECT_EQ(CommonOutcome(forgery), VerifyOutcome::kBadProfile);
}

TEST_F(CertificateProfileTest, RefusesUnknownCriticalExtensions) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.extensions = {{"1.2.3.4", true, "x"}};
  EXPECT_EQ(CommonOutcome(forgery), VerifyOutcome::kUnknownCriticalExtension);
  // policyConstraints, which nothing here processes.
  forgery.extensions = {{"2.5.29.36", true, "x"}};
  EXPECT_EQ(CommonOutcome(forgery), VerifyOutcome::kUnknownCriticalExtension);
  // nameConstraints are an authority's.
  forgery.extensions = {{"2.5.29.30", true, "x"}};
  EXPECT_EQ(CommonOutcome(forgery), VerifyOutcome::kBadProfile);
}

TEST_F(CertificateProfileTest, RefusesMissingKeyIds) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.key_ids = false;
  EXPECT_EQ(CommonOutcome(forgery), VerifyOutcome::kBadProfile);
}

TEST_F(CertificateProfileTest, LeafNeedsExactlyOneIdentity) {
  Forgery forgery = Forgery::Leaf(kAlpha);
  forgery.uris = {};
  EXPECT_EQ(LeafOutcome(forgery), VerifyOutcome::kMissingIdentity);
  forgery.uris = {"paranet://acme/node/alpha", "paranet://acme/node/beta"};
  EXPECT_EQ(LeafOutcome(forgery), VerifyOutcome::kMissingIdentity);
  forgery.uris = {"paranet://acme/node/alpha", "paranet://acme/node/alpha"};
  EXPECT_EQ(LeafOutcome(forgery), VerifyOutcome::kMissingIdentity);
  forgery.uris = {"https://acme.example/"};
  EXPECT_EQ(LeafOutcome(forgery), VerifyOutcome::kMissingIdentity);
  forgery.uris = {"paranet://acme/node/alpha/"};
  EXPECT_EQ(LeafOutcome(forgery), VerifyOutcome::kMissingIdentity);
}

TEST_F(CertificateProfileTest, LeafRefusals) {
  const auto with = [&](auto change) {
    Forgery forgery = Forgery::Leaf(kAlpha);
    change(forgery);
    return LeafOutcome(forgery);
  };
  using O = VerifyOutcome;
  EXPECT_EQ(with([](Forgery&) {}), std::nullopt);
  EXPECT_EQ(with([](Forgery& f) { f.emails = {"a@b.c"}; }), O::kBadProfile);
  EXPECT_EQ(with([](Forgery& f) { f.ca = true; }), O::kBadProfile);
  EXPECT_EQ(with([](Forgery& f) { f.has_basic_constraints = false; }), O::kBadProfile);
  EXPECT_EQ(with([](Forgery& f) { f.critical_basic_constraints = false; }), O::kBadProfile);
  EXPECT_EQ(with([](Forgery& f) { f.critical_key_usage = false; }), O::kBadProfile);
  EXPECT_EQ(with([](Forgery& f) { f.key_usage = {}; }), O::kBadProfile);
  EXPECT_EQ(with([](Forgery& f) { f.key_usage = {0, 5}; }), O::kBadProfile);
  EXPECT_EQ(with([](Forgery& f) { f.key_usage = {0, 2}; }), O::kBadProfile);
  EXPECT_EQ(with([](Forgery& f) { f.common_name = "beta"; }), O::kBadProfile);
  EXPECT_EQ(with([](Forgery& f) { f.organization = "acne"; }), O::kBadProfile);
  EXPECT_EQ(with([](Forgery& f) { f.organization = ""; }), O::kBadProfile);
}

TEST_F(CertificateProfileTest, LeafExtendedKeyUsagesAreThoseOfTheRole) {
  const auto with = [&](Role role, std::vector<std::string> usages) {
    Forgery forgery = Forgery::Leaf({"acme", role, "x"});
    forgery.extended_key_usage = std::move(usages);
    return LeafOutcome(forgery);
  };
  const auto wrong = VerifyOutcome::kWrongRole;
  EXPECT_EQ(with(Role::kNode, {}), wrong);
  EXPECT_EQ(with(Role::kNode, {"serverAuth"}), wrong);
  EXPECT_EQ(with(Role::kNode, {"codeSigning"}), wrong);
  EXPECT_EQ(with(Role::kNode, {"2.5.29.37.0"}), wrong);  // anyExtendedKeyUsage
  EXPECT_EQ(with(Role::kOperator, {"serverAuth", "clientAuth"}), wrong);
  EXPECT_EQ(with(Role::kPublisher, {"clientAuth"}), wrong);
  EXPECT_EQ(with(Role::kPublisher, {"codeSigning", "clientAuth"}), wrong);
}

TEST_F(CertificateProfileTest, AuthorityRefusals) {
  const auto with = [&](auto change) {
    Forgery forgery = Forgery::Authority("acme");
    change(forgery);
    return IssuingOutcome(forgery);
  };
  const auto bad = VerifyOutcome::kBadProfile;
  EXPECT_EQ(with([](Forgery&) {}), std::nullopt);
  EXPECT_EQ(with([](Forgery& f) { f.path_length = std::nullopt; }), bad);
  EXPECT_EQ(with([](Forgery& f) { f.path_length = 1; }), bad);
  EXPECT_EQ(with([](Forgery& f) { f.critical_basic_constraints = false; }), bad);
  EXPECT_EQ(with([](Forgery& f) { f.critical_key_usage = false; }), bad);
  EXPECT_EQ(with([](Forgery& f) { f.key_usage = {0, 5, 6}; }), bad);
  EXPECT_EQ(with([](Forgery& f) { f.key_usage = {5}; }), bad);
  EXPECT_EQ(with([](Forgery& f) { f.extended_key_usage = {"serverAuth"}; }), bad);
  EXPECT_EQ(with([](Forgery& f) { f.uris = {"paranet://acme/node/alpha"}; }), bad);
  EXPECT_EQ(with([](Forgery& f) { f.common_name = "acme Network Root"; }), bad);
  EXPECT_EQ(with([](Forgery& f) { f.organization = "Acme"; }), bad);
}

TEST_F(CertificateProfileTest, NotAnAuthority) {
  const auto with = [&](auto change) {
    Forgery forgery = Forgery::Authority("acme");
    change(forgery);
    return OutcomeOf(
        CheckAuthority(Forge(forgery, network_.authority_key.get(), &network_.root, network_.root_key.get())));
  };
  const auto none = [](Forgery& f) { f.path_length = std::nullopt; };
  EXPECT_EQ(with([&](Forgery& f) { none(f), f.ca = false; }), VerifyOutcome::kNotAnAuthority);
  EXPECT_EQ(with([&](Forgery& f) { f.has_basic_constraints = false; }), VerifyOutcome::kNotAnAuthority);
  EXPECT_EQ(with([&](Forgery& f) { f.key_usage = {6}; }), VerifyOutcome::kNotAnAuthority);
  EXPECT_EQ(with([&](Forgery& f) { f.key_usage = {}; }), VerifyOutcome::kNotAnAuthority);
}

TEST_F(CertificateProfileTest, RootRefusals) {
  const auto with = [&](auto change) {
    Forgery forgery = Forgery::Root("acme");
    change(forgery);
    return RootOutcome(forgery);
  };
  const auto bad = VerifyOutcome::kBadProfile;
  EXPECT_EQ(with([](Forgery&) {}), std::nullopt);
  EXPECT_EQ(with([](Forgery& f) { f.common_name = "acme"; }), bad);
  EXPECT_EQ(with([](Forgery& f) { f.path_length = 0; }), bad);
  EXPECT_EQ(with([](Forgery& f) { f.path_length = std::nullopt; }), bad);
  EXPECT_EQ(with([](Forgery& f) { f.issuer_organization = "other"; }), bad);
  EXPECT_EQ(with([](Forgery& f) { f.authority_key_id = "other"; }), bad);
}

TEST(SubjectTest, NetworkNamesFitIntoCommonNames) {
  const std::string network(kMaxNetworkName, 'a');
  const ForgedNetwork forged(network);
  std::string found;
  EXPECT_EQ(OutcomeOf(CheckRootProfile(forged.root, found)), std::nullopt);
  EXPECT_EQ(found, network);
  const ForgedNetwork longer(network + "a");
  EXPECT_EQ(OutcomeOf(CheckRootProfile(longer.root, found)), VerifyOutcome::kBadProfile);
}

}  // namespace
}  // namespace paranet::pki
