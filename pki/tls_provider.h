// The key, chain and roots that an end of TLS connections goes by, as gRPC's TLS credentials take them: new ones are in
// force from the next handshake on. Private to pki.
#ifndef PARANET_PKI_TLS_PROVIDER_H_
#define PARANET_PKI_TLS_PROVIDER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "grpcpp/security/tls_certificate_provider.h"
#include "pki/certificate.h"
#include "pki/node_trust.h"
#include "pki/private_key.h"
#include "pki/revocation_lists.h"
#include "pki/trust_store.h"

namespace paranet::pki {

// One moment's.
struct TlsMaterial {
  // Absent where this end shows no certificate.
  std::optional<PrivateKey> key;
  // As it is sent.
  CertificateChain chain;
  // Null where the roots are found out during the handshake.
  std::shared_ptr<const TrustStore> trust;
  // Null if there are none.
  std::shared_ptr<const RevocationLists> revocations;
};

// Thread-safe.
class TlsSource {
 public:
  virtual ~TlsSource() = default;
  virtual TlsMaterial Present() const = 0;
  // As NodeTrust's.
  virtual uint64_t Subscribe(std::function<void()> changed) = 0;
  virtual void Unsubscribe(uint64_t id) = 0;
};

// A source that never changes.
std::shared_ptr<TlsSource> MakeFixedSource(TlsMaterial material);

// What is in force at the node.
std::shared_ptr<TlsSource> MakeNodeSource(std::shared_ptr<NodeTrust> trust);

// Hands gRPC the present key and chain, always the two of one moment.
std::shared_ptr<grpc::experimental::CertificateProviderInterface> MakeCertificateProvider(
    std::shared_ptr<TlsSource> source);

}  // namespace paranet::pki

#endif  // PARANET_PKI_TLS_PROVIDER_H_
