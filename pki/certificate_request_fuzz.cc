// What is parsed as a request is kept as it was, and asks for names that may be asked for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pki/certificate_request.h"

using paranet::pki::CertificateRequest;

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void Inspect(const CertificateRequest& request) {
  Require(CheckLeafNames(request.names()).ok());
  const absl::StatusOr<CertificateRequest> again = CertificateRequest::FromPem(request.ToPem());
  Require(again.ok() && again->ToDer() == request.ToDer() && again->names().identity == request.names().identity &&
          again->public_key() == request.public_key());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const absl::StatusOr<CertificateRequest> request = CertificateRequest::FromDer(bytes); request.ok()) {
    Require(request->ToDer() == bytes);
    Inspect(*request);
  }
  if (const absl::StatusOr<CertificateRequest> request = CertificateRequest::FromPem(bytes); request.ok()) {
    Inspect(*request);
  }
  return 0;
}
