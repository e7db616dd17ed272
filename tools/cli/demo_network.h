// A throw-away network: its own PARANET_HOME in a temporary directory, and nodes that go with it.
#ifndef PARANET_TOOLS_CLI_DEMO_NETWORK_H_
#define PARANET_TOOLS_CLI_DEMO_NETWORK_H_

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/base/file.h"
#include "paranet/v1/node.pb.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/node_start.h"
#include "tools/cli/process.h"

namespace paranet::cli {

class DemoNetwork {
 public:
  // `outer` lends its output and executable. With `keep`, nodes and files stay when Keep() has been called; without,
  // the kernel ends the nodes with this process, however that ends.
  static absl::StatusOr<std::unique_ptr<DemoNetwork>> Create(const Context& outer, bool keep);
  // CleanUp, unless kept.
  ~DemoNetwork();
  DemoNetwork(const DemoNetwork&) = delete;
  DemoNetwork& operator=(const DemoNetwork&) = delete;

  // Of this network.
  const Context& context() const { return context_; }
  const Home& home() const { return context_.home; }
  // A path for a file of the demonstration.
  std::string Path(const std::string& name) const;

  absl::StatusOr<v1::GetStatusResponse> Start(NodeStartOptions options);

  // Stops all nodes, waits until they have gone, deletes everything. Idempotent.
  absl::Status CleanUp();
  // Nodes and files stay.
  void Keep();

  // From any thread: makes whatever waits for a node fail soon. CleanUp is still needed.
  void Interrupt();
  bool interrupted() const;

 private:
  DemoNetwork(TemporaryDirectory directory, const Context& outer, bool keep);

  const bool keep_;
  TemporaryDirectory directory_;
  const Context context_;
  bool cleaned_up_ = false;
  mutable absl::Mutex mu_;
  bool interrupted_ ABSL_GUARDED_BY(mu_) = false;
  std::map<std::string, ProcessRef> processes_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, pid_t> pids_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_DEMO_NETWORK_H_
