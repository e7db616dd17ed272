#include "pki/verify.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/testutil/forge.h"
#include "pki/testutil/forge_list.h"
#include "pki/testutil/test_network.h"

namespace paranet::pki {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using O = VerifyOutcome;

const Identity kAlpha{"acme", Role::kNode, "alpha"};

class VerifyTest : public testing::Test {
 protected:
  VerifyTest() : trust_(*TrustStore::Create({network_.root})) {
    options_.time = absl::Now();
    options_.roles = {Role::kNode};
  }

  VerifyResult Verify(const CertificateChain& chain) { return VerifyChain(chain, *trust_, options_); }
  VerifyResult VerifyLeaf(const std::function<void(Forgery&)>& change) {
    Forgery forgery = Forgery::Leaf(kAlpha);
    change(forgery);
    return Verify(network_.Chain(forgery));
  }
  // A good leaf under a forged authority.
  VerifyResult VerifyAuthority(const std::function<void(Forgery&)>& change) {
    Forgery forgery = Forgery::Authority("acme");
    change(forgery);
    const Certificate authority = Forge(forgery, network_.authority_key.get(), &network_.root, network_.root_key.get());
    const Certificate leaf =
        Forge(Forgery::Leaf(kAlpha), network_.leaf_key.get(), &authority, network_.authority_key.get());
    return Verify(CertificateChain({leaf, authority}));
  }

  ForgedNetwork network_;
  std::shared_ptr<const TrustStore> trust_;
  VerifyOptions options_;
};

// What went wrong, and with which certificate.
MATCHER_P2(Ends, outcome, index, "") {
  *result_listener << OutcomeName(arg.outcome) << " at " << arg.index << ": " << arg.diagnostic;
  return arg.outcome == outcome && arg.index == static_cast<size_t>(index) && arg.ok() == (outcome == O::kOk) &&
         arg.diagnostic.empty() == (outcome == O::kOk);
}

TEST_F(VerifyTest, GoodChainProvesTheIdentity) {
  const VerifyResult result = VerifyLeaf([](Forgery&) {});
  EXPECT_THAT(result, Ends(O::kOk, 0));
  EXPECT_EQ(result.identity, kAlpha);
  EXPECT_OK(result.ToStatus());
}

TEST_F(VerifyTest, EmptyChain) { EXPECT_THAT(Verify(CertificateChain()), Ends(O::kMalformed, 0)); }

TEST_F(VerifyTest, SameCertificateTwice) {
  const CertificateChain chain = network_.Chain(Forgery::Leaf(kAlpha));
  EXPECT_THAT(Verify(CertificateChain({chain[0], chain[0], chain[1]})), Ends(O::kMalformed, 1));
  EXPECT_THAT(Verify(CertificateChain({chain[0], chain[1], chain[1]})), Ends(O::kMalformed, 2));
}

TEST_F(VerifyTest, RootInTheChain) {
  const CertificateChain chain = network_.Chain(Forgery::Leaf(kAlpha));
  const VerifyResult result = Verify(CertificateChain({chain[0], chain[1], network_.root}));
  EXPECT_THAT(result, Ends(O::kMalformed, 2));
  EXPECT_THAT(result.diagnostic, HasSubstr("leave it out"));
}

TEST_F(VerifyTest, DepthIsBounded) {
  std::vector<Certificate> certificates;
  for (int i = 0; i < 5; ++i) {
    Forgery forgery = Forgery::Leaf(kAlpha);
    forgery.serial = std::string(1, static_cast<char>(i + 1));
    certificates.push_back(network_.Chain(forgery).leaf());
  }
  EXPECT_THAT(Verify(CertificateChain(certificates)), Ends(O::kPathTooLong, 4));
  options_.max_depth = 1;
  EXPECT_THAT(VerifyLeaf([](Forgery&) {}), Ends(O::kPathTooLong, 1));
  options_.max_depth = 2;
  EXPECT_THAT(VerifyLeaf([](Forgery&) {}), Ends(O::kOk, 0));
}

TEST_F(VerifyTest, ForeignNetwork) {
  const ForgedNetwork other("other");
  const VerifyResult result = Verify(other.Chain(Forgery::Leaf({"other", Role::kNode, "alpha"})));
  EXPECT_THAT(result, Ends(O::kUntrustedRoot, 1));
  EXPECT_THAT(result.diagnostic, HasSubstr("other Network Root"));
}

TEST_F(VerifyTest, ForeignNetworkOfTheSameName) {
  const ForgedNetwork impostor("acme");
  EXPECT_THAT(Verify(impostor.Chain(Forgery::Leaf(kAlpha))), Ends(O::kUntrustedRoot, 1));
}

TEST_F(VerifyTest, ImpostorThatClaimsTheRootsKeyId) {
  const ForgedKey key = ForgeP256Key();
  Forgery root = Forgery::Root("acme");
  const Certificate impostor = Forge(root, key.get(), nullptr, key.get());
  Forgery forgery = Forgery::Authority("acme");
  forgery.authority_key_id = network_.root.subject_key_id();
  const Certificate authority = Forge(forgery, key.get(), &impostor, key.get());
  const Certificate leaf = Forge(Forgery::Leaf(kAlpha), network_.leaf_key.get(), &authority, key.get());
  EXPECT_THAT(Verify(CertificateChain({leaf, authority})), Ends(O::kBadSignature, 1));
}

TEST_F(VerifyTest, LeafWithoutItsAuthority) {
  const CertificateChain chain = network_.Chain(Forgery::Leaf(kAlpha));
  const VerifyResult result = Verify(CertificateChain({chain[0]}));
  EXPECT_THAT(result, Ends(O::kUntrustedRoot, 0));
  EXPECT_THAT(result.diagnostic, HasSubstr("was not presented"));
}

TEST_F(VerifyTest, ChainInTheWrongOrder) {
  const CertificateChain chain = network_.Chain(Forgery::Leaf(kAlpha));
  EXPECT_THAT(Verify(CertificateChain({chain[1], chain[0]})), Ends(O::kUntrustedRoot, 1));
}

TEST_F(VerifyTest, AnAuthorityThatIsNotTheIssuers) {
  const ForgedKey key = ForgeP256Key();
  const Certificate second = Forge(Forgery::Authority("acme"), key.get(), &network_.root, network_.root_key.get());
  const CertificateChain chain = network_.Chain(Forgery::Leaf(kAlpha));
  EXPECT_THAT(Verify(CertificateChain({chain[0], second})), Ends(O::kUntrustedRoot, 0));
}

TEST_F(VerifyTest, BrokenSignatures) {
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.break_signature = true; }), Ends(O::kBadSignature, 0));
  EXPECT_THAT(VerifyAuthority([](Forgery& f) { f.break_signature = true; }), Ends(O::kBadSignature, 1));
}

TEST_F(VerifyTest, SignedByAnotherKeyOfTheSameName) {
  const ForgedKey key = ForgeP256Key();
  const Certificate leaf = Forge(Forgery::Leaf(kAlpha), network_.leaf_key.get(), &network_.authority, key.get());
  EXPECT_THAT(Verify(CertificateChain({leaf, network_.authority})), Ends(O::kBadSignature, 0));
}

TEST_F(VerifyTest, EveryByteOfTheLeafCounts) {
  const CertificateChain chain = network_.Chain(Forgery::Leaf(kAlpha));
  ASSERT_THAT(Verify(chain), Ends(O::kOk, 0));
  for (size_t i = 0; i < chain[0].ToDer().size(); ++i) {
    std::string altered = chain[0].ToDer();
    altered[i] ^= 0x01;
    const absl::StatusOr<Certificate> leaf = Certificate::FromDer(altered);
    if (!leaf.ok()) continue;
    EXPECT_FALSE(Verify(CertificateChain({*leaf, chain[1]})).ok()) << i;
  }
}

TEST_F(VerifyTest, ValidityIncludesBothEnds) {
  const absl::Time start = network_.root.not_before();
  const absl::Time end = network_.root.not_after();
  options_.time = start;
  EXPECT_THAT(VerifyLeaf([](Forgery&) {}), Ends(O::kOk, 0));
  options_.time = end;
  EXPECT_THAT(VerifyLeaf([](Forgery&) {}), Ends(O::kOk, 0));
  options_.time = end + absl::Milliseconds(999);
  EXPECT_THAT(VerifyLeaf([](Forgery&) {}), Ends(O::kOk, 0));
}

TEST_F(VerifyTest, ExpiredAndNotYetValidAtEachLevel) {
  const absl::Time now = options_.time;
  const auto expired = [&](Forgery& f) { f.not_after = now - absl::Seconds(2); };
  const auto future = [&](Forgery& f) { f.not_before = now + absl::Seconds(2); };
  EXPECT_THAT(VerifyLeaf(expired), Ends(O::kExpired, 0));
  EXPECT_THAT(VerifyLeaf(future), Ends(O::kNotYetValid, 0));
  EXPECT_THAT(VerifyAuthority(expired), Ends(O::kExpired, 1));
  EXPECT_THAT(VerifyAuthority(future), Ends(O::kNotYetValid, 1));
  options_.time = network_.root.not_after() + absl::Seconds(1);
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.not_after += absl::Hours(9); }), Ends(O::kExpired, 2));
  options_.time = network_.root.not_before() - absl::Seconds(1);
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.not_before -= absl::Hours(9); }), Ends(O::kNotYetValid, 2));
}

TEST_F(VerifyTest, LeafThatCertifiesOthers) {
  // alpha's certificate is genuine; what it has signed is not.
  const CertificateChain chain = network_.Chain(Forgery::Leaf(kAlpha));
  const ForgedKey key = ForgeP256Key();
  const Certificate made =
      Forge(Forgery::Leaf({"acme", Role::kNode, "beta"}), key.get(), &chain[0], network_.leaf_key.get());
  EXPECT_THAT(Verify(CertificateChain({made, chain[0], chain[1]})), Ends(O::kNotAnAuthority, 1));
}

TEST_F(VerifyTest, AuthoritiesThatAreNone) {
  EXPECT_THAT(VerifyAuthority([](Forgery& f) {
                f.ca = false;
                f.path_length.reset();
              }),
              Ends(O::kNotAnAuthority, 1));
  EXPECT_THAT(VerifyAuthority([](Forgery& f) { f.has_basic_constraints = false; }), Ends(O::kNotAnAuthority, 1));
  EXPECT_THAT(VerifyAuthority([](Forgery& f) { f.key_usage = {0}; }), Ends(O::kNotAnAuthority, 1));
}

TEST_F(VerifyTest, AuthorityBelowAnAuthority) {
  const ForgedKey key = ForgeP256Key();
  const Certificate sub =
      Forge(Forgery::Authority("acme"), key.get(), &network_.authority, network_.authority_key.get());
  const Certificate leaf = Forge(Forgery::Leaf(kAlpha), network_.leaf_key.get(), &sub, key.get());
  // Both the root (1) and the authority (0) forbid it; the root is asked first.
  EXPECT_THAT(Verify(CertificateChain({leaf, sub, network_.authority})), Ends(O::kPathTooLong, 3));
}

TEST_F(VerifyTest, LeafIssuedByTheRootItself) {
  const Certificate leaf =
      Forge(Forgery::Leaf(kAlpha), network_.leaf_key.get(), &network_.root, network_.root_key.get());
  EXPECT_THAT(Verify(CertificateChain({leaf})), Ends(O::kBadProfile, 0));
}

TEST_F(VerifyTest, AuthorityAsALeaf) {
  EXPECT_THAT(Verify(CertificateChain({network_.authority})), Ends(O::kMissingIdentity, 0));
}

TEST_F(VerifyTest, OutsideTheProfile) {
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.version = 0; }), testing::Not(Ends(O::kOk, 0)));
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.digest = EVP_sha384(); }), Ends(O::kBadProfile, 0));
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.key_usage = {0, 4}; }), Ends(O::kBadProfile, 0));
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.ca = true; }), Ends(O::kBadProfile, 0));
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.common_name = "beta"; }), Ends(O::kBadProfile, 0));
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.negative_serial = true; }), Ends(O::kBadProfile, 0));
  EXPECT_THAT(VerifyAuthority([](Forgery& f) { f.path_length.reset(); }), Ends(O::kBadProfile, 1));
  EXPECT_THAT(VerifyAuthority([](Forgery& f) { f.digest = EVP_sha512(); }), Ends(O::kBadProfile, 1));
}

TEST_F(VerifyTest, KeysOfOtherKinds) {
  const ForgedKey rsa = ForgeRsaKey();
  const ForgedKey p384 = ForgeP384Key();
  for (EVP_PKEY* key : {rsa.get(), p384.get()}) {
    const Certificate leaf = Forge(Forgery::Leaf(kAlpha), key, &network_.authority, network_.authority_key.get());
    EXPECT_THAT(Verify(CertificateChain({leaf, network_.authority})), Ends(O::kBadProfile, 0));
  }
}

TEST_F(VerifyTest, UnknownCriticalExtensionAtEachLevel) {
  const auto add = [](Forgery& f) { f.extensions = {{"1.3.6.1.4.1.99999.1", true, "x"}}; };
  EXPECT_THAT(VerifyLeaf(add), Ends(O::kUnknownCriticalExtension, 0));
  EXPECT_THAT(VerifyAuthority(add), Ends(O::kUnknownCriticalExtension, 1));
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.extensions = {{"1.3.6.1.4.1.99999.1", false, "x"}}; }), Ends(O::kOk, 0));
}

TEST_F(VerifyTest, MissingIdentity) {
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.uris = {}; }), Ends(O::kMissingIdentity, 0));
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.uris.push_back("paranet://acme/node/beta"); }),
              Ends(O::kMissingIdentity, 0));
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.uris = {"spiffe://acme/node/alpha"}; }), Ends(O::kMissingIdentity, 0));
}

TEST_F(VerifyTest, NetworkMustBeTheRoots) {
  const VerifyResult result = VerifyLeaf([](Forgery& f) {
    f.uris = {"paranet://other/node/alpha"};
    f.organization = "other";
  });
  EXPECT_THAT(result, Ends(O::kWrongNetwork, 0));
  EXPECT_THAT(VerifyAuthority([](Forgery& f) {
                f.organization = "other";
                f.common_name = "other Issuing Authority";
              }),
              Ends(O::kWrongNetwork, 1));
}

TEST_F(VerifyTest, Roles) {
  const auto of = [&](Role role) { return Verify(network_.Chain(Forgery::Leaf({"acme", role, "x"}))); };
  EXPECT_THAT(of(Role::kOperator), Ends(O::kWrongRole, 0));
  EXPECT_THAT(of(Role::kPublisher), Ends(O::kWrongRole, 0));
  options_.roles = {Role::kOperator, Role::kPublisher};
  EXPECT_THAT(of(Role::kOperator), Ends(O::kOk, 0));
  EXPECT_THAT(of(Role::kPublisher), Ends(O::kOk, 0));
  EXPECT_THAT(of(Role::kNode), Ends(O::kWrongRole, 0));
  options_.roles = {};
  EXPECT_THAT(of(Role::kNode), Ends(O::kWrongRole, 0));
}

TEST_F(VerifyTest, UsagesOfAnotherRole) {
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.extended_key_usage = {"codeSigning"}; }), Ends(O::kWrongRole, 0));
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.extended_key_usage = {}; }), Ends(O::kWrongRole, 0));
}

TEST_F(VerifyTest, ExpectedIdentity) {
  const CertificateChain chain = network_.Chain(Forgery::Leaf(kAlpha));
  options_.expected = kAlpha;
  EXPECT_THAT(Verify(chain), Ends(O::kOk, 0));
  options_.expected = Identity{"acme", Role::kNode, "beta"};
  const VerifyResult result = Verify(chain);
  EXPECT_THAT(result, Ends(O::kWrongName, 0));
  EXPECT_THAT(result.diagnostic, HasSubstr("paranet://acme/node/beta"));
  options_.expected = Identity{"acme", Role::kOperator, "alpha"};
  EXPECT_THAT(Verify(chain), Ends(O::kWrongRole, 0));
  options_.expected = Identity{"other", Role::kNode, "alpha"};
  EXPECT_THAT(Verify(chain), Ends(O::kWrongNetwork, 0));
}

TEST_F(VerifyTest, SeveralRootsAreTried) {
  // While a network changes its root, two of the same name are trusted; and another network beside.
  const ForgedNetwork successor("acme");
  const ForgedNetwork other("other");
  trust_ = *TrustStore::Create({other.root, successor.root, network_.root});
  EXPECT_THAT(Verify(network_.Chain(Forgery::Leaf(kAlpha))), Ends(O::kOk, 0));
  EXPECT_THAT(Verify(successor.Chain(Forgery::Leaf(kAlpha))), Ends(O::kOk, 0));
  EXPECT_THAT(Verify(other.Chain(Forgery::Leaf({"other", Role::kNode, "alpha"}))), Ends(O::kOk, 0));
  // But no root speaks for the network of another.
  EXPECT_THAT(Verify(other.Chain(Forgery::Leaf(kAlpha))), Ends(O::kWrongNetwork, 0));
}

TEST_F(VerifyTest, Revocation) {
  const CertificateChain chain = network_.Chain(Forgery::Leaf(kAlpha));
  options_.require_revocation_list = true;
  EXPECT_THAT(Verify(chain), Ends(O::kRevocationUnknown, 1));
  std::shared_ptr<const RevocationLists> lists = RevocationLists::Empty();
  const auto add = [&](const Certificate& authority, EVP_PKEY* key, const ListForgery& forgery) {
    lists = *lists->With(ForgeList(forgery, authority, key), *trust_, {network_.authority}, options_.time);
    options_.revocations = lists.get();
  };
  add(network_.root, network_.root_key.get(), ListForgery());
  EXPECT_THAT(Verify(chain), Ends(O::kRevocationUnknown, 0));
  ListForgery first;
  first.entries = {{"\x01", first.this_update, {}}};
  add(network_.authority, network_.authority_key.get(), first);
  EXPECT_THAT(Verify(chain), Ends(O::kOk, 0));
  ListForgery second;
  second.number = 2;
  second.entries = {{"\x11\x22\x33\x44", second.this_update, {}}};
  add(network_.authority, network_.authority_key.get(), second);
  const VerifyResult revoked = Verify(chain);
  EXPECT_THAT(revoked, Ends(O::kRevoked, 0));
  EXPECT_EQ(revoked.identity, kAlpha);
  EXPECT_THAT(revoked.ToStatus(), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("refused (REVOKED)")));
  options_.revocations = nullptr;
  options_.require_revocation_list = false;
  EXPECT_THAT(Verify(chain), Ends(O::kOk, 0));
}

TEST_F(VerifyTest, ConstraintsOfTheRoot) {
  const CertificateChain chain = network_.Chain(Forgery::Leaf(kAlpha));
  const auto constrained = [&](const TrustConstraints& constraints) {
    trust_ = *TrustStore::Create(std::vector<TrustStore::Root>{{network_.root, "", constraints}});
    return Verify(chain);
  };
  EXPECT_THAT(constrained({{Role::kNode, Role::kOperator}, {"beta", "alpha"}}), Ends(O::kOk, 0));
  EXPECT_THAT(constrained({{Role::kOperator}, {}}), Ends(O::kWrongRole, 0));
  EXPECT_THAT(constrained({{}, {"beta"}}), Ends(O::kNameNotPermitted, 0));
}

TEST_F(VerifyTest, NamesThatTheAuthorityMayNotCertify) {
  // permittedSubtrees: URIs of the host `other`.
  const std::string der = "\x30\x0b\xa0\x09\x30\x07\x86\x05other";
  EXPECT_THAT(VerifyAuthority([&](Forgery& f) {
                f.extensions = {{"2.5.29.30", true, der}};
              }),
              Ends(O::kNameNotPermitted, 0));
}

TEST_F(VerifyTest, StatusSaysWhoWhyAndWhatToDo) {
  const absl::Time now = options_.time;
  const VerifyResult result = VerifyLeaf([&](Forgery& f) { f.not_after = now - absl::Seconds(10); });
  EXPECT_THAT(result.ToStatus(),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       AllOf(HasSubstr("certificate of paranet://acme/node/alpha refused (EXPIRED): "),
                             HasSubstr("valid until"), HasSubstr("Network Root"))));
  EXPECT_THAT(VerifyLeaf([](Forgery& f) { f.uris = {}; }).ToStatus(),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("an unknown party refused (MISSING_IDENTITY)")));
}

TEST_F(VerifyTest, WhatTheNetworkRootIssuesIsAccepted) {
  TestNetwork network;
  options_.roles = {Role::kNode, Role::kOperator, Role::kPublisher};
  for (Role role : options_.roles) {
    const VerifyResult result = VerifyChain(network.Issue(role, "x").chain, *network.trust(), options_);
    EXPECT_THAT(result, Ends(O::kOk, 0));
    EXPECT_EQ(result.identity, network.IdentityOf("x", role));
  }
}

}  // namespace
}  // namespace paranet::pki
