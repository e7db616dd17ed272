// One live link after its handshake, the same for both ends: control, catalogues, calls.
#ifndef PARANET_FEDERATION_LINK_H_
#define PARANET_FEDERATION_LINK_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "federation/activity.h"
#include "federation/catalogue_export.h"
#include "federation/catalogue_import.h"
#include "federation/link_calls.h"
#include "federation/link_context.h"
#include "federation/link_trust.h"
#include "federation/message_stream.h"
#include "federation/revocation_exchange.h"
#include "federation/stream_writer.h"
#include "grpcpp/channel.h"
#include "paranet/v1/federation.pb.h"
#include "pki/identity.h"
#include "pki/node_trust.h"

namespace paranet {

// Why a link is down.
struct LinkEnd {
  enum class Kind {
    // The connection broke or the peer stops: to be dialled again.
    kLost,
    // For good.
    kRefused,
    // The peer's operator ended the federation.
    kDefederated,
    // The peer's certificate is no longer good.
    kUntrusted,
    // The peer says so of this node's certificate.
    kDistrusted,
  };
  Kind kind = Kind::kLost;
  absl::Status status;
};

// Everything runs on the control thread but for calls(). Must be held by a shared_ptr.
class Link : public std::enable_shared_from_this<Link> {
 public:
  struct Options {
    // What its certificate says.
    std::shared_ptr<const pki::Peer> peer;
    bool dialler = false;
    v1::LinkMode mode = v1::ONE_WAY;
    std::string link_id;
    // Of both sides (handshake.h, CommonLimits).
    v1::LinkLimits limits;
    // A ControlStream, after the dialler's handshake, or before the server has said Welcome.
    std::shared_ptr<MessageStream> stream;
    // Of the dialler.
    std::shared_ptr<grpc::Channel> channel;
    // Of the server: where the dialler is, HOST:PORT.
    std::string address;
    // Of the dialler: the fingerprint of the certificate that it showed.
    std::string own_certificate;
    // Of the server.
    std::optional<v1::Welcome> welcome;
    std::shared_ptr<LinkCounters> counters;
    // The peer's exports have changed: imports() has them. Before the first `ready`.
    std::function<void()> imported;
    // Once: calls can go in all directions that the mode permits, and both catalogues have arrived.
    std::function<void()> ready;
    // Of the dialler: the server asks to be dialled anew (Redial).
    std::function<void()> redial;
    // Once, unless Close was called.
    std::function<void(const LinkEnd&)> down;
  };

  Link(std::shared_ptr<const LinkContext> context, Options options);
  void Start();

  const pki::Identity& peer() const { return options_.peer->identity; }
  const pki::Peer& certificate() const { return *options_.peer; }
  const std::string& address() const { return options_.address; }
  const std::string& own_certificate() const { return options_.own_certificate; }
  const std::string& id() const { return options_.link_id; }
  bool dialler() const { return options_.dialler; }
  // Whether the peer may call here, and this node there.
  bool exports() const { return !options_.dialler || options_.mode == v1::BIDIRECTIONAL; }
  bool imports() const { return options_.dialler || options_.mode == v1::BIDIRECTIONAL; }
  // Thread-safe.
  const std::shared_ptr<LinkCalls>& calls() const { return calls_; }

  bool is_ready() const { return ready_; }
  bool is_retiring() const { return retiring_; }
  bool has_imported() const { return has_imported_; }
  SkillSets imported_sets() const { return import_.sets(); }
  size_t exported() const { return export_.size(); }

  // Of the server: the stream that the dialler opened. Closed if there is one already.
  void AttachLane(std::shared_ptr<MessageStream> stream, RpcQueue* queue);
  // The node's catalogue has changed.
  void CatalogueChanged();
  // What the node trusts has changed: passes new revocation lists on, and ends the link (`down`, perhaps inside) if the
  // peer is no longer trusted.
  void TrustChanged();
  // Of the server: this node's certificate or roots have changed.
  void AskForRedial();
  // Another connection has taken the link's place, and no calls begin here any more: the link tells no more of
  // catalogues, and ends (`down`) when the calls of both sides have ended. Idempotent.
  void Retire();
  // Says goodbye and ends; no callback runs any more. Idempotent.
  void Close(v1::Goodbye::Reason reason, const std::string& message);

 private:
  void Read();
  void OnMessage(v1::LinkMessage message);
  void OnCatalogue(const v1::CatalogueUpdate& update);
  std::optional<Payload> NextMessage();
  void Send(v1::LinkMessage message);
  void CheckReady();
  void CheckDrained();
  // Ends with a last word to the peer.
  void Leave(v1::Goodbye::Reason reason, LinkEnd end);
  // Ends for good because of what the peer did.
  void Refuse(const absl::Status& why);
  void Down(LinkEnd end);
  // Ends calls and writes what is still to be written.
  void Shut(const absl::Status& reason);
  void Cleanup();

  const std::shared_ptr<const LinkContext> context_;
  Options options_;
  std::shared_ptr<LinkCalls> calls_;
  std::shared_ptr<StreamWriter> writer_;
  std::deque<v1::LinkMessage> messages_;
  CatalogueExport export_;
  CatalogueImport import_;
  RevocationExchange revocations_;
  std::shared_ptr<LinkTrust> trust_;
  bool has_lane_ = false;
  bool has_imported_ = false;
  bool acknowledged_ = false;
  bool ready_ = false;
  bool retiring_ = false;
  // Drained was said, and heard.
  bool drained_ = false;
  bool peer_drained_ = false;
  // Down or closed.
  bool over_ = false;
  bool said_goodbye_ = false;
  uint64_t ready_timer_ = 0;
  uint64_t cleanup_timer_ = 0;
  // Held from Start until Cleanup.
  Activity::Token token_;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_LINK_H_
