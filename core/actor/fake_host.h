// A host that remembers what an actor's code asks of it. For tests.
#ifndef PARANET_CORE_ACTOR_FAKE_HOST_H_
#define PARANET_CORE_ACTOR_FAKE_HOST_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/actor/abi.h"

namespace paranet::actor {

// A call of another skill, and what the fake's skill does with it.
struct FakeOutgoing {
  // As the actor gave them.
  paranet_call parent = 0;
  std::string skill;
  int64_t deadline = 0;
  std::vector<std::string> requests;
  bool send_closed = false;
  bool cancelled = false;
  bool outcome_taken = false;
  // What it gets.
  int32_t code = 0;
  std::string message;
  std::deque<std::string> responses;
};

// One call at a time, on the thread of the test. Fields are what the functions answer, and what they were given.
struct FakeHost : paranet_host {
  // What the actor's code finds.
  std::map<std::string, std::string> options;
  std::string caller_name = "anonymous";
  std::vector<std::pair<std::string, std::string>> caller_metadata;
  int64_t deadline_micros = std::numeric_limits<int64_t>::max();
  bool cancelled = false;
  std::deque<std::string> requests;
  // The skills that the actor calls: sets code, message and responses, from what it was asked. Of a unary call it runs
  // at once, of a streaming one when the actor has sent all.
  std::function<void(FakeOutgoing&)> skill = [](FakeOutgoing&) {};

  // What it did.
  std::deque<FakeOutgoing> outgoing;
  std::vector<std::pair<int32_t, std::string>> logged;
  std::vector<std::pair<std::string, std::string>> trailers;
  std::vector<int64_t> waits;
  std::vector<std::string> responses;
  int ends = 0;
  int32_t code = -1;
  std::string message;

  FakeHost() : paranet_host{} {
    struct_size = sizeof(paranet_host);
    abi_version = PARANET_ABI_VERSION;
    log = [](const paranet_host* host, int32_t level, paranet_text text) {
      Of(host).logged.emplace_back(level, Str(text));
    };
    config = [](const paranet_host* host, paranet_text key, paranet_text* value) -> int32_t {
      const auto found = Of(host).options.find(Str(key));
      if (found == Of(host).options.end()) return 0;
      *value = {found->second.data(), found->second.size()};
      return 1;
    };
    caller = [](const paranet_host* host, paranet_call) -> paranet_text {
      return {Of(host).caller_name.data(), Of(host).caller_name.size()};
    };
    metadata = [](const paranet_host* host, paranet_call, paranet_text key, size_t index,
                  paranet_text* value) -> int32_t {
      for (const auto& [name, text] : Of(host).caller_metadata) {
        if (name != Str(key) || index-- > 0) continue;
        *value = {text.data(), text.size()};
        return 1;
      }
      return 0;
    };
    deadline = [](const paranet_host* host, paranet_call) -> int64_t { return Of(host).deadline_micros; };
    is_cancelled = [](const paranet_host* host, paranet_call) -> int32_t { return Of(host).cancelled ? 1 : 0; };
    wait = [](const paranet_host* host, paranet_call, int64_t micros) -> int32_t {
      Of(host).waits.push_back(micros);
      return Of(host).cancelled ? 0 : 1;
    };
    add_trailer = [](const paranet_host* host, paranet_call, paranet_text key, paranet_text value) -> int32_t {
      if (Of(host).cancelled || key.size == 0) return 0;
      Of(host).trailers.emplace_back(Str(key), Str(value));
      return 1;
    };
    respond = [](const paranet_host* host, paranet_call, int32_t status, paranet_text text, paranet_bytes response) {
      Of(host).End(status, text);
      if (status == 0) Of(host).responses.emplace_back(static_cast<const char*>(response.data), response.size);
    };
    read = [](const paranet_host* host, paranet_call, paranet_bytes* bytes) -> int32_t {
      FakeHost& self = Of(host);
      if (self.cancelled || self.requests.empty()) return 0;
      self.reading_ = self.requests.front();
      self.requests.pop_front();
      *bytes = {self.reading_.data(), self.reading_.size()};
      return 1;
    };
    write = [](const paranet_host* host, paranet_call, paranet_bytes bytes) -> int32_t {
      if (Of(host).cancelled) return 0;
      Of(host).responses.emplace_back(static_cast<const char*>(bytes.data), bytes.size);
      return 1;
    };
    finish = [](const paranet_host* host, paranet_call, int32_t status, paranet_text text) {
      Of(host).End(status, text);
    };
    call = [](const paranet_host* host, paranet_call parent, paranet_text skill_name, int64_t by, paranet_bytes request,
              paranet_done done, void* user) {
      FakeOutgoing& ended = Of(host).Begin(parent, skill_name, by);
      ended.requests.push_back(Str(request));
      Of(host).skill(ended);
      const std::string response = ended.responses.empty() ? "" : ended.responses.front();
      done(user, ended.code, {ended.message.data(), ended.message.size()}, {response.data(), response.size()});
    };
    call_and_wait = [](const paranet_host* host, paranet_call parent, paranet_text skill_name, int64_t by,
                       paranet_bytes request, paranet_bytes* result) -> int32_t {
      FakeOutgoing& ended = Of(host).Begin(parent, skill_name, by);
      ended.requests.push_back(Str(request));
      Of(host).skill(ended);
      const std::string& text = ended.code != 0 || ended.responses.empty() ? ended.message : ended.responses.front();
      *result = {text.data(), text.size()};
      return ended.code;
    };
    open = [](const paranet_host* host, paranet_call parent, paranet_text skill_name, int64_t by) -> paranet_outgoing {
      Of(host).Begin(parent, skill_name, by);
      return Of(host).outgoing.size();
    };
    send = [](const paranet_host* host, paranet_outgoing number, paranet_bytes bytes) -> int32_t {
      FakeOutgoing& streaming = Of(host).Numbered(number);
      if (streaming.cancelled || streaming.send_closed) return 0;
      streaming.requests.push_back(Str(bytes));
      return 1;
    };
    close_send = [](const paranet_host* host, paranet_outgoing number) {
      FakeOutgoing& streaming = Of(host).Numbered(number);
      if (!std::exchange(streaming.send_closed, true)) Of(host).skill(streaming);
    };
    receive = [](const paranet_host* host, paranet_outgoing number, paranet_bytes* bytes) -> int32_t {
      FakeOutgoing& streaming = Of(host).Numbered(number);
      if (streaming.cancelled || streaming.responses.empty()) return 0;
      Of(host).received_ = streaming.responses.front();
      streaming.responses.pop_front();
      *bytes = {Of(host).received_.data(), Of(host).received_.size()};
      return 1;
    };
    outcome = [](const paranet_host* host, paranet_outgoing number, paranet_text* text) -> int32_t {
      FakeOutgoing& streaming = Of(host).Numbered(number);
      streaming.outcome_taken = true;
      *text = {streaming.message.data(), streaming.message.size()};
      return streaming.cancelled ? 1 : streaming.code;
    };
    cancel = [](const paranet_host* host, paranet_outgoing number) { Of(host).Numbered(number).cancelled = true; };
  }

 private:
  // The ABI's table is constant to the actor only.
  static FakeHost& Of(const paranet_host* host) {
    return *const_cast<FakeHost*>(static_cast<const FakeHost*>(host));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  }
  static std::string Str(paranet_text text) { return std::string(text.data == nullptr ? "" : text.data, text.size); }
  static std::string Str(paranet_bytes bytes) {
    return std::string(bytes.data == nullptr ? "" : static_cast<const char*>(bytes.data), bytes.size);
  }
  void End(int32_t status, paranet_text text) {
    ++ends;
    code = status;
    message = Str(text);
  }

  FakeOutgoing& Begin(paranet_call parent, paranet_text skill_name, int64_t by) {
    outgoing.push_back({.parent = parent, .skill = Str(skill_name), .deadline = by});
    return outgoing.back();
  }
  FakeOutgoing& Numbered(paranet_outgoing number) { return outgoing.at(number - 1); }

  std::string reading_;
  std::string received_;
};

}  // namespace paranet::actor

#endif  // PARANET_CORE_ACTOR_FAKE_HOST_H_
