// What a process has cost.
#ifndef PARANET_TESTS_BENCH_PROCESS_CPU_H_
#define PARANET_TESTS_BENCH_PROCESS_CPU_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace paranet::bench {

// Processor time, user and system, of all threads of process `pid` so far, in the kernel's ticks of 10 ms (proc(5)).
// NOT_FOUND if there is no such process.
absl::StatusOr<absl::Duration> ProcessCpu(int pid);

}  // namespace paranet::bench

#endif  // PARANET_TESTS_BENCH_PROCESS_CPU_H_
