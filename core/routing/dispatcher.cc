#include "core/routing/dispatcher.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/base/take_payload.h"
#include "core/rpc/rpc_queue.h"

namespace paranet {
namespace {

// Where the incoming call and the provider's handle meet: the call may be cancelled before the provider has returned
// the handle, and the provider may answer before it returns.
class UnaryCall : public std::enable_shared_from_this<UnaryCall> {
 public:
  UnaryCall(std::shared_ptr<IncomingCall> call, Route route, CallContext context)
      : call_(std::move(call)), route_(std::move(route)), context_(std::move(context)) {}

  void Start() {
    call_->OnCancel([weak = weak_from_this()] {
      if (auto self = weak.lock()) self->Cancel();
    });
    call_->Read([self = shared_from_this()](std::optional<Payload> request) { self->OnRequest(std::move(request)); });
  }

 private:
  void OnRequest(std::optional<Payload> request) {
    if (!request.has_value()) {
      return call_->Finish(
          absl::InvalidArgumentError(absl::StrCat("the call of ", call_->path(), " has no request message")), {});
    }
    // An actor's handler may run on this thread, which saves two changes of threads, as long as another one polls.
    context_.run_here = call_->queue() != nullptr && call_->queue()->IsPolled();
    const bool run_here = context_.run_here;
    const std::shared_ptr<CallHandle> handle =
        route_.provider->CallUnary(std::move(context_), TakePayload(*request),
                                   [self = shared_from_this()](UnaryResult&& result) { self->OnResult(result); });
    bool cancel = false;
    {
      absl::MutexLock lock(&mu_);
      cancel = cancelled_;
      if (!cancel) handle_ = handle;
    }
    if (cancel) handle->Cancel();
    if (run_here) handle->RunHere();
  }

  void OnResult(UnaryResult& result) {
    if (result.status.ok()) {
      call_->WriteAndFinish(TakePayload(result.response), std::move(result.trailers));
    } else {
      call_->Finish(std::move(result.status), std::move(result.trailers));
    }
  }

  void Cancel() {
    std::shared_ptr<CallHandle> handle;
    {
      absl::MutexLock lock(&mu_);
      cancelled_ = true;
      handle = std::move(handle_);
    }
    if (handle != nullptr) handle->Cancel();
  }

  const std::shared_ptr<IncomingCall> call_;
  const Route route_;
  CallContext context_;
  absl::Mutex mu_;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  std::shared_ptr<CallHandle> handle_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

void CallDispatcher::Dispatch(std::shared_ptr<IncomingCall> call) const {
  absl::StatusOr<Route> route = options_.router->ResolvePath(call->path(), "", options_.scope);
  if (!route.ok()) return call->Finish(route.status(), {});
  absl::StatusOr<std::string> caller = options_.authorize(*call, *route->skill);
  if (!caller.ok()) return call->Finish(caller.status(), {});
  CallContext context{.skill_set = route->skill_set,
                      .skill = route->skill,
                      .deadline = call->deadline(),
                      .caller = *std::move(caller),
                      .metadata = call->metadata(),
                      .queue = call->queue()};
  if (route->skill->shape == SkillShape::kUnary) {
    std::make_shared<UnaryCall>(std::move(call), *std::move(route), std::move(context))->Start();
  } else {
    const std::shared_ptr<Provider> provider = std::move(route->provider);
    provider->CallStream(std::move(context), std::move(call));
  }
}

}  // namespace paranet
