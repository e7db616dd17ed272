// A Python actor in its process, called by its node's side, against a bare Python gRPC server (python3-grpcio) called
// by a C++ client over a Unix socket: what one would have without us.
//
//   bazel run //tests/bench:python_actor
#include "core/runtime/python_actor.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bindings/python/runtime/python_runtime.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/base/status.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/actor_process.h"
#include "core/runtime/python_schema.h"
#include "core/skill/skill_set.h"
#include "tests/bench/compare.h"
#include "tests/bench/fixture.h"
#include "tests/bench/load_client.h"

namespace paranet::bench {
namespace {

constexpr int kRounds = 15;
constexpr int kCalls = 20'000;
constexpr int kSequentialCalls = 2'000;
constexpr int kOutstanding = 64;
// Field 1: "Ada".
constexpr char kRequest[] =
    "\x0a\x03"
    "Ada";
constexpr char kSource[] = R"(
from paranet import skill

@skill("hello/greet")
def greet(name: str) -> str:
    return "Hello, %s!" % name
)";

// Keeps a number of calls going until all are made.
class Driver {
 public:
  Driver(ActorProcess& process, std::shared_ptr<const SkillSet> skills, int calls)
      : process_(process), skills_(std::move(skills)), to_begin_(calls), to_end_(calls) {}

  absl::StatusOr<double> Run(int outstanding) {
    const absl::Time begin = absl::Now();
    for (int i = 0; i < outstanding; ++i) Begin();
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(
        +[](Driver* self) ABSL_NO_THREAD_SAFETY_ANALYSIS { return self->to_end_ <= 0 || !self->status_.ok(); }, this));
    PARANET_RETURN_IF_ERROR(status_);
    return absl::ToDoubleSeconds(absl::Now() - begin);
  }

 private:
  void Begin() {
    {
      absl::MutexLock lock(&mu_);
      if (to_begin_ == 0) return;
      --to_begin_;
    }
    CallContext context;
    context.skill_set = skills_;
    context.skill = &skills_->skills()[0];
    context.caller = "local";
    context.deadline = absl::Now() + absl::Minutes(1);
    process_.CallUnary(std::move(context), MakePayload(absl::string_view(kRequest)), [this](const UnaryResult& result) {
      Begin();
      absl::MutexLock lock(&mu_);
      --to_end_;
      status_.Update(result.status);
    });
  }

  ActorProcess& process_;
  const std::shared_ptr<const SkillSet> skills_;
  absl::Mutex mu_;
  int to_begin_ ABSL_GUARDED_BY(mu_);
  int to_end_ ABSL_GUARDED_BY(mu_);
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

absl::Status Run() {
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<Fixture> fixture, Fixture::Create());
  PARANET_RETURN_IF_ERROR(fixture
                              ->Spawn("bare", {kPythonInterpreter, "tests/bench/bare_python_server.py",
                                               "unix:" + fixture->Path("bare.sock")})
                              .status());
  PARANET_ASSIGN_OR_RETURN(const auto bare, fixture->Connect(fixture->Path("bare.sock")));

  PARANET_ASSIGN_OR_RETURN(const std::string runtime, InstallPythonRuntime(fixture->Path("runtime")));
  ProcessActorSpec spec;
  spec.name = "hello@1.0.0";
  spec.dir = fixture->Path("package");
  spec.work_dir = fixture->Path("work");
  spec.manifest.set_id("hello");
  spec.manifest.set_version("1.0.0");
  spec.manifest.set_python("hello");
  spec.executor = std::make_shared<ActorExecutor>();
  spec.log = std::make_shared<ActorLog>(spec.name, MakeStderrLogger("bench"));
  PARANET_RETURN_IF_ERROR(MakeDirectories(spec.dir));
  PARANET_RETURN_IF_ERROR(MakeDirectories(spec.work_dir));
  PARANET_RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(spec.dir, "/hello.py"), kSource));
  PARANET_ASSIGN_OR_RETURN(const std::string descriptors, DescribePythonModule(runtime, spec.dir, "hello"));
  PARANET_ASSIGN_OR_RETURN(const auto skills, SkillSet::Create(descriptors, "hello.v1.Hello"));
  spec.skill_sets = {skills};
  PARANET_ASSIGN_OR_RETURN(const StartActorProcess start, MakePythonActor(spec, runtime));
  const absl::Time begin = absl::Now();
  PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<ActorProcess> process, start([](const absl::Status&) {}));
  const absl::Duration started = absl::Now() - begin;

  const std::string request = kRequest;
  const std::string path = skills->skills()[0].path;
  const Subject actor_rate{"Python actor in a worker", [&]() -> absl::StatusOr<double> {
                             PARANET_ASSIGN_OR_RETURN(const double seconds,
                                                      Driver(*process, skills, kCalls).Run(kOutstanding));
                             return kCalls / seconds;
                           }};
  const Subject bare_rate{"bare Python gRPC", [&]() -> absl::StatusOr<double> {
                            PARANET_ASSIGN_OR_RETURN(const Load load,
                                                     RunLoad(bare, path, request, kSequentialCalls, kOutstanding));
                            return load.calls_per_second;
                          }};
  const Subject actor_latency{"Python actor in a worker", [&]() -> absl::StatusOr<double> {
                                PARANET_ASSIGN_OR_RETURN(const double seconds,
                                                         Driver(*process, skills, kSequentialCalls).Run(1));
                                return seconds / kSequentialCalls * 1e6;
                              }};
  const Subject bare_latency{"bare Python gRPC", [&]() -> absl::StatusOr<double> {
                               PARANET_ASSIGN_OR_RETURN(const Load load,
                                                        RunLoad(bare, path, request, kSequentialCalls, 1));
                               return 1e6 / load.calls_per_second;
                             }};
  std::printf("%s\nstart of the process until it was ready: %s\n", DescribeMachine().c_str(),
              absl::FormatDuration(started).c_str());
  PARANET_ASSIGN_OR_RETURN(const Comparison rate,
                           Compare(absl::StrCat("call of a Python actor, ", kOutstanding, " outstanding"), "calls/s",
                                   actor_rate, bare_rate, kRounds));
  std::printf("%s\n", ToMarkdownRow(rate).c_str());
  PARANET_ASSIGN_OR_RETURN(const Comparison latency, Compare("call of a Python actor, one at a time", "us",
                                                             actor_latency, bare_latency, kRounds));
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
