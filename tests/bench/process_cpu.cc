#include "tests/bench/process_cpu.h"

#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace paranet::bench {

absl::StatusOr<absl::Duration> ProcessCpu(int pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string line;
  if (!std::getline(file, line)) return absl::NotFoundError(absl::StrCat("there is no process ", pid));
  // The second field, the name, is in parentheses and may hold anything; utime and stime are the 14th and the 15th.
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(line).substr(line.rfind(')') + 1), ' ', absl::SkipEmpty());
  int64_t user = 0;
  int64_t system = 0;
  if (fields.size() < 13 || !absl::SimpleAtoi(fields[11], &user) || !absl::SimpleAtoi(fields[12], &system)) {
    return absl::InternalError(absl::StrCat("/proc/", pid, "/stat is not as proc(5) says"));
  }
  return absl::Seconds(static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

}  // namespace paranet::bench
