// The streams of NetworkRoot.Watch: each node that is connected has the network's trust bundle, and the next one within
// a moment of any change, whichever process made it.
//
// All streams are on one thread and one completion queue, whatever their number. A stream costs a few KiB and, while
// its node does not read, one bundle; there are at most `most` of them, and `most_per_node` of any one node, whose
// oldest one then ends.
#ifndef PARANET_PKI_ENROLMENT_BUNDLE_WATCHES_H_
#define PARANET_PKI_ENROLMENT_BUNDLE_WATCHES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "grpcpp/completion_queue.h"
#include "paranet/v1/pki.grpc.pb.h"
#include "pki/enrolment/enrolment_peer.h"
#include "pki/revocation_list.h"
#include "pki/root/network_root.h"

namespace paranet::pki {

class BundleWatches {
 public:
  // The service whose Watch is asynchronous.
  using Service = v1::NetworkRoot::AsyncService;

  struct Options {
    // These outlive the object.
    NetworkRoot* root = nullptr;
    const Clock* clock = nullptr;
    Logger logger;
    size_t most = 8192;
    size_t most_per_node = 4;
    // How often the root is asked whether something has changed.
    absl::Duration look_interval = absl::Milliseconds(150);
    // A node acts by a bundle that it was sent; runs on the streams' thread and must not block.
    std::function<void(const EnrolmentPeer&, uint64_t revision)> acknowledged;
  };
  // `queue` is one of the server at which `service` is registered.
  BundleWatches(Options options, Service* service, std::unique_ptr<grpc::ServerCompletionQueue> queue);
  // The server has been shut down.
  ~BundleWatches();

  // Once the server serves.
  void Start();
  // Ends all streams with UNAVAILABLE, and every new one. To be called before the server is shut down. Idempotent.
  void Close();

  // Streams that are open.
  size_t size() const { return size_; }

 private:
  class Watch;
  friend class Watch;

  void Run();
  // Waits for the next call. Nothing happens after Close.
  void Listen();
  // Whether something has changed, and who is no longer welcome.
  void Look();
  void Adopt(v1::TrustBundle bundle);
  absl::Status CheckWelcome(const Watch& watch) const;
  // Takes a new stream in, or says why there can be none.
  absl::Status Admit(Watch* watch);
  void EndAll();

  const Options options_;
  Service* const service_;
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::thread thread_;
  std::atomic<size_t> size_ = 0;

  absl::Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  // Watches that there are, the one that waits for a call included.
  int64_t alive_ ABSL_GUARDED_BY(mu_) = 0;

  // Of the thread alone.
  std::list<Watch*> watches_;
  bool ended_ = false;
  uint64_t counter_ = 0;
  std::shared_ptr<const v1::TrustBundle> bundle_;
  std::vector<RevocationList> lists_;
  std::string last_error_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_BUNDLE_WATCHES_H_
