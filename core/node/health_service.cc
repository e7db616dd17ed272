#include "core/node/health_service.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/grpc_status.h"

namespace paranet {
namespace {

using ::grpc::health::v1::HealthCheckRequest;
using ::grpc::health::v1::HealthCheckResponse;

// gRPC's synchronous services cannot be told that their client is gone; they have to look.
constexpr absl::Duration kLookForClient = absl::Milliseconds(500);

grpc::Status Stranger() {
  return ToGrpcStatus(
      absl::PermissionDeniedError("this node tells how it is to operators and to nodes that it has a link with alone"));
}

}  // namespace

HealthService::HealthService(Options options) : options_(std::move(options)) {
  subscription_ = options_.catalogue->Subscribe([this](const auto&) {
    absl::MutexLock lock(&mu_);
    ++changes_;
  });
}

HealthService::~HealthService() { options_.catalogue->Unsubscribe(subscription_); }

void HealthService::Stop() {
  absl::MutexLock lock(&mu_);
  stopped_ = true;
}

HealthCheckResponse::ServingStatus HealthService::StatusOf(const std::string& service, const ClientView& view) const {
  if (service.empty()) return HealthCheckResponse::SERVING;
  bool known = false;
  for (const auto& entry : options_.catalogue->snapshot()->entries()) {
    if (entry->set->name() != service || !IsVisible(*entry, view)) continue;
    known = true;
    for (const auto& provider : entry->providers) {
      if (view.visibility == Visibility::kExported && provider->kind() != Provider::Kind::kActor) continue;
      if (provider->available()) return HealthCheckResponse::SERVING;
    }
  }
  return known ? HealthCheckResponse::NOT_SERVING : HealthCheckResponse::SERVICE_UNKNOWN;
}

grpc::Status HealthService::Check(grpc::ServerContext* context, const HealthCheckRequest* request,
                                  HealthCheckResponse* response) {
  const ClientView view = options_.viewer(*context);
  if (view.visibility == Visibility::kNothing) return Stranger();
  const auto status = StatusOf(request->service(), view);
  if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
    return ToGrpcStatus(absl::NotFoundError(absl::StrCat("this node knows no service \"", request->service(), "\"")));
  }
  response->set_status(status);
  return grpc::Status::OK;
}

grpc::Status HealthService::Watch(grpc::ServerContext* context, const HealthCheckRequest* request,
                                  grpc::ServerWriter<HealthCheckResponse>* writer) {
  uint64_t seen = 0;
  {
    absl::MutexLock lock(&mu_);
    if (watches_ >= options_.limit) {
      return ToGrpcStatus(absl::ResourceExhaustedError(
          absl::StrCat(options_.limit, " health watches are open, which is the limit; close some")));
    }
    ++watches_;
    seen = changes_;
  }
  const absl::Cleanup leave = [this] {
    absl::MutexLock lock(&mu_);
    --watches_;
  };
  std::optional<HealthCheckResponse::ServingStatus> last;
  while (!context->IsCancelled()) {
    // Anew each time: a link may have come or gone.
    const ClientView view = options_.viewer(*context);
    if (view.visibility == Visibility::kNothing) return Stranger();
    const auto status = StatusOf(request->service(), view);
    if (status != last) {
      HealthCheckResponse response;
      response.set_status(status);
      if (!writer->Write(response)) break;
      last = status;
    }
    absl::MutexLock lock(&mu_);
    const auto changed = [this, seen]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stopped_ || changes_ != seen; };
    mu_.AwaitWithTimeout(absl::Condition(&changed), kLookForClient);
    if (stopped_) return ToGrpcStatus(absl::UnavailableError("the node is stopping"));
    seen = changes_;
  }
  return ToGrpcStatus(absl::CancelledError("the client has gone"));
}

}  // namespace paranet
