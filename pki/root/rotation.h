// Change from one root to the next: who is ready for it.
#ifndef PARANET_PKI_ROOT_ROTATION_H_
#define PARANET_PKI_ROOT_ROTATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/sqlite.h"

namespace paranet::pki {

struct RotationStatus {
  enum class Stage { kNone, kPrepared, kActivated };
  Stage stage = Stage::kNone;

  struct Root {
    std::string fingerprint;
    // `active`, `prepared`, `old`, `retired`.
    std::string state;
    absl::Time not_after;
    // Below DIR, without the ending `.pem` or `.key.pem`.
    std::string file;
  };
  // In the order of making.
  std::vector<Root> roots;

  // Who stands in the way of the next step; empty: nobody does.
  struct NotReady {
    std::string identity;
    // One clause.
    std::string why;
  };
  std::vector<NotReady> not_ready;
};

// `none`, `prepared`, `activated`.
const char* RotationStageName(RotationStatus::Stage stage);

// Remembers that `identity` acts by the bundle of `revision`. In a transaction.
absl::Status RecordAcknowledgement(Database& ledger, const std::string& identity, uint64_t revision);

// The identities with a certificate in force at `now` that neither acknowledged a bundle of `revision` or later nor got
// one with a certificate.
absl::StatusOr<std::vector<RotationStatus::NotReady>> NotReadyToActivate(Database& ledger, uint64_t revision,
                                                                         absl::Time now);
// The identities with a certificate in force at `now`, not superseded, that was issued by one of `authorities`
// (fingerprints).
absl::StatusOr<std::vector<RotationStatus::NotReady>> NotReadyToRetire(Database& ledger,
                                                                       const std::vector<std::string>& authorities,
                                                                       absl::Time now);

// FAILED_PRECONDITION, `cannot WHAT: A (why), B (why)`, with at most twenty of them spelled out.
absl::Status RefuseNotReady(const std::string& what, const std::vector<RotationStatus::NotReady>& not_ready);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_ROTATION_H_
