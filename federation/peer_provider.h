// A peer as a provider of the skills it exports to this node.
#ifndef PARANET_FEDERATION_PEER_PROVIDER_H_
#define PARANET_FEDERATION_PEER_PROVIDER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/skill/provider.h"
#include "federation/call_tally.h"

namespace paranet {

// A link that calls can go over.
class PeerCalls {
 public:
  virtual ~PeerCalls() = default;
  // As in Provider.
  virtual std::shared_ptr<CallHandle> CallUnary(CallContext context, Payload request, UnaryDone done) = 0;
  virtual void CallStream(CallContext context, std::shared_ptr<ServerStream> stream) = 0;
  // Of the calls above, kept by the caller: Begin before, End after the call's end. Never null, always the same.
  virtual const std::shared_ptr<CallTally>& tally() const = 0;
};

// Outlives the links: without one, its skills are listed and unavailable. Thread-safe.
class PeerProvider final : public Provider {
 public:
  explicit PeerProvider(std::string peer) : name_(std::move(peer)) {}

  // The link to use from now on; null for none. When it returns, nobody begins on the link before: each call that went
  // there is in its tally.
  void SetLink(std::shared_ptr<PeerCalls> link);

  Kind kind() const override { return Kind::kPeer; }
  const std::string& name() const override { return name_; }
  bool available() const override { return available_.load(std::memory_order_acquire); }
  int64_t outstanding() const override { return outstanding_->load(std::memory_order_relaxed); }
  std::shared_ptr<CallHandle> CallUnary(CallContext context, Payload request, UnaryDone done) override;
  void CallStream(CallContext context, std::shared_ptr<ServerStream> stream) override;

 private:
  // The present link with one call more in its tally; null for none.
  std::shared_ptr<PeerCalls> BeginCall();
  absl::Status Down() const;

  const std::string name_;
  // Shared with calls that may outlive the provider.
  const std::shared_ptr<std::atomic<int64_t>> outstanding_ = std::make_shared<std::atomic<int64_t>>(0);
  std::atomic<bool> available_ = false;
  absl::Mutex mu_;
  std::shared_ptr<PeerCalls> link_ ABSL_GUARDED_BY(mu_);
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_PEER_PROVIDER_H_
