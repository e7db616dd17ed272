// Calls of other skills that a worker makes: frames on one side, a SkillCaller on the other.
#ifndef PARANET_CORE_RUNTIME_FRAMED_FRAME_OUTGOING_H_
#define PARANET_CORE_RUNTIME_FRAMED_FRAME_OUTGOING_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "core/runtime/framed/frame_link.h"
#include "core/skill/skill_caller.h"
#include "core/worker/frame.h"

namespace paranet {

// Made with make_shared. Thread-safe.
class FrameOutgoing final : public std::enable_shared_from_this<FrameOutgoing> {
 public:
  // What a worker may have under way; more get RESOURCE_EXHAUSTED.
  static constexpr size_t kMaxCalls = 4'096;
  static constexpr size_t kMaxStreams = 256;

  // Of the call with this number on whose behalf another is made; nullopt if that is over.
  using FindOrigin = std::function<std::optional<CallOrigin>(uint64_t parent)>;

  // `caller` null: each call is UNAVAILABLE. `name`: the origin of calls without a parent.
  FrameOutgoing(std::string name, std::shared_ptr<SkillCaller> caller, std::shared_ptr<FrameLink> link,
                FindOrigin find_origin)
      : name_(std::move(name)),
        caller_(std::move(caller)),
        link_(std::move(link)),
        find_origin_(std::move(find_origin)) {}

  // A frame about a call that the worker has begun, or begins. False if it breaks the protocol.
  [[nodiscard]] bool OnFrame(const Frame& frame);
  // The call `parent` is over: what was begun on its behalf is cancelled.
  void OnParentOver(uint64_t parent);
  // The worker is gone: all is cancelled.
  void Close();

 private:
  class Stream;
  struct Entry {
    uint64_t parent = 0;
    // Of a unary call.
    std::shared_ptr<CallHandle> handle;
    // Of a streaming one, which belongs to the provider.
    bool streaming = false;
    std::weak_ptr<Stream> stream;
  };

  [[nodiscard]] bool Begin(const Frame& frame);
  void Cancel(const Entry& entry);
  void Erase(uint64_t id);

  const std::string name_;
  const std::shared_ptr<SkillCaller> caller_;
  const std::shared_ptr<FrameLink> link_;
  const FindOrigin find_origin_;

  absl::Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  size_t streams_ ABSL_GUARDED_BY(mu_) = 0;
  absl::flat_hash_map<uint64_t, Entry> calls_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_FRAMED_FRAME_OUTGOING_H_
