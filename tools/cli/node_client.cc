#include "tools/cli/node_client.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/base/clock.h"
#include "core/base/grpc_status.h"
#include "core/base/status.h"
#include "core/package/archive.h"
#include "grpcpp/create_channel_posix.h"
#include "grpcpp/grpcpp.h"
#include "pki/grpc_credentials.h"
#include "pki/identity.h"
#include "pki/identity_folder.h"
#include "tools/cli/exit_code.h"

namespace paranet::cli {
namespace {

// A node answers these from memory; federation and deployment take what a handshake and the start of actors take.
constexpr absl::Duration kQuick = absl::Seconds(10);
constexpr absl::Duration kSlow = absl::Seconds(60);
// The node ends a call at its deadline and says so; the client waits this much longer for that answer.
constexpr absl::Duration kGrace = absl::Seconds(5);
// Bytes of an archive in one message: well below gRPC's default limit of 4 MiB.
constexpr size_t kChunk = size_t{1} << 20;
// The node's own limit (core/rpc/server.h).
constexpr int kMaxMessageBytes = 64 << 20;

void SetTimeout(grpc::ClientContext& context, absl::Duration timeout) {
  if (timeout != absl::InfiniteDuration()) {
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
  }
}

absl::Status NotRunning(absl::string_view node) {
  return absl::UnavailableError(
      absl::StrCat("node \"", node, "\" is not running; start it with `paranet node start --name ", node, "`"));
}

// A connected, non-blocking socket.
absl::StatusOr<int> ConnectTo(const std::string& path, absl::string_view node) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the path ", path, " is too long for a Unix socket (107 bytes): set ", "PARANET_HOME to a shorter one"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::InternalError(absl::StrCat("cannot make a socket: ", std::strerror(errno)));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
  }
  const int error = errno;
  close(fd);
  if (error == ENOENT || error == ECONNREFUSED) return NotRunning(node);
  const std::string message =
      absl::StrCat("cannot talk to node \"", node, "\" through ", path, ": ", std::strerror(error));
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

}  // namespace

absl::StatusOr<NodeClient> NodeClient::Connect(const Home& home, absl::string_view node) {
  PARANET_RETURN_IF_ERROR(home.CheckNode(node));
  PARANET_ASSIGN_OR_RETURN(const int fd, ConnectTo(home.ControlSocket(node), node));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // One connected socket: where the node goes away, the call fails at once and nothing is dialled again.
  const std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomInsecureChannelFromFd(std::string(node), fd, arguments);
  return NodeClient(std::string(node), v1::Node::NewStub(channel));
}

// Thread-safe.
class NodeClient::Refusal {
 public:
  void Set(const absl::Status& status) {
    absl::MutexLock lock(&mu_);
    status_ = status;
  }
  absl::Status status() {
    absl::MutexLock lock(&mu_);
    return status_;
  }

 private:
  absl::Mutex mu_;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

void AddRemoteOptions(CLI::App* verb, RemoteNode* remote) {
  verb->add_option("--address", remote->address, "Where the node is, if not on this machine; with --identity")
      ->type_name("HOST:PORT");
  verb->add_option("--identity", remote->identity, "Your identity as an operator, for --address")->type_name("DIR");
}

absl::StatusOr<NodeClient> NodeClient::Connect(const Home& home, absl::string_view node, const RemoteNode& remote) {
  if (remote.address.empty() && remote.identity.empty()) return Connect(home, node);
  if (remote.address.empty() || remote.identity.empty()) {
    return UsageError("--address HOST:PORT and --identity DIR go together: where the node is, and who asks");
  }
  // The credentials may ask it as long as there is a connection: beyond this function.
  const auto clock = std::make_shared<SystemClock>();
  PARANET_ASSIGN_OR_RETURN(const pki::IdentityFolder folder,
                           pki::LoadIdentityFolder(remote.identity, {pki::Role::kOperator}, clock->Now()));
  pki::Identity expected{.network = folder.identity.network, .role = pki::Role::kNode, .name = std::string(node)};
  if (absl::StrContains(node, "://")) {
    PARANET_ASSIGN_OR_RETURN(expected, pki::Identity::Parse(node));
  } else if (const absl::Status name = pki::CheckIdentityName(node, "the node's name"); !name.ok()) {
    return UsageError(name.message());
  }
  const auto refusal = std::make_shared<Refusal>();
  PARANET_ASSIGN_OR_RETURN(
      const std::shared_ptr<grpc::ChannelCredentials> credentials,
      pki::MakeChannelCredentials(folder, expected, clock.get(),
                                  [refusal, clock](const absl::Status& status) { refusal->Set(status); }));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  const std::shared_ptr<grpc::Channel> channel = grpc::CreateCustomChannel(remote.address, credentials, arguments);
  return NodeClient(std::string(node), v1::Node::NewStub(channel), refusal);
}

absl::Status NodeClient::Translate(const grpc::Status& status) const {
  const absl::Status translated = FromGrpcStatus(status);
  if (refusal_ != nullptr && !translated.ok()) {
    if (absl::Status refused = refusal_->status(); !refused.ok()) return refused;
    if (translated.code() == absl::StatusCode::kUnavailable) {
      return absl::UnavailableError(absl::StrCat(
          "node \"", name_, "\" cannot be reached, or refuses this certificate (", translated.message(), ")"));
    }
  }
  // What gRPC itself says is about sockets and streams; what the node says is about what was asked.
  if (translated.code() == absl::StatusCode::kUnavailable &&
      (absl::StrContains(translated.message(), "ocket") || absl::StrContains(translated.message(), "ransport"))) {
    return absl::UnavailableError(
        absl::StrCat("node \"", name_, "\" went away during the call (", translated.message(), ")"));
  }
  if (translated.code() == absl::StatusCode::kDeadlineExceeded && translated.message() == "Deadline Exceeded") {
    return absl::DeadlineExceededError(absl::StrCat("node \"", name_, "\" did not answer in time"));
  }
  return translated;
}

template <typename Request, typename Response>
absl::StatusOr<Response> NodeClient::Unary(grpc::Status (v1::Node::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                                  Response*),
                                           const Request& request, absl::Duration timeout) {
  grpc::ClientContext context;
  SetTimeout(context, timeout);
  Response response;
  PARANET_RETURN_IF_ERROR(Translate((stub_.get()->*method)(&context, request, &response)));
  return response;
}

absl::StatusOr<v1::GetStatusResponse> NodeClient::GetStatus() {
  return Unary(&v1::Node::Stub::GetStatus, v1::GetStatusRequest(), kQuick);
}

absl::Status NodeClient::Stop() { return Unary(&v1::Node::Stub::Stop, v1::StopRequest(), kQuick).status(); }

absl::StatusOr<v1::DeployResponse> NodeClient::Deploy(absl::string_view archive) {
  grpc::ClientContext context;
  SetTimeout(context, kSlow);
  v1::DeployResponse response;
  const auto writer = stub_->Deploy(&context, &response);
  do {
    v1::DeployRequest request;
    request.set_chunk(std::string(archive.substr(0, kChunk)));
    archive.remove_prefix(std::min(kChunk, archive.size()));
    // False where the node has refused already: Finish says why.
    if (!writer->Write(request)) break;
  } while (!archive.empty());
  writer->WritesDone();
  PARANET_RETURN_IF_ERROR(Translate(writer->Finish()));
  return response;
}

absl::StatusOr<v1::ListPackagesResponse> NodeClient::ListPackages() {
  return Unary(&v1::Node::Stub::ListPackages, v1::ListPackagesRequest(), kQuick);
}

absl::StatusOr<v1::UndeployResponse> NodeClient::Undeploy(const std::string& id) {
  v1::UndeployRequest request;
  request.set_id(id);
  return Unary(&v1::Node::Stub::Undeploy, request, kSlow);
}

absl::StatusOr<v1::DeployResponse> NodeClient::RollBackPackage(const std::string& id, const std::string& version) {
  v1::RollBackPackageRequest request;
  request.set_id(id);
  request.set_version(version);
  return Unary(&v1::Node::Stub::RollBackPackage, request, kSlow);
}

absl::StatusOr<std::string> NodeClient::PullPackage(const std::string& id, const std::string& version) {
  grpc::ClientContext context;
  SetTimeout(context, kSlow);
  v1::PullPackageRequest request;
  request.set_id(id);
  request.set_version(version);
  const auto reader = stub_->PullPackage(&context, request);
  v1::PullPackageResponse response;
  std::string archive;
  bool too_long = false;
  while (reader->Read(&response)) {
    too_long = too_long || response.chunk().size() > kMaxArchiveBytes - archive.size();
    if (too_long) {
      context.TryCancel();
    } else {
      archive += response.chunk();
    }
  }
  const grpc::Status status = reader->Finish();
  if (too_long) {
    return absl::ResourceExhaustedError(absl::StrCat("node \"", name_, "\" sends more than the ",
                                                     kMaxArchiveBytes >> 20, " MiB that a package may have"));
  }
  PARANET_RETURN_IF_ERROR(Translate(status));
  return archive;
}

absl::StatusOr<v1::GetActorLogResponse> NodeClient::GetActorLog(const std::string& actor, uint32_t lines) {
  v1::GetActorLogRequest request;
  request.set_actor(actor);
  request.set_lines(lines);
  return Unary(&v1::Node::Stub::GetActorLog, request, kQuick);
}

absl::StatusOr<v1::ListSkillsResponse> NodeClient::ListSkills() {
  return Unary(&v1::Node::Stub::ListSkills, v1::ListSkillsRequest(), kQuick);
}

absl::StatusOr<v1::GetSkillResponse> NodeClient::GetSkill(const std::string& skill) {
  v1::GetSkillRequest request;
  request.set_skill(skill);
  return Unary(&v1::Node::Stub::GetSkill, request, kQuick);
}

absl::StatusOr<v1::FederateResponse> NodeClient::Federate(const v1::FederateRequest& request) {
  return Unary(&v1::Node::Stub::Federate, request, kSlow);
}

absl::Status NodeClient::Defederate(const std::string& peer) {
  v1::DefederateRequest request;
  request.set_peer(peer);
  return Unary(&v1::Node::Stub::Defederate, request, kSlow).status();
}

absl::StatusOr<v1::ListLinksResponse> NodeClient::ListLinks() {
  return Unary(&v1::Node::Stub::ListLinks, v1::ListLinksRequest(), kQuick);
}

absl::StatusOr<v1::NodeEnrollResponse> NodeClient::Enroll(const v1::NodeEnrollRequest& request) {
  return Unary(&v1::Node::Stub::Enroll, request, kSlow);
}

absl::StatusOr<v1::PrepareRequestResponse> NodeClient::PrepareRequest(const v1::PrepareRequestRequest& request) {
  return Unary(&v1::Node::Stub::PrepareRequest, request, kQuick);
}

absl::StatusOr<v1::NodeEnrollResponse> NodeClient::InstallCertificate(const v1::InstallCertificateRequest& request) {
  return Unary(&v1::Node::Stub::InstallCertificate, request, kSlow);
}

absl::StatusOr<v1::NodeRenewResponse> NodeClient::Renew() {
  return Unary(&v1::Node::Stub::Renew, v1::NodeRenewRequest(), kSlow);
}

absl::StatusOr<v1::GetTrustResponse> NodeClient::GetTrust() {
  return Unary(&v1::Node::Stub::GetTrust, v1::GetTrustRequest(), kQuick);
}

absl::StatusOr<v1::GetTrustResponse> NodeClient::UpdateTrust(const v1::UpdateTrustRequest& request) {
  return Unary(&v1::Node::Stub::UpdateTrust, request, kSlow);
}

absl::StatusOr<v1::GetPolicyResponse> NodeClient::GetPolicy() {
  return Unary(&v1::Node::Stub::GetPolicy, v1::GetPolicyRequest(), kQuick);
}

absl::StatusOr<v1::GetPolicyResponse> NodeClient::UpdatePolicy(const v1::UpdatePolicyRequest& request) {
  return Unary(&v1::Node::Stub::UpdatePolicy, request, kQuick);
}

absl::StatusOr<v1::CheckPolicyResponse> NodeClient::CheckPolicy(const v1::CheckPolicyRequest& request) {
  return Unary(&v1::Node::Stub::CheckPolicy, request, kQuick);
}

absl::StatusOr<v1::ListAuditEventsResponse> NodeClient::ListAuditEvents(const v1::ListAuditEventsRequest& request) {
  return Unary(&v1::Node::Stub::ListAuditEvents, request, kQuick);
}

absl::Status NodeClient::CallSkill(const Call& call) {
  grpc::ClientContext context;
  const bool endless = call.timeout == absl::InfiniteDuration();
  SetTimeout(context, endless ? call.timeout : call.timeout + kGrace);
  const auto stream = stub_->Call(&context);
  v1::CallRequest first;
  first.set_skill(call.skill);
  first.set_provider(call.provider);
  first.set_timeout_ms(endless ? 0 : static_cast<uint64_t>(absl::ToInt64Milliseconds(call.timeout)));
  first.set_wait_for_ready(call.wait_for_ready);
  std::thread writer([&] {
    bool writing = stream->Write(first);
    while (writing) {
      std::optional<std::string> json = call.next_request();
      if (!json.has_value()) break;
      v1::CallRequest request;
      request.set_json(*std::move(json));
      writing = stream->Write(request);
    }
    stream->WritesDone();
  });
  v1::CallResponse response;
  while (stream->Read(&response)) call.on_response(response.json());
  if (call.interrupt) call.interrupt();
  writer.join();
  return Translate(stream->Finish());
}

}  // namespace paranet::cli
