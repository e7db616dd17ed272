// Calls that never cease, to see whether something harms one of them.
#ifndef PARANET_FEDERATION_CALL_LOAD_TESTUTIL_H_
#define PARANET_FEDERATION_CALL_LOAD_TESTUTIL_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "federation/federation_testutil.h"

namespace paranet {

// Threads that call one unary skill of a node, one call after the other. Thread-safe.
class CallLoad {
 public:
  // The server has to answer with the request. `bytes` is the size of the requests.
  CallLoad(TestNode& caller, std::string path, int threads = 2, size_t bytes = 10)
      : caller_(caller), path_(std::move(path)), bytes_(bytes) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
  }
  ~CallLoad() { Stop(); }

  // True if `count` more calls have ended.
  bool WaitForCalls(uint64_t count) {
    const uint64_t target = calls_.load() + count;
    return Eventually([&] { return calls_.load() >= target; });
  }
  uint64_t calls() const { return calls_.load(); }
  // Empty if none failed.
  std::vector<std::string> failures() {
    absl::MutexLock lock(&mu_);
    return failures_;
  }
  void Stop() {
    stop_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void Run() {
    uint64_t number = 0;
    while (!stop_) {
      std::string request = std::to_string(++number);
      request.resize(bytes_, ' ');
      const UnaryResult result = caller_.CallUnary(path_, request);
      ++calls_;
      if (result.status.ok() && PayloadToString(result.response) == request) continue;
      absl::MutexLock lock(&mu_);
      if (failures_.size() < 10) failures_.push_back(result.status.ToString());
    }
  }

  TestNode& caller_;
  const std::string path_;
  const size_t bytes_;
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> calls_ = 0;
  absl::Mutex mu_;
  std::vector<std::string> failures_ ABSL_GUARDED_BY(mu_);
  std::vector<std::thread> threads_;
};

// Serves streams by sending back what comes, until the caller has half-closed.
inline void ServeEcho(FakeProvider& provider) {
  class Echo : public std::enable_shared_from_this<Echo> {
   public:
    explicit Echo(std::shared_ptr<ServerStream> stream) : stream_(std::move(stream)) {}
    void Pump() {
      stream_->Read([self = shared_from_this()](std::optional<Payload> payload) {
        if (!payload.has_value()) return self->stream_->Finish(absl::OkStatus(), {});
        self->stream_->Write(*payload, [self](bool ok) {
          if (ok) return self->Pump();
          self->stream_->Finish(absl::CancelledError("the caller is gone"), {});
        });
      });
    }

   private:
    const std::shared_ptr<ServerStream> stream_;
  };
  provider.ServeStreamsWith([](const CallContext&, std::shared_ptr<ServerStream> stream) {
    std::make_shared<Echo>(std::move(stream))->Pump();
  });
}

}  // namespace paranet

#endif  // PARANET_FEDERATION_CALL_LOAD_TESTUTIL_H_
