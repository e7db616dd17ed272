#include "pki/enrolment/enrolment_client.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/base/grpc_status.h"
#include "core/base/status.h"
#include "grpcpp/channel.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "paranet/v1/pki.grpc.pb.h"
#include "pki/certificate.h"
#include "pki/enrolment/enrolment_credentials.h"
#include "pki/identity.h"
#include "pki/trust_store.h"

namespace paranet::pki {
namespace {

// What a Network Root may send: a bundle has revocation lists.
constexpr int kMaxBundleBytes = 64 << 20;
// So that a service that has gone without a word is noticed.
constexpr int kPingIntervalMs = 20'000;
constexpr int kPingTimeoutMs = 10'000;

// Why a handshake was refused: gRPC itself says only that it failed. Thread-safe.
class Refusal {
 public:
  void Set(const absl::Status& status) {
    absl::MutexLock lock(&mu_);
    status_ = status;
  }
  std::optional<absl::Status> Get() const {
    absl::MutexLock lock(&mu_);
    return status_;
  }

 private:
  mutable absl::Mutex mu_;
  std::optional<absl::Status> status_ ABSL_GUARDED_BY(mu_);
};

bool IsAboutTime(const absl::Status& status) {
  return absl::StrContains(status.message(), "(EXPIRED)") || absl::StrContains(status.message(), "(NOT_YET_VALID)");
}

std::string Utc(absl::Time time) { return absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone()); }

// A connection to a service, with sentences for what goes wrong with it.
class Connection {
 public:
  using MakeCredentials = std::function<absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>>(
      std::function<void(const absl::Status&)> refused)>;

  static absl::StatusOr<Connection> Make(const std::string& endpoint, const Clock* clock,
                                         const MakeCredentials& credentials) {
    auto refusal = std::make_shared<Refusal>();
    PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ChannelCredentials> made,
                             credentials([refusal](const absl::Status& status) { refusal->Set(status); }));
    grpc::ChannelArguments arguments;
    // A handshake of its own, with the certificate of now.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingIntervalMs);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
    // The endpoint is what it says; a proxy for the web has no part in this.
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetMaxReceiveMessageSize(kMaxBundleBytes);
    return Connection(endpoint, clock, std::move(refusal), grpc::CreateCustomChannel(endpoint, made, arguments));
  }

  v1::NetworkRoot::Stub& stub() { return *stub_; }

  absl::Status Explain(const grpc::Status& status) const {
    if (status.ok()) return absl::OkStatus();
    const absl::Status said = FromGrpcStatus(status);
    if (said.code() == absl::StatusCode::kUnavailable) {
      if (const std::optional<absl::Status> refused = refusal_->Get(); refused.has_value()) {
        const std::string clock = IsAboutTime(*refused)
                                      ? absl::StrCat(" (the clock of this machine says ", Utc(clock_->Now()),
                                                     ": if that is wrong, set it and try again)")
                                      : "";
        return absl::PermissionDeniedError(
            absl::StrCat("the enrolment service at ", endpoint_, " is not trusted: ", refused->message(), clock));
      }
      return absl::UnavailableError(absl::StrCat("the enrolment service at ", endpoint_, " is not to be reached (",
                                                 said.message(),
                                                 "): check that `paranet root serve` runs there and "
                                                 "that nothing is in between"));
    }
    if (said.code() == absl::StatusCode::kDeadlineExceeded) {
      return absl::DeadlineExceededError(
          absl::StrCat("the enrolment service at ", endpoint_, " did not answer in time"));
    }
    return said;
  }

 private:
  Connection(std::string endpoint, const Clock* clock, std::shared_ptr<Refusal> refusal,
             const std::shared_ptr<grpc::Channel>& channel)
      : endpoint_(std::move(endpoint)),
        clock_(clock),
        refusal_(std::move(refusal)),
        stub_(v1::NetworkRoot::NewStub(channel)) {}

  std::string endpoint_;
  const Clock* clock_;
  std::shared_ptr<Refusal> refusal_;
  std::unique_ptr<v1::NetworkRoot::Stub> stub_;
};

// Takes apart and checks what the service sent.
template <typename Response>
absl::StatusOr<IssuedIdentity> Check(const Response& response, const PrivateKey& key, const LeafNames& names,
                                     const std::string& pinned_root, absl::Time now) {
  absl::StatusOr<CertificateChain> chain =
      CertificateChain::FromDer({response.chain().begin(), response.chain().end()});
  if (!chain.ok()) return Annotate(chain.status(), "the certificate that the Network Root has sent");
  std::vector<Certificate> roots;
  for (const std::string& der : response.trust().roots()) {
    absl::StatusOr<Certificate> root = Certificate::FromDer(der);
    if (!root.ok()) return Annotate(root.status(), "a root that the Network Root has sent");
    roots.push_back(*std::move(root));
  }
  if (!pinned_root.empty() && std::none_of(roots.begin(), roots.end(), [&](const Certificate& root) {
        return root.fingerprint() == pinned_root;
      })) {
    return absl::PermissionDeniedError(
        absl::StrCat("the roots that the Network Root has sent are without the one that the join token names (SHA-256 ",
                     pinned_root, "): ask for a new token"));
  }
  PARANET_ASSIGN_OR_RETURN(std::shared_ptr<const TrustStore> trust, TrustStore::Create(roots));
  if (chain->empty() || chain->leaf().public_key() != key.public_key()) {
    return absl::PermissionDeniedError("the Network Root has sent a certificate for another key than this node's");
  }
  absl::StatusOr<std::unique_ptr<NodeIdentity>> identity =
      NodeIdentity::Create(key, *std::move(chain), std::move(trust), now);
  if (!identity.ok()) {
    if (!IsAboutTime(identity.status())) return identity.status();
    return absl::PermissionDeniedError(
        absl::StrCat("the certificate that the Network Root has just issued: ", identity.status().message(),
                     " (the clock of this machine says ", Utc(now), ", and is off)"));
  }
  const Certificate& leaf = (*identity)->chain().leaf();
  if (!((*identity)->identity() == names.identity) || leaf.dns_names() != names.dns_names ||
      leaf.ip_addresses() != names.ip_addresses) {
    return absl::PermissionDeniedError(absl::StrCat("the Network Root has sent a certificate of ",
                                                    (*identity)->identity().ToUri(), " with other names than those of ",
                                                    names.identity.ToUri(), " that were asked for"));
  }
  return IssuedIdentity{.identity = *std::move(identity), .bundle = response.trust()};
}

Connection::MakeCredentials AsNode(const std::shared_ptr<NodeTrust>& trust, const Clock* clock) {
  return [&trust, clock](std::function<void(const absl::Status&)> refused) {
    return MakeRenewalChannelCredentials(trust, clock, std::move(refused));
  };
}

class TrustWatchImpl final : public TrustWatch {
 public:
  TrustWatchImpl(Connection connection, uint64_t revision) : connection_(std::move(connection)), revision_(revision) {
    // Nothing is sent, and nothing blocks, before the first message.
    context_.set_initial_metadata_corked(true);
    stream_ = connection_.stub().Watch(&context_);
  }

  absl::StatusOr<v1::TrustBundle> Next() override {
    if (!std::exchange(begun_, true)) Acknowledge(revision_);
    v1::TrustBundle bundle;
    if (stream_->Read(&bundle)) return bundle;
    const absl::Status status = connection_.Explain(stream_->Finish());
    return status.ok() ? absl::UnavailableError("the enrolment service has ended the stream") : status;
  }

  void Acknowledge(uint64_t revision) override {
    v1::WatchRequest request;
    request.set_revision(revision);
    stream_->Write(request);
  }

  void Cancel() override { context_.TryCancel(); }

 private:
  Connection connection_;
  const uint64_t revision_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::WatchRequest, v1::TrustBundle>> stream_;
  bool begun_ = false;
};

}  // namespace

absl::StatusOr<IssuedIdentity> EnrollWithToken(const JoinToken& token, const PrivateKey& key, const LeafNames& names,
                                               const Clock* clock, absl::Time deadline) {
  const Identity wanted{.network = token.fields().network(), .role = Role::kNode, .name = token.fields().node()};
  if (!(wanted == names.identity)) {
    return absl::PermissionDeniedError(absl::StrCat("the join token is for ", wanted.ToUri(), " and not for ",
                                                    names.identity.ToUri(),
                                                    ": ask for one for this node (paranet root token create)"));
  }
  PARANET_ASSIGN_OR_RETURN(const CertificateRequest request, CertificateRequest::Create(key, names));
  PARANET_ASSIGN_OR_RETURN(
      Connection connection,
      Connection::Make(token.fields().endpoint(), clock, [&](std::function<void(const absl::Status&)> refused) {
        return MakeEnrolmentChannelCredentials(token.fields().network(), token.fields().root_fingerprint(), clock,
                                               std::move(refused));
      }));
  v1::EnrollRequest message;
  message.set_token(token.ToText());
  message.set_request(request.ToDer());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::EnrollResponse response;
  PARANET_RETURN_IF_ERROR(connection.Explain(connection.stub().Enroll(&context, message, &response)));
  return Check(response, key, names, token.fields().root_fingerprint(), clock->Now());
}

absl::StatusOr<IssuedIdentity> RenewCertificate(const std::shared_ptr<NodeTrust>& trust, const PrivateKey& key,
                                                const Clock* clock, absl::Time deadline, grpc::ClientContext& context) {
  const std::shared_ptr<const TrustState> state = trust->state();
  PARANET_ASSIGN_OR_RETURN(const LeafNames names, NamesOf(state->identity->chain().leaf()));
  PARANET_ASSIGN_OR_RETURN(const CertificateRequest request, CertificateRequest::Create(key, names));
  PARANET_ASSIGN_OR_RETURN(Connection connection, Connection::Make(state->endpoint, clock, AsNode(trust, clock)));
  v1::RenewRequest message;
  message.set_request(request.ToDer());
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::RenewResponse response;
  PARANET_RETURN_IF_ERROR(connection.Explain(connection.stub().Renew(&context, message, &response)));
  return Check(response, key, names, "", clock->Now());
}

absl::StatusOr<LeafNames> NamesOf(const Certificate& leaf) {
  if (leaf.uris().size() != 1) return absl::InvalidArgumentError("the certificate has not exactly one identity");
  PARANET_ASSIGN_OR_RETURN(Identity identity, Identity::Parse(leaf.uris()[0]));
  return LeafNames{.identity = std::move(identity), .dns_names = leaf.dns_names(), .ip_addresses = leaf.ip_addresses()};
}

absl::StatusOr<std::unique_ptr<TrustWatch>> TrustWatch::Open(const std::shared_ptr<NodeTrust>& trust,
                                                             const Clock* clock) {
  const std::shared_ptr<const TrustState> state = trust->state();
  PARANET_ASSIGN_OR_RETURN(Connection connection, Connection::Make(state->endpoint, clock, AsNode(trust, clock)));
  return std::make_unique<TrustWatchImpl>(std::move(connection), state->bundle_revision);
}

}  // namespace paranet::pki
