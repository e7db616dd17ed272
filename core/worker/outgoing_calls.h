// Calls that an actor in a worker makes of other skills, by way of its node.
#ifndef PARANET_CORE_WORKER_OUTGOING_CALLS_H_
#define PARANET_CORE_WORKER_OUTGOING_CALLS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/actor/abi.h"
#include "core/worker/frame.h"
#include "core/worker/frame_socket.h"
#include "core/worker/serve_threads.h"
#include "core/worker/served_call.h"

namespace paranet {

// The functions are those of abi.h; `socket` and `threads` outlive it. Thread-safe.
class OutgoingCalls {
 public:
  OutgoingCalls(FrameSocket& socket, ServeThreads& threads) : socket_(socket), threads_(threads) {}
  OutgoingCalls(const OutgoingCalls&) = delete;
  OutgoingCalls& operator=(const OutgoingCalls&) = delete;

  void Call(paranet_call parent, absl::string_view skill, int64_t deadline, absl::string_view request,
            paranet_done done, void* user);
  int32_t CallAndWait(paranet_call parent, absl::string_view skill, int64_t deadline, absl::string_view request,
                      paranet_bytes* result);
  paranet_outgoing Open(paranet_call parent, absl::string_view skill, int64_t deadline);
  bool Send(paranet_outgoing id, absl::string_view message);
  void CloseSend(paranet_outgoing id);
  bool Receive(paranet_outgoing id, paranet_bytes* message);
  int32_t Outcome(paranet_outgoing id, paranet_text* message);
  void Cancel(paranet_outgoing id);

  // A frame about one of these calls. False if it breaks the protocol.
  [[nodiscard]] bool OnFrame(const Frame& frame);
  // The node is gone: all end with UNAVAILABLE, and so do those that are begun later.
  void FailAll();

 private:
  struct Outgoing {
    uint64_t id = 0;
    // Unary.
    paranet_done done = nullptr;
    void* user = nullptr;
    // Streaming.
    StreamEnds ends;
    std::string current;
    int32_t code = 0;
    std::string message;
    bool send_closed = false;
  };

  std::shared_ptr<Outgoing> Insert(paranet_done done, void* user);
  std::shared_ptr<Outgoing> Find(uint64_t id) const;
  void Send(const Frame& frame);

  FrameSocket& socket_;
  ServeThreads& threads_;
  mutable absl::Mutex mu_;
  bool failed_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t next_ ABSL_GUARDED_BY(mu_) = 1;
  absl::flat_hash_map<uint64_t, std::shared_ptr<Outgoing>> calls_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_OUTGOING_CALLS_H_
