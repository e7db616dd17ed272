// Real processes for a benchmark: nodes by the CLI, and whatever they are compared with; all ended, and their files
// deleted, with the fixture.
#ifndef PARANET_TESTS_BENCH_FIXTURE_H_
#define PARANET_TESTS_BENCH_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "grpcpp/channel.h"
#include "paranet/v1/node.pb.h"

namespace paranet::bench {

class Fixture {
 public:
  // A new directory, which is also PARANET_HOME.
  static absl::StatusOr<std::unique_ptr<Fixture>> Create();
  ~Fixture();
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  // A path in the fixture's directory.
  std::string Path(const std::string& name) const;
  // Runs `paranet` with these arguments; its output is the error's message if it fails.
  absl::Status Paranet(const std::vector<std::string>& arguments);
  // Network `acme` with identity folders Path("alpha"), Path("beta") (both valid for DNS name localhost) and
  // Path("maker"), and the example package signed as Path("weather.paranet").
  absl::Status MakeNetwork();
  // Starts a Standard Node that the fixture stops.
  absl::Status StartNode(const std::string& name, const std::vector<std::string>& arguments);
  // What a running node says of itself.
  absl::StatusOr<v1::GetStatusResponse> NodeStatus(const std::string& name);
  // Starts a program that the fixture kills; its output goes to Path(name + ".log"). Returns its process id.
  absl::StatusOr<int> Spawn(const std::string& name, const std::vector<std::string>& command);
  // Asks a program that was spawned to end (SIGTERM) and waits for that.
  void End(int pid);
  // A plain-text channel to a Unix socket, once somebody answers there.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::string& socket);
  // The control socket of a node.
  std::string Socket(const std::string& node) const;

 private:
  explicit Fixture(TemporaryDirectory dir) : dir_(std::move(dir)) {}

  TemporaryDirectory dir_;
  std::vector<std::string> nodes_;
  std::vector<int> children_;
};

}  // namespace paranet::bench

#endif  // PARANET_TESTS_BENCH_FIXTURE_H_
