#include "federation/federation_testutil.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/base/log.h"
#include "core/node/node.h"
#include "federation/handshake.h"
#include "federation/link_schema_testutil.h"
#include "federation/standard_federation.h"
#include "grpcpp/create_channel.h"
#include "pki/grpc_credentials.h"
#include "pki/private_key.h"

namespace paranet {
namespace {

template <typename T>
T Must(absl::StatusOr<T> result) {
  if (!result.ok()) {
    std::cerr << "broken test: " << result.status() << std::endl;
    std::abort();
  }
  return *std::move(result);
}

}  // namespace

bool Eventually(const std::function<bool()>& condition) {
  const absl::Time deadline = absl::Now() + kTestPatience;
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

namespace {

void MustBe(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << "broken test: " << status << std::endl;
  std::abort();
}

Logger TestLogger(const std::string& name) {
  return std::getenv("PARANET_TEST_LOG") != nullptr ? MakeStderrLogger(name) : MakeNullLogger();
}

std::unique_ptr<pki::NodeTrust> InstallTrust(const std::string& dir, const pki::NodeIdentity& identity,
                                             const Clock& clock) {
  return Must(pki::NodeTrust::Install({.dir = dir, .clock = &clock, .logger = TestLogger(identity.identity().name)},
                                      identity, ""));
}

}  // namespace

pki::RevocationList MakeList(pki::TestNetwork& network, uint64_t number, const std::vector<std::string>& serials) {
  pki::RevocationListContents contents;
  contents.number = number;
  contents.this_update = absl::Now() - absl::Minutes(1);
  contents.next_update = absl::Now() + absl::Hours(1);
  for (const std::string& serial : serials) {
    contents.entries.push_back({.serial = serial, .revoked_at = contents.this_update});
  }
  const pki::PrivateKey key = Must(pki::PrivateKey::Load(network.dir() + "/issuing.key.pem"));
  return Must(pki::IssueRevocationList(network.root().issuing_certificate(), key, contents));
}

v1::TrustBundle MakeBundle(uint64_t revision, const std::vector<pki::TestNetwork*>& networks) {
  v1::TrustBundle bundle;
  bundle.set_revision(revision);
  for (pki::TestNetwork* const network : networks) {
    bundle.add_roots(network->root().root_certificate().ToDer());
    bundle.add_authorities(network->root().issuing_certificate().ToDer());
    bundle.set_active_root(network->root().root_certificate().fingerprint());
  }
  return bundle;
}

TestNode::TestNode(pki::TestNetwork& network, const std::string& name) : TestNode(*network.Node(name)) {}

TestNode::TestNode(const pki::NodeIdentity& identity)
    : dir_(Must(TemporaryDirectory::Create())),
      trust_(InstallTrust(absl::StrCat(dir_.path(), "/identity"), identity, clock_)),
      actor_(std::make_shared<FakeProvider>(absl::StrCat("actor-of-", name(), "@1.0.0"))) {}

TestNode::~TestNode() { Stop(); }

void TestNode::Start() {
  const Logger logger = TestLogger(name());
  catalogue_ = std::make_unique<Catalogue>();
  router_ = std::make_unique<Router>(catalogue_.get());
  if (!catalogue_->Offer(actor_, sets_).ok()) std::abort();
  database_ = Must(Database::Open(absl::StrCat(dir_.path(), "/state.db"), {kLinkSchema}));
  RpcServer::Options options;
  options.address = address();
  options.credentials = Must(pki::MakeServerCredentials(trust_, &clock_, logger));
  server_ = Must(RpcServer::Start(std::move(options), [this](const std::shared_ptr<IncomingCall>& call) {
    FederationControl* const federation = serving_.load();
    if (federation != nullptr && federation->HandleCall(call)) return;
    absl::MutexLock lock(&mu_);
    call->Finish(federation == nullptr || asked_ == nullptr ? absl::UnavailableError("not yet")
                                                            : federation->Authorize(*call, *asked_),
                 {});
  }));
  port_ = server_->port();
  NodeParts parts;
  parts.node_name = name();
  parts.trust = trust_;
  parts.catalogue = catalogue_.get();
  parts.router = router_.get();
  parts.database = database_.get();
  parts.clock = &clock_;
  parts.logger = logger;
  parts.address = address();
  federation_ = Must(MakeStandardFederation()(parts));
  serving_ = federation_.get();
  federation_->Start(absl::Now() + kTestPatience);
}

void TestNode::Stop() {
  if (federation_ == nullptr) return;
  serving_ = nullptr;
  federation_->Stop();
  server_->Shutdown(absl::Now());
  federation_ = nullptr;
  server_ = nullptr;
  database_ = nullptr;
}

void TestNode::Kill() {
  serving_ = nullptr;
  server_->Shutdown(absl::Now());
  federation_ = nullptr;
  server_ = nullptr;
  database_ = nullptr;
}

void TestNode::Renew(pki::TestNetwork& network, absl::Duration life) {
  const auto issued = network.Issue(name(), {.not_after = absl::Now() + life});
  MustBe(trust_->ReplaceCertificate(issued.key, issued.chain));
}

void TestNode::Offer(std::vector<std::shared_ptr<const SkillSet>> sets) {
  sets_ = std::move(sets);
  if (catalogue_ == nullptr) return;
  MustBe(catalogue_->Offer(actor_, sets_));
}

absl::StatusOr<v1::LinkInfo> TestNode::Federate(const TestNode& peer, v1::LinkMode mode, absl::Duration timeout) {
  v1::FederateRequest request;
  request.set_peer(peer.name());
  request.set_address(peer.address());
  request.set_mode(mode);
  return federation_->Federate(request, absl::Now() + timeout);
}

std::optional<v1::LinkInfo> TestNode::Link(const std::string& peer, bool dialler) {
  for (const v1::LinkInfo& link : federation_->ListLinks()) {
    if (link.peer() == peer && link.dialler() == dialler) return link;
  }
  return std::nullopt;
}

bool TestNode::LinkIs(const std::string& peer, bool dialler, v1::LinkInfo::State state) {
  return Eventually([&] {
    const auto link = Link(peer, dialler);
    return link.has_value() && link->state() == state;
  });
}

std::vector<std::string> TestNode::Providers(const std::string& path) {
  const auto snapshot = catalogue_->snapshot();
  const auto& entries = snapshot->FindPath(path);
  std::vector<std::string> names;
  if (entries.empty()) return names;
  for (const auto& provider : entries.front().entry->providers) {
    names.push_back(provider->available() ? provider->name() : provider->name() + "!");
  }
  return names;
}

std::optional<CallContext> TestNode::Resolve(const std::string& path, const Call& call,
                                             std::shared_ptr<Provider>* provider, absl::Status* status) {
  absl::StatusOr<Route> route = router_->ResolvePath(path);
  if (!route.ok()) {
    *status = route.status();
    return std::nullopt;
  }
  *provider = route->provider;
  CallContext context;
  context.skill_set = route->skill_set;
  context.skill = route->skill;
  context.deadline = call.deadline;
  context.caller = call.caller;
  context.hops = call.hops;
  context.metadata = call.metadata;
  return context;
}

UnaryResult TestNode::CallUnary(const std::string& path, const std::string& request, const Call& call) {
  struct Wait {
    UnaryResult result;
    absl::Notification done;
  };
  auto wait = std::make_shared<Wait>();
  BeginUnary(path, request, call, [wait](UnaryResult result) {
    wait->result = std::move(result);
    wait->done.Notify();
  });
  if (!wait->done.WaitForNotificationWithTimeout(kTestPatience)) {
    return {.status = absl::UnknownError("the test lost patience")};
  }
  return std::move(wait->result);
}

std::shared_ptr<CallHandle> TestNode::BeginUnary(const std::string& path, const std::string& request, const Call& call,
                                                 UnaryDone done) {
  std::shared_ptr<Provider> provider;
  absl::Status status;
  std::optional<CallContext> context = Resolve(path, call, &provider, &status);
  if (!context.has_value()) {
    done({.status = status});
    return nullptr;
  }
  return provider->CallUnary(*std::move(context), MakePayload(request), std::move(done));
}

void TestNode::BeginStream(const std::string& path, TestStreamCaller& caller) {
  std::shared_ptr<Provider> provider;
  absl::Status status;
  std::optional<CallContext> context = Resolve(path, {}, &provider, &status);
  if (!context.has_value()) return caller.TakeStream()->Finish(status, {});
  provider->CallStream(*std::move(context), caller.TakeStream());
}

absl::Status TestNode::AuthorizeDirect(const pki::NodeIdentity& client, const Skill& skill) {
  {
    absl::MutexLock lock(&mu_);
    asked_ = &skill;
  }
  const absl::Status status = RawStream(client, *this, skill.path.substr(1), {}, "/").Finish();
  absl::MutexLock lock(&mu_);
  asked_ = nullptr;
  return status;
}

struct RawStream::State {
  absl::Notification finished;
  absl::Status status;
};

RawStream::RawStream(const pki::NodeIdentity& client, const TestNode& server, const std::string& method,
                     const Metadata& metadata, const std::string& prefix)
    : queue_(std::make_shared<QueueThreads>(1)) {
  auto credentials = Must(pki::MakeChannelCredentials(client, server.identity(), &clock_, nullptr));
  channel_ = grpc::CreateChannel(server.address(), credentials);
  Start(prefix + method, metadata);
}

RawStream::RawStream(const RawStream& other, const std::string& method, const Metadata& metadata)
    : queue_(other.queue_), channel_(other.channel_) {
  Start(kServicePrefix + method, metadata);
}

RawStream::~RawStream() {
  stream_->Cancel();
  state_->finished.WaitForNotification();
}

void RawStream::Start(const std::string& path, const Metadata& metadata) {
  state_ = std::make_shared<State>();
  stream_ = ClientStream::Start(channel_, path, metadata, absl::Now() + kTestPatience, false, queue_->queue(),
                                [state = state_](absl::Status status, Metadata) {
                                  state->status = std::move(status);
                                  state->finished.Notify();
                                });
}

void RawStream::Send(const google::protobuf::MessageLite& message) { SendBytes(message.SerializeAsString()); }

void RawStream::SendBytes(const std::string& bytes) {
  absl::Notification written;
  stream_->Write(MakePayload(bytes), [&](bool) { written.Notify(); });
  written.WaitForNotification();
}

std::optional<std::string> RawStream::Receive() {
  std::optional<std::string> bytes;
  absl::Notification read;
  stream_->Read([&](std::optional<Payload> payload) {
    if (payload.has_value()) bytes = PayloadToString(*payload);
    read.Notify();
  });
  read.WaitForNotification();
  return bytes;
}

absl::Status RawStream::Finish() {
  while (Receive().has_value()) {
  }
  state_->finished.WaitForNotification();
  return state_->status;
}

RawLink::RawLink(const pki::NodeIdentity& client, const TestNode& server, v1::LinkMode mode,
                 const std::string& replaces)
    : stream(client, server, "Link", {}) {
  v1::LinkMessage hello;
  *hello.mutable_hello() = MakeHello(client.identity(), server.name(), mode, true);
  hello.mutable_hello()->set_replaces(replaces);
  stream.Send(hello);
  const auto answer = stream.Receive<v1::LinkMessage>();
  if (answer.has_value()) welcome = answer->welcome();
}

std::optional<v1::LinkMessage> RawLink::Await(const std::function<bool(const v1::LinkMessage&)>& wanted) {
  for (;;) {
    std::optional<v1::LinkMessage> message = stream.Receive<v1::LinkMessage>();
    if (!message.has_value() || wanted(*message)) return message;
  }
}

FakePeer::FakePeer(pki::TestNetwork& network, const std::string& name, const v1::LinkMessage& answer,
                   const std::string& address)
    : identity_(network.Node(name)) {
  RpcServer::Options options;
  options.address = address;
  options.credentials = Must(pki::MakeServerCredentials(*identity_, &clock_, MakeNullLogger()));
  server_ = Must(RpcServer::Start(std::move(options), [answer](const std::shared_ptr<IncomingCall>& call) {
    call->Write(MakePayload(answer.SerializeAsString()), [call](bool) { call->Finish(absl::OkStatus(), {}); });
  }));
}

FakePeer::~FakePeer() { server_->Shutdown(absl::Now()); }

}  // namespace paranet
