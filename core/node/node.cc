#include "core/node/node.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/node/actor_policy.h"
#include "core/node/audit_log.h"
#include "core/node/control_listener.h"
#include "core/node/installed_kind.h"
#include "core/node/listen_address.h"
#include "core/node/network_listener.h"
#include "core/node/node_state.h"
#include "core/node/package_manager.h"
#include "core/node/policy.h"
#include "core/node/skill_listing.h"
#include "core/node/trust_audit.h"
#include "core/node/version.h"
#include "core/package/package_store.h"
#include "core/routing/node_skill_caller.h"
#include "core/rpc/tcp_listener.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/package_runtime.h"
#include "core/skill/skill_id.h"
#include "pki/certificate_info.h"
#include "pki/enrolment/trust_agent.h"
#include "pki/node_trust.h"

namespace paranet {
namespace {

// How long calls in plain text may take to end once the node is a Standard Node.
constexpr absl::Duration kPromotionDrain = absl::Seconds(2);
// How long a starting node waits for its links; those that need longer come up later.
constexpr absl::Duration kDialTime = absl::Seconds(5);

class NodeImpl final : public Node {
 public:
  explicit NodeImpl(NodeOptions options)
      : options_(std::move(options)),
        clock_(options_.clock != nullptr ? options_.clock : std::make_shared<SystemClock>()),
        started_at_(clock_->Now()),
        router_(&catalogue_),
        calls_({.catalogue = &catalogue_, .router = &router_, .may_bring_skills = [this] {
                  FederationControl* const links = federation();
                  return links != nullptr && links->MayBringSkills();
                }}) {}
  ~NodeImpl() override;

  absl::Status Start();
  void Stop(absl::Time deadline) override;
  void WaitForStopRequest() override;
  void RequestStop() override;

  v1::GetStatusResponse Status() override;
  absl::StatusOr<v1::DeployResponse> Deploy(std::string archive) override { return packages_->Deploy(archive); }
  absl::StatusOr<v1::DeployResponse> RollBackPackage(const std::string& id, const std::string& version) override {
    return packages_->RollBack(id, version);
  }
  absl::StatusOr<v1::PackageInfo> Undeploy(const std::string& id) override { return packages_->Undeploy(id); }
  absl::StatusOr<std::string> PullPackage(const std::string& id, const std::string& version) override {
    return packages_->Pull(id, version);
  }
  absl::StatusOr<v1::GetActorLogResponse> GetActorLog(const std::string& actor, uint32_t lines) override {
    return packages_->ActorLogTail(actor, lines);
  }
  std::vector<v1::PackageInfo> ListPackages() override { return packages_->List(); }
  std::vector<v1::SkillSetEntry> ListSkills() override { return ListSkillSets(*catalogue_.snapshot()); }
  absl::StatusOr<v1::GetSkillResponse> GetSkill(const std::string& skill) override {
    return DescribeSkill(*catalogue_.snapshot(), skill);
  }
  absl::Status Call(const JsonCall& call) override { return calls_.Call(call); }

  const std::string& name() const override { return options_.name; }
  const std::string& address() const override { return address_; }
  Catalogue& catalogue() override { return catalogue_; }
  const Router& router() const override { return router_; }
  FederationControl* federation() override { return running_federation_; }
  Policy* policy() override { return policy_.get(); }
  AuditLog* audit() override { return audit_.get(); }
  pki::NodeTrust* trust() override { return in_force_; }

  absl::Status Promote(const pki::NodeIdentity& identity, const std::optional<std::string>& endpoint,
                       const v1::TrustBundle& bundle) override;
  absl::Status Renew(absl::Time deadline) override;

 private:
  bool standard() const { return in_force_ != nullptr; }
  // Whether it is to start as a Standard Node.
  bool starts_standard() const {
    return options_.identity != nullptr || ReadInstalledKind(options_.data_dir) == InstalledKind::kStandard;
  }
  // Of the certificate in force.
  void AddWarnings(v1::GetStatusResponse& status);
  std::string socket() const { return absl::StrCat(options_.data_dir, "/control.sock"); }

  absl::Status CheckOptions() const;
  absl::Status CheckIdentity(const pki::Identity& identity) const;
  absl::StatusOr<ListenAddress> ChooseAddress();
  absl::Status StartInDirectory();
  absl::Status OpenTrust();
  absl::Status StartPackages();
  // What the actors of a package run on and with; `publisher` answers for it.
  RuntimeOptions ActorRuntime(const std::string& publisher);
  absl::Status StartNetwork();
  absl::StatusOr<std::unique_ptr<NetworkListener>> MakeNetwork(std::shared_ptr<pki::NodeTrust> trust);
  absl::StatusOr<std::unique_ptr<FederationControl>> MakeFederation(std::shared_ptr<pki::NodeTrust> trust);
  void StartAgent();
  // The first half of Promote for a Test Node: what can fail.
  absl::Status PromoteTestNode(const pki::NodeIdentity& identity, const std::string& endpoint,
                               const v1::TrustBundle& bundle) ABSL_EXCLUSIVE_LOCKS_REQUIRED(stop_mu_);
  pki::NodeTrust::Options TrustOptions() const {
    return {.dir = InstalledIdentityDir(options_.data_dir), .clock = clock_.get(), .logger = options_.logger};
  }
  // Destroys what Start has made, after Stop.
  void Dismantle();

  const NodeOptions options_;
  const std::shared_ptr<Clock> clock_;
  const absl::Time started_at_;
  std::optional<DirectoryLock> lock_;
  std::unique_ptr<NodeState> state_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<PackageStore> store_;
  Catalogue catalogue_;
  const Router router_;
  JsonCaller calls_;
  std::shared_ptr<ActorExecutor> executor_;
  std::unique_ptr<PackageManager> packages_;
  // Null on a Test Node; set once.
  std::shared_ptr<pki::NodeTrust> trust_;
  // Of it.
  std::unique_ptr<TrustAudit> trust_audit_;
  // The same, once the node is a Standard Node.
  std::atomic<pki::NodeTrust*> in_force_ = nullptr;
  std::string address_;
  std::unique_ptr<TcpListener> listener_;
  std::unique_ptr<NetworkListener> network_;
  std::shared_ptr<pki::TrustAgent> agent_ ABSL_GUARDED_BY(agent_mu_);
  std::unique_ptr<FederationControl> federation_;
  // While it runs.
  std::atomic<FederationControl*> running_federation_ = nullptr;
  std::unique_ptr<ControlListener> control_;

  absl::Mutex agent_mu_;
  absl::Mutex request_mu_;
  bool stop_requested_ ABSL_GUARDED_BY(request_mu_) = false;
  // Held while the node stops or becomes a Standard Node, so that whoever asks again waits.
  absl::Mutex stop_mu_;
  bool stopped_ ABSL_GUARDED_BY(stop_mu_) = false;
};

NodeImpl::~NodeImpl() {
  Stop(absl::Now());
  Dismantle();
}

void NodeImpl::Dismantle() {
  // The federation may have handed calls to the listeners' queues, and the listeners hand calls to the federation: both
  // are silent now.
  federation_.reset();
  control_.reset();
  network_.reset();
  listener_.reset();
  packages_.reset();
  executor_.reset();
  store_.reset();
  trust_audit_.reset();
  policy_.reset();
  audit_.reset();
  state_.reset();
}

absl::Status NodeImpl::CheckOptions() const {
  PARANET_RETURN_IF_ERROR(CheckName(options_.name, "node name"));
  if (options_.data_dir.empty()) return absl::InvalidArgumentError("a node needs a data directory");
  if (starts_standard() && !options_.make_federation) {
    return absl::InvalidArgumentError("a Standard Node needs a federation, which this program does not have");
  }
  if (options_.identity != nullptr) PARANET_RETURN_IF_ERROR(CheckIdentity(options_.identity->identity()));
  if (!options_.address.empty()) {
    PARANET_ASSIGN_OR_RETURN(const ListenAddress address, ListenAddress::Parse(options_.address));
    if (!starts_standard() && !address.loopback()) {
      return absl::PermissionDeniedError(
          absl::StrCat("\"", options_.name, "\" is a Test Node and listens on this machine alone: ", options_.address,
                       " is beyond loopback. Use 127.0.0.1:", address.port,
                       ", or start a Standard Node with an Otonoma Certificate"));
    }
  }
  return options_.control_socket ? CheckSocketPath(socket()) : absl::OkStatus();
}

absl::Status NodeImpl::CheckIdentity(const pki::Identity& identity) const {
  if (identity.name == options_.name) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("the certificate is that of ", identity.ToUri(), ", not of a node \"", options_.name,
                   "\": start the node under the name in its certificate, or issue one for this name"));
}

absl::Status NodeImpl::Start() {
  PARANET_RETURN_IF_ERROR(CheckOptions());
  struct stat found {};
  const bool made = ::stat(options_.data_dir.c_str(), &found) != 0;
  const bool new_identity = ReadInstalledKind(options_.data_dir) != InstalledKind::kStandard;
  const absl::Status status = StartInDirectory();
  if (!status.ok()) {
    // A start that fails makes nobody a Standard Node.
    if (trust_ != nullptr && new_identity) RemoveAll(InstalledIdentityDir(options_.data_dir)).IgnoreError();
    Stop(absl::Now());
    Dismantle();
    if (made) RemoveAll(options_.data_dir).IgnoreError();
  }
  return status;
}

absl::Status NodeImpl::StartInDirectory() {
  PARANET_RETURN_IF_ERROR(MakeDirectories(options_.data_dir));
  PARANET_ASSIGN_OR_RETURN(lock_, DirectoryLock::Acquire(options_.data_dir));
  PARANET_ASSIGN_OR_RETURN(state_, NodeState::Open(options_.data_dir, options_.name,
                                                   starts_standard() ? v1::STANDARD : v1::TEST, clock_->Now()));
  audit_ = std::make_unique<AuditLog>(
      AuditLog::Options{.database = &state_->database(), .clock = clock_.get(), .logger = options_.logger});
  PARANET_ASSIGN_OR_RETURN(policy_, Policy::Open({.database = &state_->database(),
                                                  .audit = audit_.get(),
                                                  .clock = clock_.get(),
                                                  .network = [this]() -> std::string {
                                                    return standard() ? in_force_.load()->self().network : "";
                                                  }}));
  PARANET_RETURN_IF_ERROR(OpenTrust());
  PARANET_RETURN_IF_ERROR(StartPackages());
  PARANET_RETURN_IF_ERROR(StartNetwork());
  if (trust_ != nullptr) {
    PARANET_ASSIGN_OR_RETURN(federation_, MakeFederation(trust_));
  }
  if (options_.control_socket) {
    PARANET_ASSIGN_OR_RETURN(
        control_,
        ControlListener::Start(
            {.path = socket(), .node = this, .catalogue = &catalogue_, .router = &router_, .logger = options_.logger}));
  }
  PARANET_RETURN_IF_ERROR(state_->Started(address_));
  PARANET_RETURN_IF_ERROR(standard() ? UnmarkTestNode(options_.data_dir) : MarkAsTestNode(options_.data_dir));
  network_->Open(federation_.get());
  if (federation_ != nullptr) {
    running_federation_ = federation_.get();
    federation_->Start(absl::Now() + kDialTime);
    StartAgent();
  }
  options_.logger->info("{} \"{}\" serves on {}", standard() ? "Standard Node" : "Test Node", options_.name, address_);
  return absl::OkStatus();
}

absl::Status NodeImpl::OpenTrust() {
  if (!starts_standard()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<pki::NodeTrust>> trust =
      options_.identity != nullptr ? pki::NodeTrust::Install(TrustOptions(), *options_.identity, "", {})
                                   : pki::NodeTrust::Open(TrustOptions());
  if (!trust.ok()) return trust.status();
  trust_ = *std::move(trust);
  PARANET_RETURN_IF_ERROR(CheckIdentity(trust_->self()));
  trust_audit_ = std::make_unique<TrustAudit>(trust_, audit_.get());
  in_force_ = trust_.get();
  return absl::OkStatus();
}

absl::Status NodeImpl::StartPackages() {
  if (!options_.actors_file.empty()) {
    PARANET_RETURN_IF_ERROR(InstallActorPolicy(options_.actors_file, options_.data_dir));
  }
  PARANET_ASSIGN_OR_RETURN(store_, PackageStore::Open(options_.data_dir));
  executor_ = std::make_shared<ActorExecutor>();
  packages_ = std::make_unique<PackageManager>(PackageManager::Options{
      .node_name = options_.name,
      .state = state_.get(),
      .store = store_.get(),
      .catalogue = &catalogue_,
      .clock = clock_.get(),
      .trust = [this]() -> std::shared_ptr<const pki::TrustState> {
        pki::NodeTrust* const trust = in_force_;
        return trust != nullptr ? trust->state() : nullptr;
      },
      .start = [this](const v1::Manifest& manifest, const std::string& dir,
                      const std::string& publisher) { return StartPackage(manifest, dir, ActorRuntime(publisher)); },
      .logger = options_.logger});
  return packages_->Restore();
}

RuntimeOptions NodeImpl::ActorRuntime(const std::string& publisher) {
  return {.executor = executor_,
          .caller = std::make_shared<NodeSkillCaller>(&router_),
          .settings =
              [file = ActorPolicyFile(options_.data_dir)](absl::string_view package, absl::string_view actor) {
                return ReadActorSettings(file, std::string(package), std::string(actor));
              },
          .work_dir = absl::StrCat(options_.data_dir, "/actors"),
          .isolation = DefaultIsolation(publisher, standard() ? in_force_.load()->self().network : ""),
          .python_runtime = options_.python_runtime,
          .changed = [this] { catalogue_.Touch(); },
          .logger = options_.logger};
}

absl::StatusOr<ListenAddress> NodeImpl::ChooseAddress() {
  if (!options_.address.empty()) return ListenAddress::Parse(options_.address);
  PARANET_ASSIGN_OR_RETURN(const std::string last, state_->Address());
  return last.empty() ? ListenAddress() : ListenAddress::Parse(last);
}

absl::Status NodeImpl::StartNetwork() {
  PARANET_ASSIGN_OR_RETURN(const ListenAddress address, ChooseAddress());
  absl::StatusOr<std::unique_ptr<TcpListener>> listener =
      TcpListener::Start({.address = address.ToString(), .logger = options_.logger});
  if (!listener.ok()) {
    return options_.address.empty() && address.port != 0
               ? Annotate(listener.status(),
                          absl::StrCat("node \"", options_.name, "\" wants the address it had before"))
               : listener.status();
  }
  listener_ = *std::move(listener);
  address_ = ListenAddress{.host = address.host, .port = listener_->port()}.ToString();
  PARANET_ASSIGN_OR_RETURN(network_, MakeNetwork(trust_));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<NetworkListener>> NodeImpl::MakeNetwork(std::shared_ptr<pki::NodeTrust> trust) {
  return NetworkListener::Start({.listener = listener_.get(),
                                 .trust = std::move(trust),
                                 .catalogue = &catalogue_,
                                 .router = &router_,
                                 .clock = clock_.get(),
                                 .node = this,
                                 .policy = policy_.get(),
                                 .audit = audit_.get(),
                                 .logger = options_.logger});
}

absl::StatusOr<std::unique_ptr<FederationControl>> NodeImpl::MakeFederation(std::shared_ptr<pki::NodeTrust> trust) {
  return options_.make_federation({.node_name = options_.name,
                                   .trust = std::move(trust),
                                   .catalogue = &catalogue_,
                                   .router = &router_,
                                   .database = &state_->database(),
                                   .clock = clock_.get(),
                                   .policy = policy_.get(),
                                   .audit = audit_.get(),
                                   .logger = options_.logger,
                                   .address = address_});
}

void NodeImpl::StartAgent() {
  absl::MutexLock lock(&agent_mu_);
  agent_ = pki::TrustAgent::Start(trust_, {.clock = clock_.get(), .logger = options_.logger});
}

absl::Status NodeImpl::PromoteTestNode(const pki::NodeIdentity& identity, const std::string& endpoint,
                                       const v1::TrustBundle& bundle) {
  const std::string dir = InstalledIdentityDir(options_.data_dir);
  PARANET_ASSIGN_OR_RETURN(std::shared_ptr<pki::NodeTrust> trust,
                           pki::NodeTrust::Install(TrustOptions(), identity, endpoint, bundle));
  absl::Cleanup take_back = [&] { RemoveAll(dir).IgnoreError(); };
  // The address stays open: only who serves it changes.
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<NetworkListener> network, MakeNetwork(trust));
  PARANET_ASSIGN_OR_RETURN(std::unique_ptr<FederationControl> federation, MakeFederation(trust));
  PARANET_RETURN_IF_ERROR(state_->Promoted());
  std::move(take_back).Cancel();

  trust_ = std::move(trust);
  trust_audit_ = std::make_unique<TrustAudit>(trust_, audit_.get());
  in_force_ = trust_.get();
  audit_->Note(AuditKind::kPromoted, audit_->actor(), trust_->self().ToUri(), "");
  federation_ = std::move(federation);
  running_federation_ = federation_.get();
  network->Open(federation_.get());
  std::swap(network, network_);
  // Callers in plain text, who are no longer welcome.
  network->Shutdown(absl::Now() + kPromotionDrain);
  return absl::OkStatus();
}

absl::Status NodeImpl::Promote(const pki::NodeIdentity& identity, const std::optional<std::string>& endpoint,
                               const v1::TrustBundle& bundle) {
  PARANET_RETURN_IF_ERROR(CheckIdentity(identity.identity()));
  absl::MutexLock lock(&stop_mu_);
  if (stopped_) return absl::UnavailableError(absl::StrCat("node \"", options_.name, "\" is stopping"));
  if (trust_ != nullptr) return trust_->Reinstall(identity, endpoint.value_or(trust_->state()->endpoint), bundle);
  if (!options_.make_federation) {
    return absl::FailedPreconditionError(
        "this program runs Test Nodes alone; start the node with `paranet node start` to enrol it");
  }
  PARANET_RETURN_IF_ERROR(PromoteTestNode(identity, endpoint.value_or(""), bundle));
  federation_->Start(absl::Now() + kDialTime);
  StartAgent();
  // The identity counts, whatever else is there.
  if (absl::Status status = UnmarkTestNode(options_.data_dir); !status.ok()) {
    options_.logger->warn("{}", std::string(status.message()));
  }
  options_.logger->info("\"{}\" is a Standard Node of network {} now, and serves on {}", options_.name,
                        trust_->self().network, address_);
  return absl::OkStatus();
}

absl::Status NodeImpl::Renew(absl::Time deadline) {
  std::shared_ptr<pki::TrustAgent> agent;
  {
    absl::MutexLock lock(&agent_mu_);
    agent = agent_;
  }
  if (agent != nullptr) return agent->RenewNow(deadline);
  return absl::FailedPreconditionError(absl::StrCat("\"", options_.name, "\" is a Test Node and has no certificate; ",
                                                    "`paranet node enroll` makes it a Standard Node"));
}

void NodeImpl::Stop(absl::Time deadline) {
  RequestStop();
  absl::MutexLock lock(&stop_mu_);
  if (std::exchange(stopped_, true)) return;
  if (control_ != nullptr) control_->Close();
  if (network_ != nullptr) network_->Close();
  running_federation_ = nullptr;
  std::shared_ptr<pki::TrustAgent> agent;
  {
    absl::MutexLock agent_lock(&agent_mu_);
    agent = std::move(agent_);
  }
  // Somebody may be in the middle of Renew.
  if (agent != nullptr) agent->Stop();
  if (federation_ != nullptr) federation_->Stop();
  calls_.Shutdown(deadline);
  if (control_ != nullptr) control_->Shutdown(deadline);
  if (network_ != nullptr) network_->Shutdown(deadline);
  if (listener_ != nullptr) listener_->Stop();
  if (packages_ != nullptr) packages_->Stop(deadline);
  // The directory is free for another node.
  lock_.reset();
}

void NodeImpl::RequestStop() {
  absl::MutexLock lock(&request_mu_);
  stop_requested_ = true;
}

void NodeImpl::WaitForStopRequest() {
  absl::MutexLock lock(&request_mu_);
  request_mu_.Await(absl::Condition(&stop_requested_));
}

void NodeImpl::AddWarnings(v1::GetStatusResponse& status) {
  absl::MutexLock lock(&agent_mu_);
  if (agent_ == nullptr) return;
  if (std::string warning = agent_->report().warning; !warning.empty()) status.add_warnings(std::move(warning));
}

v1::GetStatusResponse NodeImpl::Status() {
  v1::GetStatusResponse status;
  status.set_name(options_.name);
  status.set_kind(standard() ? v1::STANDARD : v1::TEST);
  if (pki::NodeTrust* const trust = in_force_; trust != nullptr) {
    const std::shared_ptr<const pki::TrustState> state = trust->state();
    status.set_network(trust->self().network);
    *status.mutable_certificate() = pki::DescribeCertificate(state->identity->chain().leaf());
    AddWarnings(status);
  }
  status.set_address(address_);
  if (options_.control_socket) status.set_socket(socket());
  status.set_data_dir(options_.data_dir);
  status.set_pid(::getpid());
  status.set_started_at_unix_ms(absl::ToUnixMillis(started_at_));
  status.set_version(kParanetVersion);
  status.set_packages(static_cast<uint32_t>(packages_->List().size()));
  status.set_skill_sets(static_cast<uint32_t>(catalogue_.snapshot()->entries().size()));
  if (FederationControl* const links = federation()) {
    for (const v1::LinkInfo& link : links->ListLinks()) {
      status.set_links(status.links() + 1);
      if (link.state() == v1::LinkInfo::UP) status.set_links_up(status.links_up() + 1);
    }
  }
  return status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Node>> Node::Start(NodeOptions options) {
  if (options.logger == nullptr) options.logger = MakeNullLogger();
  auto node = std::make_unique<NodeImpl>(std::move(options));
  PARANET_RETURN_IF_ERROR(node->Start());
  return node;
}

}  // namespace paranet
