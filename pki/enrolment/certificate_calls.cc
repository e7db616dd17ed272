#include "pki/enrolment/certificate_calls.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/grpc_status.h"
#include "core/base/status.h"
#include "grpc/support/time.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/async_unary_call.h"
#include "pki/certificate.h"
#include "pki/certificate_request.h"
#include "pki/enrolment/peer_address.h"
#include "pki/join_token.h"

namespace paranet::pki {
namespace {

// One checks and signs while the other waits for the disk.
constexpr int kThreads = 2;
// Calls of each kind that are waited for ahead of their arrival.
constexpr int kWaiting = 16;
// What a thread takes from the queue before it serves the calls that it has: refusals alone could keep it busy.
constexpr int kEvents = 256;

absl::StatusOr<CertificateRequest> ParseRequest(const std::string& der) {
  absl::StatusOr<CertificateRequest> request = CertificateRequest::FromDer(der);
  if (!request.ok()) return Annotate(request.status(), "the certificate request");
  return request;
}

template <typename Response>
Response ResponseOf(const NetworkRoot::Issued& issued) {
  Response response;
  for (const Certificate& certificate : issued.chain.certificates()) response.add_chain(certificate.ToDer());
  *response.mutable_roots() = issued.trust.roots();
  *response.mutable_trust() = issued.trust;
  return response;
}

template <typename Writer, typename Response>
void Send(Writer& writer, const absl::StatusOr<NetworkRoot::Issued>& issued, void* tag, const Response* /*type*/) {
  if (issued.ok()) {
    writer.Finish(ResponseOf<Response>(*issued), grpc::Status::OK, tag);
  } else {
    writer.FinishWithError(ToGrpcStatus(issued.status()), tag);
  }
}

}  // namespace

// One call, from the wait for it to its end, which is also gRPC's tag for each; deletes itself.
class CertificateCalls::Call {
 public:
  explicit Call(CertificateCalls* hub) : hub_(hub) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Tells gRPC where to put the call.
  virtual void Await() = 0;

  // Whether it is to be certified; else it is about to be deleted.
  bool Complete(bool ok) {
    if (answered_ || !ok) {
      delete this;
      return false;
    }
    ListenOn();
    address_ = PartyOfPeer(context_.peer());
    absl::Status status = ++hub_->under_way_ > hub_->options_.at_once
                              ? absl::ResourceExhaustedError(
                                    "the enrolment service has as many requests under way as it takes at once: "
                                    "try again in a moment")
                              : Check();
    if (!status.ok()) Answer(status);
    return status.ok();
  }

  NetworkRoot::Application application() const {
    return {.request = &*request_,
            .token = token_.has_value() ? &*token_ : nullptr,
            .peer = peer_ == nullptr ? nullptr : &peer_->certificate,
            .life = hub_->options_.leaf_life};
  }

  void Answer(const absl::StatusOr<NetworkRoot::Issued>& issued) {
    --hub_->under_way_;
    answered_ = true;
    Finish(issued);
  }

 protected:
  virtual ~Call() {
    absl::MutexLock lock(&hub_->mu_);
    --hub_->alive_;
  }
  // Waits for the next call of this kind.
  virtual void ListenOn() = 0;
  // Sets what the application needs, or says why there is none.
  virtual absl::Status Check() = 0;
  virtual void Finish(const absl::StatusOr<NetworkRoot::Issued>& issued) = 0;

  CertificateCalls* const hub_;
  grpc::ServerContext context_;
  std::string address_;
  std::optional<JoinToken> token_;
  std::shared_ptr<const EnrolmentPeer> peer_;
  std::optional<CertificateRequest> request_;
  bool answered_ = false;
};

class CertificateCalls::Enrolment final : public Call {
 public:
  explicit Enrolment(CertificateCalls* hub) : Call(hub), writer_(&context_) {}

  void Await() override {
    hub_->service_->RequestEnroll(&context_, &message_, &writer_, hub_->queue_.get(), hub_->queue_.get(), this);
  }

 private:
  void ListenOn() override { hub_->Listen<Enrolment>(); }

  absl::Status Check() override {
    PARANET_RETURN_IF_ERROR(hub_->enroll_rate_.Take(address_));
    PARANET_ASSIGN_OR_RETURN(token_, JoinToken::Parse(message_.token()));
    PARANET_ASSIGN_OR_RETURN(request_, ParseRequest(message_.request()));
    return absl::OkStatus();
  }

  void Finish(const absl::StatusOr<NetworkRoot::Issued>& issued) override {
    hub_->Note("enrolment", address_, hub_->enrolled_, issued);
    const v1::EnrollResponse* const type = nullptr;
    Send(writer_, issued, static_cast<Call*>(this), type);
  }

  v1::EnrollRequest message_;
  grpc::ServerAsyncResponseWriter<v1::EnrollResponse> writer_;
};

class CertificateCalls::Renewal final : public Call {
 public:
  explicit Renewal(CertificateCalls* hub) : Call(hub), writer_(&context_) {}

  void Await() override {
    hub_->service_->RequestRenew(&context_, &message_, &writer_, hub_->queue_.get(), hub_->queue_.get(), this);
  }

 private:
  void ListenOn() override { hub_->Listen<Renewal>(); }

  absl::Status Check() override {
    PARANET_ASSIGN_OR_RETURN(peer_, hub_->peers_.Authenticate(*context_.auth_context(), hub_->options_.clock->Now()));
    PARANET_RETURN_IF_ERROR(hub_->renew_rate_.Take(peer_->identity.ToUri()));
    PARANET_ASSIGN_OR_RETURN(request_, ParseRequest(message_.request()));
    return absl::OkStatus();
  }

  void Finish(const absl::StatusOr<NetworkRoot::Issued>& issued) override {
    hub_->Note("renewal", address_, hub_->renewed_, issued);
    const v1::RenewResponse* const type = nullptr;
    Send(writer_, issued, static_cast<Call*>(this), type);
  }

  v1::RenewRequest message_;
  grpc::ServerAsyncResponseWriter<v1::RenewResponse> writer_;
};

CertificateCalls::CertificateCalls(Options options, Service* service,
                                   std::unique_ptr<grpc::ServerCompletionQueue> queue)
    : options_(std::move(options)),
      service_(service),
      queue_(std::move(queue)),
      enroll_rate_(options_.enroll_rate, options_.clock),
      renew_rate_(options_.renew_rate, options_.clock),
      peers_(options_.root->network()) {}

CertificateCalls::~CertificateCalls() {
  Close();
  {
    // What runs on a queue must end before the queue is shut down.
    absl::MutexLock lock(&mu_);
    const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return alive_ == 0; };
    mu_.Await(absl::Condition(&idle));
  }
  queue_->Shutdown();
  // A server that was never started has no threads.
  if (threads_.empty()) Run();
  for (std::thread& thread : threads_) thread.join();
}

void CertificateCalls::Start() {
  for (int i = 0; i < kWaiting; ++i) {
    Listen<Enrolment>();
    Listen<Renewal>();
  }
  for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Run(); });
}

void CertificateCalls::Close() {
  absl::MutexLock lock(&mu_);
  closed_ = true;
}

template <typename Kind>
void CertificateCalls::Listen() {
  absl::MutexLock lock(&mu_);
  if (closed_) return;
  ++alive_;
  (new Kind(this))->Await();
}

void CertificateCalls::Run() {
  std::vector<Call*> batch;
  int events = 0;
  while (true) {
    void* tag = nullptr;
    bool ok = false;
    // With calls in hand, only what is there already.
    const gpr_timespec deadline = batch.empty() ? gpr_inf_future(GPR_CLOCK_REALTIME) : gpr_inf_past(GPR_CLOCK_REALTIME);
    const auto status = queue_->AsyncNext(&tag, &ok, deadline);
    if (status == grpc::CompletionQueue::SHUTDOWN) return;
    if (status == grpc::CompletionQueue::GOT_EVENT) {
      auto* const call = static_cast<Call*>(tag);
      if (call->Complete(ok)) batch.push_back(call);
      if (batch.empty() || ++events < kEvents) continue;
    }
    Serve(batch);
    batch.clear();
    events = 0;
  }
}

void CertificateCalls::Serve(const std::vector<Call*>& batch) {
  std::vector<NetworkRoot::Application> applications;
  applications.reserve(batch.size());
  for (const Call* call : batch) applications.push_back(call->application());
  const std::vector<absl::StatusOr<NetworkRoot::Issued>> issued = options_.root->IssueAll(applications);
  for (size_t i = 0; i < batch.size(); ++i) batch[i]->Answer(issued[i]);
}

void CertificateCalls::Note(const char* what, absl::string_view address, std::atomic<uint64_t>& done,
                            const absl::StatusOr<NetworkRoot::Issued>& issued) {
  if (issued.ok()) {
    ++done;
    if (!options_.logger->should_log(spdlog::level::info)) return;
    const Certificate& leaf = issued->chain.leaf();
    options_.logger->info("{} from {}: {} has certificate {} until {}", what, std::string(address),
                          leaf.uris().empty() ? leaf.subject() : leaf.uris().front(), leaf.serial(),
                          absl::FormatTime(absl::RFC3339_sec, leaf.not_after(), absl::UTCTimeZone()));
    return;
  }
  ++refused_;
  // What is refused for being too much does not become more by being logged.
  const bool too_much = issued.status().code() == absl::StatusCode::kResourceExhausted;
  options_.logger->log(too_much ? spdlog::level::debug : spdlog::level::warn, "{} from {} refused: {}", what,
                       std::string(address), std::string(issued.status().message()));
}

}  // namespace paranet::pki
