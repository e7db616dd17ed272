// VerifyChain with a revocation list of 10,000 serials against BoringSSL's own chain check without any, on the same
// leaf, issuing authority and root, all decoded beforehand; then the look-up in a list of 100,000 against one of 10.
//
//   bazel run //tests/bench:verification
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status.h"
#include "openssl/x509.h"
#include "pki/certificate.h"
#include "pki/certificate_issuer.h"
#include "pki/private_key.h"
#include "pki/revocation_list.h"
#include "pki/revocation_lists.h"
#include "pki/trust_store.h"
#include "pki/verify.h"
#include "tests/bench/compare.h"

namespace paranet::bench {
namespace {

constexpr int kRounds = 15;
constexpr int kVerifications = 2000;
constexpr int kLookups = 2'000'000;

// Serials that nobody has: those of the authority have their first bit set.
std::vector<pki::RevokedSerial> Serials(int count) {
  std::vector<pki::RevokedSerial> serials;
  for (int i = 0; i < count; ++i) {
    serials.push_back({.serial = absl::StrFormat("01%030x", i),
                       .revoked_at = absl::Now(),
                       .reason = pki::RevocationReason::kKeyCompromise});
  }
  return serials;
}

// Of this thread, which does nothing but compute: what others do at the same time plays no part.
absl::Duration ThreadCpu() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

double MicrosecondsEach(absl::Duration begin, int count) {
  return absl::ToDoubleMicroseconds(ThreadCpu() - begin) / count;
}

absl::StatusOr<double> Ours(const pki::CertificateChain& chain, const pki::TrustStore& trust,
                            const pki::RevocationLists& lists) {
  const absl::Time now = absl::Now();
  const absl::Duration begin = ThreadCpu();
  for (int i = 0; i < kVerifications; ++i) {
    const pki::VerifyResult result =
        pki::VerifyChain(chain, trust, {.time = now, .roles = {pki::Role::kNode}, .revocations = &lists});
    if (!result.ok()) return result.ToStatus();
  }
  return MicrosecondsEach(begin, kVerifications);
}

absl::StatusOr<double> BoringSsl(const pki::CertificateChain& chain, const pki::Certificate& root) {
  const bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  const bssl::UniquePtr<STACK_OF(X509)> others(sk_X509_new_null());
  if (X509_STORE_add_cert(store.get(), root.native()) != 1 ||
      !bssl::PushToStack(others.get(), bssl::UpRef(chain[1].native()))) {
    return absl::InternalError("BoringSSL's store");
  }
  const absl::Duration begin = ThreadCpu();
  for (int i = 0; i < kVerifications; ++i) {
    const bssl::UniquePtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
    if (X509_STORE_CTX_init(context.get(), store.get(), chain.leaf().native(), others.get()) != 1 ||
        X509_verify_cert(context.get()) != 1) {
      return absl::InternalError(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
    }
  }
  return MicrosecondsEach(begin, kVerifications);
}

absl::StatusOr<double> LookUp(const pki::RevocationList& list, const std::string& absent) {
  const absl::Duration begin = ThreadCpu();
  for (int i = 0; i < kLookups; ++i) {
    if (list.Find(absent) != nullptr) return absl::InternalError("found what is not there");
  }
  return 1000 * MicrosecondsEach(begin, kLookups);
}

absl::Status Print(absl::StatusOr<Comparison> comparison) {
  if (comparison.ok()) std::printf("%s\n", ToMarkdownRow(*comparison).c_str());
  return comparison.status();
}

absl::Status Run() {
  // Certificates count in seconds.
  const absl::Time now = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()));
  const pki::CertificateValidity validity{now - absl::Hours(1), now + absl::Hours(24)};
  PARANET_ASSIGN_OR_RETURN(const pki::PrivateKey root_key, pki::PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const pki::PrivateKey key, pki::PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const pki::PrivateKey leaf_key, pki::PrivateKey::Generate());
  PARANET_ASSIGN_OR_RETURN(const pki::Certificate root, pki::IssueRoot("acme", root_key, validity));
  PARANET_ASSIGN_OR_RETURN(const pki::Certificate authority,
                           pki::IssueAuthority(key.public_key(), root, root_key, validity));
  PARANET_ASSIGN_OR_RETURN(const pki::Certificate leaf,
                           pki::IssueLeaf({.identity = {"acme", pki::Role::kNode, "alpha"}}, leaf_key.public_key(),
                                          authority, key, validity));
  const pki::CertificateChain chain({leaf, authority});
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const pki::TrustStore> trust,
                           pki::TrustStore::Create(std::vector<pki::Certificate>{root}));
  const auto list_of = [&](int count) {
    return pki::IssueRevocationList(
        authority, key,
        {.number = 1, .this_update = now, .next_update = now + absl::Hours(24), .entries = Serials(count)});
  };
  PARANET_ASSIGN_OR_RETURN(const pki::RevocationList small, list_of(10));
  PARANET_ASSIGN_OR_RETURN(const pki::RevocationList list, list_of(10'000));
  PARANET_ASSIGN_OR_RETURN(const pki::RevocationList large, list_of(100'000));
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const pki::RevocationLists> lists,
                           pki::RevocationLists::Empty()->With(list, *trust, {authority}, now));

  std::printf("%s\n", DescribeMachine().c_str());
  PARANET_RETURN_IF_ERROR(
      Print(Compare("verification of three certificates", "us",
                    {"VerifyChain, list of 10,000", [&] { return Ours(chain, *trust, *lists); }},
                    {"BoringSSL X509_verify_cert, no list", [&] { return BoringSsl(chain, root); }}, kRounds)));
  const std::string& absent = chain.leaf().serial();
  return Print(Compare("look-up in a revocation list", "ns", {"100,000 entries", [&] { return LookUp(large, absent); }},
                       {"10 entries", [&] { return LookUp(small, absent); }}, kRounds));
}

}  // namespace
}  // namespace paranet::bench

int main() {
  const absl::Status status = paranet::bench::Run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
