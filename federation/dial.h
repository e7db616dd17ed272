// One attempt to reach a peer: connection, mutual verification, Hello and Welcome.
#ifndef PARANET_FEDERATION_DIAL_H_
#define PARANET_FEDERATION_DIAL_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "federation/link_context.h"
#include "federation/message_stream.h"
#include "grpcpp/channel.h"
#include "paranet/v1/federation.pb.h"
#include "pki/identity.h"
#include "pki/node_trust.h"

namespace paranet {

struct DialResult {
  // OK, UNAVAILABLE where it makes sense to try again, or what refused the link for good (`refused`).
  absl::Status status;
  bool refused = false;
  // The peer's operator has ended the federation (`refused` is true).
  bool defederated = false;
  // What refused the link passes by itself: a certificate that has expired, or is not valid yet (`refused` is true).
  bool passes = false;
  // Where `status` is OK: the link's stream after the handshake, on the control thread.
  std::shared_ptr<grpc::Channel> channel;
  std::shared_ptr<MessageStream> stream;
  v1::Welcome welcome;
  // What the peer's certificate says.
  std::shared_ptr<const pki::Peer> peer;
  // The fingerprint of the certificate that this node showed.
  std::string own_certificate;
};

// Runs on the control thread. Must be held by a shared_ptr.
class Dial : public std::enable_shared_from_this<Dial> {
 public:
  struct Options {
    pki::Identity peer;
    // HOST:PORT.
    std::string address;
    v1::LinkMode mode = v1::ONE_WAY;
    bool fresh = false;
    // The link to be replaced (Hello.replaces); empty for none.
    std::string replaces;
    // Runs once on the control thread, not inside Start, unless Cancel was called.
    absl::AnyInvocable<void(DialResult)> done;
  };

  Dial(std::shared_ptr<const LinkContext> context, Options options)
      : context_(std::move(context)), options_(std::move(options)) {}
  void Start();
  void Cancel();

 private:
  void OnWelcome(std::optional<Payload> payload);
  void OnEnd(const absl::Status& status);
  // Ends with a refusal of the peer, whose certificate is why.
  void Distrust(const absl::Status& why);
  void Fail(const v1::Refusal& refusal);
  void Done(DialResult result);

  const std::shared_ptr<const LinkContext> context_;
  Options options_;
  std::string own_certificate_;
  std::shared_ptr<grpc::Channel> channel_;
  std::shared_ptr<MessageStream> stream_;
  // Why TLS refused the peer; OK if it did not.
  absl::Status refused_;
  bool over_ = false;
  bool hello_written_ = false;
  // What came before that.
  std::optional<Payload> welcome_;
  uint64_t timer_ = 0;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_DIAL_H_
