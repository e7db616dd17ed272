// A client that keeps a number of unary calls outstanding on one connection.
#ifndef PARANET_TESTS_BENCH_LOAD_CLIENT_H_
#define PARANET_TESTS_BENCH_LOAD_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"

namespace paranet::bench {

struct Load {
  // Microseconds from sending a request to having the response: median.
  double median_us = 0;
  double calls_per_second = 0;
};

// Makes `calls` calls of `path` with the serialized `request`, `outstanding` at a time, on one completion queue polled
// by this thread. The first failed call is returned as the error.
absl::StatusOr<Load> RunLoad(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                             const std::string& request, int calls, int outstanding);

}  // namespace paranet::bench

#endif  // PARANET_TESTS_BENCH_LOAD_CLIENT_H_
