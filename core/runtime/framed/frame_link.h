// How the parts of a connection to a worker send.
#ifndef PARANET_CORE_RUNTIME_FRAMED_FRAME_LINK_H_
#define PARANET_CORE_RUNTIME_FRAMED_FRAME_LINK_H_

#include "core/base/payload.h"
#include "core/worker/frame.h"

namespace paranet {

// Thread-safe.
class FrameLink {
 public:
  virtual ~FrameLink() = default;
  // Sends the frame, with `payload` as its payload; never blocks. Of a connection that is gone nothing happens.
  virtual void Send(const Frame& frame, const Payload& payload) = 0;
  void Send(const Frame& frame) { Send(frame, Payload()); }
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_FRAMED_FRAME_LINK_H_
