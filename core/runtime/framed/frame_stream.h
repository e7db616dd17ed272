// A streaming call that a worker serves: frames on one side, a ServerStream on the other.
#ifndef PARANET_CORE_RUNTIME_FRAMED_FRAME_STREAM_H_
#define PARANET_CORE_RUNTIME_FRAMED_FRAME_STREAM_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/base/payload.h"
#include "core/runtime/framed/frame_link.h"
#include "core/skill/provider.h"
#include "core/worker/window.h"

namespace paranet {

// Made with make_shared. Thread-safe. `link` is kept by the stream's callbacks.
class FrameStream final : public std::enable_shared_from_this<FrameStream> {
 public:
  FrameStream(uint64_t id, CallContext context, std::shared_ptr<ServerStream> stream, std::shared_ptr<FrameLink> link)
      : id_(id), context_(std::move(context)), link_(std::move(link)), stream_(std::move(stream)) {}

  const CallContext& context() const { return context_; }

  // After the frame that opens it was sent.
  void Begin();
  // What the worker sends. False if it had no right to.
  [[nodiscard]] bool OnMessage(absl::string_view message);
  [[nodiscard]] bool OnCredit(uint16_t messages, int64_t bytes);
  void OnFinish(absl::Status status, Metadata trailers);
  // Ends it from the node's side; the worker is told where `tell`.
  void Abort(absl::Status status, bool tell);
  // Nothing goes to the caller any more.
  bool over() const;

 private:
  // Asks the caller for messages as long as the worker may be sent some.
  void PumpReads();
  void OnRead(std::optional<Payload> message);
  // Hands the worker's messages to the caller, then the end.
  void PumpWrites();
  void OnWritten(bool ok, size_t size);

  const uint64_t id_;
  const CallContext context_;
  const std::shared_ptr<FrameLink> link_;

  mutable absl::Mutex mu_;
  // Null once finished.
  std::shared_ptr<ServerStream> stream_ ABSL_GUARDED_BY(mu_);
  bool begun_ ABSL_GUARDED_BY(mu_) = false;
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  Metadata trailers_ ABSL_GUARDED_BY(mu_);

  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  bool pumping_reads_ ABSL_GUARDED_BY(mu_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mu_) = false;
  SendWindow send_ ABSL_GUARDED_BY(mu_);

  std::deque<Payload> inbox_ ABSL_GUARDED_BY(mu_);
  ReceiveWindow receive_ ABSL_GUARDED_BY(mu_);
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool pumping_writes_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_FRAMED_FRAME_STREAM_H_
