#include "pki/enrolment/enrolment_server.h"

#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "core/base/status.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "paranet/v1/pki.pb.h"
#include "pki/certificate.h"
#include "pki/enrolment/enrolment_credentials.h"
#include "pki/enrolment/renewal_plan.h"
#include "pki/enrolment/upkeep.h"
#include "pki/revocation_list.h"
#include "pki/revocation_lists.h"
#include "pki/trust_store.h"

namespace paranet::pki {
namespace {

constexpr char kActor[] = "root serve";

// What a stranger may hold a connection for, in milliseconds.
constexpr int kHandshakeMs = 10'000;
constexpr int kIdleMs = 60'000;
// A node that is gone without a word is noticed within the sum of these.
constexpr int kPingIntervalMs = 30'000;
constexpr int kPingTimeoutMs = 10'000;
// A client that pings more often is refused.
constexpr int kMinPingIntervalMs = 5'000;

class EnrolmentServerImpl final : public EnrolmentServer {
 public:
  explicit EnrolmentServerImpl(Options options) : options_(std::move(options)) {}
  ~EnrolmentServerImpl() override { Stop(absl::Now()); }

  absl::Status Listen() {
    const size_t colon = options_.address.rfind(':');
    if (colon == std::string::npos || colon == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", options_.address, "\" is no address: say HOST:PORT, such as 0.0.0.0:8443"));
    }
    PARANET_RETURN_IF_ERROR(RefreshLists());
    PARANET_RETURN_IF_ERROR(RefreshMaterial());
    PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ServerCredentials> credentials,
                             MakeEnrolmentServerCredentials(identity_, options_.clock, options_.logger));
    EnrolmentService::Options service = options_.service;
    service.root = options_.root;
    service.clock = options_.clock;
    service.logger = options_.logger;
    service.acknowledged = [this](const EnrolmentPeer& peer, uint64_t revision) { Acknowledge(peer, revision); };
    service_ = EnrolmentService::Create(std::move(service));
    PARANET_RETURN_IF_ERROR(Build(credentials, options_.address.substr(0, colon)));
    upkeep_ = std::make_unique<Upkeep>(
        Upkeep::Options{.tasks = {{"refresh the revocation lists", [this] { return RefreshLists(); }},
                                  {"renew the service's certificate", [this] { return RefreshMaterial(); }}},
                        .interval = options_.upkeep_interval,
                        .logger = options_.logger});
    service_->Start();
    return absl::OkStatus();
  }

  const std::string& address() const override { return address_; }
  EnrolmentService::Counts counts() const override {
    absl::MutexLock lock(&counts_mu_);
    return service_ != nullptr ? service_->counts() : last_counts_;
  }

  void Stop(absl::Time deadline) override {
    absl::MutexLock lock(&stop_mu_);
    if (std::exchange(stopped_, true)) return;
    if (server_ != nullptr) {
      service_->Close();
      server_->Shutdown(absl::ToChronoTime(deadline));
      server_->Wait();
    }
    // The streams' thread ends with the service, and then there are no more acknowledgements.
    if (service_ != nullptr) {
      absl::MutexLock counts(&counts_mu_);
      last_counts_ = service_->counts();
      service_.reset();
    }
    upkeep_.reset();
    server_.reset();
  }

 private:
  absl::Status Build(const std::shared_ptr<grpc::ServerCredentials>& credentials, const std::string& host) {
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    // Its records of each connection and call, which nobody reads.
    builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingIntervalMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kMinPingIntervalMs);
    int port = 0;
    builder.AddListeningPort(options_.address, credentials, &port);
    service_->AddTo(builder);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) {
      return absl::AlreadyExistsError(
          absl::StrCat("cannot listen on ", options_.address,
                       ": the address is in use or is not one of this machine's; stop the program that has it, or name "
                       "another address"));
    }
    address_ = absl::StrCat(host, ":", port);
    return absl::OkStatus();
  }

  void Acknowledge(const EnrolmentPeer& peer, uint64_t revision) {
    upkeep_->Once(peer.identity.ToUri(),
                  {absl::StrCat("note that ", peer.identity.ToUri(), " acts by trust bundle ", revision),
                   [root = options_.root, certificate = peer.certificate, revision] {
                     return root->Acknowledge(certificate, revision);
                   }});
  }

  absl::Status RefreshLists() {
    return options_.root->RefreshRevocationLists(options_.revocation_list_life, /*force=*/false, kActor);
  }

  // The service's certificate, and what clients are verified by. On the upkeep's thread, once it runs.
  absl::Status RefreshMaterial() {
    PARANET_ASSIGN_OR_RETURN(const uint64_t counter, options_.root->ChangeCounter());
    const Certificate active = options_.root->root_certificate();
    const bool wants_certificate =
        !material_.has_value() || !(material_->root == active) || options_.clock->Now() >= material_->renew_at;
    if (!wants_certificate && counter == material_->counter) return absl::OkStatus();
    if (wants_certificate) PARANET_RETURN_IF_ERROR(IssueOwn(active));
    PARANET_ASSIGN_OR_RETURN(const v1::TrustBundle bundle, options_.root->Bundle());
    EnrolmentMaterial material{.key = material_->issued.key,
                               .chain = material_->issued.chain,
                               .root = material_->root,
                               .trust = options_.root->trust(),
                               .revocations = nullptr};
    PARANET_ASSIGN_OR_RETURN(material.revocations, Revocations(bundle, *material.trust));
    if (identity_ == nullptr) {
      identity_ = std::make_shared<EnrolmentIdentity>(std::move(material));
    } else {
      identity_->Replace(std::move(material));
    }
    material_->counter = counter;
    return absl::OkStatus();
  }

  absl::Status IssueOwn(const Certificate& root) {
    PARANET_ASSIGN_OR_RETURN(NetworkRoot::IssuedKey issued,
                             options_.root->IssueServiceIdentity(options_.dns_names, options_.ip_addresses));
    if (issued.chain.certificates().back().issuer_der() != root.subject_der() ||
        issued.chain.certificates().back().authority_key_id() != root.subject_key_id()) {
      return absl::UnavailableError("the network's active root has just changed");
    }
    const CertificateLife life = LifeOf(issued.chain.leaf().not_before(), issued.chain.leaf().not_after());
    options_.logger->info("the service has certificate {} until {}", issued.chain.leaf().serial(),
                          absl::FormatTime(absl::RFC3339_sec, life.end, absl::UTCTimeZone()));
    material_.emplace(Material{.issued = std::move(issued), .root = root, .renew_at = RenewalTime(life, 0.5)});
    return absl::OkStatus();
  }

  absl::StatusOr<std::shared_ptr<const RevocationLists>> Revocations(const v1::TrustBundle& bundle,
                                                                     const TrustStore& trust) const {
    std::vector<Certificate> authorities;
    for (const std::string& der : bundle.authorities()) {
      PARANET_ASSIGN_OR_RETURN(Certificate authority, Certificate::FromDer(der));
      authorities.push_back(std::move(authority));
    }
    std::shared_ptr<const RevocationLists> lists = RevocationLists::Empty();
    for (const std::string& der : bundle.revocation_lists()) {
      PARANET_ASSIGN_OR_RETURN(const RevocationList list, RevocationList::FromDer(der));
      auto with = lists->With(list, trust, authorities, options_.clock->Now());
      // A list that has expired is refreshed in a moment; until then, the ledger decides.
      if (with.ok()) lists = *std::move(with);
    }
    return lists;
  }

  struct Material {
    NetworkRoot::IssuedKey issued;
    Certificate root;
    absl::Time renew_at;
    uint64_t counter = 0;
  };

  const Options options_;
  std::string address_;
  std::optional<Material> material_;
  std::shared_ptr<EnrolmentIdentity> identity_;
  std::unique_ptr<EnrolmentService> service_;
  std::unique_ptr<Upkeep> upkeep_;
  std::unique_ptr<grpc::Server> server_;
  mutable absl::Mutex counts_mu_;
  EnrolmentService::Counts last_counts_ ABSL_GUARDED_BY(counts_mu_);
  absl::Mutex stop_mu_;
  bool stopped_ ABSL_GUARDED_BY(stop_mu_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<EnrolmentServer>> EnrolmentServer::Start(Options options) {
  auto server = std::make_unique<EnrolmentServerImpl>(std::move(options));
  PARANET_RETURN_IF_ERROR(server->Listen());
  return server;
}

}  // namespace paranet::pki
