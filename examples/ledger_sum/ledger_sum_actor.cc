// The actor: one handler that reads a stream to its end and then answers.
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "examples/ledger_sum/ledger_sum.paranet.h"

namespace ledger::v1 {
namespace {

using paranet::actor::CallContext;
using paranet::actor::Reader;

class LedgerSumActor final : public LedgerSumSkillSet {
 public:
  absl::StatusOr<Totals> Sum(CallContext&, Reader<Entry>& reader) override {
    Totals totals;
    int64_t sum = 0;
    for (Entry entry; reader.Read(entry);) {
      totals.set_entries(totals.entries() + 1);
      if (entry.account().empty()) {
        return absl::InvalidArgumentError(absl::StrCat("entry ", totals.entries(), " has no account"));
      }
      int64_t& account = (*totals.mutable_cents_by_account())[entry.account()];
      if (__builtin_add_overflow(account, entry.cents(), &account) ||
          __builtin_add_overflow(sum, entry.cents(), &sum)) {
        return absl::OutOfRangeError(absl::StrCat("with entry ", totals.entries(), " the sum is too large to count"));
      }
    }
    totals.set_cents(sum);
    return totals;
  }
};

}  // namespace
}  // namespace ledger::v1

const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  return paranet::actor::ExportActor<ledger::v1::LedgerSumActor, ledger::v1::LedgerSumSkillSet>(host_abi_version);
}
