// A unary call of a native actor in a worker process, by its node's side, against a bare gRPC C++ server called by a
// C++ client over a Unix socket: what one would have without us.
//
//   bazel run //tests/bench:worker_call
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/base/status.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/actor_process.h"
#include "core/runtime/library_worker.h"
#include "core/skill/skill_set.h"
#include "tests/bench/compare.h"
#include "tests/bench/fixture.h"
#include "tests/bench/load_client.h"

namespace paranet::bench {
namespace {

constexpr int kRounds = 15;
constexpr int kWorkerCalls = 100'000;
constexpr int kBareCalls = 20'000;
constexpr int kSequentialCalls = 5'000;
constexpr int kOutstanding = 64;
// CurrentRequest.city: "Oslo".
constexpr char kRequest[] =
    "\x0a\x04"
    "Oslo";

// Keeps a number of calls going until all are made.
class Driver {
 public:
  Driver(ActorProcess& process, std::shared_ptr<const SkillSet> skills, int calls)
      : process_(process), skills_(std::move(skills)), to_begin_(calls), to_end_(calls) {
    latencies_us_.reserve(static_cast<size_t>(calls));
  }

  absl::StatusOr<Load> Run(int outstanding) {
    const int calls = to_end_;
    const absl::Time begin = absl::Now();
    for (int i = 0; i < outstanding; ++i) Begin();
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(
        +[](Driver* self) ABSL_NO_THREAD_SAFETY_ANALYSIS { return self->to_end_ <= 0; }, this));
    PARANET_RETURN_IF_ERROR(status_);
    Load load;
    load.calls_per_second = calls / absl::ToDoubleSeconds(absl::Now() - begin);
    load.median_us = Percentile(latencies_us_, 0.5);
    return load;
  }

 private:
  void Begin() {
    {
      absl::MutexLock lock(&mu_);
      if (to_begin_ == 0) return;
      --to_begin_;
    }
    const absl::Time began = absl::Now();
    CallContext context;
    context.skill_set = skills_;
    context.skill = &skills_->skills()[0];
    context.caller = "local";
    process_.CallUnary(std::move(context), MakePayload(absl::string_view(kRequest)),
                       [this, began](const UnaryResult& result) {
                         const double took = absl::ToDoubleMicroseconds(absl::Now() - began);
                         Begin();
                         absl::MutexLock lock(&mu_);
                         latencies_us_.push_back(took);
                         status_.Update(result.status);
                         --to_end_;
                       });
  }

  ActorProcess& process_;
  const std::shared_ptr<const SkillSet> skills_;
  absl::Mutex mu_;
  int to_begin_ ABSL_GUARDED_BY(mu_);
  int to_end_ ABSL_GUARDED_BY(mu_);
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  std::vector<double> latencies_us_ ABSL_GUARDED_BY(mu_);
};

absl::Status Run() {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<Fixture> fixture, Fixture::Create());
  PARANET_RETURN_IF_ERROR(
      fixture->Spawn("bare", {"tests/bench/bare_server", "unix:" + fixture->Path("bare.sock")}).status());
  PARANET_ASSIGN_OR_RETURN(const auto bare, fixture->Connect(fixture->Path("bare.sock")));

  ProcessActorSpec spec;
  spec.name = "weather@1.0.0";
  spec.dir = fixture->Path("package");
  spec.work_dir = fixture->Path("work");
  spec.manifest.set_id("weather");
  spec.manifest.set_version("1.0.0");
  spec.manifest.set_library("libweather.so");
  spec.executor = std::make_shared<ActorExecutor>();
  spec.log = std::make_shared<ActorLog>(spec.name, MakeStderrLogger("bench"));
  PARANET_RETURN_IF_ERROR(MakeDirectories(spec.dir));
  PARANET_RETURN_IF_ERROR(MakeDirectories(spec.work_dir));
  PARANET_ASSIGN_OR_RETURN(const std::string library, ReadFile("examples/weather/libweather.so"));
  PARANET_RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(spec.dir, "/libweather.so"), library));
  PARANET_ASSIGN_OR_RETURN(const std::string descriptors, ReadFile("examples/weather/weather.binpb"));
  PARANET_ASSIGN_OR_RETURN(const auto skills, SkillSet::Create(descriptors, "weather.v1.Weather"));
  spec.skill_sets = {skills};
  PARANET_ASSIGN_OR_RETURN(const StartActorProcess start, MakeLibraryWorker(spec));
  const absl::Time begin = absl::Now();
  PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<ActorProcess> process, start([](const absl::Status&) {}));
  const absl::Duration started = absl::Now() - begin;

  const std::string path = skills->skills()[0].path;
  const auto subject = [&](bool worker, bool rate) {
    return Subject{worker ? "actor in a worker" : "bare gRPC C++", [&, worker, rate]() -> absl::StatusOr<double> {
                     const int outstanding = rate ? kOutstanding : 1;
                     const int calls = !rate ? kSequentialCalls : worker ? kWorkerCalls : kBareCalls;
                     PARANET_ASSIGN_OR_RETURN(const Load load, worker
                                                                   ? Driver(*process, skills, calls).Run(outstanding)
                                                                   : RunLoad(bare, path, kRequest, calls, outstanding));
                     return rate ? load.calls_per_second : load.median_us;
                   }};
  };
  std::printf("%s\nstart of a worker until it was ready: %s\n", DescribeMachine().c_str(),
              absl::FormatDuration(started).c_str());
  PARANET_ASSIGN_OR_RETURN(const Comparison rate,
                           Compare(absl::StrCat("call of an actor in a worker, ", kOutstanding, " outstanding"),
                                   "calls/s", subject(true, true), subject(false, true), kRounds));
  std::printf("%s\n", ToMarkdownRow(rate).c_str());
  PARANET_ASSIGN_OR_RETURN(const Comparison latency, Compare("call of an actor in a worker, one at a time", "us",
                                                             subject(true, false), subject(false, false), kRounds));
  std::printf("%s\n", ToMarkdownRow(latency).c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace paranet::bench

int main() {
  const absl::Status status = paranet::bench::Run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
