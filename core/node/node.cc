#include "core/node/node.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/node/control_listener.h"
#include "core/node/listen_address.h"
#include "core/node/network_listener.h"
#include "core/node/node_state.h"
#include "core/node/package_manager.h"
#include "core/node/skill_listing.h"
#include "core/node/version.h"
#include "core/package/package_store.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/package_runtime.h"
#include "core/skill/skill_id.h"
#include "pki/certificate_info.h"
#include "pki/grpc_credentials.h"

namespace paranet {
namespace {

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

 private:
  bool standard() const { return options_.identity != nullptr; }
  std::string socket() const { return absl::StrCat(options_.data_dir, "/control.sock"); }

  absl::Status CheckOptions() const;
  absl::StatusOr<ListenAddress> ChooseAddress();
  absl::Status StartInDirectory();
  absl::Status StartPackages();
  absl::Status StartNetwork();
  absl::Status StartFederation();
  // Destroys what Start has made, after Stop.
  void Dismantle();

  const NodeOptions options_;
  const std::shared_ptr<Clock> clock_;
  const absl::Time started_at_;
  std::optional<DirectoryLock> lock_;
  std::unique_ptr<NodeState> state_;
  std::unique_ptr<PackageStore> store_;
  Catalogue catalogue_;
  const Router router_;
  JsonCaller calls_;
  std::shared_ptr<ActorExecutor> executor_;
  std::unique_ptr<PackageManager> packages_;
  std::string address_;
  std::unique_ptr<NetworkListener> network_;
  std::unique_ptr<FederationControl> federation_;
  // While it runs.
  std::atomic<FederationControl*> running_federation_ = nullptr;
  std::unique_ptr<ControlListener> control_;

  absl::Mutex request_mu_;
  bool stop_requested_ ABSL_GUARDED_BY(request_mu_) = false;
  // Held while the node stops, so that whoever asks again waits.
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
  packages_.reset();
  executor_.reset();
  store_.reset();
  state_.reset();
}

absl::Status NodeImpl::CheckOptions() const {
  PARANET_RETURN_IF_ERROR(CheckName(options_.name, "node name"));
  if (options_.data_dir.empty()) return absl::InvalidArgumentError("a node needs a data directory");
  if (standard() != static_cast<bool>(options_.make_federation)) {
    return absl::InvalidArgumentError("a Standard Node has both an identity and a federation, a Test Node neither");
  }
  if (standard() && options_.identity->identity().name != options_.name) {
    return absl::PermissionDeniedError(absl::StrCat(
        "the certificate is that of ", options_.identity->identity().ToUri(), ", not of a node \"", options_.name,
        "\": start the node under the name in its certificate, or issue one for this name"));
  }
  if (!options_.address.empty()) {
    PARANET_ASSIGN_OR_RETURN(const ListenAddress address, ListenAddress::Parse(options_.address));
    if (!standard() && !address.loopback()) {
      return absl::PermissionDeniedError(
          absl::StrCat("\"", options_.name, "\" is a Test Node and listens on this machine alone: ", options_.address,
                       " is beyond loopback. Use 127.0.0.1:", address.port,
                       ", or start a Standard Node with an Otonoma Certificate"));
    }
  }
  return options_.control_socket ? CheckSocketPath(socket()) : absl::OkStatus();
}

absl::Status NodeImpl::Start() {
  PARANET_RETURN_IF_ERROR(CheckOptions());
  struct stat found {};
  const bool made = ::stat(options_.data_dir.c_str(), &found) != 0;
  const absl::Status status = StartInDirectory();
  if (!status.ok()) {
    Stop(absl::Now());
    Dismantle();
    if (made) RemoveAll(options_.data_dir).IgnoreError();
  }
  return status;
}

absl::Status NodeImpl::StartInDirectory() {
  PARANET_RETURN_IF_ERROR(MakeDirectories(options_.data_dir));
  PARANET_ASSIGN_OR_RETURN(lock_, DirectoryLock::Acquire(options_.data_dir));
  PARANET_ASSIGN_OR_RETURN(
      state_, NodeState::Open(options_.data_dir, options_.name, standard() ? v1::STANDARD : v1::TEST, clock_->Now()));
  PARANET_RETURN_IF_ERROR(StartPackages());
  PARANET_RETURN_IF_ERROR(StartNetwork());
  PARANET_RETURN_IF_ERROR(StartFederation());
  if (options_.control_socket) {
    PARANET_ASSIGN_OR_RETURN(
        control_,
        ControlListener::Start(
            {.path = socket(), .node = this, .catalogue = &catalogue_, .router = &router_, .logger = options_.logger}));
  }
  PARANET_RETURN_IF_ERROR(state_->Started(address_));
  network_->Open(federation_.get());
  if (federation_ != nullptr) {
    running_federation_ = federation_.get();
    federation_->Start(absl::Now() + kDialTime);
  }
  options_.logger->info("{} \"{}\" serves on {}", standard() ? "Standard Node" : "Test Node", options_.name, address_);
  return absl::OkStatus();
}

absl::Status NodeImpl::StartPackages() {
  PARANET_ASSIGN_OR_RETURN(store_, PackageStore::Open(options_.data_dir));
  executor_ = std::make_shared<ActorExecutor>();
  packages_ = std::make_unique<PackageManager>(PackageManager::Options{
      .node_name = options_.name,
      .state = state_.get(),
      .store = store_.get(),
      .catalogue = &catalogue_,
      .clock = clock_.get(),
      .trust = standard() ? options_.identity->trust() : nullptr,
      .start = [this](const v1::Manifest& manifest,
                      const std::string& dir) { return StartPackage(manifest, dir, executor_, options_.logger); },
      .logger = options_.logger});
  return packages_->Restore();
}

absl::StatusOr<ListenAddress> NodeImpl::ChooseAddress() {
  if (!options_.address.empty()) return ListenAddress::Parse(options_.address);
  PARANET_ASSIGN_OR_RETURN(const std::string last, state_->Address());
  return last.empty() ? ListenAddress() : ListenAddress::Parse(last);
}

absl::Status NodeImpl::StartNetwork() {
  PARANET_ASSIGN_OR_RETURN(const ListenAddress address, ChooseAddress());
  NetworkListener::Options options{.address = address, .catalogue = &catalogue_, .router = &router_};
  if (standard()) {
    PARANET_ASSIGN_OR_RETURN(options.credentials,
                             pki::MakeServerCredentials(*options_.identity, clock_.get(), options_.logger));
  }
  absl::StatusOr<std::unique_ptr<NetworkListener>> network = NetworkListener::Start(std::move(options));
  if (!network.ok()) {
    return options_.address.empty() && address.port != 0
               ? Annotate(network.status(),
                          absl::StrCat("node \"", options_.name, "\" wants the address it had before"))
               : network.status();
  }
  network_ = *std::move(network);
  address_ = network_->address().ToString();
  return absl::OkStatus();
}

absl::Status NodeImpl::StartFederation() {
  if (!standard()) return absl::OkStatus();
  PARANET_ASSIGN_OR_RETURN(federation_, options_.make_federation({.node_name = options_.name,
                                                                  .identity = options_.identity.get(),
                                                                  .catalogue = &catalogue_,
                                                                  .router = &router_,
                                                                  .database = &state_->database(),
                                                                  .clock = clock_.get(),
                                                                  .logger = options_.logger,
                                                                  .address = address_}));
  return absl::OkStatus();
}

void NodeImpl::Stop(absl::Time deadline) {
  RequestStop();
  absl::MutexLock lock(&stop_mu_);
  if (std::exchange(stopped_, true)) return;
  if (control_ != nullptr) control_->Close();
  if (network_ != nullptr) network_->Close();
  running_federation_ = nullptr;
  if (federation_ != nullptr) federation_->Stop();
  calls_.Shutdown(deadline);
  if (control_ != nullptr) control_->Shutdown(deadline);
  if (network_ != nullptr) network_->Shutdown(deadline);
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

v1::GetStatusResponse NodeImpl::Status() {
  v1::GetStatusResponse status;
  status.set_name(options_.name);
  status.set_kind(standard() ? v1::STANDARD : v1::TEST);
  if (standard()) {
    status.set_network(options_.identity->identity().network);
    *status.mutable_certificate() = pki::DescribeCertificate(options_.identity->chain().leaf());
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
