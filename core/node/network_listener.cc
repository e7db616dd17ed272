#include "core/node/network_listener.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "core/base/status.h"
#include "paranet/v1/federation.pb.h"
#include "pki/grpc_credentials.h"

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
  if (standard) services.insert(services.end(), {"paranet.v1.Federation", "paranet.v1.Node"});
  return services;
}

}  // namespace

struct NetworkListener::Refusals {
  absl::Mutex mu;
  AuditLog* audit ABSL_GUARDED_BY(mu) = nullptr;
};

NetworkListener::NetworkListener(Options options)
    : options_(std::move(options)),
      standard_(options_.trust != nullptr),
      refusals_(std::make_shared<Refusals>()),
      sessions_(standard_ ? std::make_unique<Sessions>(Sessions::Options{.trust = options_.trust,
                                                                         .listener = options_.listener,
                                                                         .audit = options_.audit,
                                                                         .logger = options_.logger})
                          : nullptr),
      dispatcher_(
          {.router = options_.router,
           .authorize = [this](const IncomingCall& call, const Skill& skill) { return Authorize(call, skill); }}),
      local_dispatcher_(
          {.router = options_.router,
           .scope = RouteScope::kLocal,
           .authorize = [this](const IncomingCall& call, const Skill& skill) { return Authorize(call, skill); }}),
      reflection_({.catalogue = options_.catalogue,
                   .own_services = OwnServices(standard_),
                   .viewer = [this](const grpc::ServerContext& context) { return ViewOf(context); }}),
      health_({.catalogue = options_.catalogue,
               .viewer = [this](const grpc::ServerContext& context) { return ViewOf(context); }}),
      control_(standard_ ? std::make_unique<ControlService>(ControlService::Options{
                               .node = options_.node,
                               .admit = [this](const grpc::ServerContext& context,
                                               v1::OperatorRole role) { return AdmitControl(context, role); }})
                         : nullptr),
      calls_(standard_ ? std::make_unique<CallService>(CallService::Options{
                             .call = [node = options_.node](const JsonCall& call) { return node->Call(call); },
                             .admit = [this](const IncomingCall& incoming,
                                             JsonCall* call) { return AdmitCall(incoming, call); }})
                       : nullptr) {}

NetworkListener::~NetworkListener() {
  Shutdown(absl::Now());
  absl::MutexLock lock(&refusals_->mu);
  refusals_->audit = nullptr;
}

absl::StatusOr<std::unique_ptr<NetworkListener>> NetworkListener::Start(Options options) {
  std::unique_ptr<NetworkListener> listener(new NetworkListener(std::move(options)));
  NetworkListener* const raw = listener.get();
  RpcServer::Options server_options{.services = {&raw->reflection_, &raw->health_}};
  if (raw->standard_) {
    server_options.services.push_back(raw->control_.get());
    PARANET_ASSIGN_OR_RETURN(server_options.credentials,
                             pki::MakeServerCredentials(raw->options_.trust, raw->options_.clock, raw->options_.logger,
                                                        [refusals = raw->refusals_](const absl::Status& status) {
                                                          absl::MutexLock lock(&refusals->mu);
                                                          if (refusals->audit != nullptr) {
                                                            refusals->audit->NoteRefusedPeer(status);
                                                          }
                                                        }));
    absl::MutexLock lock(&raw->refusals_->mu);
    raw->refusals_->audit = raw->options_.audit;
  }
  PARANET_ASSIGN_OR_RETURN(
      listener->server_, RpcServer::Start(std::move(server_options),
                                          [raw](std::shared_ptr<IncomingCall> call) { raw->Handle(std::move(call)); }));
  return listener;
}

void NetworkListener::Open(FederationControl* federation) {
  federation_ = federation;
  open_ = true;
  serving_ = options_.listener->Serve({.accept = [this](int fd) { server_->AddConnection(fd); },
                                       .ended =
                                           [this](uint64_t connection) {
                                             if (sessions_ != nullptr) sessions_->Ended(connection);
                                           }});
}

void NetworkListener::Close() { open_ = false; }

void NetworkListener::Shutdown(absl::Time deadline) {
  Close();
  health_.Stop();
  if (serving_ != 0) options_.listener->Cease(std::exchange(serving_, 0));
  if (server_ != nullptr) server_->Shutdown(deadline);
  if (calls_ != nullptr) calls_->Stop();
}

void NetworkListener::Handle(std::shared_ptr<IncomingCall> call) {
  if (!open_) return call->Finish(absl::UnavailableError("the node is starting or stopping; try again"), {});
  if (!standard_) return dispatcher_.Dispatch(std::move(call));
  // At each call anew: a certificate may have been revoked or have expired since the connection was made.
  const absl::StatusOr<std::shared_ptr<const pki::Peer>> peer =
      sessions_->Authenticate(*call->auth_context(), call->peer());
  if (!peer.ok()) return call->Finish(peer.status(), {});
  if (federation_.load()->HandleCall(call)) return;
  const pki::Identity& client = (*peer)->identity;
  const bool is_operator = client.role == pki::Role::kOperator;
  if (is_operator && call->path() == kCallPath) return calls_->Serve(std::move(call));
  if (is_operator && options_.policy->MayCallAll(client)) return dispatcher_.Dispatch(std::move(call));
  // Authorize, below, tells strangers from peers; for a path that nobody serves it is not asked, and what the router
  // would say of one has names of others in it.
  if (options_.catalogue->snapshot()->FindPath(call->path()).empty()) {
    const bool stranger = View(*call->auth_context()).visibility == Visibility::kNothing;
    return call->Finish(stranger ? Stranger() : NoSkillAt(call->path()), {});
  }
  if (is_operator) return dispatcher_.Dispatch(std::move(call));
  local_dispatcher_.Dispatch(std::move(call));
}

absl::StatusOr<pki::Identity> NetworkListener::Identify(const grpc::AuthContext& client) const {
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const pki::Peer> peer, options_.trust->Authenticate(client));
  return peer->identity;
}

absl::Status NetworkListener::CheckRole(const pki::Identity& client, v1::OperatorRole role) const {
  absl::Status status = options_.policy->CheckRole(client, role);
  if (!status.ok()) {
    options_.audit->Note(AuditKind::kControlRefused, client.ToUri(), OperatorRoleName(role), status.message());
  }
  return status;
}

absl::StatusOr<std::string> NetworkListener::AdmitControl(const grpc::ServerContext& context, v1::OperatorRole role) {
  if (!open_) return absl::UnavailableError("the node is starting or stopping; try again");
  PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const pki::Peer> peer,
                           sessions_->Authenticate(*context.auth_context(), context.peer()));
  PARANET_RETURN_IF_ERROR(CheckRole(peer->identity, role));
  return peer->identity.ToUri();
}

absl::Status NetworkListener::AdmitCall(const IncomingCall& incoming, JsonCall* call) const {
  PARANET_ASSIGN_OR_RETURN(const pki::Identity client, Identify(*incoming.auth_context()));
  PARANET_RETURN_IF_ERROR(CheckRole(client, v1::OPERATOR_ROLE_READ));
  call->caller = client.ToUri();
  call->authorize = [policy = options_.policy, client](const Skill& skill) { return policy->CheckCall(client, skill); };
  return absl::OkStatus();
}

ClientView NetworkListener::ViewOf(const grpc::ServerContext& context) const {
  const std::shared_ptr<const grpc::AuthContext> client = context.auth_context();
  // Whom it refuses sees nothing, below.
  if (sessions_ != nullptr) sessions_->Authenticate(*client, context.peer()).status().IgnoreError();
  return View(*client);
}

ClientView NetworkListener::View(const grpc::AuthContext& client) const {
  if (!standard_) return Visibility::kEverything;
  FederationControl* const federation = federation_;
  const absl::StatusOr<pki::Identity> identity = Identify(client);
  if (!open_ || federation == nullptr || !identity.ok()) return Visibility::kNothing;
  const auto narrowed = [&](Visibility visibility) -> ClientView {
    if (options_.policy->MayCallAll(*identity)) return visibility;
    return {visibility, [policy = options_.policy, who = *identity](const Skill& skill) {
              return policy->CheckCall(who, skill).ok();
            }};
  };
  if (identity->role == pki::Role::kOperator) return narrowed(Visibility::kEverything);
  // Links are within one network.
  if (identity->role != pki::Role::kNode || identity->network != options_.trust->self().network) {
    return Visibility::kNothing;
  }
  for (const v1::LinkInfo& link : federation->ListLinks()) {
    if (link.peer() != identity->name) continue;
    // It is the server of a link that exports; the dialler does where both do.
    if (!link.dialler() || link.mode() == v1::BIDIRECTIONAL) return narrowed(Visibility::kExported);
  }
  return Visibility::kNothing;
}

absl::StatusOr<std::string> NetworkListener::Authorize(const IncomingCall& call, const Skill& skill) const {
  if (!standard_) return std::string("anonymous");
  const absl::StatusOr<pki::Identity> client = Identify(*call.auth_context());
  if (!client.ok()) return client.status();
  const absl::Status allowed = options_.policy->CheckCall(*client, skill);
  if (client->role == pki::Role::kOperator) {
    if (allowed.ok()) return client->ToUri();
    // Others than those of this network learn no names.
    return client->network == options_.trust->self().network ? allowed : NoSkillAt(call.path());
  }
  const absl::Status status = federation_.load()->Authorize(call, skill);
  const bool hidden = skill.is_private || skill.set->is_private() || !allowed.ok();
  if (status.ok() && !hidden) return client->ToUri();
  if (View(*call.auth_context()).visibility == Visibility::kNothing) return Stranger();
  return hidden ? NoSkillAt(call.path()) : status;
}

}  // namespace paranet
