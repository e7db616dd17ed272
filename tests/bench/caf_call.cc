// caf_call PAIRS OUTSTANDING CALLS THREADS: requests and responses of 64 bytes between typed actors of CAF
// (www.actor-framework.org), which tests/bench/actor_call.cc compares with. Prints the median time of one request and
// its response in microseconds, requests per second, and requests per second of processor time.
//
// Compiled when it is needed, by the system's compiler and against the system's CAF (Debian: libcaf-dev); no part of
// the build.
#include <algorithm>
#include <array>
#include <caf/all.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

struct Message {
  std::array<char, 64> bytes;
};
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(Message)

namespace {

using Clock = std::chrono::steady_clock;
using Server = caf::typed_actor<caf::replies_to<Message>::with<Message>>;

Server::behavior_type Serve(Server::pointer) {
  return {[](const Message& message) { return message; }};
}

struct Client {
  std::vector<float>* latencies_us = nullptr;
  int left = 0;
  int under_way = 0;
};

void Request(caf::stateful_actor<Client>* self, const Server& server) {
  --self->state.left;
  ++self->state.under_way;
  const Clock::time_point began = Clock::now();
  self->request(server, caf::infinite, Message{}).then([self, server, began](const Message&) {
    self->state.latencies_us->push_back(std::chrono::duration<float, std::micro>(Clock::now() - began).count());
    --self->state.under_way;
    if (self->state.left > 0) {
      Request(self, server);
    } else if (self->state.under_way == 0) {
      self->quit();
    }
  });
}

caf::behavior Run(caf::stateful_actor<Client>* self, const Server& server, int calls, int outstanding,
                  std::vector<float>* latencies_us) {
  self->state.latencies_us = latencies_us;
  self->state.left = calls;
  for (int i = 0; i < outstanding && self->state.left > 0; ++i) Request(self, server);
  return {[](caf::unit_t) {}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const auto pairs = static_cast<size_t>(std::atoi(argv[1]));
  const int outstanding = std::atoi(argv[2]);
  const int calls = std::atoi(argv[3]);
  caf::actor_system_config config;
  config.set("scheduler.max-threads", static_cast<size_t>(std::atoi(argv[4])));
  std::vector<std::vector<float>> latencies_us(pairs);
  for (std::vector<float>& each : latencies_us) each.reserve(static_cast<size_t>(calls));
  Clock::time_point began;
  {
    caf::actor_system system(config);
    began = Clock::now();
    for (size_t i = 0; i < pairs; ++i) {
      system.spawn(&Run, system.spawn(&Serve), calls, outstanding, &latencies_us[i]);
    }
    system.await_all_actors_done();
  }
  const double processor_seconds = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  std::vector<float> all;
  for (const std::vector<float>& each : latencies_us) all.insert(all.end(), each.begin(), each.end());
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end());
  const auto requests = static_cast<double>(all.size());
  std::printf("%.4f %.0f %.0f\n", static_cast<double>(all[all.size() / 2]), requests / seconds,
              requests / processor_seconds);
}
