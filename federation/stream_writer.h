// Writes to a stream one message at a time, each made at the moment when there is room for it.
#ifndef PARANET_FEDERATION_STREAM_WRITER_H_
#define PARANET_FEDERATION_STREAM_WRITER_H_

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/base/payload.h"
#include "federation/message_stream.h"

namespace paranet {

// Thread-safe. Since the next message is asked for only when the last has been written, whatever has gathered meanwhile
// goes into it (natural batching), and what has been superseded meanwhile is never made.
class StreamWriter : public std::enable_shared_from_this<StreamWriter> {
 public:
  // `next` makes the next message, or nullopt if there is nothing to say. Runs without locks, never twice at a time.
  using Next = std::function<std::optional<Payload>()>;
  StreamWriter(std::shared_ptr<MessageStream> stream, Next next) : stream_(std::move(stream)), next_(std::move(next)) {}

  // There is something to say.
  void Wake();
  // From here to Release, Wake leaves to Release what can go together. Others may Release at any time.
  void Hold();
  void Release();
  // There is something to say, and Hold is over for it.
  void Flush();
  // Writes what there still is to say, then closes the stream with `status`. Idempotent.
  void Close(absl::Status status);

 private:
  // Begins to write unless somebody does already.
  void Start(bool regardless_of_hold);
  void Pump();
  void Written(bool ok);

  const std::shared_ptr<MessageStream> stream_;
  const Next next_;
  absl::Mutex mu_;
  // Pump is running or a write is outstanding.
  bool busy_ ABSL_GUARDED_BY(mu_) = false;
  // Wake was called since `next_` was asked last.
  bool again_ ABSL_GUARDED_BY(mu_) = false;
  int holds_ ABSL_GUARDED_BY(mu_) = 0;
  // Wake was called while there were holds.
  bool held_ ABSL_GUARDED_BY(mu_) = false;
  bool failed_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<absl::Status> close_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_STREAM_WRITER_H_
