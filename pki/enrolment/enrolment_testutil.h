// A Network Root with its enrolment service, at a time of its own. For tests.
#ifndef PARANET_PKI_ENROLMENT_ENROLMENT_TESTUTIL_H_
#define PARANET_PKI_ENROLMENT_ENROLMENT_TESTUTIL_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "pki/enrolment/enrolment_client.h"
#include "pki/enrolment/enrolment_server.h"
#include "pki/join_token.h"
#include "pki/node_trust.h"
#include "pki/private_key.h"
#include "pki/root/network_root.h"

namespace paranet::pki {

// Whether `done` becomes true within a minute; asks again and again.
bool Eventually(const std::function<bool()>& done);

// Everything that goes wrong in the functions that return no status ends the process with a message: it is a broken
// test.
class ServedRoot {
 public:
  explicit ServedRoot(const std::string& network = "acme");
  ~ServedRoot();

  // Serves, on the port that was taken first; `change` may change the options.
  void Serve(const std::function<void(EnrolmentServer::Options&)>& change = nullptr);
  void StopServing() { server_.reset(); }

  // The same directory as another process has it.
  std::unique_ptr<NetworkRoot> OpenAgain();

  JoinToken Token(const std::string& node, absl::Duration life = absl::Hours(1));
  // `token` with other fields.
  static JoinToken Altered(const JoinToken& token, const std::function<void(v1::JoinToken&)>& change);
  LeafNames Names(const std::string& node) const;
  absl::StatusOr<IssuedIdentity> Enroll(const JoinToken& token, const std::string& node);
  // Enrolled and installed; with its directory, which lives as long as this object.
  std::shared_ptr<NodeTrust> Node(const std::string& node);
  std::string DirOf(const std::string& node) const { return directory_.path() + "/" + node; }

  FakeClock& clock() { return *clock_; }
  NetworkRoot& root() { return *root_; }
  EnrolmentServer& server() { return *server_; }
  const std::string& address() const { return address_; }

 private:
  // Handshakes may still ask for the time when all else has gone.
  const std::shared_ptr<FakeClock> clock_;
  TemporaryDirectory directory_;
  std::unique_ptr<NetworkRoot> root_;
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<EnrolmentServer> server_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_ENROLMENT_TESTUTIL_H_
