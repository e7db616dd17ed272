#include "tests/bench/echo_actors.h"

const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  return paranet::actor::ExportActor<paranet::bench::EchoActor, bench::v1::EchoSkillSet>(host_abi_version);
}
