// The actor: each handler calls the weather's skills in another way, through the client made from weather.proto.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "examples/umbrella/umbrella.paranet.h"
#include "examples/weather/weather.paranet.h"

namespace umbrella::v1 {
namespace {

using paranet::actor::CallContext;
using weather::v1::CurrentRequest;
using weather::v1::CurrentResponse;
using weather::v1::WeatherClient;

constexpr uint32_t kReports = 50;

bool IsWet(const CurrentResponse& weather) {
  return weather.sky() == weather::v1::RAIN || weather.sky() == weather::v1::SNOW;
}

// What several calls have answered.
class Answers {
 public:
  explicit Answers(size_t count) : answers_(count), missing_(count) {}

  void Set(size_t i, absl::StatusOr<CurrentResponse> answer) {
    absl::MutexLock lock(&mu_);
    answers_[i] = std::move(answer);
    --missing_;
  }
  std::vector<absl::StatusOr<CurrentResponse>> Wait() {
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(
        +[](size_t* missing) { return *missing == 0; }, &missing_));
    return std::move(answers_);
  }

 private:
  absl::Mutex mu_;
  std::vector<absl::StatusOr<CurrentResponse>> answers_ ABSL_GUARDED_BY(mu_);
  size_t missing_ ABSL_GUARDED_BY(mu_);
};

class UmbrellaActor final : public UmbrellaSkillSet {
 public:
  // One call, and the handler waits for it.
  absl::StatusOr<AdviseResponse> Advise(CallContext& call, const AdviseRequest& request) override {
    CurrentRequest question;
    question.set_city(request.city());
    // The version that this was written for: a weather 2.0.0 may mean something else.
    const absl::StatusOr<CurrentResponse> weather = WeatherClient(call, {.version = "1"}).Current(question);
    if (!weather.ok()) return weather.status();
    AdviseResponse response;
    response.set_umbrella(IsWet(*weather));
    response.set_advice(absl::StrCat(response.umbrella() ? "Take an umbrella to " : "No umbrella in ", weather->city(),
                                     ": ", weather->celsius(), " degrees"));
    return response;
  }

  // Many calls at once.
  absl::StatusOr<AdviseTravellersResponse> AdviseTravellers(CallContext& call,
                                                            const AdviseTravellersRequest& request) override {
    const WeatherClient weather(call);
    Answers answers(static_cast<size_t>(request.cities_size()));
    for (int i = 0; i < request.cities_size(); ++i) {
      CurrentRequest question;
      question.set_city(request.cities(i));
      weather.CurrentAsync(question, [&answers, i](absl::StatusOr<CurrentResponse> answer) {
        answers.Set(static_cast<size_t>(i), std::move(answer));
      });
    }
    AdviseTravellersResponse response;
    for (const absl::StatusOr<CurrentResponse>& answer : answers.Wait()) {
      if (!answer.ok()) return answer.status();
      if (IsWet(*answer)) response.add_cities(answer->city());
    }
    return response;
  }

  // A stream, which is given up when it has said what matters.
  absl::StatusOr<AwaitRainResponse> AwaitRain(CallContext& call, const AdviseRequest& request) override {
    weather::v1::WatchRequest question;
    question.set_city(request.city());
    question.set_count(kReports);
    auto reports = WeatherClient(call).Watch(question);
    AwaitRainResponse response;
    for (CurrentResponse weather; reports.Read(weather);) {
      response.set_reports(response.reports() + 1);
      if (!IsWet(weather)) continue;
      response.set_rains(true);
      return response;
    }
    const absl::Status status = reports.Finish();
    if (!status.ok()) return status;
    return response;
  }
};

}  // namespace
}  // namespace umbrella::v1

const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  return paranet::actor::ExportActor<umbrella::v1::UmbrellaActor, umbrella::v1::UmbrellaSkillSet>(host_abi_version);
}
