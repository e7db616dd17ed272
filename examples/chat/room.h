// What is said in one room, and who hears it.
#ifndef PARANET_EXAMPLES_CHAT_ROOM_H_
#define PARANET_EXAMPLES_CHAT_ROOM_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "examples/chat/chat.pb.h"

namespace chat::v1 {

// Lines on their way to one member. Thread-safe.
class Ear {
 public:
  // Of lines that a member has not heard yet.
  static constexpr size_t kMaxLines = 100;

  // Too many lines close the ear with RESOURCE_EXHAUSTED.
  void Hear(const Line& line);
  // No more lines; those that are there may still be taken.
  void Close(absl::Status status);
  // Blocks for the next line; false when there are no more.
  bool Take(Line* line);
  // Why it was closed.
  absl::Status status() const;

 private:
  bool Ready() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return closed_ || !lines_.empty(); }

  mutable absl::Mutex mu_;
  std::deque<Line> lines_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

// Thread-safe.
class Room {
 public:
  std::shared_ptr<Ear> Enter();
  void Leave(const std::shared_ptr<Ear>& ear);
  // To all but the one who says it.
  void Say(const Line& line, const std::shared_ptr<Ear>& speaker);
  // Closes all ears: the room is closed.
  void Close();

 private:
  absl::Mutex mu_;
  std::vector<std::shared_ptr<Ear>> ears_ ABSL_GUARDED_BY(mu_);
};

}  // namespace chat::v1

#endif  // PARANET_EXAMPLES_CHAT_ROOM_H_
