#include "core/runtime/unary_call.h"

#include <utility>

namespace paranet {

bool UnaryCall::Begin(grpc::Slice* request) {
  absl::MutexLock lock(&mu_);
  if (over_) return false;
  begun_ = true;
  *request = SingleSlice(request_);
  request_.Clear();
  return true;
}

void UnaryCall::Respond(const absl::Status& status, absl::string_view response) {
  bool first = false;
  {
    absl::MutexLock lock(&mu_);
    first = !std::exchange(responded_, true);
  }
  if (!first) {
    owner().OnMisuse(*this, "respond for the second time");
    return;
  }
  End(status, response);
}

void UnaryCall::Abort(absl::Status status) { End(std::move(status), ""); }

void UnaryCall::Cancel() { End(absl::CancelledError("the caller has cancelled the call"), ""); }

void UnaryCall::End(absl::Status status, absl::string_view response) {
  UnaryDone done;
  UnaryResult result;
  {
    absl::MutexLock lock(&mu_);
    if (over_) return;
    over_ = true;
    done = std::move(done_);
    result.unprocessed = !begun_;
    result.trailers = std::move(trailers_);
    request_.Clear();
  }
  if (status.ok()) result.response = MakePayload(response);
  result.status = std::move(status);
  owner().OnEnded(*this);
  std::move(done)(std::move(result));
  Ended();
}

}  // namespace paranet
