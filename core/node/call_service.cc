#include "core/node/call_service.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/payload.h"
#include "core/node/blocking_call.h"
#include "paranet/v1/node.pb.h"

namespace paranet {
namespace {

// No timeout is longer: what is more is none.
constexpr uint64_t kMaxTimeoutMs = uint64_t{1} << 50;

absl::StatusOr<v1::CallRequest> ParseRequest(const Payload& payload) {
  v1::CallRequest request;
  if (!request.ParseFromString(PayloadToString(payload))) {
    return absl::InvalidArgumentError("a message of the call is no paranet.v1.CallRequest");
  }
  return request;
}

}  // namespace

CallService::~CallService() { Stop(); }

void CallService::Stop() {
  std::list<Worker> workers;
  {
    absl::MutexLock lock(&mu_);
    stopped_ = true;
    // The worker marks its own entry, which it holds by reference: they stay where they are in memory.
    workers.splice(workers.end(), workers_);
  }
  for (Worker& worker : workers) worker.thread.join();
}

void CallService::Serve(std::shared_ptr<IncomingCall> call) {
  absl::Status refusal;
  std::list<Worker> ended;
  {
    absl::MutexLock lock(&mu_);
    for (auto worker = workers_.begin(); worker != workers_.end();) {
      const auto next = std::next(worker);
      if (worker->ended) ended.splice(ended.end(), workers_, worker);
      worker = next;
    }
    if (stopped_) {
      refusal = absl::UnavailableError("the node is stopping");
    } else if (workers_.size() >= static_cast<size_t>(options_.limit)) {
      refusal = absl::ResourceExhaustedError(
          absl::StrCat(options_.limit, " calls by name are running, which is the limit; try again when one has ended"));
    } else {
      Worker& worker = workers_.emplace_back();
      worker.thread = std::thread([this, &worker, call]() mutable {
        Run(call);
        call = nullptr;
        absl::MutexLock worker_lock(&mu_);
        worker.ended = true;
      });
    }
  }
  for (Worker& worker : ended) worker.thread.join();
  if (!refusal.ok()) call->Finish(std::move(refusal), {});
}

void CallService::Run(const std::shared_ptr<IncomingCall>& incoming) const {
  const std::shared_ptr<BlockingCall> call = BlockingCall::Create(incoming);
  JsonCall client;
  if (absl::Status admitted = options_.admit(*incoming, &client); !admitted.ok()) {
    return call->Finish(std::move(admitted));
  }
  const std::optional<Payload> payload = call->Read();
  if (!payload.has_value()) {
    return call->Finish(absl::InvalidArgumentError("the first message, which names the skill, is missing"));
  }
  absl::StatusOr<v1::CallRequest> first = ParseRequest(*payload);
  if (!first.ok()) return call->Finish(first.status());

  std::optional<std::string> opening;
  if (first->has_json()) opening = std::move(*first->mutable_json());
  absl::Time deadline = incoming->deadline();
  if (first->timeout_ms() > 0) {
    const auto timeout = static_cast<int64_t>(std::min(first->timeout_ms(), kMaxTimeoutMs));
    deadline = std::min(deadline, absl::Now() + absl::Milliseconds(timeout));
  }
  absl::Status malformed;
  std::function<void()> give_up;
  JsonCall json_call{
      .skill = first->skill(),
      .provider = first->provider(),
      .deadline = deadline,
      .wait_for_ready = first->wait_for_ready(),
      .caller = std::move(client.caller),
      .authorize = std::move(client.authorize),
      .next_request = [&]() -> std::optional<std::string> {
        if (opening.has_value()) return std::exchange(opening, std::nullopt);
        const std::optional<Payload> next = call->Read();
        if (!next.has_value()) return std::nullopt;
        absl::StatusOr<v1::CallRequest> request = ParseRequest(*next);
        if (request.ok() && request->has_json()) return std::move(*request->mutable_json());
        malformed = request.ok() ? absl::InvalidArgumentError("a message of the call has no JSON") : request.status();
        give_up();
        return std::nullopt;
      },
      .on_response =
          [&](std::string json) {
            v1::CallResponse response;
            response.set_json(std::move(json));
            return call->Write(MakePayload(response.SerializeAsString()));
          },
      // `cancel` outlives the call, so it may run whenever the client gives up.
      .on_start =
          [&](std::function<void()> cancel) {
            give_up = cancel;
            call->OnCancel(std::move(cancel));
          },
      .on_end = [&] { call->CloseReads(); },
  };
  absl::Status status = options_.call(json_call);
  call->Finish(malformed.ok() ? std::move(status) : std::move(malformed));
}

}  // namespace paranet
