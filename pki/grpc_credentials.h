// gRPC credentials that know one way to be used: mutual TLS 1.3 with both chains verified by VerifyChain (verify.h).
//
// Those made from a NodeTrust follow it: each handshake shows the certificate that is in force then, and goes by the
// roots and revocation lists of that moment. Connections that are open stay as they are.
#ifndef PARANET_PKI_GRPC_CREDENTIALS_H_
#define PARANET_PKI_GRPC_CREDENTIALS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "grpcpp/security/auth_context.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "pki/certificate.h"
#include "pki/identity.h"
#include "pki/identity_folder.h"
#include "pki/node_identity.h"
#include "pki/node_trust.h"

namespace paranet::pki {

// All of them: `clock` outlives the credentials and the connections made with them. The credentials hold a copy of the
// private key in gRPC's form for as long as they live.

// Demands the certificate of a node or an operator (a publisher's is for signing packages, and no client's); logs each
// certificate refused in one sentence (who, outcome), and runs `refused`, if given, with the same on an unspecified
// thread.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    std::shared_ptr<NodeTrust> trust, const Clock* clock, Logger logger,
    std::function<void(const absl::Status&)> refused = nullptr);
// The same for an identity that never changes, and without revocation lists.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(const NodeIdentity& identity,
                                                                               const Clock* clock, Logger logger);

// Accepts exactly the server whose certificate says `expected`. `refused`, if given, runs with the reason of each
// refused handshake on an unspecified thread: gRPC itself reports only UNAVAILABLE.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    std::shared_ptr<NodeTrust> trust, const Identity& expected, const Clock* clock,
    std::function<void(const absl::Status&)> refused);
// The same for an identity that never changes, and without revocation lists.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const NodeIdentity& identity, const Identity& expected, const Clock* clock,
    std::function<void(const absl::Status&)> refused);
// The same for an operator's.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const IdentityFolder& identity, const Identity& expected, const Clock* clock,
    std::function<void(const absl::Status&)> refused);

// The identity that the peer of a call on a connection made with one of the above had when it connected;
// UNAUTHENTICATED on any other connection. Whether it is still to be trusted NodeTrust::Authenticate tells.
absl::StatusOr<Identity> PeerIdentity(const grpc::AuthContext& auth_context);

// The same peer's first certificate; UNAUTHENTICATED if it has shown none.
absl::StatusOr<Certificate> PeerCertificate(const grpc::AuthContext& auth_context);
// The same in PEM, within `auth_context`; empty if it has shown none. For who remembers what it says.
absl::string_view PeerPem(const grpc::AuthContext& auth_context);

}  // namespace paranet::pki

#endif  // PARANET_PKI_GRPC_CREDENTIALS_H_
