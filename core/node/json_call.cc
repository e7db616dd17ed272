#include "core/node/json_call.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/cleanup/cleanup.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "core/base/payload.h"
#include "core/base/status.h"
#include "core/node/local_call.h"
#include "core/skill/json.h"
#include "core/skill/provider.h"

namespace paranet {
namespace {

// A link that is refused brings no skills and makes no change in the catalogue: look again this often.
constexpr absl::Duration kLookAgain = absl::Milliseconds(250);
// How often a call that certainly reached no actor is begun again.
constexpr int kMaxAttempts = 3;

absl::Status Stopping() { return absl::UnavailableError("the node is stopping"); }
absl::Status GivenUp() { return absl::CancelledError("the caller has cancelled the call"); }

absl::Status NamingSkill(const absl::Status& status, const JsonCall& call) {
  if (status.ok() || absl::StrContains(status.message(), call.skill)) return status;
  return Annotate(status, absl::StrCat("\"", call.skill, "\""));
}

// What a call that waits for its one answer is told.
struct UnaryWait {
  bool Answered() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return result.has_value(); }

  absl::Mutex mu;
  std::optional<UnaryResult> result ABSL_GUARDED_BY(mu);
};

}  // namespace

// One call, as long as somebody may cancel it.
class JsonCaller::Active {
 public:
  void Cancel() {
    std::function<void()> on_cancel;
    {
      absl::MutexLock lock(&mu_);
      if (std::exchange(cancelled_, true)) return;
      on_cancel = std::exchange(on_cancel_, nullptr);
    }
    if (on_cancel) on_cancel();
  }

  // What Cancel does from now on; done at once if that has been.
  void SetOnCancel(std::function<void()> on_cancel) {
    {
      absl::MutexLock lock(&mu_);
      if (!cancelled_) {
        on_cancel_ = std::move(on_cancel);
        return;
      }
    }
    if (on_cancel) on_cancel();
  }

  bool cancelled() const {
    absl::MutexLock lock(&mu_);
    return cancelled_;
  }

  // Ends one AwaitWake, the next one if nobody waits.
  void Wake() {
    absl::MutexLock lock(&mu_);
    woken_ = true;
  }
  void AwaitWake(absl::Time deadline) {
    absl::MutexLock lock(&mu_);
    mu_.AwaitWithDeadline(absl::Condition(
                              +[](Active* self) {
                                self->mu_.AssertHeld();
                                return self->woken_ || self->cancelled_;
                              },
                              this),
                          deadline);
    woken_ = false;
  }

 private:
  mutable absl::Mutex mu_;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  std::function<void()> on_cancel_ ABSL_GUARDED_BY(mu_);
};

// The calls of a JsonCaller; outlives it where a call's own callbacks block for longer.
struct JsonCaller::Registry {
  bool Add(const std::shared_ptr<Active>& active) {
    absl::MutexLock lock(&mu);
    if (stopping) return false;
    calls.insert(active);
    return true;
  }
  void Remove(const std::shared_ptr<Active>& active) {
    absl::MutexLock lock(&mu);
    calls.erase(active);
  }
  // Around everything that uses the node.
  bool Enter() {
    absl::MutexLock lock(&mu);
    if (stopping) return false;
    ++busy;
    return true;
  }
  void Leave() {
    absl::MutexLock lock(&mu);
    --busy;
  }
  bool stopped() {
    absl::MutexLock lock(&mu);
    return stopping;
  }
  bool NoCalls() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return calls.empty(); }
  bool NotBusy() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return busy == 0; }

  absl::Mutex mu;
  bool stopping ABSL_GUARDED_BY(mu) = false;
  int busy ABSL_GUARDED_BY(mu) = 0;
  absl::flat_hash_set<std::shared_ptr<Active>> calls ABSL_GUARDED_BY(mu);
};

JsonCaller::JsonCaller(Options options) : options_(std::move(options)), registry_(std::make_shared<Registry>()) {}

JsonCaller::~JsonCaller() { Shutdown(absl::Now()); }

void JsonCaller::Shutdown(absl::Time deadline) {
  absl::flat_hash_set<std::shared_ptr<Active>> calls;
  {
    absl::MutexLock lock(&registry_->mu);
    registry_->stopping = true;
    calls = registry_->calls;
  }
  for (const auto& call : calls) call->Wake();
  {
    absl::MutexLock lock(&registry_->mu);
    registry_->mu.AwaitWithDeadline(absl::Condition(registry_.get(), &Registry::NoCalls), deadline);
    calls = registry_->calls;
  }
  for (const auto& call : calls) call->Cancel();
  absl::MutexLock lock(&registry_->mu);
  registry_->mu.Await(absl::Condition(registry_.get(), &Registry::NotBusy));
}

absl::Status JsonCaller::Call(const JsonCall& call) {
  auto active = std::make_shared<Active>();
  // Not `this`: a call may outlast Shutdown in its own callbacks.
  const std::shared_ptr<Registry> registry = registry_;
  if (!registry->Add(active)) return NamingSkill(Stopping(), call);
  const absl::Cleanup remove = [&] { registry->Remove(active); };
  if (call.on_start) call.on_start([active] { active->Cancel(); });

  absl::StatusOr<SkillRef> ref = SkillRef::Parse(call.skill);
  if (!ref.ok()) return ref.status();
  if (!registry->Enter()) return NamingSkill(Stopping(), call);
  absl::StatusOr<Route> route = Resolve(call, *ref, *active);
  registry->Leave();
  if (!route.ok()) return NamingSkill(route.status(), call);
  if (call.authorize) {
    if (absl::Status status = call.authorize(*route->skill); !status.ok()) return NamingSkill(status, call);
  }
  return NamingSkill(route->skill->shape == SkillShape::kUnary ? CallUnary(call, *ref, *std::move(route), *active)
                                                               : CallStreaming(call, *route, *active),
                     call);
}

absl::StatusOr<Route> JsonCaller::Resolve(const JsonCall& call, const SkillRef& ref, Active& active) {
  std::optional<uint64_t> subscription;
  const absl::Cleanup unsubscribe = [&] {
    if (subscription.has_value()) options_.catalogue->Unsubscribe(*subscription);
  };
  while (true) {
    if (active.cancelled()) return GivenUp();
    absl::StatusOr<Route> route = options_.router->ResolveSkill(ref, call.provider);
    if (route.ok() || !call.wait_for_ready) return route;
    const bool may_come =
        absl::IsUnavailable(route.status()) ||
        (absl::IsNotFound(route.status()) && options_.may_bring_skills && options_.may_bring_skills());
    if (!may_come) return route;
    if (registry_->stopped()) return Stopping();
    if (!subscription.has_value()) {
      subscription = options_.catalogue->Subscribe([&active](const auto&) { active.Wake(); });
      continue;
    }
    const absl::Time now = absl::Now();
    if (now >= call.deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("waited for \"", call.skill, "\" until the deadline: ", route.status().message()));
    }
    active.AwaitWake(std::min(call.deadline, now + kLookAgain));
  }
}

namespace {

CallContext ContextOf(const JsonCall& call, const Route& route) {
  return {.skill_set = route.skill_set, .skill = route.skill, .deadline = call.deadline, .caller = call.caller};
}

// The one message of a skill whose client does not stream.
absl::StatusOr<Payload> OnlyRequest(const JsonCall& call, const Skill& skill) {
  std::optional<std::string> json = call.next_request();
  if (!json.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", call.skill, "\" takes one message, and there is none"));
  }
  PARANET_ASSIGN_OR_RETURN(Payload request, RequestFromJson(skill, *json));
  if (call.next_request().has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", call.skill, "\" takes one message, and there are more"));
  }
  return request;
}

}  // namespace

absl::Status JsonCaller::CallUnary(const JsonCall& call, const SkillRef& ref, Route route, Active& active) {
  const std::shared_ptr<Registry> registry = registry_;
  absl::StatusOr<Payload> request = OnlyRequest(call, *route.skill);
  if (!request.ok()) return request.status();
  if (!registry->Enter()) return Stopping();
  UnaryResult result;
  {
    const absl::Cleanup leave = [&] { registry->Leave(); };
    for (int attempt = 1;; ++attempt) {
      auto wait = std::make_shared<UnaryWait>();
      std::shared_ptr<CallHandle> handle =
          route.provider->CallUnary(ContextOf(call, route), *request, [wait](UnaryResult answer) {
            absl::MutexLock lock(&wait->mu);
            wait->result = std::move(answer);
          });
      active.SetOnCancel([handle] {
        if (handle != nullptr) handle->Cancel();
      });
      {
        absl::MutexLock lock(&wait->mu);
        wait->mu.Await(absl::Condition(wait.get(), &UnaryWait::Answered));
        result = *std::move(wait->result);
      }
      active.SetOnCancel(nullptr);
      if (result.status.ok() || !result.unprocessed || attempt == kMaxAttempts || active.cancelled()) break;
      absl::StatusOr<Route> other = Resolve(call, ref, active);
      // The request is in the terms of one set of descriptors.
      if (!other.ok() || other->skill_set->digest() != route.skill_set->digest()) break;
      route = *std::move(other);
    }
  }
  PARANET_RETURN_IF_ERROR(result.status);
  PARANET_ASSIGN_OR_RETURN(std::string json, ResponseToJson(*route.skill, result.response));
  call.on_response(std::move(json));
  return absl::OkStatus();
}

absl::Status JsonCaller::CallStreaming(const JsonCall& call, const Route& route, Active& active) {
  const Skill& skill = *route.skill;
  std::optional<Payload> only;
  if (!skill.client_streams()) {
    PARANET_ASSIGN_OR_RETURN(only, OnlyRequest(call, skill));
  }
  const std::shared_ptr<LocalCall> local = LocalCall::Create();
  const std::shared_ptr<Registry> registry = registry_;
  if (!registry->Enter()) return Stopping();
  route.provider->CallStream(ContextOf(call, route), local->TakeServerStream());
  registry->Leave();
  active.SetOnCancel([local] { local->Cancel(GivenUp()); });

  int responses = 0;
  const auto receive = [&] {
    while (std::optional<Payload> response = local->Receive(call.deadline)) {
      absl::StatusOr<std::string> json = ResponseToJson(skill, *response);
      if (!json.ok()) {
        local->Cancel(json.status());
      } else if (++responses > 1 && !skill.server_streams()) {
        local->Cancel(absl::InternalError("the provider gave more than one answer"));
      } else if (!call.on_response(*std::move(json))) {
        local->Cancel(GivenUp());
      }
    }
  };
  if (only.has_value()) {
    local->Send(*std::move(only));
    local->HalfClose();
    receive();
  } else {
    std::thread receiver([&] {
      receive();
      if (call.on_end) call.on_end();
    });
    while (std::optional<std::string> json = call.next_request()) {
      absl::StatusOr<Payload> request = RequestFromJson(skill, *json);
      if (!request.ok()) {
        local->Cancel(request.status());
        break;
      }
      if (!local->Send(*std::move(request))) break;
    }
    local->HalfClose();
    receiver.join();
  }
  absl::Status status = local->status();
  if (status.ok() && responses == 0 && !skill.server_streams()) {
    return absl::InternalError("the provider ended the call without an answer");
  }
  return status;
}

}  // namespace paranet
