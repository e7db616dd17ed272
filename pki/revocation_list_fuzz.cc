// What is parsed as a revocation list is kept as it was, and finds all that is on it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pki/revocation_list.h"

using paranet::pki::RevocationList;
using paranet::pki::RevokedSerial;

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void Inspect(const RevocationList& list) {
  for (const RevokedSerial& revoked : list.entries()) Require(list.Find(revoked.serial) == &revoked);
  Require(list.Find("") == nullptr);
  Require(!list.number().empty() && !list.IsNewerThan(list));
  Require(list.next_update() >= list.this_update());
  const absl::StatusOr<RevocationList> again = RevocationList::FromPem(list.ToPem());
  Require(again.ok() && *again == list && again->fingerprint() == list.fingerprint());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const absl::StatusOr<RevocationList> list = RevocationList::FromDer(bytes); list.ok()) {
    Require(list->ToDer() == bytes);
    Inspect(*list);
  }
  if (const absl::StatusOr<RevocationList> list = RevocationList::FromPem(bytes); list.ok()) Inspect(*list);
  return 0;
}
