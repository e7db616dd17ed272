#include "core/skill/provider_testutil.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace paranet {

FakeCall::FakeCall(CallContext context, Payload request, UnaryDone done, std::function<void()> ended)
    : context_(std::move(context)), request_(std::move(request)), ended_(std::move(ended)), done_(std::move(done)) {}

FakeCall::~FakeCall() { Fail(absl::UnavailableError("the fake provider has gone")); }

bool FakeCall::Finish(UnaryResult result) {
  UnaryDone done;
  {
    absl::MutexLock lock(&mu_);
    if (done_ == nullptr) return false;
    done = std::exchange(done_, nullptr);
  }
  ended_();
  std::move(done)(std::move(result));
  return true;
}

bool FakeCall::Answer(absl::string_view response) { return Finish(UnaryResult{.response = MakePayload(response)}); }

bool FakeCall::Fail(absl::Status status, bool unprocessed) {
  return Finish(UnaryResult{.status = std::move(status), .unprocessed = unprocessed});
}

void FakeCall::Cancel() {
  {
    absl::MutexLock lock(&mu_);
    cancelled_ = true;
    if (ignore_cancel_) return;
  }
  Fail(absl::CancelledError("cancelled by the caller"));
}

bool FakeCall::cancelled() const {
  absl::MutexLock lock(&mu_);
  return cancelled_;
}

bool FakeCall::WaitForCancel() {
  absl::MutexLock lock(&mu_);
  return mu_.AwaitWithTimeout(absl::Condition(&cancelled_), kTestPatience);
}

void FakeCall::IgnoreCancel() {
  absl::MutexLock lock(&mu_);
  ignore_cancel_ = true;
}

FakeProvider::~FakeProvider() {
  for (const std::shared_ptr<FakeCall>& call : calls()) {
    call->Fail(absl::UnavailableError("the fake provider has gone"));
  }
}

bool FakeProvider::available() const {
  absl::MutexLock lock(&mu_);
  return available_;
}

int64_t FakeProvider::outstanding() const {
  absl::MutexLock lock(&mu_);
  return outstanding_.value_or(counter_->open.load());
}

void FakeProvider::set_available(bool available) {
  absl::MutexLock lock(&mu_);
  available_ = available;
}

void FakeProvider::set_outstanding(int64_t outstanding) {
  absl::MutexLock lock(&mu_);
  outstanding_ = outstanding;
}

void FakeProvider::AnswerWith(UnaryHandler handler) {
  absl::MutexLock lock(&mu_);
  unary_handler_ = std::move(handler);
}

void FakeProvider::ServeStreamsWith(StreamHandler handler) {
  absl::MutexLock lock(&mu_);
  stream_handler_ = std::move(handler);
}

std::shared_ptr<CallHandle> FakeProvider::CallUnary(CallContext context, Payload request, UnaryDone done) {
  ++counter_->open;
  auto call = std::make_shared<FakeCall>(std::move(context), std::move(request), std::move(done),
                                         [counter = counter_] { --counter->open; });
  UnaryHandler handler;
  {
    absl::MutexLock lock(&mu_);
    calls_.push_back(call);
    handler = unary_handler_;
    if (handler != nullptr) returned_ = calls_.size();
  }
  if (handler != nullptr) call->Finish(handler(call->context(), call->request()));
  return call;
}

void FakeProvider::CallStream(CallContext context, std::shared_ptr<ServerStream> stream) {
  StreamHandler handler;
  {
    absl::MutexLock lock(&mu_);
    handler = stream_handler_;
    if (handler == nullptr) {
      ++counter_->open;
      // Keeps the stream alive, and counts until the last reference to it has gone.
      auto* held = stream.get();
      std::shared_ptr<ServerStream> counted(held,
                                            [counter = counter_, stream = std::move(stream)](ServerStream*) mutable {
                                              stream.reset();
                                              --counter->open;
                                            });
      streams_.push_back(FakeStreamCall{.context = std::move(context), .stream = std::move(counted)});
      return;
    }
  }
  handler(std::move(context), std::move(stream));
}

std::vector<std::shared_ptr<FakeCall>> FakeProvider::calls() const {
  absl::MutexLock lock(&mu_);
  return calls_;
}

size_t FakeProvider::call_count() const {
  absl::MutexLock lock(&mu_);
  return calls_.size();
}

std::shared_ptr<FakeCall> FakeProvider::WaitForCall() {
  absl::MutexLock lock(&mu_);
  const auto arrived = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return returned_ < calls_.size(); };
  if (!mu_.AwaitWithTimeout(absl::Condition(&arrived), kTestPatience)) return nullptr;
  return calls_[returned_++];
}

std::optional<FakeStreamCall> FakeProvider::WaitForStream() {
  absl::MutexLock lock(&mu_);
  const auto arrived = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !streams_.empty(); };
  if (!mu_.AwaitWithTimeout(absl::Condition(&arrived), kTestPatience)) return std::nullopt;
  FakeStreamCall call = std::move(streams_.front());
  streams_.pop_front();
  return call;
}

// What both ends of a test's call share. Callbacks run outside of the lock.
class TestStreamCaller::State {
 public:
  using ReadDone = absl::AnyInvocable<void(std::optional<Payload>)>;
  using WriteDone = absl::AnyInvocable<void(bool)>;

  explicit State(size_t room) : room_(room) {}

  void Send(Payload request) {
    ReadDone done;
    {
      absl::MutexLock lock(&mu_);
      if (half_closed_ || ended_) return;
      if (read_ == nullptr) {
        requests_.push_back(std::move(request));
        return;
      }
      done = std::exchange(read_, nullptr);
    }
    done(std::move(request));
  }

  void HalfClose() {
    ReadDone done;
    {
      absl::MutexLock lock(&mu_);
      half_closed_ = true;
      done = std::exchange(read_, nullptr);
    }
    if (done != nullptr) done(std::nullopt);
  }

  void Read(ReadDone done) {
    std::optional<Payload> request;
    {
      absl::MutexLock lock(&mu_);
      if (!ended_ && !requests_.empty()) {
        request = std::move(requests_.front());
        requests_.pop_front();
      } else if (!ended_ && !half_closed_) {
        read_ = std::move(done);
        return;
      }
    }
    done(std::move(request));
  }

  void Write(Payload payload, WriteDone done) {
    bool accepted = false;
    {
      absl::MutexLock lock(&mu_);
      if (!ended_) {
        accepted = true;
        responses_.push_back(PayloadToString(payload));
        if (responses_.size() > room_) {
          write_ = std::move(done);
          return;
        }
      }
    }
    done(accepted);
  }

  // Ends the call; `by_caller` where the provider has to be told.
  void End(absl::Status status, Metadata trailers, bool by_caller) {
    ReadDone read;
    WriteDone write;
    absl::AnyInvocable<void()> on_cancel;
    {
      absl::MutexLock lock(&mu_);
      if (ended_) return;
      ended_ = true;
      status_ = std::move(status);
      trailers_ = std::move(trailers);
      read = std::exchange(read_, nullptr);
      write = std::exchange(write_, nullptr);
      on_cancel = std::exchange(on_cancel_, nullptr);
    }
    if (by_caller && on_cancel != nullptr) on_cancel();
    if (read != nullptr) read(std::nullopt);
    if (write != nullptr) write(false);
  }

  void OnCancel(absl::AnyInvocable<void()> cancelled) {
    {
      absl::MutexLock lock(&mu_);
      if (!ended_) {
        on_cancel_ = std::move(cancelled);
        return;
      }
    }
    cancelled();
  }

  std::optional<std::string> NextResponse() {
    WriteDone write;
    std::optional<std::string> response;
    {
      absl::MutexLock lock(&mu_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return ended_ || !responses_.empty(); };
      if (!mu_.AwaitWithTimeout(absl::Condition(&ready), kTestPatience) || responses_.empty()) return std::nullopt;
      response = std::move(responses_.front());
      responses_.pop_front();
      if (responses_.size() <= room_) write = std::exchange(write_, nullptr);
    }
    if (write != nullptr) write(true);
    return response;
  }

  size_t responses() {
    absl::MutexLock lock(&mu_);
    return responses_.size();
  }

  bool WaitForStalledWrite() {
    absl::MutexLock lock(&mu_);
    const auto stalled = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return write_ != nullptr; };
    return mu_.AwaitWithTimeout(absl::Condition(&stalled), kTestPatience);
  }

  bool ended() {
    absl::MutexLock lock(&mu_);
    return ended_;
  }

  absl::Status WaitForStatus() {
    absl::MutexLock lock(&mu_);
    if (!mu_.AwaitWithTimeout(absl::Condition(&ended_), kTestPatience)) {
      return absl::DeadlineExceededError("the streaming call has not ended");
    }
    return status_;
  }

  Metadata trailers() {
    absl::MutexLock lock(&mu_);
    return trailers_;
  }

 private:
  const size_t room_;
  absl::Mutex mu_;
  std::deque<Payload> requests_ ABSL_GUARDED_BY(mu_);
  bool half_closed_ ABSL_GUARDED_BY(mu_) = false;
  ReadDone read_ ABSL_GUARDED_BY(mu_);
  std::deque<std::string> responses_ ABSL_GUARDED_BY(mu_);
  WriteDone write_ ABSL_GUARDED_BY(mu_);
  absl::AnyInvocable<void()> on_cancel_ ABSL_GUARDED_BY(mu_);
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  Metadata trailers_ ABSL_GUARDED_BY(mu_);
};

class TestStreamCaller::Stream final : public ServerStream {
 public:
  explicit Stream(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~Stream() override { state_->End(absl::InternalError("the provider has dropped the call"), {}, /*by_caller=*/false); }

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override { state_->Read(std::move(done)); }
  void Write(Payload payload, absl::AnyInvocable<void(bool)> done) override {
    state_->Write(std::move(payload), std::move(done));
  }
  void Finish(absl::Status status, Metadata trailers) override {
    state_->End(std::move(status), std::move(trailers), /*by_caller=*/false);
  }
  void OnCancel(absl::AnyInvocable<void()> cancelled) override { state_->OnCancel(std::move(cancelled)); }

 private:
  const std::shared_ptr<State> state_;
};

TestStreamCaller::TestStreamCaller(size_t room)
    : state_(std::make_shared<State>(room)), stream_(std::make_shared<Stream>(state_)) {}
TestStreamCaller::~TestStreamCaller() { Cancel(); }
std::shared_ptr<ServerStream> TestStreamCaller::TakeStream() { return std::move(stream_); }
void TestStreamCaller::Send(absl::string_view request) { state_->Send(MakePayload(request)); }
void TestStreamCaller::HalfClose() { state_->HalfClose(); }
void TestStreamCaller::Cancel() {
  state_->End(absl::CancelledError("cancelled by the caller"), {}, /*by_caller=*/true);
}
std::optional<std::string> TestStreamCaller::NextResponse() { return state_->NextResponse(); }
size_t TestStreamCaller::responses() const { return state_->responses(); }
bool TestStreamCaller::WaitForStalledWrite() { return state_->WaitForStalledWrite(); }
bool TestStreamCaller::finished() const { return state_->ended(); }
absl::Status TestStreamCaller::WaitForStatus() { return state_->WaitForStatus(); }
Metadata TestStreamCaller::trailers() const { return state_->trailers(); }

}  // namespace paranet
