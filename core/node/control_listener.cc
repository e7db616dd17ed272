#include "core/node/control_listener.h"

#include <sys/un.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/node/visibility.h"

namespace paranet {
namespace {

Visibility Everything(const grpc::ServerContext& /*context*/) { return Visibility::kEverything; }

}  // namespace

absl::Status CheckSocketPath(const std::string& path) {
  // The path and its final zero.
  constexpr size_t kMost = sizeof(sockaddr_un{}.sun_path) - 1;
  if (path.size() <= kMost) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the control socket \"", path, "\" has a path of ", path.size(),
                                                 " bytes, and ", kMost,
                                                 " is the most for a Unix socket: use a shorter data directory, for "
                                                 "example by setting PARANET_HOME"));
}

ControlListener::ControlListener(Options options)
    : options_(std::move(options)),
      caller_(absl::StrCat("uid:", ::geteuid())),
      dispatcher_(
          {.router = options_.router,
           .authorize = [this](const IncomingCall&, const Skill&) -> absl::StatusOr<std::string> { return caller_; }}),
      control_(
          {.node = options_.node, .admit = [this](const grpc::ServerContext&, v1::OperatorRole) { return caller_; }}),
      reflection_(
          {.catalogue = options_.catalogue,
           .own_services = {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection", "paranet.v1.Node"},
           .viewer = Everything}),
      health_({.catalogue = options_.catalogue, .viewer = Everything}),
      calls_({.call = [node = options_.node](const JsonCall& call) { return node->Call(call); },
              .admit =
                  [this](const IncomingCall&, JsonCall* call) {
                    call->caller = caller_;
                    return absl::OkStatus();
                  }}) {}

absl::StatusOr<std::unique_ptr<ControlListener>> ControlListener::Start(Options options) {
  if (absl::Status status = CheckSocketPath(options.path); !status.ok()) return status;
  std::unique_ptr<ControlListener> control(new ControlListener(std::move(options)));
  ControlListener* const raw = control.get();
  absl::StatusOr<std::unique_ptr<RpcServer>> server =
      RpcServer::Start({.services = {&raw->control_, &raw->reflection_, &raw->health_}},
                       [raw](std::shared_ptr<IncomingCall> call) { raw->Handle(std::move(call)); });
  if (!server.ok()) return server.status();
  control->server_ = *std::move(server);
  absl::StatusOr<std::unique_ptr<UnixListener>> listener = UnixListener::Start(
      raw->options_.path, [raw](int fd) { raw->server_->AddConnection(fd); }, raw->options_.logger);
  if (!listener.ok()) return listener.status();
  control->listener_ = *std::move(listener);
  return control;
}

ControlListener::~ControlListener() { Shutdown(absl::Now()); }

void ControlListener::Close() {
  open_ = false;
  listener_.reset();
}

void ControlListener::Shutdown(absl::Time deadline) {
  Close();
  health_.Stop();
  if (server_ != nullptr) server_->Shutdown(deadline);
  calls_.Stop();
}

void ControlListener::Handle(std::shared_ptr<IncomingCall> call) {
  if (!open_) return call->Finish(absl::UnavailableError("the node is stopping"), {});
  if (call->path() == kCallPath) return calls_.Serve(std::move(call));
  dispatcher_.Dispatch(std::move(call));
}

}  // namespace paranet
