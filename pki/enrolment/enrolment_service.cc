#include "pki/enrolment/enrolment_service.h"

#include <memory>
#include <utility>

#include "grpcpp/resource_quota.h"
#include "paranet/v1/pki.grpc.pb.h"
#include "pki/enrolment/bundle_watches.h"
#include "pki/enrolment/certificate_calls.h"

namespace paranet::pki {
namespace {

// What all connections together may hold of messages that are not complete.
constexpr size_t kReceiveMemory = size_t{64} << 20;
// Requests under way on one connection.
constexpr int kStreamsPerConnection = 100;

class EnrolmentServiceImpl final : public EnrolmentService {
 public:
  explicit EnrolmentServiceImpl(Options options) : options_(std::move(options)) {}

  void AddTo(grpc::ServerBuilder& builder) override {
    builder.RegisterService(&service_);
    builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
    builder.SetResourceQuota(grpc::ResourceQuota().Resize(kReceiveMemory));
    calls_ = std::make_unique<CertificateCalls>(CertificateCalls::Options{.root = options_.root,
                                                                          .clock = options_.clock,
                                                                          .logger = options_.logger,
                                                                          .enroll_rate = options_.enroll_rate,
                                                                          .renew_rate = options_.renew_rate,
                                                                          .at_once = options_.requests_at_once,
                                                                          .leaf_life = options_.leaf_life},
                                                &service_, builder.AddCompletionQueue());
    watches_ = std::make_unique<BundleWatches>(BundleWatches::Options{.root = options_.root,
                                                                      .clock = options_.clock,
                                                                      .logger = options_.logger,
                                                                      .most = options_.watches,
                                                                      .look_interval = options_.look_interval,
                                                                      .acknowledged = options_.acknowledged},
                                               &service_, builder.AddCompletionQueue());
  }
  void Start() override {
    calls_->Start();
    watches_->Start();
  }
  void Close() override {
    calls_->Close();
    watches_->Close();
  }

  Counts counts() const override {
    return {.enrolled = calls_->enrolled(),
            .renewed = calls_->renewed(),
            .refused = calls_->refused(),
            .watches = watches_->size()};
  }

 private:
  const Options options_;
  CertificateCalls::Service service_;
  std::unique_ptr<CertificateCalls> calls_;
  std::unique_ptr<BundleWatches> watches_;
};

}  // namespace

std::unique_ptr<EnrolmentService> EnrolmentService::Create(Options options) {
  return std::make_unique<EnrolmentServiceImpl>(std::move(options));
}

}  // namespace paranet::pki
