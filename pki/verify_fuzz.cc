// VerifyChain and path building over arbitrary chains: the input is PEM, the last certificate the root.
//
// Whatever the chain is, the result is of one piece; and what VerifyChain accepts, path validation accepts, too.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pki/certificate.h"
#include "pki/identity.h"
#include "pki/path/name_constraints.h"
#include "pki/path/path_building.h"
#include "pki/trust_store.h"
#include "pki/verify.h"

using paranet::pki::BuildPath;
using paranet::pki::BuiltPath;
using paranet::pki::Certificate;
using paranet::pki::CertificateChain;
using paranet::pki::ConstrainedNames;
using paranet::pki::NameConstraints;
using paranet::pki::PathLimits;
using paranet::pki::PathOptions;
using paranet::pki::TrustStore;
using paranet::pki::VerifyOptions;
using paranet::pki::VerifyResult;

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<CertificateChain> all = CertificateChain::FromPem(text);
  if (!all.ok() || all->size() < 2) return 0;
  std::vector<Certificate> chain = all->certificates();
  const Certificate root = chain.back();
  chain.pop_back();

  size_t budget = 1000;
  for (const Certificate& certificate : all->certificates()) {
    const absl::StatusOr<ConstrainedNames> names = ConstrainedNames::Of(certificate);
    const std::optional<absl::string_view> der = certificate.extension("2.5.29.30");
    if (!names.ok() || !der.has_value()) continue;
    const absl::StatusOr<NameConstraints> constraints = NameConstraints::FromDer(*der);
    if (constraints.ok()) (void)constraints->Check(*names, budget);
  }

  PathOptions path_options;
  path_options.time = chain[0].not_before();
  const std::vector<Certificate> pool(chain.begin() + 1, chain.end());
  const BuiltPath built = BuildPath(chain[0], pool, {root}, path_options, PathLimits());
  Require(built.result.index <= built.path.size() && built.result.ok() == built.result.diagnostic.empty());

  const absl::StatusOr<std::shared_ptr<const TrustStore>> trust = TrustStore::Create({root});
  if (!trust.ok()) return 0;
  VerifyOptions options;
  options.time = chain[0].not_before();
  options.roles = {paranet::pki::Role::kNode, paranet::pki::Role::kOperator, paranet::pki::Role::kPublisher,
                   paranet::pki::Role::kRoot};
  const VerifyResult result = VerifyChain(CertificateChain(chain), **trust, options);
  Require(result.index <= chain.size() && result.ok() == result.diagnostic.empty());
  Require(!result.ok() || (built.result.ok() && result.identity.has_value() &&
                           result.identity->network == (*trust)->roots()[0].network));
  return 0;
}
