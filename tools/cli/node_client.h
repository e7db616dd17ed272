// A node of this user, through its control socket.
#ifndef PARANET_TOOLS_CLI_NODE_CLIENT_H_
#define PARANET_TOOLS_CLI_NODE_CLIENT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "paranet/v1/node.grpc.pb.h"
#include "paranet/v1/node.pb.h"
#include "tools/cli/home.h"

namespace paranet::cli {

// Errors are the node's own. A call that the node does not answer in time is DEADLINE_EXCEEDED, a node that goes away
// during one UNAVAILABLE; both name the node.
class NodeClient {
 public:
  // NOT_FOUND with the nearest names if there is no such node; UNAVAILABLE, saying how to start it, if it does not run;
  // PERMISSION_DENIED if it is another user's.
  static absl::StatusOr<NodeClient> Connect(const Home& home, absl::string_view node);

  absl::StatusOr<v1::GetStatusResponse> GetStatus();
  absl::Status Stop();
  // `archive`: an archive's bytes.
  absl::StatusOr<v1::DeployResponse> Deploy(absl::string_view archive);
  absl::StatusOr<v1::ListPackagesResponse> ListPackages();
  absl::StatusOr<v1::ListSkillsResponse> ListSkills();
  absl::StatusOr<v1::GetSkillResponse> GetSkill(const std::string& skill);
  absl::StatusOr<v1::FederateResponse> Federate(const v1::FederateRequest& request);
  absl::Status Defederate(const std::string& peer);
  absl::StatusOr<v1::ListLinksResponse> ListLinks();

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
  NodeClient(std::string name, std::unique_ptr<v1::Node::Stub> stub) : name_(std::move(name)), stub_(std::move(stub)) {}

  template <typename Request, typename Response>
  absl::StatusOr<Response> Unary(grpc::Status (v1::Node::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                        Response*),
                                 const Request& request, absl::Duration timeout);
  absl::Status Translate(const grpc::Status& status) const;

  std::string name_;
  std::unique_ptr<v1::Node::Stub> stub_;
};

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_NODE_CLIENT_H_
