// The functions that an actor in this process is given: paranet_host of abi.h.
#ifndef PARANET_CORE_RUNTIME_NATIVE_HOST_H_
#define PARANET_CORE_RUNTIME_NATIVE_HOST_H_

#include <map>
#include <string>

#include "core/actor/abi.h"
#include "core/runtime/actor_lock.h"
#include "core/runtime/actor_log.h"
#include "core/runtime/call_table.h"
#include "core/runtime/outgoing_calls.h"

namespace paranet {

// Thread-safe, as abi.h says.
class NativeHost {
 public:
  // What the functions work on; all of it outlives the host.
  struct Parts {
    const std::map<std::string, std::string>* config = nullptr;
    const CallTable* calls = nullptr;
    ActorLock* lock = nullptr;
    OutgoingCalls* outgoing = nullptr;
    ActorLog* log = nullptr;
  };

  explicit NativeHost(const Parts& parts);
  NativeHost(const NativeHost&) = delete;
  NativeHost& operator=(const NativeHost&) = delete;

  const paranet_host* table() const { return &table_; }

 private:
  // The function table, with the way back from it.
  struct Table : paranet_host {
    Parts parts;
  };
  struct Functions;

  Table table_;
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_NATIVE_HOST_H_
