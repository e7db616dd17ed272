// The node's end of a connection to a worker that speaks the protocol of core/worker/frame.h.
#ifndef PARANET_CORE_RUNTIME_FRAMED_FRAME_CONNECTION_H_
#define PARANET_CORE_RUNTIME_FRAMED_FRAME_CONNECTION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/payload.h"
#include "core/base/unique_fd.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/actor_log.h"
#include "core/runtime/framed/frame_link.h"
#include "core/runtime/framed/frame_outgoing.h"
#include "core/runtime/framed/frame_stream.h"
#include "core/skill/provider.h"
#include "core/skill/skill_caller.h"
#include "core/worker/frame_socket.h"

namespace paranet {

// Made with make_shared; Close() before the last reference goes. Thread-safe.
class FrameConnection final : public FrameLink, public std::enable_shared_from_this<FrameConnection> {
 public:
  struct Options {
    // `weather@1.0.0`.
    std::string name;
    std::string actor_id;
    std::map<std::string, std::string> config;
    bool concurrent = false;
    // Calls that the worker has not answered, be they cancelled or not: more get RESOURCE_EXHAUSTED.
    uint32_t mailbox = 1'024;
    uint32_t streams = 64;
    std::shared_ptr<ActorExecutor> executor;
    std::shared_ptr<SkillCaller> caller;
    std::shared_ptr<ActorLog> log;
  };
  struct Method {
    std::string path;
    bool client_streams = false;
    bool server_streams = false;
  };

  FrameConnection(UniqueFd fd, Options options);
  ~FrameConnection() override;

  // Sends the start. `broken` runs once, on the thread that reads, when nothing comes any more: with INVALID_ARGUMENT
  // if the worker has broken the protocol, with UNAVAILABLE if it has closed the connection.
  void Start(absl::AnyInvocable<void(absl::Status)> broken);
  // The worker's answer to it; INVALID_ARGUMENT with its words if it does not start; UNAVAILABLE if the connection
  // ends; DEADLINE_EXCEEDED.
  absl::StatusOr<std::vector<Method>> AwaitReady(absl::Time deadline);

  // As in Provider; `method` is an index of AwaitReady's list.
  std::shared_ptr<CallHandle> CallUnary(uint16_t method, CallContext context, const Payload& request, UnaryDone done);
  void CallStream(uint16_t method, CallContext context, std::shared_ptr<ServerStream> stream);
  void Ping(absl::AnyInvocable<void()> alive);
  void SendStop();

  // Ends the connection; all calls, and all that come, end with `reason`. Returns when nothing runs on the thread that
  // reads any more, except where that is the calling one. Idempotent.
  void Close(const absl::Status& reason);

  void Send(const Frame& frame, const Payload& payload) override;
  using FrameLink::Send;

 private:
  class Unary;

  void Read();
  // INVALID_ARGUMENT if the frame breaks the protocol.
  absl::Status Dispatch(const Frame& frame);
  absl::Status OnReady(const Frame& frame);
  absl::Status OnRespond(const Frame& frame);
  absl::Status OnStreamFrame(const Frame& frame);
  void OnPong(int64_t number);
  // Sends what is queued, by another thread if this one would block.
  void Flush();
  void WriteBlocked();
  std::optional<CallOrigin> OriginOf(uint64_t parent);
  absl::Status Admit(bool streaming, const Payload& request) const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  bool BlockedOrClosed() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return blocked_ || !closed_.ok(); }
  bool ReadyOrClosed() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return ready_ || !closed_.ok(); }

  const UniqueFd fd_;
  const Options options_;
  FrameSocket socket_;
  std::shared_ptr<FrameOutgoing> outgoing_;
  absl::AnyInvocable<void(absl::Status)> broken_;
  std::thread reader_;
  std::thread writer_;

  absl::Mutex mu_;
  bool ready_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status failed_ ABSL_GUARDED_BY(mu_);
  std::vector<Method> methods_ ABSL_GUARDED_BY(mu_);
  // Not OK once closed.
  absl::Status closed_ ABSL_GUARDED_BY(mu_);
  uint64_t next_call_ ABSL_GUARDED_BY(mu_) = 1;
  int64_t next_ping_ ABSL_GUARDED_BY(mu_) = 1;
  absl::flat_hash_map<uint64_t, std::shared_ptr<Unary>> unary_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<uint64_t, std::shared_ptr<FrameStream>> streams_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<int64_t, absl::AnyInvocable<void()>> pings_ ABSL_GUARDED_BY(mu_);
  bool blocked_ ABSL_GUARDED_BY(mu_) = false;
  bool writer_started_ ABSL_GUARDED_BY(mu_) = false;
  bool joined_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_FRAMED_FRAME_CONNECTION_H_
