// A TLS client that does nothing but full handshakes.
#ifndef PARANET_TESTS_BENCH_TLS_CLIENT_H_
#define PARANET_TESTS_BENCH_TLS_CLIENT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "openssl/ssl.h"

namespace paranet::bench {

class TlsClient {
 public:
  // With key.pem and chain.pem of an identity folder, TLS 1.3 and ALPN `h2`; trusts every server.
  static absl::StatusOr<TlsClient> Create(const std::string& identity_dir);

  // Connects to 127.0.0.1:`port`, shows its certificate, and waits for the first byte that the server sends under the
  // new keys: HTTP/2's SETTINGS, which come once the server has verified the client.
  absl::Status Handshake(int port) const;
  // The same, again and again until somebody serves there or 10 s have passed.
  absl::Status HandshakeOnceServed(int port) const;

 private:
  explicit TlsClient(bssl::UniquePtr<SSL_CTX> context) : context_(std::move(context)) {}

  bssl::UniquePtr<SSL_CTX> context_;
};

// A port of 127.0.0.1 that nobody has now.
absl::StatusOr<int> FreePort();

}  // namespace paranet::bench

#endif  // PARANET_TESTS_BENCH_TLS_CLIENT_H_
