// What is parsed as a certificate or request is kept as it was, and can be looked at without harm.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pki/certificate.h"
#include "pki/certificate_profile.h"
#include "pki/certificate_request.h"
#include "pki/identity.h"

using paranet::pki::Certificate;
using paranet::pki::CertificateChain;
using paranet::pki::CertificateRequest;

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void Inspect(const Certificate& certificate) {
  CheckCommonProfile(certificate);
  CheckAuthority(certificate);
  std::string network;
  CheckRootProfile(certificate, network);
  CheckIssuingProfile(certificate, network);
  std::optional<paranet::pki::Identity> identity;
  CheckLeafProfile(certificate, identity);
  Require(!identity.has_value() || certificate.uris().size() == 1);
  const absl::StatusOr<Certificate> again = Certificate::FromPem(certificate.ToPem());
  Require(again.ok() && *again == certificate);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const absl::StatusOr<Certificate> certificate = Certificate::FromDer(bytes); certificate.ok()) {
    Require(certificate->ToDer() == bytes);
    Inspect(*certificate);
  }
  if (const absl::StatusOr<CertificateChain> chain = CertificateChain::FromPem(bytes); chain.ok()) {
    for (const Certificate& certificate : chain->certificates()) Inspect(certificate);
  }
  if (const absl::StatusOr<CertificateRequest> request = CertificateRequest::FromDer(bytes); request.ok()) {
    Require(request->ToDer() == bytes);
    const absl::StatusOr<CertificateRequest> again = CertificateRequest::FromPem(request->ToPem());
    Require(again.ok() && again->names().identity == request->names().identity);
  }
  return 0;
}
