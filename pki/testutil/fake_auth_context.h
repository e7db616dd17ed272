// The connection of a peer as gRPC would tell of it, without one. For tests.
#ifndef PARANET_PKI_TESTUTIL_FAKE_AUTH_CONTEXT_H_
#define PARANET_PKI_TESTUTIL_FAKE_AUTH_CONTEXT_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/auth_context.h"
#include "pki/certificate.h"

namespace paranet::pki {

class FakeAuthContext final : public grpc::AuthContext {
 public:
  // As on a server: the leaf, and the rest of the chain.
  explicit FakeAuthContext(const CertificateChain& chain, bool on_client = false) {
    properties_[GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME] = "tls";
    properties_[GRPC_X509_PEM_CERT_PROPERTY_NAME] = chain.leaf().ToPem();
    std::string rest;
    for (size_t i = on_client ? 0 : 1; i < chain.size(); ++i) rest += chain[i].ToPem();
    properties_[GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME] = rest;
    if (!chain.leaf().uris().empty()) properties_[GRPC_PEER_URI_PROPERTY_NAME] = chain.leaf().uris().front();
  }
  // As in plain text.
  FakeAuthContext() { properties_[GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME] = "insecure"; }

  void Set(const std::string& name, std::string value) { properties_[name] = std::move(value); }

  bool IsPeerAuthenticated() const override { return false; }
  std::vector<grpc::string_ref> GetPeerIdentity() const override { return {}; }
  std::string GetPeerIdentityPropertyName() const override { return ""; }
  std::vector<grpc::string_ref> FindPropertyValues(const std::string& name) const override {
    const auto found = properties_.find(name);
    if (found == properties_.end()) return {};
    return {grpc::string_ref(found->second)};
  }
  grpc::AuthPropertyIterator begin() const override { return Nowhere(); }
  grpc::AuthPropertyIterator end() const override { return Nowhere(); }
  void AddProperty(const std::string& key, const grpc::string_ref& value) override {
    properties_[key] = std::string(value.data(), value.size());
  }
  bool SetPeerIdentityPropertyName(const std::string& /*name*/) override { return false; }

 private:
  // gRPC lets nobody else make one.
  class Nowhere final : public grpc::AuthPropertyIterator {};

  std::map<std::string, std::string> properties_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_TESTUTIL_FAKE_AUTH_CONTEXT_H_
