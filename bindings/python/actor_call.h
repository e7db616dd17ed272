// One call of an actor in Python, as its function and the event loop see it (paranet/actor.py, paranet/_aio.py).
#ifndef PARANET_BINDINGS_PYTHON_ACTOR_CALL_H_
#define PARANET_BINDINGS_PYTHON_ACTOR_CALL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/python/actor_lock.h"
#include "bindings/python/message_plan.h"
#include "bindings/python/outgoing_stream.h"
#include "core/actor/abi.h"
#include "pybind11/pybind11.h"

namespace paranet::python {

// What an exception is for the caller.
struct CallError {
  // 0: there is none.
  int32_t code = 0;
  std::string text;
};

// A method as paranet/_plan.py describes it. Immutable.
struct MethodPlan {
  std::string path;
  // Bits of paranet_method.shape.
  uint32_t shape = 0;
  bool is_async = false;
  const MessagePlan* request = nullptr;
  const MessagePlan* response = nullptr;
  pybind11::object function;
  // For each parameter the index of the field, kContextArgument or kRequestsArgument.
  std::vector<int> arguments;
  // The names of the last parameters, which go by name; null if there are none.
  pybind11::tuple keywords;
  // `hello/greet, greet (hello/main.py:12)`: for messages.
  std::string name;
};
// As in paranet/_schema.py.
inline constexpr int kContextArgument = -1;
inline constexpr int kRequestsArgument = -2;

// Its methods take and hold the GIL, and let go of it and of the actor's lock where they block. Safe to use after the
// call has ended, until the actor has.
class ActorCall {
 public:
  // `lock` may be null.
  ActorCall(const paranet_host* host, paranet_call call, const MethodPlan* method, ActorLock* lock)
      : host_(host), call_(call), method_(method), lock_(lock) {}
  ActorCall(const ActorCall&) = delete;
  ActorCall& operator=(const ActorCall&) = delete;

  // For Context.
  pybind11::str Caller() const;
  std::optional<double> Deadline() const;
  bool Cancelled() const;
  pybind11::list Metadata(const std::string& key) const;
  bool AddTrailer(const std::string& key, const pybind11::object& value) const;
  bool Sleep(double seconds) const;
  std::optional<std::string> Config(const std::string& key) const;
  void Log(int32_t level, const std::string& text) const;
  // Code and response, or text of the error.
  pybind11::tuple Call(const std::string& skill, const pybind11::bytes& request, std::optional<double> timeout) const;
  // `done(code, bytes)` runs on any thread.
  void CallAsync(const std::string& skill, const pybind11::bytes& request, std::optional<double> timeout,
                 const pybind11::object& done) const;
  std::unique_ptr<OutgoingStream> Open(const std::string& skill, std::optional<double> timeout) const;

  // The next request of the stream; StopIteration when there are no more. InvalidArgumentError if it is malformed.
  pybind11::object Read() const;
  // Sends a response of the stream; false when the call is over. InternalError if it is not what the hint says.
  bool Write(pybind11::handle response) const;
  // Ends a unary call with what its function returned; InternalError as above.
  void Answer(pybind11::handle response) const;
  // Ends a unary call with an error.
  void Fail(int32_t code, const std::string& text) const;

  // The response's bytes; InternalError if it is not what the hint says.
  std::string EncodeResponse(pybind11::handle response) const;

 private:
  paranet_text Text(const std::string& text) const { return {text.data(), text.size()}; }
  // When a call made now with this timeout ends, as the ABI counts.
  static int64_t DeadlineOf(std::optional<double> timeout);

  const paranet_host* const host_;
  const paranet_call call_;
  const MethodPlan* const method_;
  ActorLock* const lock_;
};

// Raises the class of paranet.errors for this code.
[[noreturn]] void RaiseError(int32_t code, const std::string& text);

// Adds the class `Call` to the module.
void DefineActorCall(pybind11::module_& module);

}  // namespace paranet::python

#endif  // PARANET_BINDINGS_PYTHON_ACTOR_CALL_H_
