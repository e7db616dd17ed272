// The protocol between a node and a process that runs one of its actors: frames over one connected stream socket.
//
// Everything that either side has queued goes out with one send, and one receive takes as many frames as have come:
// under load the cost of the system calls is shared by many calls. A frame is a header of 40 bytes, all numbers
// little-endian, then a text, a list and a payload:
//
//     offset  0  u32 size     of what follows the header
//             4  u8  type
//             5  u8  flags    bit 0: about a call that the worker began (of another skill); all others 0
//             6  u16 code
//             8  u64 call
//            16  u64 parent
//            24  i64 number
//            32  u32 text     bytes of text
//            36  u32 list     bytes of list; the rest of `size` is the payload
//
// A list is a sequence of (u32 size of key, u32 size of value, key, value). What a type has no use for is 0, and a
// reader refuses it otherwise: the worker may be hostile, and a frame out of order is the end of it, with a reason.
//
// A call is begun by one side (Call, Open), has a number that is this side's choice and not 0, and is ended by the
// other (Respond, Finish), exactly once, even when it was cancelled. Streams have a window for each direction
// (window.h).
#ifndef PARANET_CORE_WORKER_FRAME_H_
#define PARANET_CORE_WORKER_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paranet {

enum class FrameType : uint8_t {
  // Node: the first frame. code: 1 if handlers may run at the same time. text: the actor's id. list: its configuration.
  kStart = 1,
  // Worker: the answer. list: path and shape ('0' to '3', the bits of paranet_method.shape) of each method, in order.
  kReady = 2,
  // Worker: the other answer; text: why it does not start.
  kFailed = 3,
  // Who begins a unary call. number: its deadline (microseconds since 1970 or INT64_MAX). payload: the request. From
  // the
  // node: code is the index of the method, text the caller's identity, list its metadata. From the worker: text is the
  // skill, parent the call on whose behalf it is made or 0.
  kCall = 4,
  // Its end. code: of the status; text: its message; list: trailing metadata; payload: the response, with code 0.
  kRespond = 5,
  // Who begins a streaming call; as kCall, without a payload.
  kOpen = 6,
  // Either side. payload: a message of a stream.
  kMessage = 7,
  // Who began it: no more messages.
  kHalfClose = 8,
  // The other side: the end of a stream; as kRespond, without a payload.
  kFinish = 9,
  // Who began the call: nobody waits for it any more.
  kCancel = 10,
  // Either side: `code` messages with `number` bytes of the stream have been used, the other may send as many again.
  kCredit = 11,
  // Worker. code: a level of abi.h; text: the line.
  kLog = 12,
  // Node: is anybody there? number: any.
  kPing = 13,
  // Worker: yes. number: the ping's. Not sent while its handlers make no progress with calls that are over already.
  kPong = 14,
  // Node: no new calls come; end when the last has ended.
  kStop = 15,
};

enum class FrameSender { kNode, kWorker };

// Views, valid as long as what they were parsed from.
struct Frame {
  FrameType type = FrameType::kPing;
  bool outgoing = false;
  uint16_t code = 0;
  uint64_t call = 0;
  uint64_t parent = 0;
  int64_t number = 0;
  absl::string_view text;
  // Encoded.
  absl::string_view list;
  absl::string_view payload;
};

// What a reader accepts.
inline constexpr size_t kFrameHeaderBytes = 40;
inline constexpr size_t kMaxFrameText = size_t{64} << 10;
inline constexpr size_t kMaxFrameList = size_t{1} << 20;
inline constexpr size_t kMaxFramePayload = size_t{64} << 20;
inline constexpr uint16_t kMaxStatusCode = 16;

// Appends the frame to `out`, header first. Where its payload is in several pieces or not at hand, give only its size
// and append it afterwards. Text, list and payload must be within the limits above.
void AppendFrame(const Frame& frame, size_t payload_size, std::string& out);
inline void AppendFrame(const Frame& frame, std::string& out) {
  AppendFrame(frame, frame.payload.size(), out);
  out.append(frame.payload.data(), frame.payload.size());
}

using FrameList = std::vector<std::pair<absl::string_view, absl::string_view>>;

void AppendToFrameList(absl::string_view key, absl::string_view value, std::string& list);
// INVALID_ARGUMENT unless `list` is made of whole entries.
absl::StatusOr<FrameList> ParseFrameList(absl::string_view list);

// Takes frames out of a stream of bytes that comes from `sender`. Not thread-safe.
class FrameParser {
 public:
  explicit FrameParser(FrameSender sender) : sender_(sender) {}

  // Room for at least one byte to read into; what was parsed before is not valid any more. The memory follows what has
  // come, not what a header announces.
  std::pair<char*, size_t> Room();
  // `size` bytes were read into it.
  void Commit(size_t size) { end_ += size; }
  // The next whole frame: true; false if there is none yet. INVALID_ARGUMENT, for good, if the bytes are no frame that
  // `sender` may send.
  absl::StatusOr<bool> Next(Frame* frame);

 private:
  const FrameSender sender_;
  std::string buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_FRAME_H_
