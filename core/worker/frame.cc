#include "core/worker/frame.h"

#include <algorithm>
#include <cstring>

#include "absl/base/internal/endian.h"
#include "absl/strings/str_cat.h"

namespace paranet {
namespace {

constexpr size_t kFirstRoom = size_t{64} << 10;
constexpr size_t kLeastRoom = size_t{16} << 10;
constexpr size_t kKept = size_t{1} << 20;

// What a type of frame may have.
enum Part : uint32_t {
  kFromNode = 1,
  kFromWorker = 2,
  // From who began the call, or from the other side: `outgoing` tells who that is.
  kFromBeginner = 4,
  kFromOther = 8,
  kHasCode = 16,
  kHasParent = 32,
  kHasNumber = 64,
  kHasText = 128,
  kHasList = 256,
  kHasPayload = 512,
  kOfCall = kFromBeginner | kFromOther,
};

struct Rule {
  const char* name;
  uint32_t parts;
};

constexpr Rule kRules[] = {
    {"", 0},
    {"start", kFromNode | kHasCode | kHasText | kHasList},
    {"ready", kFromWorker | kHasList},
    {"failed", kFromWorker | kHasText},
    {"call", kFromBeginner | kHasCode | kHasParent | kHasNumber | kHasText | kHasList | kHasPayload},
    {"respond", kFromOther | kHasCode | kHasText | kHasList | kHasPayload},
    {"open", kFromBeginner | kHasCode | kHasParent | kHasNumber | kHasText | kHasList},
    {"message", kFromBeginner | kFromOther | kHasPayload},
    {"half-close", kFromBeginner},
    {"finish", kFromOther | kHasCode | kHasText | kHasList},
    {"cancel", kFromBeginner},
    {"credit", kFromBeginner | kFromOther | kHasCode | kHasNumber},
    {"log", kFromWorker | kHasCode | kHasText},
    {"ping", kFromNode | kHasNumber},
    {"pong", kFromWorker | kHasNumber},
    {"stop", kFromNode},
};

template <typename T>
T Load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof(value));
  if constexpr (sizeof(T) == 2) return static_cast<T>(absl::little_endian::ToHost16(static_cast<uint16_t>(value)));
  if constexpr (sizeof(T) == 4) return static_cast<T>(absl::little_endian::ToHost32(static_cast<uint32_t>(value)));
  if constexpr (sizeof(T) == 8) return static_cast<T>(absl::little_endian::ToHost64(static_cast<uint64_t>(value)));
}

void Store16(char* at, uint16_t value) { absl::little_endian::Store16(at, value); }
void Store32(char* at, size_t value) { absl::little_endian::Store32(at, static_cast<uint32_t>(value)); }
void Store64(char* at, uint64_t value) { absl::little_endian::Store64(at, value); }

// Whether `sender` may send this frame with these parts.
absl::Status Check(const Frame& frame, const Rule& rule, FrameSender sender) {
  const bool of_call = (rule.parts & kOfCall) != 0;
  const bool from_node = sender == FrameSender::kNode;
  const bool beginner = from_node != frame.outgoing;
  const uint32_t from = of_call ? (beginner ? kFromBeginner : kFromOther) : (from_node ? kFromNode : kFromWorker);
  const char* wrong = nullptr;
  if ((rule.parts & from) == 0) {
    wrong = "is not for this side to send";
  } else if (frame.outgoing && !of_call) {
    wrong = "has a flag that it must not have";
  } else if (of_call != (frame.call != 0)) {
    wrong = of_call ? "has no call" : "has a call, which it must not have";
  } else if (frame.code != 0 && (rule.parts & kHasCode) == 0) {
    wrong = "has a code, which it must not have";
  } else if (frame.parent != 0 && ((rule.parts & kHasParent) == 0 || !frame.outgoing)) {
    wrong = "has a parent, which it must not have";
  } else if (frame.number != 0 && (rule.parts & kHasNumber) == 0) {
    wrong = "has a number, which it must not have";
  } else if (!frame.text.empty() && (rule.parts & kHasText) == 0) {
    wrong = "has a text, which it must not have";
  } else if (!frame.list.empty() && (rule.parts & kHasList) == 0) {
    wrong = "has a list, which it must not have";
  } else if (!frame.payload.empty() && (rule.parts & kHasPayload) == 0) {
    wrong = "has a payload, which it must not have";
  } else if ((rule.parts & kFromOther) != 0 && (rule.parts & kHasText) != 0 && frame.code > kMaxStatusCode) {
    wrong = "has a status code that there is not";
  } else if (frame.type == FrameType::kRespond && frame.code != 0 && !frame.payload.empty()) {
    wrong = "has a response beside an error";
  } else if (frame.type == FrameType::kLog && frame.code > 3) {
    wrong = "has a level that there is not";
  } else if (frame.type == FrameType::kStart && frame.code > 1) {
    wrong = "has a concurrency that there is not";
  } else if (frame.outgoing && (rule.parts & kHasParent) != 0 && frame.code != 0) {
    wrong = "has a method, which it must not have";
  } else if (frame.type == FrameType::kCredit && (frame.code == 0 || frame.number < 0)) {
    wrong = "gives back nothing";
  }
  if (wrong == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("a frame of type ", rule.name, " ", wrong));
}

}  // namespace

void AppendFrame(const Frame& frame, size_t payload_size, std::string& out) {
  const size_t body = frame.text.size() + frame.list.size() + payload_size;
  const size_t at = out.size();
  out.resize(at + kFrameHeaderBytes);
  char* header = out.data() + at;
  Store32(header, body);
  header[4] = static_cast<char>(frame.type);
  header[5] = frame.outgoing ? 1 : 0;
  Store16(header + 6, frame.code);
  Store64(header + 8, frame.call);
  Store64(header + 16, frame.parent);
  Store64(header + 24, static_cast<uint64_t>(frame.number));
  Store32(header + 32, frame.text.size());
  Store32(header + 36, frame.list.size());
  out.append(frame.text.data(), frame.text.size());
  out.append(frame.list.data(), frame.list.size());
}

void AppendToFrameList(absl::string_view key, absl::string_view value, std::string& list) {
  char sizes[8];
  Store32(sizes, key.size());
  Store32(sizes + 4, value.size());
  list.append(sizes, sizeof(sizes));
  list.append(key.data(), key.size());
  list.append(value.data(), value.size());
}

absl::StatusOr<FrameList> ParseFrameList(absl::string_view list) {
  FrameList entries;
  while (!list.empty()) {
    if (list.size() < 8) return absl::InvalidArgumentError("a frame's list ends within an entry");
    const size_t key = Load<uint32_t>(list.data());
    const size_t value = Load<uint32_t>(list.data() + 4);
    list.remove_prefix(8);
    if (key > list.size() || value > list.size() - key) {
      return absl::InvalidArgumentError("a frame's list ends within an entry");
    }
    entries.emplace_back(list.substr(0, key), list.substr(key, value));
    list.remove_prefix(key + value);
  }
  return entries;
}

std::pair<char*, size_t> FrameParser::Room() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    // What one large frame has taken is given back.
    if (buffer_.size() > kKept) std::string().swap(buffer_);
  }
  if (begin_ > 0 && buffer_.size() - end_ < kLeastRoom) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < kLeastRoom) buffer_.resize(std::max(kFirstRoom, 2 * buffer_.size()));
  return {buffer_.data() + end_, buffer_.size() - end_};
}

absl::StatusOr<bool> FrameParser::Next(Frame* frame) {
  const size_t there = end_ - begin_;
  if (there < kFrameHeaderBytes) return false;
  const char* header = buffer_.data() + begin_;
  const size_t size = Load<uint32_t>(header);
  const auto type = static_cast<uint8_t>(header[4]);
  const size_t text = Load<uint32_t>(header + 32);
  const size_t list = Load<uint32_t>(header + 36);
  // Before the rest has come: nobody waits for what is refused anyway.
  if (type == 0 || type >= sizeof(kRules) / sizeof(kRules[0])) {
    return absl::InvalidArgumentError(absl::StrCat("there is no type of frame ", type));
  }
  if ((static_cast<uint8_t>(header[5]) & ~1U) != 0) {
    return absl::InvalidArgumentError("a frame has flags that there are not");
  }
  if (text > kMaxFrameText || list > kMaxFrameList || size < text + list || size - text - list > kMaxFramePayload) {
    return absl::InvalidArgumentError(absl::StrCat("a frame of type ", kRules[type].name, " has a size of ", size,
                                                   " with a text of ", text, " and a list of ", list,
                                                   ", which is over the limits"));
  }
  if (there - kFrameHeaderBytes < size) return false;
  const char* body = header + kFrameHeaderBytes;
  frame->type = static_cast<FrameType>(type);
  frame->outgoing = header[5] != 0;
  frame->code = Load<uint16_t>(header + 6);
  frame->call = Load<uint64_t>(header + 8);
  frame->parent = Load<uint64_t>(header + 16);
  frame->number = Load<int64_t>(header + 24);
  frame->text = {body, text};
  frame->list = {body + text, list};
  frame->payload = {body + text + list, size - text - list};
  if (absl::Status status = Check(*frame, kRules[type], sender_); !status.ok()) return status;
  begin_ += kFrameHeaderBytes + size;
  return true;
}

}  // namespace paranet
