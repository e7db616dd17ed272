#include "pki/enrolment/enrolment_service.h"

#include <atomic>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/grpc_status.h"
#include "core/base/status.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/server_context.h"
#include "paranet/v1/pki.grpc.pb.h"
#include "pki/certificate.h"
#include "pki/certificate_request.h"
#include "pki/enrolment/bundle_watches.h"
#include "pki/enrolment/peer_address.h"
#include "pki/join_token.h"

namespace paranet::pki {
namespace {

// gRPC's threads: those with a request, and a few that wait for the next or refuse it.
constexpr int kSpareThreads = 16;
// What all connections together may hold of messages that are not complete.
constexpr size_t kReceiveMemory = size_t{64} << 20;
// Requests under way on one connection.
constexpr int kStreamsPerConnection = 100;

template <typename Response>
void Fill(Response& response, const NetworkRoot::Issued& issued) {
  for (const Certificate& certificate : issued.chain.certificates()) response.add_chain(certificate.ToDer());
  *response.mutable_roots() = issued.trust.roots();
  *response.mutable_trust() = issued.trust;
}

class EnrolmentServiceImpl final : public EnrolmentService, public BundleWatches::Service {
 public:
  explicit EnrolmentServiceImpl(Options options)
      : options_(std::move(options)),
        enroll_rate_(options_.enroll_rate, options_.clock),
        renew_rate_(options_.renew_rate, options_.clock) {}

  void AddTo(grpc::ServerBuilder& builder) override {
    builder.RegisterService(static_cast<grpc::Service*>(this));
    builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
    builder.SetResourceQuota(
        grpc::ResourceQuota().SetMaxThreads(options_.requests_at_once + kSpareThreads).Resize(kReceiveMemory));
    // Threads stay between bursts in place of being made for each request.
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, kSpareThreads);
    watches_ = std::make_unique<BundleWatches>(BundleWatches::Options{.root = options_.root,
                                                                      .clock = options_.clock,
                                                                      .logger = options_.logger,
                                                                      .most = options_.watches,
                                                                      .look_interval = options_.look_interval,
                                                                      .acknowledged = options_.acknowledged},
                                               this, builder.AddCompletionQueue());
  }
  void Start() override { watches_->Start(); }
  void Close() override { watches_->Close(); }

  Counts counts() const override {
    return {.enrolled = enrolled_, .renewed = renewed_, .refused = refused_, .watches = watches_->size()};
  }

  grpc::Status Enroll(grpc::ServerContext* context, const v1::EnrollRequest* request,
                      v1::EnrollResponse* response) override {
    const std::string address = PartyOfPeer(context->peer());
    return Answer("enrolment", address, enrolled_, [&]() -> absl::StatusOr<std::string> {
      PARANET_RETURN_IF_ERROR(enroll_rate_.Take(address));
      PARANET_ASSIGN_OR_RETURN(const JoinToken token, JoinToken::Parse(request->token()));
      PARANET_ASSIGN_OR_RETURN(const CertificateRequest csr, ParseRequest(request->request()));
      PARANET_ASSIGN_OR_RETURN(const NetworkRoot::Issued issued, options_.root->Enroll(token, csr, options_.leaf_life));
      Fill(*response, issued);
      return Describe(csr, issued);
    });
  }

  grpc::Status Renew(grpc::ServerContext* context, const v1::RenewRequest* request,
                     v1::RenewResponse* response) override {
    return Answer("renewal", PartyOfPeer(context->peer()), renewed_, [&]() -> absl::StatusOr<std::string> {
      PARANET_ASSIGN_OR_RETURN(
          const EnrolmentPeer peer,
          AuthenticateNode(*context->auth_context(), options_.root->network(), options_.clock->Now()));
      PARANET_RETURN_IF_ERROR(renew_rate_.Take(peer.identity.ToUri()));
      PARANET_ASSIGN_OR_RETURN(const CertificateRequest csr, ParseRequest(request->request()));
      PARANET_ASSIGN_OR_RETURN(const NetworkRoot::Issued issued,
                               options_.root->Renew(peer.certificate, csr, options_.leaf_life));
      Fill(*response, issued);
      return Describe(csr, issued);
    });
  }

 private:
  static absl::StatusOr<CertificateRequest> ParseRequest(const std::string& der) {
    absl::StatusOr<CertificateRequest> request = CertificateRequest::FromDer(der);
    if (!request.ok()) return Annotate(request.status(), "the certificate request");
    return request;
  }

  static std::string Describe(const CertificateRequest& request, const NetworkRoot::Issued& issued) {
    const Certificate& leaf = issued.chain.leaf();
    return absl::StrCat(request.names().identity.ToUri(), " has certificate ", leaf.serial(), " until ",
                        absl::FormatTime(absl::RFC3339_sec, leaf.not_after(), absl::UTCTimeZone()));
  }

  // Counts, limits and logs what `body` does; it returns what is to be logged of a success.
  template <typename Body>
  grpc::Status Answer(const char* what, const std::string& address, std::atomic<uint64_t>& done, const Body& body) {
    const absl::Cleanup leave = [this] { --under_way_; };
    absl::StatusOr<std::string> text =
        ++under_way_ > options_.requests_at_once
            ? absl::ResourceExhaustedError(
                  "the enrolment service has as many requests under way as it takes at once: "
                  "try again in a moment")
            : body();
    if (text.ok()) {
      ++done;
      options_.logger->info("{} from {}: {}", what, address, *text);
      return grpc::Status::OK;
    }
    ++refused_;
    // What is refused for being too much does not become more by being logged.
    const bool too_much = text.status().code() == absl::StatusCode::kResourceExhausted;
    options_.logger->log(too_much ? spdlog::level::debug : spdlog::level::warn, "{} from {} refused: {}", what, address,
                         std::string(text.status().message()));
    return ToGrpcStatus(text.status());
  }

  const Options options_;
  RateLimit enroll_rate_;
  RateLimit renew_rate_;
  std::atomic<int> under_way_ = 0;
  std::atomic<uint64_t> enrolled_ = 0;
  std::atomic<uint64_t> renewed_ = 0;
  std::atomic<uint64_t> refused_ = 0;
  std::unique_ptr<BundleWatches> watches_;
};

}  // namespace

std::unique_ptr<EnrolmentService> EnrolmentService::Create(Options options) {
  return std::make_unique<EnrolmentServiceImpl>(std::move(options));
}

}  // namespace paranet::pki
