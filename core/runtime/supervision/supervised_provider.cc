#include "core/runtime/supervision/supervised_provider.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace paranet {
namespace {

constexpr absl::Duration kMostTick = absl::Seconds(1);
// How often memory is looked at, where it is limited.
constexpr absl::Duration kMemoryTick = absl::Milliseconds(50);
// For a process that has no calls any more, to end by itself.
constexpr absl::Duration kEndPatience = absl::Seconds(2);

struct EndedCall final : CallHandle {
  void Cancel() override {}
};

// Bytes of resident memory of the process `pid`; 0 if that is unknown.
uint64_t ResidentBytes(int64_t pid) {
  std::FILE* file = std::fopen(absl::StrCat("/proc/", pid, "/statm").c_str(), "re");
  if (file == nullptr) return 0;
  unsigned long total = 0;
  unsigned long resident = 0;
  const bool read = std::fscanf(file, "%lu %lu", &total, &resident) == 2;
  std::fclose(file);
  return read ? uint64_t{resident} * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

double Random() {
  std::random_device device;
  return std::uniform_real_distribution<double>(0, 1)(device);
}

}  // namespace

// Passes everything on, and tells the provider when the call is over.
class SupervisedProvider::CountedStream final : public ServerStream {
 public:
  CountedStream(std::shared_ptr<ServerStream> stream, std::shared_ptr<SupervisedProvider> provider,
                std::shared_ptr<Run> run, Mailbox::Caller* caller)
      : stream_(std::move(stream)), provider_(std::move(provider)), run_(std::move(run)), caller_(caller) {}
  ~CountedStream() override { Release(); }

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override { stream_->Read(std::move(done)); }
  void Write(Payload payload, absl::AnyInvocable<void(bool)> done) override {
    stream_->Write(std::move(payload), std::move(done));
  }
  void Finish(absl::Status status, Metadata trailers) override {
    {
      absl::MutexLock lock(&provider_->mu_);
      status = provider_->Explain(*run_, std::move(status));
    }
    Release();
    stream_->Finish(std::move(status), std::move(trailers));
  }
  void OnCancel(absl::AnyInvocable<void()> cancelled) override { stream_->OnCancel(std::move(cancelled)); }

 private:
  void Release() {
    if (released_.exchange(true)) return;
    absl::MutexLock lock(&provider_->mu_);
    provider_->streams_.Release(caller_);
    provider_->outstanding_.fetch_sub(1, std::memory_order_relaxed);
  }

  const std::shared_ptr<ServerStream> stream_;
  const std::shared_ptr<SupervisedProvider> provider_;
  const std::shared_ptr<Run> run_;
  Mailbox::Caller* const caller_;
  std::atomic<bool> released_ = false;
};

SupervisedProvider::SupervisedProvider(SupervisionOptions options, StartActorProcess start)
    : options_(std::move(options)),
      clock_(options_.clock != nullptr ? options_.clock : std::make_shared<SystemClock>()),
      start_(std::move(start)),
      mailbox_({.actor = options_.name, .limit = options_.mailbox, .per_caller = options_.per_caller}),
      streams_({.actor = options_.name, .what = "streaming calls", .limit = options_.streams}),
      policy_(options_.restart) {}

absl::StatusOr<std::shared_ptr<SupervisedProvider>> SupervisedProvider::Start(SupervisionOptions options,
                                                                              StartActorProcess start) {
  auto provider = std::shared_ptr<SupervisedProvider>(new SupervisedProvider(std::move(options), std::move(start)));
  provider->thread_ = std::thread([self = provider.get()] { self->Supervise(); });
  absl::MutexLock lock(&provider->mu_);
  provider->mu_.Await(absl::Condition(&provider->first_done_));
  if (!provider->first_status_.ok()) return provider->first_status_;
  return provider;
}

SupervisedProvider::~SupervisedProvider() {
  BeginStop();
  FinishStop(absl::InfinitePast());
}

absl::StatusOr<std::shared_ptr<SupervisedProvider::Run>> SupervisedProvider::Use() {
  switch (state_) {
    case v1::ActorInfo::RUNNING:
      ++run_->users;
      return run_;
    case v1::ActorInfo::QUARANTINED:
      return absl::UnavailableError(absl::StrCat(
          "actor ", options_.name, " is down because it has failed too often, the last time: ", last_error_,
          "; deploy its package again"));
    case v1::ActorInfo::STOPPING:
      return absl::UnavailableError(absl::StrCat("actor ", options_.name, " is stopping"));
    default:
      return absl::UnavailableError(
          absl::StrCat("actor ", options_.name, " is being started again: ", last_error_, "; try again later"));
  }
}

void SupervisedProvider::Unuse(Run& run) {
  absl::MutexLock lock(&mu_);
  --run.users;
}

absl::Status SupervisedProvider::Explain(const Run& run, absl::Status status) {
  if (run.killed.ok() || !absl::IsUnavailable(status)) return status;
  return absl::UnavailableError(
      absl::StrCat("the process of actor ", options_.name, " was ended: ", run.killed.message()));
}

std::shared_ptr<CallHandle> SupervisedProvider::CallUnary(CallContext context, Payload request, UnaryDone done) {
  const uint64_t bytes = request.Valid() ? request.Length() : 0;
  std::shared_ptr<Run> run;
  Mailbox::Caller* caller = nullptr;
  absl::Status refused;
  {
    absl::MutexLock lock(&mu_);
    absl::StatusOr<std::shared_ptr<Run>> used = Use();
    refused = used.status();
    if (used.ok()) {
      absl::StatusOr<Mailbox::Caller*> admitted =
          mailbox_bytes_ + bytes > options_.mailbox_bytes
              ? absl::ResourceExhaustedError(absl::StrCat("actor ", options_.name, " already has requests of ",
                                                          mailbox_bytes_, " bytes waiting; try again later"))
              : mailbox_.Admit(context.caller);
      refused = admitted.status();
      if (admitted.ok()) {
        run = *std::move(used);
        caller = *admitted;
        mailbox_bytes_ += bytes;
        outstanding_.fetch_add(1, std::memory_order_relaxed);
      } else {
        --(*used)->users;
      }
    }
  }
  if (run == nullptr) {
    std::move(done)(UnaryResult{.status = std::move(refused), .unprocessed = true});
    return std::make_shared<EndedCall>();
  }
  std::shared_ptr<CallHandle> handle = run->process->CallUnary(
      std::move(context), std::move(request),
      [self = shared_from_this(), run, caller, bytes, finish = std::move(done)](UnaryResult result) mutable {
        {
          absl::MutexLock lock(&self->mu_);
          result.status = self->Explain(*run, std::move(result.status));
          self->mailbox_.Release(caller);
          self->mailbox_bytes_ -= bytes;
          self->outstanding_.fetch_sub(1, std::memory_order_relaxed);
        }
        std::move(finish)(std::move(result));
      });
  Unuse(*run);
  return handle;
}

void SupervisedProvider::CallStream(CallContext context, std::shared_ptr<ServerStream> stream) {
  std::shared_ptr<Run> run;
  Mailbox::Caller* caller = nullptr;
  absl::Status refused;
  {
    absl::MutexLock lock(&mu_);
    absl::StatusOr<std::shared_ptr<Run>> used = Use();
    refused = used.status();
    if (used.ok()) {
      const absl::StatusOr<Mailbox::Caller*> admitted = streams_.Admit(context.caller);
      refused = admitted.status();
      if (admitted.ok()) {
        run = *std::move(used);
        caller = *admitted;
        outstanding_.fetch_add(1, std::memory_order_relaxed);
      } else {
        --(*used)->users;
      }
    }
  }
  if (run == nullptr) {
    stream->Finish(std::move(refused), {});
    return;
  }
  run->process->CallStream(std::move(context),
                           std::make_shared<CountedStream>(std::move(stream), shared_from_this(), run, caller));
  Unuse(*run);
}

void SupervisedProvider::SetState(v1::ActorInfo::State state) {
  {
    absl::MutexLock lock(&mu_);
    // Nothing comes after that.
    if (state_ == v1::ActorInfo::STOPPING) return;
    state_ = state;
    available_.store(state == v1::ActorInfo::RUNNING, std::memory_order_release);
  }
  if (options_.changed != nullptr) options_.changed();
}

void SupervisedProvider::Supervise() {
  bool first = true;
  while (RunOnce(first)) first = false;
}

bool SupervisedProvider::RunOnce(bool first) {
  uint64_t epoch = 0;
  {
    absl::MutexLock lock(&mu_);
    if (stopping_) return false;
    epoch = ++epoch_;
    ended_ = false;
    end_ = absl::OkStatus();
    unanswered_since_ = absl::InfiniteFuture();
  }
  absl::StatusOr<std::unique_ptr<ActorProcess>> process = start_([this, epoch](absl::Status reason) {
    absl::MutexLock lock(&mu_);
    if (epoch != epoch_) return;
    ended_ = true;
    end_ = std::move(reason);
  });
  if (!process.ok()) {
    if (first) {
      absl::MutexLock lock(&mu_);
      first_done_ = true;
      first_status_ = process.status();
      return false;
    }
    return AfterFailure(absl::InfinitePast(), process.status());
  }
  const absl::Time started = clock_->Now();
  const auto run = std::make_shared<Run>();
  run->process = *std::move(process);
  {
    absl::MutexLock lock(&mu_);
    run_ = run;
    if (!first) ++restarts_;
  }
  SetState(v1::ActorInfo::RUNNING);
  {
    absl::MutexLock lock(&mu_);
    first_done_ = true;
  }
  const absl::Status reason = Watch(*run);
  if (!reason.ok()) SetState(v1::ActorInfo::RESTARTING);
  if (!reason.ok()) {
    absl::MutexLock lock(&mu_);
    last_error_ = std::string(reason.message());
  }
  Retire();
  return !reason.ok() && AfterFailure(started, reason);
}

absl::Status SupervisedProvider::Watch(Run& run) {
  const absl::Duration tick = std::min(options_.hang_timeout / 4, kMostTick);
  const absl::Duration look = options_.memory_bytes == 0 ? tick : std::min(tick, kMemoryTick);
  absl::Time next_ping = absl::Now();
  absl::Status reason;
  while (true) {
    {
      absl::MutexLock lock(&mu_);
      mu_.AwaitWithTimeout(absl::Condition(this, &SupervisedProvider::EndedOrStopping), look);
      if (stopping_) break;
      if (ended_) return end_;
      const absl::Duration unanswered = absl::Now() - unanswered_since_;
      if (unanswered > options_.hang_timeout) {
        reason = absl::UnavailableError(absl::StrCat(
            "it hung: no answer for ", absl::FormatDuration(absl::Trunc(unanswered, absl::Milliseconds(1))),
            ", or its handlers made no progress with calls past their deadlines"));
      }
    }
    if (options_.memory_bytes != 0 && reason.ok()) {
      const uint64_t resident = ResidentBytes(run.process->pid());
      if (resident > options_.memory_bytes) {
        reason =
            absl::UnavailableError(absl::StrCat("out of memory: ", resident >> 20, " MiB are resident, its limit is ",
                                                options_.memory_bytes >> 20, " MiB"));
      }
    }
    if (!reason.ok()) {
      {
        absl::MutexLock lock(&mu_);
        run.killed = reason;
      }
      run.process->Kill();
      return reason;
    }
    if (absl::Now() < next_ping) continue;
    const absl::Time asked = absl::Now();
    next_ping = asked + tick;
    uint64_t epoch = 0;
    {
      absl::MutexLock lock(&mu_);
      epoch = epoch_;
      unanswered_since_ = std::min(unanswered_since_, asked);
    }
    run.process->Ping([weak = weak_from_this(), epoch] {
      const std::shared_ptr<SupervisedProvider> self = weak.lock();
      if (self == nullptr) return;
      absl::MutexLock lock(&self->mu_);
      if (epoch == self->epoch_) self->unanswered_since_ = absl::InfiniteFuture();
    });
  }
  // Stopping.
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(this, &SupervisedProvider::EndedOrKill));
  return absl::OkStatus();
}

void SupervisedProvider::Retire() {
  std::shared_ptr<Run> run;
  {
    absl::MutexLock lock(&mu_);
    // Nobody begins to use it any more: the state says so.
    mu_.Await(absl::Condition(this, &SupervisedProvider::NoUsers));
    run = std::move(run_);
    run_ = nullptr;
  }
  // Here and on no other thread, because it waits for the process's threads.
  run->process.reset();
}

bool SupervisedProvider::AfterFailure(absl::Time started, const absl::Status& reason) {
  const absl::Time now = clock_->Now();
  const std::optional<absl::Duration> wait = policy_.OnFailure(started, now, Random());
  {
    absl::MutexLock lock(&mu_);
    if (stopping_) return false;
    last_error_ = std::string(reason.message());
  }
  if (!wait.has_value()) {
    options_.log->Write(ActorLog::Level::kError,
                        absl::StrCat("it failed: ", reason.message(), "; it has failed too often and stays down"));
    SetState(v1::ActorInfo::QUARANTINED);
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(&stopping_));
    return false;
  }
  options_.log->Write(ActorLog::Level::kWarning,
                      absl::StrCat("it failed: ", reason.message(), "; it is started again in ",
                                   absl::FormatDuration(absl::Trunc(*wait, absl::Milliseconds(1)))));
  absl::MutexLock lock(&mu_);
  return !mu_.AwaitWithTimeout(absl::Condition(&stopping_), *wait);
}

void SupervisedProvider::BeginStop() {
  std::shared_ptr<Run> run;
  {
    absl::MutexLock lock(&mu_);
    if (stopping_) return;
    stopping_ = true;
    state_ = v1::ActorInfo::STOPPING;
    available_.store(false, std::memory_order_release);
    if (run_ != nullptr) {
      ++run_->users;
      run = run_;
    }
  }
  if (run != nullptr) {
    run->process->BeginStop();
    Unuse(*run);
  }
  if (options_.changed != nullptr) options_.changed();
}

void SupervisedProvider::FinishStop(absl::Time deadline) {
  {
    absl::MutexLock lock(&mu_);
    if (finishing_) {
      mu_.Await(absl::Condition(this, &SupervisedProvider::Joined));
      return;
    }
    finishing_ = true;
    mu_.AwaitWithDeadline(absl::Condition(this, &SupervisedProvider::EndedOrIdle), deadline);
    mu_.AwaitWithDeadline(absl::Condition(this, &SupervisedProvider::EndedOrKill),
                          std::min(deadline, absl::Now() + kEndPatience));
    kill_ = true;
  }
  if (thread_.joinable()) thread_.join();
  absl::MutexLock lock(&mu_);
  joined_ = true;
}

v1::ActorInfo SupervisedProvider::Info() const {
  v1::ActorInfo info;
  info.set_name(options_.name);
  info.set_code(options_.code);
  info.set_isolation(v1::ActorManifest::PROCESS);
  info.set_outstanding(outstanding());
  absl::MutexLock lock(&mu_);
  info.set_state(state_);
  info.set_restarts(restarts_);
  info.set_last_error(last_error_);
  if (run_ != nullptr && run_->process != nullptr) {
    info.set_pid(run_->process->pid());
    for (const std::string& hold : run_->process->confinement()) info.add_confinement(hold);
  }
  return info;
}

}  // namespace paranet
