// gRPC credentials that know one way to be used: mutual TLS 1.3 with both chains verified by VerifyChain (verify.h).
#ifndef PARANET_PKI_GRPC_CREDENTIALS_H_
#define PARANET_PKI_GRPC_CREDENTIALS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "grpcpp/security/auth_context.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "pki/identity.h"
#include "pki/node_identity.h"

namespace paranet::pki {

// Demands the certificate of a node or an operator (a publisher's is for signing packages, and no client's); logs each
// certificate refused in one sentence (who, outcome). The arguments outlive the credentials but for `identity`, which
// is copied from. The credentials hold a copy of the private key in gRPC's form for as long as they live.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(const NodeIdentity& identity,
                                                                               const Clock* clock, Logger logger);

// Accepts exactly the server whose certificate says `expected`. `refused`, if given, runs with the reason of each
// refused handshake on an unspecified thread: gRPC itself reports only UNAVAILABLE.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const NodeIdentity& identity, const Identity& expected, const Clock* clock,
    std::function<void(const absl::Status&)> refused);

// The verified identity of the peer of a call on a connection made with one of the above; UNAUTHENTICATED on any other.
absl::StatusOr<Identity> PeerIdentity(const grpc::AuthContext& auth_context);

}  // namespace paranet::pki

#endif  // PARANET_PKI_GRPC_CREDENTIALS_H_
