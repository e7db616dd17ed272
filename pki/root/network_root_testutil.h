// What the tests of NetworkRoot share.
#ifndef PARANET_PKI_ROOT_NETWORK_ROOT_TESTUTIL_H_
#define PARANET_PKI_ROOT_NETWORK_ROOT_TESTUTIL_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/certificate_request.h"
#include "pki/identity.h"
#include "pki/private_key.h"
#include "pki/root/network_root.h"

namespace paranet::pki {

// A Network Root of network acme in a temporary directory, at a time that stands still.
class NetworkRootFixture : public testing::Test {
 protected:
  NetworkRootFixture()
      : now_(absl::FromUnixSeconds(1'800'000'000)),
        clock_(now_),
        temporary_(*TemporaryDirectory::Create()),
        dir_(temporary_.path() + "/root") {}

  std::unique_ptr<NetworkRoot> Create() {
    absl::StatusOr<std::unique_ptr<NetworkRoot>> root = NetworkRoot::Create(dir_, "acme", &clock_);
    EXPECT_OK(root);
    return *std::move(root);
  }
  std::unique_ptr<NetworkRoot> Open() {
    absl::StatusOr<std::unique_ptr<NetworkRoot>> root = NetworkRoot::Open(dir_, &clock_);
    EXPECT_OK(root);
    return *std::move(root);
  }
  absl::Status OpenStatus() { return NetworkRoot::Open(dir_, &clock_).status(); }

  static Identity Node(const std::string& name) { return {"acme", Role::kNode, name}; }
  // With a new key.
  static CertificateRequest Request(const Identity& identity, const std::vector<std::string>& dns_names = {}) {
    return *CertificateRequest::Create(*PrivateKey::Generate(), {.identity = identity, .dns_names = dns_names});
  }
  static CertificateRequest Request(const std::string& node) { return Request(Node(node)); }

  static JoinToken Token(NetworkRoot& root, const std::string& node) {
    return *root.CreateToken({.node = node, .endpoint = "localhost:8443"}, "test");
  }
  static Certificate Issue(NetworkRoot& root, const std::string& node) { return root.Issue(Request(node))->leaf(); }
  // The newest event of this kind.
  static AuditEvent Event(const NetworkRoot& root, const std::string& kind) {
    AuditEvent found;
    std::vector<AuditEvent> events = *root.Audit(0, 100'000);
    for (AuditEvent& event : events) {
      if (event.event == kind) found = std::move(event);
    }
    EXPECT_EQ(found.event, kind);
    return found;
  }

  const absl::Time now_;
  FakeClock clock_;
  TemporaryDirectory temporary_;
  const std::string dir_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_NETWORK_ROOT_TESTUTIL_H_
