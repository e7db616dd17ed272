#include "tools/daemon/daemon.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bindings/python/runtime/python_runtime.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/node/actor_policy.h"
#include "core/node/installed_kind.h"
#include "core/skill/skill_id.h"
#include "federation/standard_federation.h"
#include "pki/node_identity.h"
#include "pki/node_trust.h"
#include "tools/daemon/new_data_dir.h"
#include "tools/daemon/stop_signals.h"

namespace paranet::daemon {
namespace {

// How long running calls may take to end once a stop is asked for.
constexpr absl::Duration kDrain = absl::Seconds(5);

absl::Status CheckNameOf(const pki::Identity& identity, const std::string& dir, const std::string& name) {
  if (identity.name == name) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat("the certificate in ", dir, " is for node \"", identity.name,
                                                  "\" and not for \"", name, "\": start the node with --name ",
                                                  identity.name, " or issue a certificate for \"", name, "\""));
}

// The identity to install; null if the node is to stay what it is, or to be a Test Node.
absl::StatusOr<std::unique_ptr<pki::NodeIdentity>> ChooseIdentity(const DaemonOptions& options) {
  PARANET_RETURN_IF_ERROR(CheckName(options.name, "node name"));
  if (options.test && !options.identity_dir.empty()) {
    return absl::InvalidArgumentError(
        "--test and --identity exclude each other: a Test Node has no identity, a Standard Node needs one");
  }
  if (!options.identity_dir.empty()) {
    PARANET_ASSIGN_OR_RETURN(std::unique_ptr<pki::NodeIdentity> identity,
                             pki::NodeIdentity::Load(options.identity_dir, absl::Now()));
    PARANET_RETURN_IF_ERROR(CheckNameOf(identity->identity(), options.identity_dir, options.name));
    return identity;
  }
  const InstalledKind kind = ReadInstalledKind(options.data_dir);
  if (options.test && kind == InstalledKind::kStandard) {
    return absl::FailedPreconditionError(
        absl::StrCat("node \"", options.name, "\" is a Standard Node and stays one: start it without --test, or ",
                     "start a Test Node of another name"));
  }
  if (!options.test && kind == InstalledKind::kNone) {
    return absl::InvalidArgumentError(absl::StrCat(
        "node \"", options.name, "\" is new: say what it is to be. --test makes it a Test Node, which stays on this ",
        "machine and never federates; --identity DIR makes it a Standard Node with the certificate in DIR (from ",
        "`paranet root issue NETWORK --role node --name ", options.name, " --out DIR`); `paranet node enroll --name ",
        options.name, " --token TOKEN` gets it one by a join token"));
  }
  if (kind == InstalledKind::kStandard) {
    // What the node itself will do, without leaving anything behind.
    const std::string dir = InstalledIdentityDir(options.data_dir);
    const SystemClock clock;
    PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<pki::NodeTrust> trust,
                             pki::NodeTrust::Open({.dir = dir, .clock = &clock, .logger = MakeNullLogger()}));
    PARANET_RETURN_IF_ERROR(CheckNameOf(trust->self(), dir, options.name));
  }
  return nullptr;
}

}  // namespace

absl::Status CheckDaemonOptions(const DaemonOptions& options) {
  if (!options.actors_file.empty()) PARANET_RETURN_IF_ERROR(CheckActorPolicy(options.actors_file));
  return ChooseIdentity(options).status();
}

absl::Status RunDaemon(const DaemonOptions& options) {
  StopSignals signals;
  NodeOptions node_options{
      .name = options.name, .data_dir = options.data_dir, .address = options.listen, .logger = options.logger};
  PARANET_ASSIGN_OR_RETURN(node_options.identity, ChooseIdentity(options));
  node_options.actors_file = options.actors_file;
  node_options.python_runtime = [dir = absl::StrCat(options.data_dir, "/python-runtime")] {
    return InstallPythonRuntime(dir);
  };
  // A Test Node uses it when it is enrolled.
  node_options.make_federation = MakeStandardFederation();
  const NewDataDir data_dir(options.data_dir);
  absl::StatusOr<std::unique_ptr<Node>> started = Node::Start(std::move(node_options));
  if (!started.ok()) {
    data_dir.Discard();
    return started.status();
  }
  const std::unique_ptr<Node> node = *std::move(started);
  absl::Status status = options.started ? options.started(*node) : absl::OkStatus();
  if (status.ok()) {
    signals.Watch([&](int signal) {
      options.logger->info("signal {}: stopping", signal);
      node->RequestStop();
    });
    node->WaitForStopRequest();
  }
  node->Stop(absl::Now() + kDrain);
  return status;
}

}  // namespace paranet::daemon
