// Calls of other skills, with their types taken off: what the clients that protoc-gen-paranet makes are built on.
//
//   absl::StatusOr<GreetResponse> Greet(CallContext& call, const GreetRequest& request) override {
//     weather::v1::WeatherClient weather(call);
//     absl::StatusOr<CurrentResponse> current = weather.Current(city);
//     ...
//
// A client is a few words: make it where it is needed. A call that blocks lets other handlers of the actor run
// meanwhile (abi.h, THREADS), so an actor that runs one at a time may call itself, and finds its own state changed
// afterwards.
#ifndef PARANET_CORE_ACTOR_CLIENT_H_
#define PARANET_CORE_ACTOR_CLIENT_H_

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/actor/abi.h"
#include "core/actor/call_context.h"
#include "google/protobuf/message_lite.h"

namespace paranet::actor {

struct ClientOptions {
  // When each call must have ended; the deadline of the call on whose behalf it is made holds too.
  absl::Time deadline = absl::InfiniteFuture();
  // The version of the skill set, as far as it matters: `1`, `1.2` or `1.2.3`; empty: the highest there is.
  std::string version;
};

// Thread-safe. A client copied from another is as good as it.
class Client {
 public:
  // Calls on behalf of `call`: they carry its caller's name and trace, have no later deadline, and are cancelled when
  // it is over. They may be begun while its handler runs, and on any of the actor's threads until it is over.
  explicit Client(const CallContext& call, ClientOptions options = {});
  // Calls of the actor's own accord.
  explicit Client(const ActorContext& actor, ClientOptions options = {});

  // `path` is the skill's full gRPC path. Blocks for the end. INTERNAL if the response is no valid one.
  absl::Status Call(absl::string_view path, const google::protobuf::MessageLite& request,
                    google::protobuf::MessageLite& response) const;
  // Returns at once; `done` runs exactly once, on any thread, perhaps before this returns, and not under the actor's
  // lock: what it shares with handlers needs a mutex, also where handlers run one at a time. It must not block. The
  // bytes are the response where the status is OK.
  void CallAsync(absl::string_view path, const google::protobuf::MessageLite& request,
                 std::function<void(absl::Status, absl::string_view response)> done) const;

  // The same, typed.
  template <typename Response>
  absl::StatusOr<Response> Call(absl::string_view path, const google::protobuf::MessageLite& request) const {
    Response response;
    absl::Status status = Call(path, request, response);
    if (!status.ok()) return status;
    return response;
  }
  template <typename Response>
  void CallAsync(absl::string_view path, const google::protobuf::MessageLite& request,
                 std::function<void(absl::StatusOr<Response>)> done) const {
    CallAsync(path, request, [done = std::move(done)](absl::Status status, absl::string_view bytes) {
      Response response;
      if (status.ok()) status = Parse(bytes, response);
      if (!status.ok()) return done(std::move(status));
      done(std::move(response));
    });
  }

 private:
  friend class OutgoingStream;

  static absl::Status Parse(absl::string_view bytes, google::protobuf::MessageLite& message);
  // OK if the host has the functions that calls need: an older one has not.
  absl::Status CheckHost() const;
  int64_t Deadline() const;
  // `path` with the version, in `room` if there is one.
  absl::string_view Skill(absl::string_view path, std::string& room) const;

  const paranet_host* host_;
  paranet_call parent_;
  ClientOptions options_;
};

// A streaming call that this actor makes. Movable; destroying it without Finish cancels the call. One thread at a time
// may write, and one read, which may be two; Finish when they have done.
class OutgoingStream {
 public:
  OutgoingStream(const Client& client, absl::string_view path);
  OutgoingStream(OutgoingStream&& other) noexcept { *this = std::move(other); }
  OutgoingStream& operator=(OutgoingStream&& other) noexcept;
  ~OutgoingStream() { Abandon(); }

  bool Write(const google::protobuf::MessageLite& message);
  void CloseWrite();
  bool Read(google::protobuf::MessageLite& message);
  void Cancel();
  absl::Status Finish();

 private:
  void Abandon();

  const paranet_host* host_ = nullptr;
  // 0 when there is no call (any more).
  paranet_outgoing call_ = 0;
  // Why there is none, or what was read that is no such message.
  absl::Status error_;
};

// Server streaming: one request, many responses.
template <typename Response>
class OutgoingReader {
 public:
  OutgoingReader(const Client& client, absl::string_view path, const google::protobuf::MessageLite& request)
      : stream_(client, path) {
    stream_.Write(request);
    stream_.CloseWrite();
  }
  // Blocks for the next response; false when there are no more: Finish says why.
  bool Read(Response& response) { return stream_.Read(response); }
  // Gives up on the rest.
  void Cancel() { stream_.Cancel(); }
  // Waits for the end of the call and tells how it ended. Once.
  absl::Status Finish() { return stream_.Finish(); }

 private:
  OutgoingStream stream_;
};

// Client streaming: many requests, one response.
template <typename Request, typename Response>
class OutgoingWriter {
 public:
  OutgoingWriter(const Client& client, absl::string_view path) : stream_(client, path) {}
  // Blocks while too many requests are on their way. False when the call is over: Finish says why.
  bool Write(const Request& request) { return stream_.Write(request); }
  void Cancel() { stream_.Cancel(); }
  // No more requests; waits for the response. Once.
  absl::StatusOr<Response> Finish() {
    stream_.CloseWrite();
    Response response;
    const bool answered = stream_.Read(response);
    absl::Status status = stream_.Finish();
    if (!status.ok()) return status;
    if (!answered) return absl::InternalError("the skill ended with OK but without a response");
    return response;
  }

 private:
  OutgoingStream stream_;
};

// Bidirectional streaming.
template <typename Request, typename Response>
class OutgoingExchange {
 public:
  OutgoingExchange(const Client& client, absl::string_view path) : stream_(client, path) {}
  bool Write(const Request& request) { return stream_.Write(request); }
  // No more requests.
  void CloseWrite() { stream_.CloseWrite(); }
  bool Read(Response& response) { return stream_.Read(response); }
  void Cancel() { stream_.Cancel(); }
  // Waits for the end of the call and tells how it ended. Once; CloseWrite first, where the skill waits for that.
  absl::Status Finish() { return stream_.Finish(); }

 private:
  OutgoingStream stream_;
};

}  // namespace paranet::actor

#endif  // PARANET_CORE_ACTOR_CLIENT_H_
