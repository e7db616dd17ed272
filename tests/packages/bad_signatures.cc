#include "tests/packages/bad_signatures.h"

#include <map>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/package/package_testutil.h"
#include "pki/private_key.h"

namespace paranet {

namespace {

constexpr auto kDenied = absl::StatusCode::kPermissionDenied;

using Issued = pki::NetworkRoot::IssuedKey;

// Weather 2.0.0; `salt` makes it another.
Package Weather(const std::string& salt = "") {
  v1::Manifest manifest = WeatherManifest();
  manifest.set_version("2.0.0");
  std::map<std::string, std::string> files = WeatherFiles();
  files["salt"] = salt;
  return MakePackage(manifest, files);
}

// As SignPackage does it, but without asking whether the certificate is one for that.
v1::Signature SignedBy(const Issued& signer, const Package& package) {
  v1::Signature signature;
  for (const pki::Certificate& certificate : signer.chain.certificates()) {
    signature.add_certificates(certificate.ToDer());
  }
  signature.set_signature(
      signer.key.Sign(std::string("paranet package manifest v1\0", 28) + package.manifest_bytes).value_or(""));
  return signature;
}

BadPackage Signed(std::string name, std::string says, const std::function<Issued()>& signer) {
  return {std::move(name),
          [signer] {
            Package package = Weather();
            package.signature = SignedBy(signer(), package);
            return Forge::Of(package).Bytes();
          },
          kDenied, std::move(says), true};
}

// A good signature of labs, changed.
BadPackage Changed(std::string name, std::string says, pki::TestNetwork& network,
                   const std::function<void(v1::Signature&)>& change) {
  return {std::move(name),
          [&network, change] {
            Package package = Weather();
            package.signature = SignedBy(network.Issue(pki::Role::kPublisher, "labs"), package);
            change(*package.signature);
            return Forge::Of(package).Bytes();
          },
          kDenied, std::move(says), true};
}

}  // namespace

std::vector<BadPackage> BadSignatures(pki::TestNetwork& network, pki::TestNetwork& foreign, const Issued& gone) {
  const auto issue = [&network](pki::Role role, const std::string& name) {
    return [&network, role, name] { return network.Issue(role, name); };
  };
  const auto at = [&network](absl::Duration from, absl::Duration to) {
    return [&network, from, to] {
      const absl::Time now = absl::Now();
      return network.Issue(
          "labs", {.role = pki::Role::kPublisher, .not_before = now + from, .not_after = now + to, .dns_names = {}});
    };
  };
  const std::string other_key = "altered after";
  return {
      {"unsigned", [] { return Forge::Of(Weather()).Bytes(); }, kDenied, "is not signed", true},
      Signed("signed by a node", "who is not a publisher", issue(pki::Role::kNode, "beta")),
      Signed("signed by an operator", "who is not a publisher", issue(pki::Role::kOperator, "alice")),
      Signed("signed by a publisher of another network", "not by a Network Root of acme",
             [&foreign] { return foreign.Issue(pki::Role::kPublisher, "labs"); }),
      Signed("signed by a publisher whose certificate has expired", "expired", at(-absl::Hours(48), -absl::Hours(24))),
      Signed("signed by a publisher whose certificate is for tomorrow", "not yet valid",
             at(absl::Hours(24), absl::Hours(48))),
      {"signed by a publisher who was revoked",
       [&gone] {
         Package package = Weather();
         package.signature = SignedBy(gone, package);
         return Forge::Of(package).Bytes();
       },
       kDenied, "REVOKED", true},
      Signed("signed by a publisher without a chain", "not by a Network Root of acme",
             [&network] {
               Issued labs = network.Issue(pki::Role::kPublisher, "labs");
               labs.chain = pki::CertificateChain({labs.chain.leaf()});
               return labs;
             }),
      Signed("signed with another key", other_key,
             [&network] {
               Issued labs = network.Issue(pki::Role::kPublisher, "labs");
               labs.key = network.Issue(pki::Role::kPublisher, "eve").key;
               return labs;
             }),
      {"altered since it was signed",
       [&network] {
         Package package = Weather("altered");
         package.signature = SignedBy(network.Issue(pki::Role::kPublisher, "labs"), Weather());
         return Forge::Of(package).Bytes();
       },
       kDenied, "was altered after paranet://acme/publisher/labs signed it", true},
      Changed("no certificates", "without a proper certificate", network,
              [](v1::Signature& signature) { signature.clear_certificates(); }),
      Changed("a certificate that is none", "without a proper certificate", network,
              [](v1::Signature& signature) { signature.set_certificates(0, "garbage"); }),
      Changed("a hundred certificates", "certificate", network,
              [](v1::Signature& signature) {
                for (int i = 0; i < 100; ++i) signature.add_certificates(signature.certificates(0));
              }),
      Changed("no signature behind the certificates", "altered after", network,
              [](v1::Signature& signature) { signature.clear_signature(); }),
      Changed("a signature cut short", "altered after", network,
              [](v1::Signature& signature) { signature.mutable_signature()->pop_back(); }),
      {"this version with other content",
       [&network] {
         v1::Manifest manifest = WeatherManifest();
         manifest.set_version("1.5.0");
         Package package = MakePackage(manifest, WeatherFiles());
         package.signature = SignedBy(network.Issue(pki::Role::kPublisher, "labs"), package);
         return Forge::Of(package).Bytes();
       },
       absl::StatusCode::kAlreadyExists, "raise the version", true},
  };
}

}  // namespace paranet
