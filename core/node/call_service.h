// paranet.v1.Node/Call: a skill by name with JSON, over the control socket or, for operators, over the network.
#ifndef PARANET_CORE_NODE_CALL_SERVICE_H_
#define PARANET_CORE_NODE_CALL_SERVICE_H_

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/node/json_call.h"
#include "core/rpc/incoming_call.h"

namespace paranet {

inline constexpr absl::string_view kCallPath = "/paranet.v1.Node/Call";

// Each call has a thread of its own while it runs. It arrives as an IncomingCall rather than at a synchronous service,
// because there a call that its provider ends while the client could still send cannot be answered: the thread that
// reads cannot be called back. The client half-closes after its last message. Thread-safe.
class CallService {
 public:
  struct Options {
    // NodeControl::Call.
    std::function<absl::Status(const JsonCall&)> call;
    // Fills in JsonCall::caller and, if it is to be asked about the skill, JsonCall::authorize, for the client of the
    // call; an error refuses it. Thread-safe.
    std::function<absl::Status(const IncomingCall&, JsonCall*)> admit;
    // Calls at a time; more get RESOURCE_EXHAUSTED.
    int limit = 256;
  };
  explicit CallService(Options options) : options_(std::move(options)) {}
  // Waits for all calls.
  ~CallService();

  // Serves a call of kCallPath; does not block.
  void Serve(std::shared_ptr<IncomingCall> call);
  // Refuses further calls with UNAVAILABLE and returns when all have ended.
  void Stop();

 private:
  struct Worker {
    std::thread thread;
    bool ended = false;
  };

  void Run(const std::shared_ptr<IncomingCall>& incoming) const;

  const Options options_;
  absl::Mutex mu_;
  std::list<Worker> workers_ ABSL_GUARDED_BY(mu_);
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_CALL_SERVICE_H_
