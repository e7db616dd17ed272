// The messages of a streaming call, typed.
#ifndef PARANET_CORE_ACTOR_STREAM_H_
#define PARANET_CORE_ACTOR_STREAM_H_

#include "absl/status/status.h"
#include "core/actor/call_context.h"
#include "google/protobuf/message_lite.h"

namespace paranet::actor {

// The stream of one call, of messages of any type.
class Stream {
 public:
  explicit Stream(CallContext& call) : call_(call) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  bool Read(google::protobuf::MessageLite& message);
  bool Write(const google::protobuf::MessageLite& message);
  // INVALID_ARGUMENT if Read met bytes that are no such message.
  const absl::Status& status() const { return status_; }

 private:
  CallContext& call_;
  absl::Status status_;
};

// The caller's messages. One thread at a time.
template <typename Message>
class Reader {
 public:
  explicit Reader(Stream& stream) : stream_(stream) {}

  // Blocks for the next message; other handlers of the actor may run meanwhile. False when there are no more, the call
  // is over, or the next message is malformed (then the call ends with INVALID_ARGUMENT if the handler returns OK).
  bool Read(Message& message) { return stream_.Read(message); }

 private:
  Stream& stream_;
};

// The messages to the caller. One thread at a time; it may be another than the Reader's.
template <typename Message>
class Writer {
 public:
  explicit Writer(Stream& stream) : stream_(stream) {}

  // Blocks while too many messages are on their way. False when the call is over: then the handler should return.
  bool Write(const Message& message) { return stream_.Write(message); }

 private:
  Stream& stream_;
};

}  // namespace paranet::actor

#endif  // PARANET_CORE_ACTOR_STREAM_H_
