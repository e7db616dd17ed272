#include "core/runtime/actor_log.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "core/package/utf8.h"

namespace paranet {
namespace {

constexpr size_t kMaxLine = 4'096;
// Into the node's log.
constexpr double kLinesPerSecond = 1'000;
constexpr double kBurst = 2'000;

spdlog::level::level_enum NodeLevel(ActorLog::Level level) {
  switch (level) {
    case ActorLog::Level::kDebug:
      return spdlog::level::debug;
    case ActorLog::Level::kInfo:
    case ActorLog::Level::kStdout:
      return spdlog::level::info;
    case ActorLog::Level::kWarning:
    case ActorLog::Level::kStderr:
      return spdlog::level::warn;
    case ActorLog::Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// What an actor writes must not look like a line of the node's.
std::string Sound(absl::string_view line) {
  std::string text(line.substr(0, kMaxLine));
  const size_t sound = SoundUtf8Prefix(text, "\t");
  if (text.size() < line.size() && sound + 4 > kMaxLine) text.resize(sound);  // Cut within a character.
  if (sound < text.size()) text = absl::CHexEscape(text);
  return line.size() > kMaxLine ? absl::StrCat(text, "...") : text;
}

}  // namespace

void ActorLog::Write(Level level, absl::string_view text) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  absl::MutexLock lock(&mu_);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) WriteLine(level, line);
}

void ActorLog::WriteLine(Level level, absl::string_view line) {
  const absl::Time now = absl::Now();
  std::string text = Sound(line);
  tokens_ = refilled_ == absl::InfinitePast()
                ? kBurst
                : std::min(kBurst, tokens_ + absl::ToDoubleSeconds(now - refilled_) * kLinesPerSecond);
  refilled_ = now;
  if (tokens_ >= 1) {
    tokens_ -= 1;
    if (suppressed_ != 0) {
      logger_->warn("{}: {} lines are not shown here, because they came too fast", actor_, suppressed_);
      suppressed_ = 0;
    }
    logger_->log(NodeLevel(level), "{}: {}", actor_, text);
  } else {
    ++suppressed_;
  }
  bytes_ += text.size();
  lines_.push_back({now, level, std::move(text)});
  while (lines_.size() > kMaxLines || bytes_ > kMaxBytes) {
    bytes_ -= lines_.front().text.size();
    lines_.pop_front();
    ++dropped_;
  }
}

std::vector<ActorLog::Line> ActorLog::Tail(size_t lines) const {
  absl::MutexLock lock(&mu_);
  const size_t count = lines == 0 ? lines_.size() : std::min(lines, lines_.size());
  return std::vector<Line>(lines_.end() - static_cast<std::ptrdiff_t>(count), lines_.end());
}

uint64_t ActorLog::dropped() const {
  absl::MutexLock lock(&mu_);
  return dropped_;
}

}  // namespace paranet
