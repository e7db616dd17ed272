// Asks a `cfssl serve` for certificates.
#ifndef PARANET_TESTS_BENCH_CFSSL_CLIENT_H_
#define PARANET_TESTS_BENCH_CFSSL_CLIENT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace paranet::bench {

// One connection, kept alive. Not thread-safe.
class CfsslClient {
 public:
  // To 127.0.0.1:`port`.
  static absl::StatusOr<CfsslClient> Connect(int port);
  ~CfsslClient();
  CfsslClient(CfsslClient&& other) noexcept;
  CfsslClient& operator=(CfsslClient&&) = delete;

  // POST /api/v1/cfssl/sign with a PEM request; OK if the answer has a certificate.
  absl::Status Sign(const std::string& request_pem);

 private:
  explicit CfsslClient(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace paranet::bench

#endif  // PARANET_TESTS_BENCH_CFSSL_CLIENT_H_
