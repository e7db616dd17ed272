// A module with decorated functions, behind the C ABI of actors (core/actor/abi.h).
#ifndef PARANET_BINDINGS_PYTHON_ACTOR_MODULE_H_
#define PARANET_BINDINGS_PYTHON_ACTOR_MODULE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bindings/python/actor_call.h"
#include "bindings/python/actor_lock.h"
#include "bindings/python/message_plan.h"
#include "core/actor/abi.h"
#include "pybind11/pybind11.h"

namespace paranet::python {

// What the Python side of the runtime has for the C++ side (paranet/_serve.py).
struct ActorHooks {
  // paranet.actor.Context: makes what the function is given, of a Call.
  pybind11::object context;
  // Of an exception: (code, text).
  pybind11::object describe_error;
  // Runs async functions: submit(function, arguments, keywords, call), stream(...). None if there are none.
  pybind11::object event_loop;
  // None, or the ActorLock of an actor that has async functions and serves one call at a time.
  pybind11::object lock;
};

// One in a process, because the ABI's create() knows no module; made and destroyed with the GIL.
class ActorModule {
 public:
  // `plan`: of paranet/_plan.py. Raises what pybind11 raises if it is not that.
  ActorModule(const pybind11::dict& plan, ActorHooks hooks);
  ~ActorModule();
  ActorModule(const ActorModule&) = delete;
  ActorModule& operator=(const ActorModule&) = delete;

  // Valid as long as this is. Its functions take the GIL by themselves: no thread may hold it that waits for them.
  const paranet_module* table() const { return &table_; }

 private:
  struct Instance;

  static paranet_instance* Create(const paranet_host* host, paranet_text id, const paranet_option* options,
                                  size_t option_count, char* error, size_t error_size);
  static void Unary(paranet_instance* instance, size_t method, paranet_call call, paranet_bytes request);
  static void Stream(paranet_instance* instance, size_t method, paranet_call call);
  static void Destroy(paranet_instance* instance);

  // Each raises C++ exceptions for Python's.
  pybind11::object CallFunction(const MethodPlan& method, absl::string_view request,
                                const std::shared_ptr<ActorCall>& call) const;
  void RunStream(const MethodPlan& method, const std::shared_ptr<ActorCall>& call, absl::string_view request) const;
  // What went wrong, of the exception that has just been caught.
  CallError ErrorOf(pybind11::error_already_set& error) const;

  MessagePlans messages_;
  std::vector<MethodPlan> methods_;
  std::vector<paranet_method> table_methods_;
  const ActorHooks hooks_;
  ActorLock* const lock_;
  paranet_module table_;
};

}  // namespace paranet::python

#endif  // PARANET_BINDINGS_PYTHON_ACTOR_MODULE_H_
