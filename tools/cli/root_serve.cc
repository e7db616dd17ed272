#include "tools/cli/root_serve.h"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "pki/enrolment/enrolment_server.h"
#include "pki/root/network_root.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/process.h"
#include "tools/daemon/readiness.h"
#include "tools/daemon/stop_signals.h"

namespace paranet::cli {
namespace {

constexpr absl::Duration kStartLimit = absl::Seconds(60);
// How long requests may take to end once a stop is asked for.
constexpr absl::Duration kDrain = absl::Seconds(5);
// How many enrolments one address may have at once after a pause, in seconds of its rate.
constexpr double kBurstSeconds = 4;

void Print(Context& context, const pki::NetworkRoot& root, const std::string& address, pid_t pid) {
  const std::string fingerprint = root.root_certificate().fingerprint();
  context.out->Result(JsonObject()
                          .Set("network", root.network())
                          .Set("address", address)
                          .Set("fingerprint", fingerprint)
                          .Set("pid", static_cast<int64_t>(pid)),
                      FormatFields({{"network", root.network()},
                                    {"address", address},
                                    {"fingerprint", fingerprint},
                                    {"pid", absl::StrCat(pid)}}));
}

// Serves until it is stopped. `started` runs once it serves.
absl::Status Serve(const Home& home, const RootServeOptions& options,
                   const std::function<absl::Status(const pki::NetworkRoot&, const std::string& address)>& started) {
  daemon::StopSignals signals;
  const SystemClock clock;
  PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<pki::NetworkRoot> root, OpenRoot(home, options.root, &clock));
  const Logger logger = MakeStderrLogger(absl::StrCat("root ", options.root.network));
  pki::EnrolmentServer::Options server_options{.root = root.get(),
                                               .clock = &clock,
                                               .logger = logger,
                                               .address = options.listen,
                                               .dns_names = options.dns,
                                               .ip_addresses = options.ip};
  PARANET_ASSIGN_OR_RETURN(server_options.revocation_list_life, ParseDurationOption("--crl-life", options.crl_life));
  PARANET_ASSIGN_OR_RETURN(server_options.service.leaf_life, ParseDurationOption("--leaf-life", options.leaf_life));
  server_options.service.enroll_rate.per_second = options.rate;
  server_options.service.enroll_rate.burst = std::max(1.0, options.rate * kBurstSeconds);
  PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<pki::EnrolmentServer> server,
                           pki::EnrolmentServer::Start(std::move(server_options)));
  logger->info("serves on {}", server->address());
  PARANET_RETURN_IF_ERROR(started(*root, server->address()));
  absl::Notification stop;
  signals.Watch([&](int signal) {
    if (stop.HasBeenNotified()) return;
    logger->info("signal {}: stopping", signal);
    stop.Notify();
  });
  stop.WaitForNotification();
  server->Stop(absl::Now() + kDrain);
  return absl::OkStatus();
}

absl::Status ServeAndReport(const Home& home, const RootServeOptions& options, const std::string& address_file) {
  bool reported = false;
  const absl::Status status = Serve(home, options, [&](const pki::NetworkRoot&, const std::string& address) {
    PARANET_RETURN_IF_ERROR(WriteFileAtomically(address_file, address, 0600));
    reported = true;
    daemon::ReportReadiness(daemon::kReadinessFd, absl::OkStatus());
    return absl::OkStatus();
  });
  if (!reported) daemon::ReportReadiness(daemon::kReadinessFd, status);
  return status;
}

absl::Status Detach(Context& context, const RootServeOptions& options, const std::string& address_file) {
  const SystemClock clock;
  PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<pki::NetworkRoot> root, OpenRoot(context.home, options.root, &clock));
  const std::string dir = Home(options.root.Dir(context.home)).path();
  std::vector<std::string> argv = {context.executable,
                                   "root",
                                   "serve",
                                   options.root.network,
                                   "--dir",
                                   dir,
                                   "--report-ready",
                                   "--listen",
                                   options.listen,
                                   "--leaf-life",
                                   options.leaf_life,
                                   "--crl-life",
                                   options.crl_life,
                                   "--rate",
                                   absl::StrCat(options.rate)};
  for (const std::string& name : options.dns) argv.insert(argv.end(), {"--dns", name});
  for (const std::string& address : options.ip) argv.insert(argv.end(), {"--ip", address});
  PARANET_ASSIGN_OR_RETURN(
      const pid_t pid,
      StartDaemon({.argv = std::move(argv), .log_file = absl::StrCat(dir, "/serve.log")}, absl::Now() + kStartLimit));
  PARANET_ASSIGN_OR_RETURN(const std::string address, ReadFile(address_file));
  Print(context, *root, address, pid);
  return absl::OkStatus();
}

absl::Status Run(Context& context, const RootServeOptions& options) {
  PARANET_RETURN_IF_ERROR(ParseDurationOption("--leaf-life", options.leaf_life).status());
  PARANET_RETURN_IF_ERROR(ParseDurationOption("--crl-life", options.crl_life).status());
  if (!(options.rate >= 0)) return UsageError("--rate takes a number of enrolments a second, or 0 for no limit");
  // How the process that was started apart tells its address.
  const std::string address_file = absl::StrCat(Home(options.root.Dir(context.home)).path(), "/serve.address");
  if (options.detach) return Detach(context, options, address_file);
  if (options.report_ready) return ServeAndReport(context.home, options, address_file);
  return Serve(context.home, options, [&](const pki::NetworkRoot& root, const std::string& address) {
    Print(context, root, address, getpid());
    return absl::OkStatus();
  });
}

}  // namespace

void AddRootServe(CommandTree& tree) {
  const auto options = std::make_shared<RootServeOptions>();
  CLI::App* verb =
      tree.Verb(RootNoun(tree), "serve",
                "Serves enrolment, renewal and trust bundles to the nodes of a network, until it is stopped.",
                "paranet root serve acme\n"
                "paranet root serve acme --listen 0.0.0.0:8443 --dns root.example\n"
                "paranet root serve acme --leaf-life 12h --crl-life 72h\n"
                "paranet root serve acme --detach",
                [options](Context& context) { return Run(context, *options); });
  AddRootOptions(verb, options->root);
  verb->add_option("--listen", options->listen, "Where it serves (127.0.0.1:8443); port 0: any free one")
      ->type_name("HOST:PORT");
  verb->add_option("--dns", options->dns,
                   "A host name in its certificate, for stock TLS clients; may come several times")
      ->type_name("NAME")
      ->allow_extra_args(false);
  verb->add_option("--ip", options->ip, "An address in its certificate, for stock TLS clients; may come several times")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
  verb->add_option("--leaf-life", options->leaf_life,
                   "How long certificates of nodes are valid (24h); nodes renew at half of it")
      ->type_name("TIME");
  verb->add_option("--crl-life", options->crl_life,
                   "How long revocation lists are valid (168h); new ones are signed at half of it")
      ->type_name("TIME");
  verb->add_option("--rate", options->rate, "Enrolments a second from one address (50); 0: no limit")
      ->type_name("NUMBER");
  verb->add_flag("--detach", options->detach, "Start it as a process of its own, and return when it serves");
  verb->add_flag("--report-ready", options->report_ready)->group("");
}

}  // namespace paranet::cli
