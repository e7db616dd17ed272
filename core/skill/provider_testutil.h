// A provider and a streaming caller that do what a test tells them.
#ifndef PARANET_CORE_SKILL_PROVIDER_TESTUTIL_H_
#define PARANET_CORE_SKILL_PROVIDER_TESTUTIL_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/payload.h"
#include "core/skill/provider.h"

namespace paranet {

// How long the functions below that wait for something wait at most.
inline constexpr absl::Duration kTestPatience = absl::Seconds(20);

// One unary call that has reached a FakeProvider. The test answers it when it likes. Thread-safe.
class FakeCall : public CallHandle {
 public:
  FakeCall(CallContext context, Payload request, UnaryDone done, std::function<void()> ended);
  // A call that was never answered ends with UNAVAILABLE.
  ~FakeCall() override;

  const CallContext& context() const { return context_; }
  // The request's bytes.
  std::string request() const { return PayloadToString(request_); }
  // Ends the call; false if it had ended.
  bool Finish(UnaryResult result);
  bool Answer(absl::string_view response);
  bool Fail(absl::Status status, bool unprocessed = false);
  // By the caller: counts, and ends the call with CANCELLED unless the provider ignores cancellation.
  void Cancel() override;
  bool cancelled() const;
  // False if the caller has not cancelled within kTestPatience.
  bool WaitForCancel();
  void IgnoreCancel();

 private:
  const CallContext context_;
  const Payload request_;
  const std::function<void()> ended_;
  mutable absl::Mutex mu_;
  UnaryDone done_ ABSL_GUARDED_BY(mu_);
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool ignore_cancel_ ABSL_GUARDED_BY(mu_) = false;
};

// One streaming call that has reached a FakeProvider.
struct FakeStreamCall {
  CallContext context;
  std::shared_ptr<ServerStream> stream;
};

// A provider that records calls. Unary calls wait for the test, or are answered at once by a handler; deadlines are
// the test's business. Thread-safe.
class FakeProvider final : public Provider {
 public:
  using UnaryHandler = std::function<UnaryResult(const CallContext& context, const std::string& request)>;
  using StreamHandler = std::function<void(CallContext context, std::shared_ptr<ServerStream> stream)>;

  explicit FakeProvider(std::string name, Kind kind = Kind::kActor) : kind_(kind), name_(std::move(name)) {}
  // Calls that are still open end with UNAVAILABLE.
  ~FakeProvider() override;

  Kind kind() const override { return kind_; }
  const std::string& name() const override { return name_; }
  bool available() const override;
  // Calls begun and not ended, or what set_outstanding() says. Streams count until their stream is dropped by the test.
  int64_t outstanding() const override;
  std::shared_ptr<CallHandle> CallUnary(CallContext context, Payload request, UnaryDone done) override;
  void CallStream(CallContext context, std::shared_ptr<ServerStream> stream) override;

  void set_available(bool available);
  void set_outstanding(int64_t outstanding);
  // From now on unary calls are answered by `handler`, on the caller's thread, before CallUnary returns.
  void AnswerWith(UnaryHandler handler);
  // From now on streaming calls are given to `handler` and not recorded.
  void ServeStreamsWith(StreamHandler handler);

  // All unary calls so far.
  std::vector<std::shared_ptr<FakeCall>> calls() const;
  size_t call_count() const;
  // The next unary call that WaitForCall has not returned; null after kTestPatience.
  std::shared_ptr<FakeCall> WaitForCall();
  // Likewise for streams; nullopt after kTestPatience.
  std::optional<FakeStreamCall> WaitForStream();

 private:
  // Outlives the provider where calls do.
  struct Counter {
    std::atomic<int64_t> open{0};
  };

  const Kind kind_;
  const std::string name_;
  const std::shared_ptr<Counter> counter_ = std::make_shared<Counter>();
  mutable absl::Mutex mu_;
  bool available_ ABSL_GUARDED_BY(mu_) = true;
  std::optional<int64_t> outstanding_ ABSL_GUARDED_BY(mu_);
  UnaryHandler unary_handler_ ABSL_GUARDED_BY(mu_);
  StreamHandler stream_handler_ ABSL_GUARDED_BY(mu_);
  std::vector<std::shared_ptr<FakeCall>> calls_ ABSL_GUARDED_BY(mu_);
  size_t returned_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<FakeStreamCall> streams_ ABSL_GUARDED_BY(mu_);
};

// The caller's side of a streaming call, to test providers with. Thread-safe.
class TestStreamCaller {
 public:
  // Takes `room` responses before Write waits for NextResponse to make more.
  explicit TestStreamCaller(size_t room = 1'000'000);
  // Cancels if the call has not ended.
  ~TestStreamCaller();

  // The provider's end: hand it to CallStream. Once; dropping it without Finish ends the call with INTERNAL.
  std::shared_ptr<ServerStream> TakeStream();

  void Send(absl::string_view request);
  void HalfClose();
  // Gives up, as at a deadline or when the caller goes away.
  void Cancel();

  // The next response; nullopt when the call has ended and there is none, or after kTestPatience.
  std::optional<std::string> NextResponse();
  // Responses that wait for NextResponse.
  size_t responses() const;
  // True while a Write waits for room.
  bool WaitForStalledWrite();
  bool finished() const;
  // How the call ended, without the responses having been taken; DEADLINE_EXCEEDED after kTestPatience.
  absl::Status WaitForStatus();
  Metadata trailers() const;

 private:
  class State;
  class Stream;
  std::shared_ptr<State> state_;
  std::shared_ptr<ServerStream> stream_;
};

}  // namespace paranet

#endif  // PARANET_CORE_SKILL_PROVIDER_TESTUTIL_H_
