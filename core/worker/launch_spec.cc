#include "core/worker/launch_spec.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/worker/frame.h"

namespace paranet {

std::string SerializeLaunchSpec(const LaunchSpec& spec) {
  std::string list;
  for (const std::string& word : spec.command) AppendToFrameList("command", word, list);
  AppendToFrameList("work_dir", spec.work_dir, list);
  for (const std::string& path : spec.readable) AppendToFrameList("readable", path, list);
  AppendToFrameList("socket_dir", spec.socket_dir, list);
  const auto number = [&list](absl::string_view key, uint64_t value) {
    AppendToFrameList(key, absl::StrCat(value), list);
  };
  number("network", spec.network ? 1 : 0);
  number("unix_sockets", spec.unix_sockets ? 1 : 0);
  number("exec", spec.exec ? 1 : 0);
  number("address_space", spec.address_space_bytes);
  number("cpu_seconds", spec.cpu_seconds);
  number("open_files", spec.open_files);
  number("processes", spec.processes);
  number("processors_milli", spec.processors_milli);
  number("own_users", spec.own_users ? 1 : 0);
  return list;
}

absl::StatusOr<LaunchSpec> ParseLaunchSpec(absl::string_view bytes) {
  const absl::StatusOr<FrameList> list = ParseFrameList(bytes);
  if (!list.ok()) return list.status();
  LaunchSpec spec;
  for (const auto& [key, value] : *list) {
    uint64_t number = 0;
    const bool is_number = absl::SimpleAtoi(value, &number);
    const auto small = static_cast<uint32_t>(number);
    if (key == "command") {
      spec.command.emplace_back(value);
    } else if (key == "work_dir") {
      spec.work_dir = std::string(value);
    } else if (key == "readable") {
      spec.readable.emplace_back(value);
    } else if (key == "socket_dir") {
      spec.socket_dir = std::string(value);
    } else if (!is_number) {
      return absl::InvalidArgumentError(absl::StrCat("the launch has no valid ", key));
    } else if (key == "address_space") {
      spec.address_space_bytes = number;
    } else if (number != small) {
      return absl::InvalidArgumentError(absl::StrCat("the launch has no valid ", key));
    } else if (key == "network") {
      spec.network = small != 0;
    } else if (key == "unix_sockets") {
      spec.unix_sockets = small != 0;
    } else if (key == "exec") {
      spec.exec = small != 0;
    } else if (key == "cpu_seconds") {
      spec.cpu_seconds = small;
    } else if (key == "open_files") {
      spec.open_files = small;
    } else if (key == "processes") {
      spec.processes = small;
    } else if (key == "processors_milli") {
      spec.processors_milli = small;
    } else if (key == "own_users") {
      spec.own_users = small != 0;
    } else {
      return absl::InvalidArgumentError(absl::StrCat("the launch has an entry ", key, " that there is not"));
    }
  }
  return spec;
}

}  // namespace paranet
