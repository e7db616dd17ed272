#include "federation/link_entry.h"

namespace paranet {

void LinkEntry::SetState(v1::LinkInfo::State new_state, absl::Time now) {
  if (state == new_state) return;
  state = new_state;
  since = now;
}

v1::LinkInfo LinkEntry::Info() const {
  v1::LinkInfo info;
  info.set_peer(record.peer);
  info.set_address(record.address);
  info.set_mode(record.mode);
  info.set_dialler(record.dialler);
  info.set_state(state);
  info.set_since_unix_ms(absl::ToUnixMillis(since));
  info.set_last_error(last_error);
  if (const std::shared_ptr<Link>& link = links.current(); link != nullptr) {
    info.set_imports(static_cast<uint32_t>(link->imported_sets().size()));
    info.set_exports(static_cast<uint32_t>(link->exported()));
  }
  info.set_calls_in(counters->in.load(std::memory_order_relaxed));
  info.set_calls_out(counters->out.load(std::memory_order_relaxed));
  info.set_attempts(attempts);
  return info;
}

}  // namespace paranet
