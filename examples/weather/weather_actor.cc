// The actor: two handlers and the one line that exports them.
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "examples/weather/weather.paranet.h"
#include "examples/weather/weather_table.h"

namespace weather::v1 {
namespace {

using paranet::actor::CallContext;
using paranet::actor::Writer;

constexpr uint32_t kMostReports = 1'000'000;

class WeatherActor final : public WeatherSkillSet {
 public:
  absl::StatusOr<CurrentResponse> Current(CallContext&, const CurrentRequest& request) override {
    return Report(request.city(), 0);
  }

  absl::Status Watch(CallContext& call, const WatchRequest& request, Writer<CurrentResponse>& writer) override {
    if (request.count() == 0 || request.count() > kMostReports) {
      return absl::InvalidArgumentError("count must be between 1 and 1000000");
    }
    const absl::Duration interval = absl::Milliseconds(request.interval_ms());
    for (uint32_t i = 0; i < request.count(); ++i) {
      absl::StatusOr<CurrentResponse> report = Report(request.city(), i);
      if (!report.ok()) return report.status();
      const bool pause = i > 0 && interval > absl::ZeroDuration();
      if ((pause && !call.SleepFor(interval)) || !writer.Write(*report)) {
        return absl::CancelledError("the caller has stopped watching");
      }
    }
    return absl::OkStatus();
  }
};

}  // namespace
}  // namespace weather::v1

const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  return paranet::actor::ExportActor<weather::v1::WeatherActor, weather::v1::WeatherSkillSet>(host_abi_version);
}
