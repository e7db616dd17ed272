// Where gRPC asks whether a peer is to be trusted. Private to pki.
#ifndef PARANET_PKI_TLS_VERIFIER_H_
#define PARANET_PKI_TLS_VERIFIER_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "pki/certificate.h"
#include "pki/path/path_validation.h"

namespace paranet::pki {

enum class TlsSide { kServer, kClient };

struct TlsVerification {
  // Of the end that asks.
  TlsSide side = TlsSide::kServer;
  // Decides over what the peer presented, on gRPC's threads, at once. An empty chain: it presented nothing.
  // `is_signed_by` is for VerifyChain: it knows authorities that it has seen before.
  std::function<absl::Status(const CertificateChain& presented, SignatureCheck is_signed_by)> decide;
  // Runs with the reason of each refusal, if given.
  std::function<void(const absl::Status&)> refused;
};

// Asked once TLS itself is done: the peer has proven that it holds the key of its first certificate. What cannot be
// read is refused without asking (`MALFORMED`).
std::shared_ptr<grpc::experimental::CertificateVerifier> MakeTlsVerifier(TlsVerification verification);

}  // namespace paranet::pki

#endif  // PARANET_PKI_TLS_VERIFIER_H_
