// A typed unary call of 64 bytes from one actor to another in the same node, against a request and its response between
// two actors of CAF (www.actor-framework.org), which is what people use who want fast actors in C++; and the memory of
// a thousand idle actors.
//
//   apt-get install libcaf-dev g++
//   bazel run -c opt //tests/bench:actor_call
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/base/status.h"
#include "core/routing/node_skill_caller.h"
#include "core/routing/router.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/library_module.h"
#include "core/runtime/native_provider.h"
#include "core/skill/catalogue.h"
#include "core/skill/skill_set.h"
#include "tests/bench/compare.h"
#include "tests/bench/echo.paranet.h"
#include "tests/bench/echo_actors.h"

namespace paranet::bench {
namespace {

using ::bench::v1::RunRequest;
using ::bench::v1::RunResponse;
using SteadyClock = std::chrono::steady_clock;

constexpr int kRounds = 11;
constexpr uint32_t kCalls = 200'000;
// A payload of 62 bytes makes a message of 64.
constexpr uint32_t kPayload = 62;
constexpr int kIdleActors = 1'000;
// The machine's processors are shared by both sides.
constexpr int kThreads = 2;

absl::StatusOr<std::shared_ptr<const SkillSet>> LoadSkills(const std::string& service) {
  PARANET_ASSIGN_OR_RETURN(const std::string descriptors, ReadFile("tests/bench/echo.binpb"));
  return SkillSet::Create(descriptors, service);
}

// Two actors in a catalogue of their own.
class Pair {
 public:
  static absl::StatusOr<std::unique_ptr<Pair>> Create(const std::shared_ptr<ActorExecutor>& executor) {
    auto pair = std::make_unique<Pair>();
    PARANET_RETURN_IF_ERROR(pair->Add(actor::ExportActor<EchoActor, ::bench::v1::EchoSkillSet>(PARANET_ABI_VERSION),
                                      "echo", "bench.v1.Echo", executor));
    PARANET_RETURN_IF_ERROR(pair->Add(actor::ExportActor<CallerActor, ::bench::v1::CallerSkillSet>(PARANET_ABI_VERSION),
                                      "caller", "bench.v1.Caller", executor));
    return pair;
  }
  Pair() = default;
  ~Pair() {
    for (const auto& provider : providers_) catalogue_.Withdraw(provider->name());
    for (const auto& provider : providers_) provider->BeginStop();
    for (const auto& provider : providers_) provider->FinishStop(absl::InfiniteFuture());
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  // `timeout` is the deadline of the calls, which the clock must then watch.
  absl::StatusOr<RunResponse> Run(uint32_t calls, absl::Duration timeout) {
    RunRequest request;
    request.set_calls(calls);
    request.set_bytes(kPayload);
    absl::Notification ended;
    UnaryResult result;
    const absl::Time deadline = timeout == absl::InfiniteDuration() ? absl::InfiniteFuture() : absl::Now() + timeout;
    caller_->CallUnary("caller/run", {.caller = "paranet://acme/node/alpha", .deadline = deadline},
                       MakePayload(request.SerializeAsString()), [&](UnaryResult done) {
                         result = std::move(done);
                         ended.Notify();
                       });
    ended.WaitForNotification();
    PARANET_RETURN_IF_ERROR(result.status);
    RunResponse response;
    response.ParseFromString(PayloadToString(result.response));
    return response;
  }

 private:
  absl::Status Add(const paranet_module* table, const std::string& id, const std::string& service,
                   const std::shared_ptr<ActorExecutor>& executor) {
    PARANET_ASSIGN_OR_RETURN(const auto module, LibraryModule::FromTable(table, id));
    PARANET_ASSIGN_OR_RETURN(
        const std::shared_ptr<NativeProvider> provider,
        NativeProvider::Start(module, {.id = id, .name = absl::StrCat(id, "@1.0.0"), .caller = caller_}, executor,
                              MakeNullLogger()));
    providers_.push_back(provider);
    PARANET_ASSIGN_OR_RETURN(std::shared_ptr<const SkillSet> skills, LoadSkills(service));
    return catalogue_.Offer(provider, {std::move(skills)});
  }

  Catalogue catalogue_;
  const Router router_{&catalogue_};
  const std::shared_ptr<SkillCaller> caller_ = std::make_shared<NodeSkillCaller>(&router_);
  std::vector<std::shared_ptr<NativeProvider>> providers_;
};

// What `command` prints.
absl::StatusOr<std::string> Output(const std::string& command) {
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return absl::InternalError(absl::StrCat("cannot run ", command));
  std::string output;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output.push_back(static_cast<char>(c));
  const int status = ::pclose(pipe);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return absl::InternalError(absl::StrCat(command, " fails"));
  return output;
}

// The program of caf_call.cc, or why there is none.
absl::StatusOr<std::string> BuildCaf() {
  PARANET_ASSIGN_OR_RETURN(std::string file, Output("mktemp"));
  file = std::string(absl::StripTrailingAsciiWhitespace(file));
  PARANET_RETURN_IF_ERROR(
      Output(absl::StrCat("g++ -O2 -std=c++17 -o ", file, " tests/bench/caf_call.cc -lcaf_core 2>&1")).status());
  return file;
}

struct Load {
  double median_us = 0;
  double calls_per_second = 0;
  double calls_per_processor_second = 0;
};

absl::StatusOr<Load> RunCaf(const std::string& program, int pairs, int outstanding) {
  PARANET_ASSIGN_OR_RETURN(const std::string output,
                           Output(absl::StrCat(program, " ", pairs, " ", outstanding, " ", kCalls, " ", kThreads)));
  Load load;
  if (std::sscanf(output.c_str(), "%lf %lf %lf", &load.median_us, &load.calls_per_second,
                  &load.calls_per_processor_second) != 3) {
    return absl::InternalError(absl::StrCat("caf_call printed ", output));
  }
  return load;
}

absl::StatusOr<Load> RunPairs(const std::vector<std::unique_ptr<Pair>>& pairs, absl::Duration timeout) {
  std::vector<absl::StatusOr<RunResponse>> responses(pairs.size());
  const std::clock_t processor_began = std::clock();
  const auto began = SteadyClock::now();
  std::vector<std::thread> threads;
  for (size_t i = 0; i < pairs.size(); ++i) {
    threads.emplace_back([&, i] { responses[i] = pairs[i]->Run(kCalls, timeout); });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
  const double processor_seconds = static_cast<double>(std::clock() - processor_began) / CLOCKS_PER_SEC;
  for (const absl::StatusOr<RunResponse>& response : responses) PARANET_RETURN_IF_ERROR(response.status());
  const double calls = static_cast<double>(kCalls) * static_cast<double>(pairs.size());
  return Load{responses[0]->median_us(), calls / seconds, calls / processor_seconds};
}

// Compares what `get` takes from a load of ours and from one of CAF's, which is given the better of one request under
// way and many.
absl::Status CompareRates(const std::vector<std::unique_ptr<Pair>>& pairs, const std::string& caf,
                          const std::string& unit, double Load::*get) {
  const Subject ours{"native actors", [&]() -> absl::StatusOr<double> {
                       PARANET_ASSIGN_OR_RETURN(const Load load, RunPairs(pairs, absl::InfiniteDuration()));
                       return load.*get;
                     }};
  const Subject theirs{"CAF", [&]() -> absl::StatusOr<double> {
                         PARANET_ASSIGN_OR_RETURN(const Load one, RunCaf(caf, kThreads, 1));
                         PARANET_ASSIGN_OR_RETURN(const Load many, RunCaf(caf, kThreads, 64));
                         return std::max(one.*get, many.*get);
                       }};
  PARANET_ASSIGN_OR_RETURN(
      const Comparison rates,
      Compare(absl::StrCat("actor to actor, 64 B, ", kThreads, " pairs, rate"), unit, ours, theirs, kRounds));
  std::printf("%s\n", ToMarkdownRow(rates).c_str());
  return absl::OkStatus();
}

int64_t ResidentKilobytes() {
  const absl::StatusOr<std::string> status = ReadFile("/proc/self/status");
  for (const absl::string_view line : absl::StrSplit(status.value_or(""), '\n')) {
    if (absl::StartsWith(line, "VmRSS:")) return std::strtoll(std::string(line.substr(6)).c_str(), nullptr, 10);
  }
  return 0;
}

absl::Status ReportMemory(const std::shared_ptr<ActorExecutor>& executor) {
  const int64_t before = ResidentKilobytes();
  PARANET_ASSIGN_OR_RETURN(
      const auto module,
      LibraryModule::FromTable(actor::ExportActor<EchoActor, ::bench::v1::EchoSkillSet>(PARANET_ABI_VERSION), "echo"));
  std::vector<std::shared_ptr<NativeProvider>> actors;
  for (int i = 0; i < kIdleActors; ++i) {
    PARANET_ASSIGN_OR_RETURN(actors.emplace_back(),
                             NativeProvider::Start(module, {.id = "echo", .name = absl::StrCat("echo@1.0.", i)},
                                                   executor, MakeNullLogger()));
  }
  const int64_t actors_only = ResidentKilobytes();
  std::vector<std::shared_ptr<const SkillSet>> skills;
  for (int i = 0; i < kIdleActors; ++i) {
    PARANET_ASSIGN_OR_RETURN(skills.emplace_back(), LoadSkills("bench.v1.Echo"));
  }
  std::printf("%d idle actors: %.1f MB; with the skill sets of %d packages: %.1f MB\n", kIdleActors,
              static_cast<double>(actors_only - before) / 1024, kIdleActors,
              static_cast<double>(ResidentKilobytes() - before) / 1024);
  return absl::OkStatus();
}

absl::Status Run() {
  std::printf("%s\n", DescribeMachine().c_str());
  const auto executor = std::make_shared<ActorExecutor>();
  PARANET_RETURN_IF_ERROR(ReportMemory(executor));
  std::vector<std::unique_ptr<Pair>> pairs;
  for (int i = 0; i < kThreads; ++i) {
    PARANET_ASSIGN_OR_RETURN(pairs.emplace_back(), Pair::Create(executor));
  }
  for (const absl::Duration timeout : {absl::InfiniteDuration(), absl::Duration(absl::Minutes(5))}) {
    PARANET_RETURN_IF_ERROR(pairs[0]->Run(kCalls, timeout).status());
    PARANET_ASSIGN_OR_RETURN(const RunResponse alone, pairs[0]->Run(kCalls, timeout));
    std::printf("actor to actor, 64 B, %s: median %.3f us, %.0f calls/s on one thread\n",
                timeout == absl::InfiniteDuration() ? "no deadline" : "with a deadline", alone.median_us(),
                kCalls / alone.seconds());
  }
  const absl::StatusOr<std::string> caf = BuildCaf();
  if (!caf.ok()) {
    std::printf("SKIPPED: the comparison with CAF, because it cannot be built: %s\n  apt-get install libcaf-dev g++\n",
                std::string(caf.status().message()).c_str());
    return absl::OkStatus();
  }
  const Subject latency{"native actors", [&]() -> absl::StatusOr<double> {
                          PARANET_ASSIGN_OR_RETURN(const RunResponse run,
                                                   pairs[0]->Run(kCalls, absl::InfiniteDuration()));
                          return run.median_us();
                        }};
  const Subject caf_latency{"CAF", [&]() -> absl::StatusOr<double> {
                              PARANET_ASSIGN_OR_RETURN(const Load load, RunCaf(*caf, 1, 1));
                              return load.median_us;
                            }};
  PARANET_ASSIGN_OR_RETURN(const Comparison latencies, Compare("actor to actor, 64 B, one at a time, median latency",
                                                               "us", latency, caf_latency, kRounds));
  std::printf("%s\n", ToMarkdownRow(latencies).c_str());
  PARANET_RETURN_IF_ERROR(CompareRates(pairs, *caf, "calls/s", &Load::calls_per_second));
  // What counts on a machine that does something else, too.
  PARANET_RETURN_IF_ERROR(CompareRates(pairs, *caf, "calls per processor second", &Load::calls_per_processor_second));
  std::remove(caf->c_str());
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
