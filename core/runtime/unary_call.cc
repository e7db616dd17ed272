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

void UnaryCall::Respond(const absl::Status& status, absl::string_view response) { End(status, response, true); }

void UnaryCall::Abort(absl::Status status) { End(std::move(status), "", false); }

void UnaryCall::Cancel() { End(absl::CancelledError("the caller has cancelled the call"), "", false); }

void UnaryCall::End(absl::Status status, absl::string_view response, bool by_actor) {
  UnaryDone done;
  Metadata trailers;
  bool begun = false;
  bool children = false;
  bool again = false;
  {
    absl::MutexLock lock(&mu_);
    again = by_actor && std::exchange(responded_, true);
    if (over_ && !again) return;
    if (!again) {
      SetOver();
      children = has_children();
      done = std::move(done_);
      begun = begun_;
      trailers = std::move(trailers_);
      request_.Clear();
    }
  }
  if (again) return owner().OnMisuse(*this, "respond for the second time");
  if (children) CancelChildren();
  owner().OnEnded(*this);
  const bool ok = status.ok();
  // Made where it is passed, because a result that is moved copies its payload.
  std::move(done)(UnaryResult{.status = std::move(status),
                              .response = ok ? MakePayload(response) : Payload(),
                              .trailers = std::move(trailers),
                              .unprocessed = !begun});
  Ended();
}

}  // namespace paranet
