// What comes from a worker, and from a node, in any bytes: never a crash, and what is accepted keeps the rules.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/status/statusor.h"
#include "core/worker/frame.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

// What was accepted is written again as it came.
std::string Feed(const uint8_t* data, size_t size, paranet::FrameSender sender, size_t step) {
  paranet::FrameParser parser(sender);
  std::string written;
  for (size_t at = 0; at < size;) {
    const auto [room, room_size] = parser.Room();
    const size_t piece = std::min({step, room_size, size - at});
    std::memcpy(room, data + at, piece);
    parser.Commit(piece);
    at += piece;
    paranet::Frame frame;
    while (true) {
      const absl::StatusOr<bool> next = parser.Next(&frame);
      if (!next.ok()) return written;
      if (!*next) break;
      Require(frame.text.size() <= paranet::kMaxFrameText && frame.list.size() <= paranet::kMaxFrameList);
      const absl::StatusOr<paranet::FrameList> list = paranet::ParseFrameList(frame.list);
      if (list.ok()) {
        std::string again;
        for (const auto& [key, value] : *list) paranet::AppendToFrameList(key, value, again);
        Require(again == frame.list);
      }
      paranet::AppendFrame(frame, written);
    }
  }
  return written;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const auto sender : {paranet::FrameSender::kNode, paranet::FrameSender::kWorker}) {
    const std::string whole = Feed(data, size, sender, size);
    Require(Feed(data, size, sender, 13) == whole);
    Require(whole.size() <= size && (whole.empty() || std::memcmp(whole.data(), data, whole.size()) == 0));
  }
  return 0;
}
