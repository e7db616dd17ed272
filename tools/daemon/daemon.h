// A node as a process: what `paranet node start` and the `node` binary both run.
#ifndef PARANET_TOOLS_DAEMON_DAEMON_H_
#define PARANET_TOOLS_DAEMON_DAEMON_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "core/base/log.h"
#include "core/node/node.h"

namespace paranet::daemon {

struct DaemonOptions {
  std::string name;
  std::string data_dir;
  // HOST:PORT, or empty for where it listened last.
  std::string listen;
  // At most one of the two. With neither, the node is what it was when it was last started.
  bool test = false;
  // Directory with key.pem, chain.pem and roots.pem; they are copied into the data directory.
  std::string identity_dir;
  // The operator's settings for actors (core/node/actor_policy.h); they are copied into the data directory.
  std::string actors_file;
  Logger logger;
  // Runs once the node serves. An error stops it and is what RunDaemon returns.
  std::function<absl::Status(Node&)> started;
};

// OK if a node can be started with these options as far as one can tell without touching anything. INVALID_ARGUMENT:
// name, both kinds at once, or a new data directory and neither kind. FAILED_PRECONDITION: `test` for a Standard Node.
// NOT_FOUND, PERMISSION_DENIED: the identity (pki::NodeIdentity::Load), or it is another node's. The errors of
// ActorPolicy::Parse, NOT_FOUND: the file with the actors' settings.
absl::Status CheckDaemonOptions(const DaemonOptions& options);

// Runs the node until SIGINT, SIGTERM, SIGHUP or its Stop RPC, then stops it cleanly. Call it before the process has
// other threads. Errors are those of CheckDaemonOptions and Node::Start; none leaves anything running.
absl::Status RunDaemon(const DaemonOptions& options);

}  // namespace paranet::daemon

#endif  // PARANET_TOOLS_DAEMON_DAEMON_H_
