// A node: of this user through its control socket, or any over the network with an operator's certificate.
#ifndef PARANET_TOOLS_CLI_NODE_CLIENT_H_
#define PARANET_TOOLS_CLI_NODE_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "CLI/App.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "paranet/v1/node.grpc.pb.h"
#include "paranet/v1/node.pb.h"
#include "tools/cli/home.h"

namespace paranet::cli {

// How to reach a node over the network (mutual TLS 1.3).
struct RemoteNode {
  // HOST:PORT. Empty: not over the network.
  std::string address;
  // The operator's identity folder.
  std::string identity;
};

// `--address` and `--identity`. `remote` outlives `verb`.
void AddRemoteOptions(CLI::App* verb, RemoteNode* remote);

// Errors are the node's own. A call that the node does not answer in time is DEADLINE_EXCEEDED, a node that goes away
// during one UNAVAILABLE; both name the node.
class NodeClient {
 public:
  // NOT_FOUND with the nearest names if there is no such node; UNAVAILABLE, saying how to start it, if it does not run;
  // PERMISSION_DENIED if it is another user's.
  static absl::StatusOr<NodeClient> Connect(const Home& home, absl::string_view node);
  // The same without an address. With one, the server must be `node` of the operator's own network, or the node with
  // this identity URI; a usage error if `remote` is half said, IdentityFolder's errors, UNAVAILABLE if the node cannot
  // be reached, PERMISSION_DENIED if one of both refuses the other.
  static absl::StatusOr<NodeClient> Connect(const Home& home, absl::string_view node, const RemoteNode& remote);

  absl::StatusOr<v1::GetStatusResponse> GetStatus();
  absl::Status Stop();
  // `archive`: an archive's bytes.
  absl::StatusOr<v1::DeployResponse> Deploy(absl::string_view archive);
  absl::StatusOr<v1::ListPackagesResponse> ListPackages();
  absl::StatusOr<v1::UndeployResponse> Undeploy(const std::string& id);
  // `version` may be empty, as in PullPackage.
  absl::StatusOr<v1::DeployResponse> RollBackPackage(const std::string& id, const std::string& version);
  // An archive's bytes, no more than kMaxArchiveBytes.
  absl::StatusOr<std::string> PullPackage(const std::string& id, const std::string& version);
  absl::StatusOr<v1::GetActorLogResponse> GetActorLog(const std::string& actor, uint32_t lines);
  absl::StatusOr<v1::ListSkillsResponse> ListSkills();
  absl::StatusOr<v1::GetSkillResponse> GetSkill(const std::string& skill);
  absl::StatusOr<v1::FederateResponse> Federate(const v1::FederateRequest& request);
  absl::Status Defederate(const std::string& peer);
  absl::StatusOr<v1::ListLinksResponse> ListLinks();
  absl::StatusOr<v1::NodeEnrollResponse> Enroll(const v1::NodeEnrollRequest& request);
  absl::StatusOr<v1::PrepareRequestResponse> PrepareRequest(const v1::PrepareRequestRequest& request);
  absl::StatusOr<v1::NodeEnrollResponse> InstallCertificate(const v1::InstallCertificateRequest& request);
  absl::StatusOr<v1::NodeRenewResponse> Renew();
  absl::StatusOr<v1::GetTrustResponse> GetTrust();
  absl::StatusOr<v1::GetTrustResponse> UpdateTrust(const v1::UpdateTrustRequest& request);
  absl::StatusOr<v1::GetPolicyResponse> GetPolicy();
  absl::StatusOr<v1::GetPolicyResponse> UpdatePolicy(const v1::UpdatePolicyRequest& request);
  absl::StatusOr<v1::CheckPolicyResponse> CheckPolicy(const v1::CheckPolicyRequest& request);
  absl::StatusOr<v1::ListAuditEventsResponse> ListAuditEvents(const v1::ListAuditEventsRequest& request);

  struct Call {
    std::string skill;
    // Empty for any.
    std::string provider;
    absl::Duration timeout = absl::InfiniteDuration();
    bool wait_for_ready = true;
    // The next message as JSON, or nullopt at the end. Runs on a thread of its own, at the same time as `on_response`.
    // It may block; Stop() of the call's own, `interrupt`, makes it return.
    std::function<std::optional<std::string>()> next_request;
    // Makes a blocked `next_request` return. Runs once, when the call has ended.
    std::function<void()> interrupt;
    // Each answer as it arrives, one line of JSON. Runs on the calling thread.
    std::function<void(const std::string&)> on_response;
  };
  // Blocks until the call has ended.
  absl::Status CallSkill(const Call& call);

 private:
  // Why the last handshake with a node was refused; gRPC itself says only that there is no connection.
  class Refusal;

  NodeClient(std::string name, std::unique_ptr<v1::Node::Stub> stub, std::shared_ptr<Refusal> refusal = nullptr)
      : name_(std::move(name)), stub_(std::move(stub)), refusal_(std::move(refusal)) {}

  template <typename Request, typename Response>
  absl::StatusOr<Response> Unary(grpc::Status (v1::Node::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                        Response*),
                                 const Request& request, absl::Duration timeout);
  absl::Status Translate(const grpc::Status& status) const;

  std::string name_;
  std::unique_ptr<v1::Node::Stub> stub_;
  // Null for a control socket.
  std::shared_ptr<Refusal> refusal_;
};

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_NODE_CLIENT_H_
