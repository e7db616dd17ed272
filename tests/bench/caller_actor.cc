#include "tests/bench/echo_actors.h"

const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  return paranet::actor::ExportActor<paranet::bench::CallerActor, bench::v1::CallerSkillSet>(host_abi_version);
}
