#include "examples/chat/room.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace chat::v1 {

void Ear::Hear(const Line& line) {
  absl::MutexLock lock(&mu_);
  if (closed_) return;
  if (lines_.size() < kMaxLines) {
    lines_.push_back(line);
    return;
  }
  closed_ = true;
  status_ = absl::ResourceExhaustedError(absl::StrCat(kMaxLines, " lines wait and you do not listen"));
}

void Ear::Close(absl::Status status) {
  absl::MutexLock lock(&mu_);
  if (std::exchange(closed_, true)) return;
  status_ = std::move(status);
}

bool Ear::Take(Line* line) {
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(this, &Ear::Ready));
  if (lines_.empty()) return false;
  *line = std::move(lines_.front());
  lines_.pop_front();
  return true;
}

absl::Status Ear::status() const {
  absl::MutexLock lock(&mu_);
  return status_;
}

std::shared_ptr<Ear> Room::Enter() {
  auto ear = std::make_shared<Ear>();
  absl::MutexLock lock(&mu_);
  ears_.push_back(ear);
  return ear;
}

void Room::Leave(const std::shared_ptr<Ear>& ear) {
  absl::MutexLock lock(&mu_);
  ears_.erase(std::remove(ears_.begin(), ears_.end(), ear), ears_.end());
}

void Room::Say(const Line& line, const std::shared_ptr<Ear>& speaker) {
  absl::MutexLock lock(&mu_);
  for (const std::shared_ptr<Ear>& ear : ears_) {
    if (ear != speaker) ear->Hear(line);
  }
}

void Room::Close() {
  absl::MutexLock lock(&mu_);
  for (const std::shared_ptr<Ear>& ear : ears_) ear->Close(absl::UnavailableError("the room is closed"));
}

}  // namespace chat::v1
