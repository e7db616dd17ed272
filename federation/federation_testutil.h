// Nodes for tests of the federation: a catalogue, a listener with mutual TLS, a database and a federation, without
// packages or control socket; and a peer that says whatever a test wants.
#ifndef PARANET_FEDERATION_FEDERATION_TESTUTIL_H_
#define PARANET_FEDERATION_FEDERATION_TESTUTIL_H_

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/sqlite.h"
#include "core/node/federation_control.h"
#include "core/routing/router.h"
#include "core/rpc/client_stream.h"
#include "core/rpc/queue_threads.h"
#include "core/rpc/server.h"
#include "core/skill/catalogue.h"
#include "core/skill/provider_testutil.h"
#include "google/protobuf/message_lite.h"
#include "grpcpp/channel.h"
#include "paranet/v1/federation.pb.h"
#include "paranet/v1/node.pb.h"
#include "paranet/v1/pki.pb.h"
#include "pki/identity.h"
#include "pki/node_identity.h"
#include "pki/node_trust.h"
#include "pki/revocation_list.h"
#include "pki/testutil/test_network.h"

namespace paranet {

// True if `condition` became true within kTestPatience.
bool Eventually(const std::function<bool()>& condition);

// List `number` of the network's issuing authority, which revokes `serials`.
pki::RevocationList MakeList(pki::TestNetwork& network, uint64_t number, const std::vector<std::string>& serials);

// What the Network Root of a network tells that has the roots and authorities of all of `networks`.
v1::TrustBundle MakeBundle(uint64_t revision, const std::vector<pki::TestNetwork*>& networks);

// Not started until Start. What goes wrong here ends the test program.
class TestNode {
 public:
  TestNode(pki::TestNetwork& network, const std::string& name);
  // With an identity that is good for the moment.
  explicit TestNode(const pki::NodeIdentity& identity);
  ~TestNode();

  // On the port it had before, if any.
  void Start();
  // As a node stops: goodbye to the peers first.
  void Stop();
  // As a node dies: its connections break. State stays.
  void Kill();

  const std::string& name() const { return identity().name; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  const pki::Identity& identity() const { return trust_->self(); }
  // Stays the same when the node is started again.
  pki::NodeTrust& trust() { return *trust_; }
  std::string serial() const { return trust_->state()->identity->chain().leaf().serial(); }
  // Another certificate, from `network`, that is good for `life`.
  void Renew(pki::TestNetwork& network, absl::Duration life = absl::Hours(24));
  Catalogue& catalogue() { return *catalogue_; }
  FederationControl& federation() { return *federation_; }
  // The node's one actor.
  FakeProvider& actor() { return *actor_; }
  // What the actor offers from now on; survives restarts.
  void Offer(std::vector<std::shared_ptr<const SkillSet>> sets);

  // --from this node --to `peer`.
  absl::StatusOr<v1::LinkInfo> Federate(const TestNode& peer, v1::LinkMode mode = v1::ONE_WAY,
                                        absl::Duration timeout = kTestPatience);
  // The link with `peer`, dialled by this node or not; nullopt if there is none.
  std::optional<v1::LinkInfo> Link(const std::string& peer, bool dialler = true);
  bool LinkIs(const std::string& peer, bool dialler, v1::LinkInfo::State state);
  // Providers of the path's highest version: their names, with "!" where unavailable.
  std::vector<std::string> Providers(const std::string& path);

  // A call as a client of this node makes it: by its router.
  struct Call {
    absl::Time deadline = absl::InfiniteFuture();
    std::string caller = "local";
    int hops = 0;
    Metadata metadata;
  };
  UnaryResult CallUnary(const std::string& path, const std::string& request, const Call& call);
  UnaryResult CallUnary(const std::string& path, const std::string& request) { return CallUnary(path, request, {}); }
  std::shared_ptr<CallHandle> BeginUnary(const std::string& path, const std::string& request, const Call& call,
                                         UnaryDone done);
  void BeginStream(const std::string& path, TestStreamCaller& caller);

  // What FederationControl::Authorize says to a direct call of `skill` by `client`.
  absl::Status AuthorizeDirect(const pki::NodeIdentity& client, const Skill& skill);

 private:
  std::optional<CallContext> Resolve(const std::string& path, const Call& call, std::shared_ptr<Provider>* provider,
                                     absl::Status* status);

  SystemClock clock_;
  TemporaryDirectory dir_;
  const std::shared_ptr<pki::NodeTrust> trust_;
  int port_ = 0;
  std::shared_ptr<FakeProvider> actor_;
  std::vector<std::shared_ptr<const SkillSet>> sets_;
  std::unique_ptr<Catalogue> catalogue_;
  std::unique_ptr<Router> router_;
  std::unique_ptr<Database> database_;
  std::atomic<FederationControl*> serving_ = nullptr;
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<FederationControl> federation_;
  absl::Mutex mu_;
  // What AuthorizeDirect asks about.
  const Skill* asked_ ABSL_GUARDED_BY(mu_) = nullptr;
};

inline constexpr char kServicePrefix[] = "/paranet.v1.Federation/";

// A client of a node's listener, with any identity, that speaks raw messages on one stream.
class RawStream {
 public:
  // The path is `prefix` and `method`.
  RawStream(const pki::NodeIdentity& client, const TestNode& server, const std::string& method,
            const Metadata& metadata, const std::string& prefix = kServicePrefix);
  // Another stream on the connection of `other`.
  RawStream(const RawStream& other, const std::string& method, const Metadata& metadata);
  RawStream(const RawStream&) = delete;
  ~RawStream();

  void Send(const google::protobuf::MessageLite& message);
  void SendBytes(const std::string& bytes);
  // The next message; nullopt at the end.
  std::optional<std::string> Receive();
  template <typename Message>
  std::optional<Message> Receive() {
    const std::optional<std::string> bytes = Receive();
    Message message;
    if (!bytes.has_value() || !message.ParseFromString(*bytes)) return std::nullopt;
    return message;
  }
  // How the stream ended; reads to the end.
  absl::Status Finish();

 private:
  struct State;
  void Start(const std::string& path, const Metadata& metadata);

  SystemClock clock_;
  std::shared_ptr<QueueThreads> queue_;
  std::shared_ptr<grpc::Channel> channel_;
  std::shared_ptr<State> state_;
  std::shared_ptr<ClientStream> stream_;
};

// Hello of `client` to `server`, then the rest of the handshake: a link as the dialler sees it.
struct RawLink {
  RawLink(const pki::NodeIdentity& client, const TestNode& server, v1::LinkMode mode, const std::string& replaces = "");
  // Reads on to a message of which `wanted` is true; nullopt if there is none.
  std::optional<v1::LinkMessage> Await(const std::function<bool(const v1::LinkMessage&)>& wanted);
  RawStream stream;
  v1::Welcome welcome;
};

// A server that answers the Link method of any client with `answer`, and is called `name`.
class FakePeer {
 public:
  FakePeer(pki::TestNetwork& network, const std::string& name, const v1::LinkMessage& answer,
           const std::string& address = "127.0.0.1:0");
  ~FakePeer();
  std::string address() const { return "127.0.0.1:" + std::to_string(server_->port()); }

 private:
  SystemClock clock_;
  std::unique_ptr<pki::NodeIdentity> identity_;
  std::unique_ptr<RpcServer> server_;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_FEDERATION_TESTUTIL_H_
