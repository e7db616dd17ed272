#include "core/node/network_listener.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "paranet/v1/federation.pb.h"
#include "pki/grpc_credentials.h"
#include "pki/identity.h"

namespace paranet {
namespace {

// The same for every path, so that it tells nothing.
absl::Status Stranger() {
  return absl::PermissionDeniedError(
      "this node serves operators and the nodes that it exports to alone; an operator of the calling node makes it one "
      "with 'paranet federate'");
}

// As the router says it to peers.
absl::Status NoSkillAt(absl::string_view path) {
  return absl::UnimplementedError(absl::StrCat("this node has no skill at ", path));
}

std::vector<std::string> OwnServices(bool standard) {
  std::vector<std::string> services = {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"};
  if (standard) services.push_back("paranet.v1.Federation");
  return services;
}

}  // namespace

NetworkListener::NetworkListener(Options options)
    : options_(std::move(options)),
      standard_(options_.credentials != nullptr),
      address_(options_.address),
      dispatcher_(
          {.router = options_.router,
           .authorize = [this](const IncomingCall& call, const Skill& skill) { return Authorize(call, skill); }}),
      local_dispatcher_(
          {.router = options_.router,
           .scope = RouteScope::kLocal,
           .authorize = [this](const IncomingCall& call, const Skill& skill) { return Authorize(call, skill); }}),
      reflection_({.catalogue = options_.catalogue,
                   .own_services = OwnServices(standard_),
                   .viewer = [this](const grpc::AuthContext& client) { return View(client); }}),
      health_({.catalogue = options_.catalogue,
               .viewer = [this](const grpc::AuthContext& client) { return View(client); }}) {}

NetworkListener::~NetworkListener() { Shutdown(absl::Now()); }

absl::StatusOr<std::unique_ptr<NetworkListener>> NetworkListener::Start(Options options) {
  std::unique_ptr<NetworkListener> listener(new NetworkListener(std::move(options)));
  NetworkListener* const raw = listener.get();
  absl::StatusOr<std::unique_ptr<RpcServer>> server =
      RpcServer::Start({.address = raw->address_.ToString(),
                        .credentials = raw->options_.credentials,
                        .services = {&raw->reflection_, &raw->health_}},
                       [raw](std::shared_ptr<IncomingCall> call) { raw->Handle(std::move(call)); });
  if (!server.ok()) return server.status();
  listener->server_ = *std::move(server);
  listener->address_.port = listener->server_->port();
  return listener;
}

void NetworkListener::Open(FederationControl* federation) {
  federation_ = federation;
  open_ = true;
}

void NetworkListener::Close() { open_ = false; }

void NetworkListener::Shutdown(absl::Time deadline) {
  Close();
  health_.Stop();
  if (server_ != nullptr) server_->Shutdown(deadline);
}

void NetworkListener::Handle(std::shared_ptr<IncomingCall> call) {
  if (!open_) return call->Finish(absl::UnavailableError("the node is starting or stopping; try again"), {});
  if (!standard_) return dispatcher_.Dispatch(std::move(call));
  if (federation_.load()->HandleCall(call)) return;
  const absl::StatusOr<pki::Identity> client = pki::PeerIdentity(*call->auth_context());
  if (client.ok() && client->role == pki::Role::kOperator) return dispatcher_.Dispatch(std::move(call));
  // Authorize, below, tells strangers from peers; for a path that nobody serves it is not asked.
  if (options_.catalogue->snapshot()->FindPath(call->path()).empty()) {
    const bool stranger = View(*call->auth_context()) == Visibility::kNothing;
    return call->Finish(stranger ? Stranger() : NoSkillAt(call->path()), {});
  }
  local_dispatcher_.Dispatch(std::move(call));
}

Visibility NetworkListener::View(const grpc::AuthContext& client) const {
  if (!standard_) return Visibility::kEverything;
  FederationControl* const federation = federation_;
  const absl::StatusOr<pki::Identity> identity = pki::PeerIdentity(client);
  if (!open_ || federation == nullptr || !identity.ok()) return Visibility::kNothing;
  if (identity->role == pki::Role::kOperator) return Visibility::kEverything;
  if (identity->role != pki::Role::kNode) return Visibility::kNothing;
  for (const v1::LinkInfo& link : federation->ListLinks()) {
    if (link.peer() != identity->name) continue;
    // It is the server of a link that exports; the dialler does where both do.
    if (!link.dialler() || link.mode() == v1::BIDIRECTIONAL) return Visibility::kExported;
  }
  return Visibility::kNothing;
}

absl::StatusOr<std::string> NetworkListener::Authorize(const IncomingCall& call, const Skill& skill) const {
  if (!standard_) return std::string("anonymous");
  const absl::StatusOr<pki::Identity> client = pki::PeerIdentity(*call.auth_context());
  if (!client.ok()) return client.status();
  const bool is_operator = client->role == pki::Role::kOperator;
  const absl::Status status = federation_.load()->Authorize(call, skill);
  const bool hidden = !is_operator && (skill.is_private || skill.set->is_private());
  if (status.ok() && !hidden) return client->ToUri();
  if (is_operator) return status;
  if (View(*call.auth_context()) == Visibility::kNothing) return Stranger();
  return hidden ? NoSkillAt(call.path()) : status;
}

}  // namespace paranet
