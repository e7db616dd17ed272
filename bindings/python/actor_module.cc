#include "bindings/python/actor_module.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "bindings/python/decode.h"
#include "bindings/python/gil.h"
#include "pybind11/stl.h"

namespace paranet::python {
namespace {

namespace py = pybind11;

constexpr int32_t kCancelled = 1;
constexpr int32_t kInvalidArgument = 3;
constexpr int32_t kInternal = 13;

// The module that create() is for; the ABI gives it nothing to tell by.
std::atomic<ActorModule*>& Served() {
  static std::atomic<ActorModule*> module = nullptr;
  return module;
}

paranet_text Text(absl::string_view view) { return {view.data(), view.size()}; }

std::vector<MethodPlan> MethodsOf(const py::list& described, const MessagePlans& messages) {
  std::vector<MethodPlan> methods;
  for (const py::handle item : described) {
    const auto tuple = item.cast<py::tuple>();
    MethodPlan method;
    method.path = tuple[0].cast<std::string>();
    if (tuple[1].cast<bool>()) method.shape |= PARANET_CLIENT_STREAMS;
    if (tuple[2].cast<bool>()) method.shape |= PARANET_SERVER_STREAMS;
    method.is_async = tuple[3].cast<bool>();
    method.request = &messages.at(tuple[4].cast<size_t>());
    method.response = &messages.at(tuple[5].cast<size_t>());
    method.function = tuple[6];
    method.arguments = tuple[7].cast<std::vector<int>>();
    const auto keywords = tuple[8].cast<py::tuple>();
    method.keywords = keywords.empty() ? py::reinterpret_steal<py::tuple>(py::handle()) : keywords;
    method.name = tuple[9].cast<std::string>();
    methods.push_back(std::move(method));
  }
  return methods;
}

// Answers when it goes, unless somebody else will.
struct Answer {
  CallError error;
  std::string response;
  bool later = false;
};

}  // namespace

struct ActorModule::Instance {
  ActorModule& module;
  const paranet_host* const host;
};

ActorModule::ActorModule(const py::dict& plan, ActorHooks hooks)
    : messages_(plan["messages"].cast<py::list>()),
      methods_(MethodsOf(plan["methods"].cast<py::list>(), messages_)),
      hooks_(std::move(hooks)),
      lock_(hooks_.lock.is_none() ? nullptr : hooks_.lock.cast<ActorLock*>()),
      table_{.struct_size = sizeof(paranet_module),
             .abi_version = PARANET_ABI_VERSION,
             .method_size = sizeof(paranet_method),
             .create = &Create,
             .unary = &Unary,
             .stream = &Stream,
             .stop = nullptr,
             .destroy = &Destroy} {
  for (const MethodPlan& method : methods_)
    table_methods_.push_back({.path = Text(method.path), .shape = method.shape});
  table_.methods = table_methods_.data();
  table_.method_count = table_methods_.size();
  ActorModule* none = nullptr;
  if (!Served().compare_exchange_strong(none, this)) throw std::runtime_error("a process serves one module");
}

ActorModule::~ActorModule() { Served() = nullptr; }

paranet_instance* ActorModule::Create(const paranet_host* host, paranet_text, const paranet_option*, size_t, char*,
                                      size_t) {
  return reinterpret_cast<paranet_instance*>(new Instance{.module = *Served(), .host = host});
}

void ActorModule::Destroy(paranet_instance* instance) { delete reinterpret_cast<Instance*>(instance); }

CallError ActorModule::ErrorOf(py::error_already_set& error) const {
  try {
    if (error.trace()) PyException_SetTraceback(error.value().ptr(), error.trace().ptr());
    const auto described = hooks_.describe_error(error.value()).cast<std::pair<int32_t, std::string>>();
    return {.code = described.first, .text = described.second};
  } catch (const std::exception&) {
    return {.code = kInternal, .text = "the actor raised an exception that has no text"};
  }
}

py::object ActorModule::CallFunction(const MethodPlan& method, absl::string_view request,
                                     const std::shared_ptr<ActorCall>& call) const {
  absl::InlinedVector<py::object, 8> values(
      method.request->form == MessageForm::kArguments ? method.request->fields.size() : 0);
  if ((method.shape & PARANET_CLIENT_STREAMS) == 0) {
    const absl::Status status = DecodeFields(*method.request, request, absl::MakeSpan(values));
    if (!status.ok()) {
      absl::string_view why = status.message();
      if (why[0] == ':') why.remove_prefix(2);
      RaiseError(kInvalidArgument, absl::StrCat("the request of ", method.name, ": ", why));
    }
  }
  absl::InlinedVector<py::object, 8> arguments;
  for (const int argument : method.arguments) {
    if (argument == kContextArgument) {
      arguments.push_back(hooks_.context(call));
    } else if (argument == kRequestsArgument && method.is_async) {
      arguments.push_back(hooks_.event_loop.attr("requests")(call));
    } else if (argument == kRequestsArgument) {
      arguments.push_back(py::cast(call));
    } else {
      arguments.push_back(values[static_cast<size_t>(argument)]);
    }
  }
  const size_t by_name = method.keywords ? method.keywords.size() : 0;
  absl::InlinedVector<PyObject*, 8> pointers;
  for (const py::object& argument : arguments) pointers.push_back(argument.ptr());
  PyObject* const result =
      PyObject_Vectorcall(method.function.ptr(), pointers.data(), pointers.size() - by_name, method.keywords.ptr());
  if (result == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(result);
}

void ActorModule::Unary(paranet_instance* instance, size_t index, paranet_call call, paranet_bytes request) {
  const Instance& self = *reinterpret_cast<Instance*>(instance);
  const ActorModule& module = self.module;
  const MethodPlan& method = module.methods_[index];
  const absl::string_view bytes(request.data == nullptr ? "" : static_cast<const char*>(request.data), request.size);
  Answer answer;
  {
    const ActorLock::Holder holder(module.lock_);
    const Gil gil;
    const auto actor_call = std::make_shared<ActorCall>(self.host, call, &method, module.lock_);
    try {
      const py::object result = module.CallFunction(method, bytes, actor_call);
      if (method.is_async) {
        answer.later = true;
        module.hooks_.event_loop.attr("submit")(result, actor_call);
      } else {
        answer.response = actor_call->EncodeResponse(result);
      }
    } catch (py::error_already_set& error) {
      answer.later = false;
      answer.error = module.ErrorOf(error);
    } catch (const std::exception& error) {
      answer.later = false;
      answer.error = {.code = kInternal, .text = error.what()};
    }
  }
  if (answer.later) return;
  self.host->respond(self.host, call, answer.error.code, Text(answer.error.text),
                     {answer.response.data(), answer.response.size()});
}

void ActorModule::RunStream(const MethodPlan& method, const std::shared_ptr<ActorCall>& call,
                            absl::string_view request) const {
  const py::object result = CallFunction(method, request, call);
  if ((method.shape & PARANET_SERVER_STREAMS) == 0) {
    call->Write(result);
    return;
  }
  const auto iterator = py::reinterpret_steal<py::object>(PyObject_GetIter(result.ptr()));
  if (!iterator) throw py::error_already_set();
  while (true) {
    const auto item = py::reinterpret_steal<py::object>(PyIter_Next(iterator.ptr()));
    if (!item) {
      if (PyErr_Occurred() != nullptr) throw py::error_already_set();
      return;
    }
    if (call->Write(item)) continue;
    // Lets a generator run its `finally`, now and not when somebody collects garbage.
    if (py::hasattr(iterator, "close")) iterator.attr("close")();
    RaiseError(kCancelled, "the call is over");
  }
}

void ActorModule::Stream(paranet_instance* instance, size_t index, paranet_call call) {
  const Instance& self = *reinterpret_cast<Instance*>(instance);
  const ActorModule& module = self.module;
  const MethodPlan& method = module.methods_[index];
  CallError end;
  // Async functions run on the event loop's thread, which holds the lock by itself.
  ActorLock* const lock = method.is_async ? nullptr : module.lock_;
  std::string request;
  if ((method.shape & PARANET_CLIENT_STREAMS) == 0) {
    paranet_bytes message{nullptr, 0};
    if (self.host->read(self.host, call, &message) == 0) {
      end = {.code = kCancelled, .text = "the call was over before its request came"};
    } else if (message.size > 0) {
      request = std::string(static_cast<const char*>(message.data), message.size);
    }
  }
  if (end.code == 0) {
    const ActorLock::Holder holder(lock);
    const Gil gil;
    const auto actor_call = std::make_shared<ActorCall>(self.host, call, &method, lock);
    try {
      if (method.is_async) {
        module.hooks_.event_loop.attr("stream")(module.CallFunction(method, request, actor_call), actor_call,
                                                (method.shape & PARANET_SERVER_STREAMS) != 0,
                                                (method.shape & PARANET_CLIENT_STREAMS) != 0);
      } else {
        module.RunStream(method, actor_call, request);
      }
    } catch (py::error_already_set& error) {
      end = module.ErrorOf(error);
    } catch (const std::exception& error) {
      end = {.code = kInternal, .text = error.what()};
    }
  }
  self.host->finish(self.host, call, end.code, Text(end.text));
}

}  // namespace paranet::python
