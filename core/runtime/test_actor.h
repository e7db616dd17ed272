// An actor in the test's own program: the C ABI's weather module, whose handlers the test writes.
#ifndef PARANET_CORE_RUNTIME_TEST_ACTOR_H_
#define PARANET_CORE_RUNTIME_TEST_ACTOR_H_

#include <atomic>
#include <cstddef>
#include <cstring>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include "core/actor/abi.h"

namespace paranet {

// Finds its way through the ABI by the option `self`, which Config() gives. One instance at a time; outlives it.
class TestActor {
 public:
  // The index in Methods of the skills of paranet::WeatherSkillSet().
  enum { kCurrent = 0, kReport = 1, kWatch = 2, kChat = 3 };

  std::function<void(paranet_call call, const std::string& request)> unary = [](paranet_call, const std::string&) {};
  std::function<void(size_t method, paranet_call call)> stream = [](size_t, paranet_call) {};
  std::function<void()> stop = [] {};
  // The host, while the actor runs.
  const paranet_host* host = nullptr;
  std::atomic<int> created = 0;
  std::atomic<int> stopped = 0;
  std::atomic<int> destroyed = 0;

  std::map<std::string, std::string> Config() const {
    const TestActor* self = this;
    return {{"self", std::string(reinterpret_cast<const char*>(&self), kPointerSize)}};
  }

  // Short forms of the host's functions.
  void Respond(paranet_call call, std::string_view response) {
    host->respond(host, call, 0, {nullptr, 0}, {response.data(), response.size()});
  }
  void Fail(paranet_call call, int32_t code, std::string_view message) {
    host->respond(host, call, code, {message.data(), message.size()}, {nullptr, 0});
  }
  bool Read(paranet_call call, std::string* message) {
    paranet_bytes bytes;
    if (host->read(host, call, &bytes) == 0) return false;
    message->assign(static_cast<const char*>(bytes.data), bytes.size);
    return true;
  }
  bool Write(paranet_call call, std::string_view message) {
    return host->write(host, call, {message.data(), message.size()}) != 0;
  }
  void Finish(paranet_call call, int32_t code = 0) { host->finish(host, call, code, {nullptr, 0}); }

  static const paranet_module* Module() {
    static constexpr std::string_view kPaths[] = {"/weather.v1.Weather/Current", "/weather.v1.Weather/Report",
                                                  "/weather.v1.Weather/Watch", "/weather.v1.Weather/Chat"};
    static const paranet_method methods[] = {
        {{kPaths[0].data(), kPaths[0].size()}, 0},
        {{kPaths[1].data(), kPaths[1].size()}, PARANET_CLIENT_STREAMS},
        {{kPaths[2].data(), kPaths[2].size()}, PARANET_SERVER_STREAMS},
        {{kPaths[3].data(), kPaths[3].size()}, PARANET_CLIENT_STREAMS | PARANET_SERVER_STREAMS},
    };
    static const paranet_module module = {
        .struct_size = sizeof(paranet_module),
        .abi_version = PARANET_ABI_VERSION,
        .method_size = sizeof(paranet_method),
        .methods = methods,
        .method_count = std::size(methods),
        .create = &Create,
        .unary =
            [](paranet_instance* self, size_t, paranet_call call, paranet_bytes request) {
              Of(self).unary(call, std::string(static_cast<const char*>(request.data), request.size));
            },
        .stream = [](paranet_instance* self, size_t method, paranet_call call) { Of(self).stream(method, call); },
        .stop =
            [](paranet_instance* self) {
              ++Of(self).stopped;
              Of(self).stop();
            },
        .destroy = [](paranet_instance* self) { ++Of(self).destroyed; },
    };
    return &module;
  }

 private:
  static constexpr size_t kPointerSize = sizeof(void*);

  static TestActor& Of(paranet_instance* self) { return *reinterpret_cast<TestActor*>(self); }

  static paranet_instance* Create(const paranet_host* host, paranet_text, const paranet_option* options, size_t count,
                                  char*, size_t) {
    for (size_t i = 0; i < count; ++i) {
      if (std::string_view(options[i].key.data, options[i].key.size) != "self") continue;
      TestActor* self = nullptr;
      std::memcpy(static_cast<void*>(&self), options[i].value.data, kPointerSize);
      self->host = host;
      ++self->created;
      return reinterpret_cast<paranet_instance*>(self);
    }
    return nullptr;
  }
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_TEST_ACTOR_H_
