// A streaming call that an actor makes of another skill (paranet/actor.py, Context.stream).
#ifndef PARANET_BINDINGS_PYTHON_OUTGOING_STREAM_H_
#define PARANET_BINDINGS_PYTHON_OUTGOING_STREAM_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "bindings/python/actor_lock.h"
#include "core/actor/abi.h"
#include "pybind11/pybind11.h"

namespace paranet::python {

// Its methods take and hold the GIL, and let go of it and of the actor's lock where they block. One thread sends and
// one receives; they may be two. Cancelled if it goes before its end.
class OutgoingStream {
 public:
  // `parent`: the call on whose behalf it is made. `deadline` as in the ABI. `lock` may be null.
  OutgoingStream(const paranet_host* host, paranet_call parent, const std::string& skill, int64_t deadline,
                 ActorLock* lock);
  ~OutgoingStream();
  OutgoingStream(const OutgoingStream&) = delete;
  OutgoingStream& operator=(const OutgoingStream&) = delete;

  // False if the call is over.
  bool Send(const pybind11::bytes& message) const;
  void CloseSend() const;
  // The next message, or nullopt when there are no more.
  std::optional<pybind11::bytes> Receive() const;
  // Waits for the end: the code, and the text of the error. Once; nothing else after it.
  pybind11::tuple Outcome();
  void Cancel() const;

 private:
  const paranet_host* const host_;
  const paranet_outgoing outgoing_;
  ActorLock* const lock_;
  std::atomic<bool> over_ = false;
};

// Adds the class `OutgoingStream` to the module.
void DefineOutgoingStream(pybind11::module_& module);

}  // namespace paranet::python

#endif  // PARANET_BINDINGS_PYTHON_OUTGOING_STREAM_H_
