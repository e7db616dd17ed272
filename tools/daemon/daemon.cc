#include "tools/daemon/daemon.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status.h"
#include "core/skill/skill_id.h"
#include "federation/standard_federation.h"
#include "pki/node_identity.h"
#include "tools/daemon/installed_identity.h"
#include "tools/daemon/new_data_dir.h"
#include "tools/daemon/stop_signals.h"

namespace paranet::daemon {
namespace {

// How long running calls may take to end once a stop is asked for.
constexpr absl::Duration kDrain = absl::Seconds(5);

// The identity that the node is to have; null for a Test Node.
absl::StatusOr<std::unique_ptr<pki::NodeIdentity>> ChooseIdentity(const DaemonOptions& options) {
  PARANET_RETURN_IF_ERROR(CheckName(options.name, "node name"));
  if (options.test && !options.identity_dir.empty()) {
    return absl::InvalidArgumentError(
        "--test and --identity exclude each other: a Test Node has no identity, a Standard Node needs one");
  }
  const InstalledKind kind = ReadInstalledKind(options.data_dir);
  std::string dir = options.identity_dir;
  if (dir.empty()) {
    if (options.test && kind == InstalledKind::kStandard) {
      return absl::FailedPreconditionError(
          absl::StrCat("node \"", options.name, "\" is a Standard Node and stays one: start it without --test, or ",
                       "start a Test Node of another name"));
    }
    if (options.test || kind == InstalledKind::kTest) return nullptr;
    if (kind == InstalledKind::kNone) {
      return absl::InvalidArgumentError(absl::StrCat(
          "node \"", options.name, "\" is new: say what it is to be. --test makes it a Test Node, which stays on this ",
          "machine and never federates; --identity DIR makes it a Standard Node with the certificate in DIR (from ",
          "`paranet root issue NETWORK --role node --name ", options.name, " --out DIR`)"));
    }
    dir = InstalledIdentityDir(options.data_dir);
  }
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<pki::NodeIdentity> identity, pki::NodeIdentity::Load(dir, absl::Now()));
  if (identity->identity().name != options.name) {
    return absl::PermissionDeniedError(absl::StrCat("the certificate in ", dir, " is for node \"",
                                                    identity->identity().name, "\" and not for \"", options.name,
                                                    "\": start the node with --name ", identity->identity().name,
                                                    " or issue a certificate for \"", options.name, "\""));
  }
  return identity;
}

}  // namespace

absl::Status CheckDaemonOptions(const DaemonOptions& options) { return ChooseIdentity(options).status(); }

absl::Status RunDaemon(const DaemonOptions& options) {
  StopSignals signals;
  NodeOptions node_options{
      .name = options.name, .data_dir = options.data_dir, .address = options.listen, .logger = options.logger};
  PARANET_ASSIGN_OR_RETURN(node_options.identity, ChooseIdentity(options));
  std::unique_ptr<pki::NodeIdentity> to_install;
  if (!options.identity_dir.empty()) {
    PARANET_ASSIGN_OR_RETURN(to_install, pki::NodeIdentity::Load(options.identity_dir, absl::Now()));
  }
  const bool test = node_options.identity == nullptr;
  if (!test) node_options.make_federation = MakeStandardFederation();
  const NewDataDir data_dir(options.data_dir);
  absl::StatusOr<std::unique_ptr<Node>> started = Node::Start(std::move(node_options));
  if (!started.ok()) {
    data_dir.Discard();
    return started.status();
  }
  const std::unique_ptr<Node> node = *std::move(started);
  // From here on the data directory is ours: its lock is held.
  absl::Status status = absl::OkStatus();
  if (test) {
    status = MarkAsTestNode(options.data_dir);
  } else if (to_install != nullptr) {
    status = InstallIdentity(options.data_dir, *to_install);
  }
  if (status.ok() && options.started) status = options.started(*node);
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
