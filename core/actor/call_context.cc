#include "core/actor/call_context.h"

#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"

namespace paranet::actor {
namespace {

paranet_text Text(absl::string_view view) { return {view.data(), view.size()}; }
absl::string_view View(paranet_text text) { return {text.data == nullptr ? "" : text.data, text.size}; }

}  // namespace

std::optional<std::string> ActorContext::Config(absl::string_view key) const {
  paranet_text value;
  if (host_->config(host_, Text(key), &value) == 0) return std::nullopt;
  return std::string(View(value));
}

void ActorContext::Log(LogLevel level, absl::string_view text) const {
  host_->log(host_, static_cast<int32_t>(level), Text(text));
}

absl::string_view CallContext::caller() const { return View(host_->caller(host_, call_)); }

absl::Time CallContext::deadline() const {
  const int64_t micros = host_->deadline(host_, call_);
  return micros == std::numeric_limits<int64_t>::max() ? absl::InfiniteFuture() : absl::FromUnixMicros(micros);
}

std::optional<absl::string_view> CallContext::Metadata(absl::string_view key, size_t index) const {
  paranet_text value;
  if (host_->metadata(host_, call_, Text(key), index, &value) == 0) return std::nullopt;
  return View(value);
}

bool CallContext::IsCancelled() const { return host_->is_cancelled(host_, call_) != 0; }

bool CallContext::SleepFor(absl::Duration time) {
  return host_->wait(host_, call_, absl::ToInt64Microseconds(time)) != 0;
}

absl::Status CallContext::AddTrailer(absl::string_view key, absl::string_view value) {
  if (host_->add_trailer(host_, call_, Text(key), Text(value)) != 0) return absl::OkStatus();
  if (IsCancelled()) return absl::CancelledError("the call is over");
  return absl::InvalidArgumentError(absl::StrCat("\"", key, "\" with this value is no valid trailing metadata"));
}

}  // namespace paranet::actor
