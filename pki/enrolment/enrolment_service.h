// paranet.v1.NetworkRoot: the enrolment service of a Network Root.
//
//   Enroll   needs no certificate: the join token says who may ask. RESOURCE_EXHAUSTED beyond the rate of the caller's
//            address; INVALID_ARGUMENT for what is no token or no request; else as NetworkRoot::Enroll.
//   Renew    needs the verified, current certificate of a node of the network (enrolment_peer.h); else as
//            NetworkRoot::Renew.
//   Watch    the same; a stream for as long as the node likes (bundle_watches.h).
//
// Each answer of the first two, and each refusal but for being too much, is one line of the log, with the caller's
// address and no secret.
//
// What a stranger can have: messages of at most kMaxRequestBytes, `requests_at_once` requests under way in all (the
// next is refused at once), `enroll_rate` requests a second from one address, told apart for a bounded number of
// addresses.
#ifndef PARANET_PKI_ENROLMENT_ENROLMENT_SERVICE_H_
#define PARANET_PKI_ENROLMENT_ENROLMENT_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "grpcpp/server_builder.h"
#include "pki/enrolment/enrolment_peer.h"
#include "pki/enrolment/rate_limit.h"
#include "pki/root/network_root.h"

namespace paranet::pki {

// Largest message that the service accepts. A request has some 300 bytes, a token as many.
inline constexpr int kMaxRequestBytes = 64 << 10;

// Thread-safe.
class EnrolmentService {
 public:
  struct Options {
    // These outlive the object.
    NetworkRoot* root = nullptr;
    const Clock* clock = nullptr;
    Logger logger;
    // Of one address, and of one node that renews.
    RateLimit::Options enroll_rate = {.per_second = 50, .burst = 200};
    RateLimit::Options renew_rate = {.per_second = 1, .burst = 10};
    // Those that are under way share a commit of the ledger.
    int requests_at_once = 64;
    // Of certificates.
    absl::Duration leaf_life = kLeafLife;
    // Streams of Watch.
    size_t watches = 8192;
    // How often the root's directory is looked at for changes.
    absl::Duration look_interval = absl::Milliseconds(150);
    // A node acts by a revision of the bundle; must not block.
    std::function<void(const EnrolmentPeer&, uint64_t revision)> acknowledged;
  };
  static std::unique_ptr<EnrolmentService> Create(Options options);
  // The server has been shut down.
  virtual ~EnrolmentService() = default;

  // Registers the service with its queue and its limits. Once.
  virtual void AddTo(grpc::ServerBuilder& builder) = 0;
  // Once the server serves.
  virtual void Start() = 0;
  // Ends the streams. Before the server is shut down.
  virtual void Close() = 0;

  struct Counts {
    uint64_t enrolled = 0;
    uint64_t renewed = 0;
    uint64_t refused = 0;
    size_t watches = 0;
  };
  virtual Counts counts() const = 0;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_ENROLMENT_SERVICE_H_
