// One actor behind the C ABI, served over a socket: what is behind Serve (serve.h).
#ifndef PARANET_CORE_WORKER_ACTOR_SERVER_H_
#define PARANET_CORE_WORKER_ACTOR_SERVER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/actor/abi.h"
#include "core/worker/frame.h"
#include "core/worker/frame_socket.h"
#include "core/worker/outgoing_calls.h"
#include "core/worker/serve_threads.h"
#include "core/worker/served_call.h"

namespace paranet {

// What the ABI's functions of the host do (host_table.h) stands with them in abi.h. Thread-safe.
class ActorServer : public std::enable_shared_from_this<ActorServer> {
 public:
  // `own_locking`: as in ServeOptions (serve.h).
  ActorServer(int fd, const paranet_module* module, int max_threads, bool own_locking);
  ~ActorServer();
  ActorServer(const ActorServer&) = delete;
  ActorServer& operator=(const ActorServer&) = delete;

  // As Serve.
  int Run();

  void Log(int32_t level, absl::string_view text);
  const std::string* Config(absl::string_view key) const;
  std::shared_ptr<ServedCall> Find(paranet_call call) const;
  bool Wait(paranet_call call, absl::Duration time);
  bool AddTrailer(paranet_call call, absl::string_view key, absl::string_view value);
  void Respond(paranet_call call, int32_t code, absl::string_view message, absl::string_view response);
  bool Read(paranet_call call, paranet_bytes* message);
  bool Write(paranet_call call, absl::string_view message);
  void Finish(paranet_call call, int32_t code, absl::string_view message);
  OutgoingCalls& outgoing() { return *outgoing_; }

 private:
  struct Host;
  struct UnaryJob;

  // Reads until there is a whole frame, or the connection ends.
  bool ReadSome();
  bool ReadAndDispatch();
  bool Dispatch(const Frame& frame);
  bool OnStart(const Frame& frame);
  bool Create();
  bool Begin(const Frame& frame);
  void OnCancel(uint64_t id);
  void OnPing(int64_t number);
  void OnStop();
  void RunUnary(const std::shared_ptr<ServedCall>& call);
  void RunStream(const std::shared_ptr<ServedCall>& call);
  // Runs code of the actor; false, with the call answered, if an exception came out of it.
  bool Guard(ServedCall& call, absl::FunctionRef<void()> code);
  // Answers once; does nothing if it has been.
  void Answer(ServedCall& call, int32_t code, absl::string_view message, absl::string_view response);
  // The end, if the node has asked for it and nothing is left.
  void EndIfIdle();
  // No more calls; those that there are, are over.
  void EndCalls();
  void Send(const Frame& frame);

  const int fd_;
  const paranet_module* const module_;
  const int max_threads_;
  const bool own_locking_;
  FrameSocket socket_;
  FrameParser parser_{FrameSender::kNode};
  std::string id_;
  std::map<std::string, std::string, std::less<>> config_;
  std::unique_ptr<Host> host_;
  paranet_instance* instance_ = nullptr;
  std::shared_ptr<ServeThreads> threads_;
  std::unique_ptr<OutgoingCalls> outgoing_;

  mutable absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  int streams_ ABSL_GUARDED_BY(mu_) = 0;
  absl::flat_hash_map<uint64_t, std::shared_ptr<ServedCall>> calls_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_ACTOR_SERVER_H_
