// The calls NetworkRoot.Enroll and NetworkRoot.Renew.
//
// Two threads take what has arrived, check it, and have it all certified together: calls that are under way at the same
// time share a transaction of the ledger, whatever their number, and none has a thread to itself.
#ifndef PARANET_PKI_ENROLMENT_CERTIFICATE_CALLS_H_
#define PARANET_PKI_ENROLMENT_CERTIFICATE_CALLS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "grpcpp/completion_queue.h"
#include "paranet/v1/pki.grpc.pb.h"
#include "pki/enrolment/enrolment_peer.h"
#include "pki/enrolment/rate_limit.h"
#include "pki/root/network_root.h"

namespace paranet::pki {

class CertificateCalls {
 public:
  using Service = v1::NetworkRoot::AsyncService;

  struct Options {
    // These outlive the object.
    NetworkRoot* root = nullptr;
    const Clock* clock = nullptr;
    Logger logger;
    // Of one address, and of one node that renews.
    RateLimit::Options enroll_rate;
    RateLimit::Options renew_rate;
    // Calls beyond these are refused with RESOURCE_EXHAUSTED.
    int at_once = 64;
    absl::Duration leaf_life;
  };
  // `queue` is one of the server at which `service` is registered.
  CertificateCalls(Options options, Service* service, std::unique_ptr<grpc::ServerCompletionQueue> queue);
  // The server has been shut down.
  ~CertificateCalls();

  // Once the server serves.
  void Start();
  // Takes no new calls. Before the server is shut down. Idempotent.
  void Close();

  uint64_t enrolled() const { return enrolled_; }
  uint64_t renewed() const { return renewed_; }
  uint64_t refused() const { return refused_; }

 private:
  class Call;
  class Enrolment;
  class Renewal;
  friend class Call;

  void Run();
  // Has all of them certified, and answers them.
  void Serve(const std::vector<Call*>& batch);
  // Waits for a call of this kind. Nothing happens after Close.
  template <typename Kind>
  void Listen();
  // Counts and logs what became of a call.
  void Note(const char* what, absl::string_view address, std::atomic<uint64_t>& done,
            const absl::StatusOr<NetworkRoot::Issued>& issued);

  const Options options_;
  Service* const service_;
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  RateLimit enroll_rate_;
  RateLimit renew_rate_;
  EnrolmentPeers peers_;
  std::atomic<int> under_way_ = 0;
  std::atomic<uint64_t> enrolled_ = 0;
  std::atomic<uint64_t> renewed_ = 0;
  std::atomic<uint64_t> refused_ = 0;
  std::vector<std::thread> threads_;

  absl::Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  // Calls that there are, those that wait to be made included.
  int64_t alive_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_CERTIFICATE_CALLS_H_
