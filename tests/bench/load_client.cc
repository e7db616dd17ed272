#include "tests/bench/load_client.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/base/grpc_status.h"
#include "core/base/payload.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"
#include "tests/bench/compare.h"

namespace paranet::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

// No call of a benchmark takes this long unless something hangs.
constexpr std::chrono::seconds kCallDeadline{20};

struct Call {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer response;
  grpc::Status status;
  SteadyClock::time_point began;
};

}  // namespace

absl::StatusOr<Load> RunLoad(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                             const std::string& request, int calls, int outstanding) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  const grpc::ByteBuffer payload = MakePayload(absl::string_view(request));
  std::vector<Call> slots(static_cast<size_t>(outstanding));
  auto start = [&](Call& call) {
    call.context = std::make_unique<grpc::ClientContext>();
    call.context->set_deadline(std::chrono::system_clock::now() + kCallDeadline);
    call.response.Clear();
    call.began = SteadyClock::now();
    call.reader = stub.PrepareUnaryCall(call.context.get(), path, payload, &queue);
    call.reader->StartCall();
    call.reader->Finish(&call.response, &call.status, &call);
  };

  std::vector<double> latencies_us;
  latencies_us.reserve(static_cast<size_t>(calls));
  absl::Status error;
  const auto began = SteadyClock::now();
  int started = 0;
  int under_way = 0;
  for (Call& slot : slots) {
    if (started == calls) break;
    start(slot);
    ++started;
    ++under_way;
  }
  while (under_way > 0) {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    Call& call = *static_cast<Call*>(tag);
    latencies_us.push_back(std::chrono::duration<double, std::micro>(SteadyClock::now() - call.began).count());
    --under_way;
    if (error.ok()) error = FromGrpcStatus(call.status);
    if (error.ok() && started < calls) {
      start(call);
      ++started;
      ++under_way;
    }
  }
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
  queue.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
  }
  if (!error.ok()) return error;
  return Load{.median_us = Percentile(latencies_us, 0.5), .calls_per_second = calls / seconds};
}

}  // namespace paranet::bench
