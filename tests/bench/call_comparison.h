// The example's unary skill called over two channels: one at a time, then many outstanding.
#ifndef PARANET_TESTS_BENCH_CALL_COMPARISON_H_
#define PARANET_TESTS_BENCH_CALL_COMPARISON_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "grpcpp/channel.h"

namespace paranet::bench {

struct Target {
  std::string name;
  std::shared_ptr<grpc::Channel> channel;
};

// Prints a row for the median latency and a row for the rate with 64 calls outstanding; `what` names the kind of call.
absl::Status CompareCalls(const std::string& what, const Target& a, const Target& b);

}  // namespace paranet::bench

#endif  // PARANET_TESTS_BENCH_CALL_COMPARISON_H_
