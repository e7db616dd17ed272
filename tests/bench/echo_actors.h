// The two actors that calls are measured with: one answers, the other calls it and counts.
#ifndef PARANET_TESTS_BENCH_ECHO_ACTORS_H_
#define PARANET_TESTS_BENCH_ECHO_ACTORS_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "tests/bench/echo.paranet.h"

namespace paranet::bench {

class EchoActor final : public ::bench::v1::EchoSkillSet {
 public:
  absl::StatusOr<::bench::v1::Message> Echo(actor::CallContext&, const ::bench::v1::Message& request) override {
    return request;
  }
};

// Keeps a number of calls outstanding until all have been made: the end of each begins the next. Thread-safe.
class Outstanding : public std::enable_shared_from_this<Outstanding> {
 public:
  Outstanding(::bench::v1::EchoClient echo, ::bench::v1::Message message, uint32_t calls)
      : echo_(std::move(echo)), message_(std::move(message)), to_begin_(calls), to_end_(calls) {}

  void Begin() {
    {
      absl::MutexLock lock(&mu_);
      if (to_begin_ == 0) return;
      --to_begin_;
    }
    echo_.EchoAsync(message_, [self = shared_from_this()](const absl::StatusOr<::bench::v1::Message>& answer) {
      bool failed = false;
      {
        absl::MutexLock lock(&self->mu_);
        if (!answer.ok()) {
          self->status_.Update(answer.status());
          // The rest is not begun.
          self->to_end_ -= std::exchange(self->to_begin_, 0);
        }
        failed = !self->status_.ok();
        --self->to_end_;
      }
      if (!failed) self->Begin();
    });
  }
  absl::Status Wait() {
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(
        +[](uint32_t* left) { return *left == 0; }, &to_end_));
    return status_;
  }

 private:
  const ::bench::v1::EchoClient echo_;
  const ::bench::v1::Message message_;
  absl::Mutex mu_;
  uint32_t to_begin_ ABSL_GUARDED_BY(mu_);
  uint32_t to_end_ ABSL_GUARDED_BY(mu_);
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

class CallerActor final : public ::bench::v1::CallerSkillSet {
 public:
  absl::StatusOr<::bench::v1::RunResponse> Run(actor::CallContext& call,
                                               const ::bench::v1::RunRequest& request) override {
    const ::bench::v1::EchoClient echo(call);
    ::bench::v1::Message message;
    message.set_payload(std::string(request.bytes(), 'x'));
    ::bench::v1::RunResponse response;
    const auto began = Clock::now();
    if (request.outstanding() > 1) {
      const auto calls = std::make_shared<Outstanding>(echo, std::move(message), request.calls());
      for (uint32_t i = 0; i < request.outstanding(); ++i) calls->Begin();
      if (absl::Status status = calls->Wait(); !status.ok()) return status;
      response.set_seconds(std::chrono::duration<double>(Clock::now() - began).count());
      return response;
    }
    std::vector<float> latencies_us;
    latencies_us.reserve(request.calls());
    for (uint32_t i = 0; i < request.calls(); ++i) {
      const auto sent = Clock::now();
      const absl::StatusOr<::bench::v1::Message> answer = echo.Echo(message);
      if (!answer.ok()) return answer.status();
      latencies_us.push_back(std::chrono::duration<float, std::micro>(Clock::now() - sent).count());
    }
    response.set_seconds(std::chrono::duration<double>(Clock::now() - began).count());
    const auto median = latencies_us.begin() + static_cast<std::ptrdiff_t>(latencies_us.size() / 2);
    std::nth_element(latencies_us.begin(), median, latencies_us.end());
    response.set_median_us(static_cast<double>(*median));
    return response;
  }

 private:
  using Clock = std::chrono::steady_clock;
};

}  // namespace paranet::bench

#endif  // PARANET_TESTS_BENCH_ECHO_ACTORS_H_
