#include "federation/standard_federation.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/notification.h"
#include "core/base/status.h"
#include "core/node/federation_control.h"
#include "core/rpc/queue_threads.h"
#include "core/rpc/stall_watch.h"
#include "federation/control_stream.h"
#include "federation/export_policy.h"
#include "federation/hello_exchange.h"
#include "federation/link_manager.h"
#include "federation/live_links.h"
#include "pki/node_trust.h"

namespace paranet {
namespace {

constexpr char kService[] = "/paranet.v1.Federation/";
constexpr int kQueueThreads = 2;

// An answer that one thread waits for and another gives, or drops.
template <typename T>
class Answer {
 public:
  // Gives the answer when it is called, and "none" when it is destroyed first.
  class Giver {
   public:
    explicit Giver(std::shared_ptr<Answer> answer) : answer_(std::move(answer)) {}
    Giver(Giver&&) noexcept = default;
    Giver& operator=(Giver&&) noexcept = delete;
    ~Giver() {
      if (answer_ != nullptr) answer_->given_.Notify();
    }
    void operator()(T value) {
      answer_->value_ = std::move(value);
      std::exchange(answer_, nullptr)->given_.Notify();
    }

   private:
    std::shared_ptr<Answer> answer_;
  };

  // nullopt if there is none, or none by `deadline`.
  std::optional<T> Wait(absl::Time deadline = absl::InfiniteFuture()) {
    if (!given_.WaitForNotificationWithDeadline(deadline)) return std::nullopt;
    return std::move(value_);
  }

 private:
  std::optional<T> value_;
  absl::Notification given_;
};

std::string FindMetadata(const Metadata& metadata, absl::string_view key) {
  for (const auto& [name, value] : metadata) {
    if (name == key) return value;
  }
  return "";
}

class StandardFederation final : public FederationControl {
 public:
  explicit StandardFederation(const NodeParts& parts)
      : control_(std::make_shared<ControlThread>()), activity_(std::make_shared<Activity>()) {
    queue_ = std::make_unique<QueueThreads>(kQueueThreads);
    auto context = std::make_shared<LinkContext>();
    context->control = control_;
    context->activity = activity_;
    context->trust = parts.trust;
    context->catalogue = parts.catalogue;
    context->router = parts.router;
    context->policy = parts.policy;
    context->clock = parts.clock;
    context->queue = queue_->queue();
    context->stalls = std::make_shared<StallWatch>();
    context->logger = parts.logger;
    context_ = std::move(context);
    manager_ = std::make_unique<LinkManager>(context_, parts.database, &live_);
  }
  ~StandardFederation() override { Stop(); }

  absl::Status Open() {
    PARANET_RETURN_IF_ERROR(manager_->Load());
    trust_subscription_ = context_->trust->Subscribe([this](const std::shared_ptr<const pki::TrustState>&) {
      if (trust_changed_.exchange(true)) return;
      control_->Post([this] {
        trust_changed_.store(false);
        manager_->TrustChanged();
      });
    });
    subscription_ =
        context_->catalogue->Subscribe([this](const std::shared_ptr<const CatalogueSnapshot>&) { ExportsChanged(); });
    // What a peer may not call it is not told of.
    if (context_->policy != nullptr) {
      policy_subscription_ = context_->policy->Subscribe([this] { ExportsChanged(); });
    }
    return absl::OkStatus();
  }

  absl::StatusOr<v1::LinkInfo> Federate(const v1::FederateRequest& request, absl::Time deadline) override {
    using Result = absl::StatusOr<v1::LinkInfo>;
    auto answer = std::make_shared<Answer<Result>>();
    control_->Post([this, request, deadline, giver = Answer<Result>::Giver(answer)]() mutable {
      manager_->Federate(request, deadline, std::move(giver));
    });
    return answer->Wait().value_or(absl::UnavailableError("the node stops"));
  }

  absl::Status Defederate(const std::string& peer) override {
    return Ask<absl::Status>([this, peer] { return manager_->Defederate(peer); })
        .value_or(absl::UnavailableError("the node stops"));
  }

  std::vector<v1::LinkInfo> ListLinks() override {
    using Result = std::vector<v1::LinkInfo>;
    return Ask<Result>([this] { return manager_->List(); }).value_or(Result());
  }

  bool HandleCall(const std::shared_ptr<IncomingCall>& call) override {
    absl::string_view method = call->path();
    if (!absl::ConsumePrefix(&method, kService)) return false;
    const Activity::Token token = activity_->Begin();
    if (!token) {
      call->Finish(absl::UnavailableError("the node stops"), {});
      return true;
    }
    const absl::StatusOr<std::shared_ptr<const pki::Peer>> peer = context_->trust->Authenticate(*call->auth_context());
    if (!peer.ok()) {
      call->Finish(peer.status(), {});
    } else if (method == "Link") {
      HandleLink(call, *peer);
    } else if (method == "Lane" || method == "Carry") {
      HandleStream(call, (*peer)->identity, method == "Lane");
    } else {
      call->Finish(absl::UnimplementedError(absl::StrCat("the federation has no method ", method)), {});
    }
    return true;
  }

  absl::Status Authorize(const IncomingCall& call, const Skill& skill) override {
    PARANET_ASSIGN_OR_RETURN(const std::shared_ptr<const pki::Peer> client,
                             context_->trust->Authenticate(*call.auth_context()));
    const pki::Identity& peer = client->identity;
    const std::string& self = context_->trust->self().name;
    if (peer.network != context_->trust->self().network) {
      return absl::PermissionDeniedError(
          absl::StrCat(peer.ToUri(), " is not of the network of node ", self, "; use a certificate of this network"));
    }
    if (peer.role == pki::Role::kOperator) return absl::OkStatus();
    if (peer.role != pki::Role::kNode) {
      return absl::PermissionDeniedError(
          absl::StrCat(peer.ToUri(), " may not call skills; use a node's or an operator's certificate"));
    }
    if (!live_.ExportsTo(peer.name)) {
      return absl::PermissionDeniedError(absl::StrCat("node ", peer.name, " imports nothing from node ", self,
                                                      "; run `paranet federate --from ", peer.name, " --to ", self,
                                                      "`"));
    }
    const Activity::Token token = activity_->Begin();
    if (!token) return absl::UnavailableError("the node stops");
    const auto snapshot = context_->catalogue->snapshot();
    for (const SkillEntry& entry : snapshot->FindPath(skill.path)) {
      if (entry.entry->set->version() == skill.set->version() && IsExported(*entry.entry, *entry.skill)) {
        return absl::OkStatus();
      }
    }
    return absl::PermissionDeniedError(absl::StrCat("node ", self, " does not export this skill to node ", peer.name));
  }

  bool MayBringSkills() override { return manager_->may_bring_skills(); }

  void Start(absl::Time deadline) override {
    auto answer = std::make_shared<Answer<bool>>();
    control_->Post([this, giver = Answer<bool>::Giver(answer)]() mutable {
      manager_->Start([giver = std::move(giver)]() mutable { giver(true); });
    });
    answer->Wait(deadline);
  }

  void Stop() override {
    if (stopped_.exchange(true)) return;
    if (subscription_.has_value()) context_->catalogue->Unsubscribe(*subscription_);
    if (trust_subscription_.has_value()) context_->trust->Unsubscribe(*trust_subscription_);
    if (policy_subscription_.has_value()) context_->policy->Unsubscribe(*policy_subscription_);
    Ask<bool>([this] {
      manager_->Stop();
      return true;
    });
    // Bounded: each link gives its peer a second to answer the goodbye, then cancels its streams.
    activity_->CloseAndWait();
    control_->Stop();
    queue_ = nullptr;
  }

 private:
  void ExportsChanged() {
    // Many changes in a row are one piece of work.
    if (catalogue_changed_.exchange(true)) return;
    control_->Post([this] {
      catalogue_changed_.store(false);
      manager_->CatalogueChanged();
    });
  }

  // Runs `question` on the control thread and waits for its answer.
  template <typename T, typename Question>
  std::optional<T> Ask(Question question) {
    auto answer = std::make_shared<Answer<T>>();
    control_->Post(
        [question = std::move(question), giver = typename Answer<T>::Giver(answer)]() mutable { giver(question()); });
    return answer->Wait();
  }

  void HandleLink(const std::shared_ptr<IncomingCall>& call, const std::shared_ptr<const pki::Peer>& peer) {
    const std::string uri = call->peer();
    absl::string_view address = uri;
    if (!absl::ConsumePrefix(&address, "ipv4:")) absl::ConsumePrefix(&address, "ipv6:");
    auto stream = std::make_shared<ControlStream>(MakeServerStream(call), control_);
    control_->Post([this, stream, peer, from = std::string(address)] {
      ReceiveHello(stream, control_,
                   [this, stream, peer, from](const v1::Hello& hello) { manager_->Accept(peer, from, hello, stream); });
    });
  }

  void HandleStream(const std::shared_ptr<IncomingCall>& call, const pki::Identity& peer, bool is_lane) {
    const std::shared_ptr<Link> link = live_.Find(FindMetadata(call->metadata(), kLinkIdKey), peer);
    if (link == nullptr) {
      call->Finish(absl::FailedPreconditionError("there is no such link with this peer; it may have been replaced"),
                   {});
      return;
    }
    RpcQueue* const queue = call->queue();
    auto stream = MakeServerStream(call);
    const std::string carry_id = FindMetadata(call->metadata(), kCarryIdKey);
    uint64_t id = 0;
    if (is_lane) {
      control_->Post([this, link, stream = std::move(stream), queue] { manager_->AttachLane(link, stream, queue); });
    } else if (carry_id.empty()) {
      link->calls()->Serve(std::move(stream), queue);
    } else if (absl::SimpleAtoi(carry_id, &id)) {
      link->calls()->Claim(id, std::move(stream));
    } else {
      stream->Close(absl::InvalidArgumentError("paranet-carry-id is no number"));
    }
  }

  const std::shared_ptr<ControlThread> control_;
  const std::shared_ptr<Activity> activity_;
  std::unique_ptr<QueueThreads> queue_;
  std::shared_ptr<const LinkContext> context_;
  LiveLinks live_;
  std::unique_ptr<LinkManager> manager_;
  std::optional<uint64_t> subscription_;
  std::optional<uint64_t> trust_subscription_;
  std::optional<uint64_t> policy_subscription_;
  std::atomic<bool> trust_changed_ = false;
  std::atomic<bool> catalogue_changed_ = false;
  std::atomic<bool> stopped_ = false;
};

}  // namespace

MakeFederation MakeStandardFederation() {
  return [](const NodeParts& parts) -> absl::StatusOr<std::unique_ptr<FederationControl>> {
    if (parts.trust == nullptr) {
      return absl::FailedPreconditionError("a node without an Otonoma Certificate cannot federate; issue it one");
    }
    auto federation = std::make_unique<StandardFederation>(parts);
    PARANET_RETURN_IF_ERROR(federation->Open());
    return federation;
  };
}

}  // namespace paranet
