// The enrolment service on an address: what `paranet root serve` runs.
#ifndef PARANET_PKI_ENROLMENT_ENROLMENT_SERVER_H_
#define PARANET_PKI_ENROLMENT_ENROLMENT_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "pki/enrolment/enrolment_service.h"
#include "pki/root/network_root.h"

namespace paranet::pki {

// TLS 1.3 with a certificate of role root, which is renewed at half of its life and when the network's active root
// changes; new connections have it, old ones stay. A client shows a node's certificate or none. Revocation lists are
// refreshed when half of their life is over. Thread-safe.
class EnrolmentServer {
 public:
  struct Options {
    // These outlive the object.
    NetworkRoot* root = nullptr;
    const Clock* clock = nullptr;
    Logger logger;
    // HOST:PORT (port 0: any free one).
    std::string address;
    // Names in its certificate, for stock TLS clients.
    std::vector<std::string> dns_names;
    std::vector<std::string> ip_addresses;
    absl::Duration revocation_list_life = kRevocationListLife;
    // How often certificate and lists are looked at.
    absl::Duration upkeep_interval = absl::Seconds(1);
    // Limits and lives; root, clock, logger and acknowledged are ignored.
    EnrolmentService::Options service;
  };
  // ALREADY_EXISTS if the address is in use; INVALID_ARGUMENT if it is none; else IssueServiceIdentity's and
  // RefreshRevocationLists' errors. Serves when it returns.
  static absl::StatusOr<std::unique_ptr<EnrolmentServer>> Start(Options options);
  // Stop(now).
  virtual ~EnrolmentServer() = default;

  // HOST:PORT, with the port taken.
  virtual const std::string& address() const = 0;
  virtual EnrolmentService::Counts counts() const = 0;
  // Ends the streams, lets requests end until `deadline`, cancels them then. Idempotent.
  virtual void Stop(absl::Time deadline) = 0;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_ENROLMENT_ENROLMENT_SERVER_H_
