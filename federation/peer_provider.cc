#include "federation/peer_provider.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace paranet {
namespace {

class NoHandle final : public CallHandle {
 public:
  void Cancel() override {}
};

// Passes a stream on and counts the call until it is finished or dropped.
class CountedStream final : public ServerStream {
 public:
  // `tally` counts the call already.
  CountedStream(std::shared_ptr<ServerStream> stream, std::shared_ptr<std::atomic<int64_t>> count,
                std::shared_ptr<CallTally> tally)
      : stream_(std::move(stream)), count_(std::move(count)), tally_(std::move(tally)) {
    count_->fetch_add(1, std::memory_order_relaxed);
  }
  ~CountedStream() override { End(); }

  void Read(absl::AnyInvocable<void(std::optional<Payload>)> done) override { stream_->Read(std::move(done)); }
  void Write(Payload payload, absl::AnyInvocable<void(bool)> done) override {
    stream_->Write(payload, std::move(done));
  }
  void Finish(absl::Status status, Metadata trailers) override {
    const bool ended = ended_.exchange(true);
    if (!ended) count_->fetch_sub(1, std::memory_order_relaxed);
    stream_->Finish(std::move(status), std::move(trailers));
    if (!ended) tally_->End();
  }
  void OnCancel(absl::AnyInvocable<void()> cancelled) override { stream_->OnCancel(std::move(cancelled)); }

 private:
  void End() {
    if (ended_.exchange(true)) return;
    count_->fetch_sub(1, std::memory_order_relaxed);
    tally_->End();
  }

  const std::shared_ptr<ServerStream> stream_;
  const std::shared_ptr<std::atomic<int64_t>> count_;
  const std::shared_ptr<CallTally> tally_;
  std::atomic<bool> ended_ = false;
};

}  // namespace

void PeerProvider::SetLink(std::shared_ptr<PeerCalls> link) {
  // The parameter outlives the lock, so that the old link is let go without it.
  absl::MutexLock lock(&mu_);
  available_.store(link != nullptr, std::memory_order_release);
  link_.swap(link);
}

std::shared_ptr<PeerCalls> PeerProvider::BeginCall() {
  absl::ReaderMutexLock lock(&mu_);
  if (link_ != nullptr) link_->tally()->Begin();
  return link_;
}

absl::Status PeerProvider::Down() const {
  return absl::UnavailableError(
      absl::StrCat("the link to node ", name_, " is down; try again when it is back (`paranet link ls`)"));
}

std::shared_ptr<CallHandle> PeerProvider::CallUnary(CallContext context, Payload request, UnaryDone done) {
  const std::shared_ptr<PeerCalls> link = BeginCall();
  if (link == nullptr) {
    UnaryResult result{.status = Down()};
    result.unprocessed = true;
    done(std::move(result));
    return std::make_shared<NoHandle>();
  }
  outstanding_->fetch_add(1, std::memory_order_relaxed);
  return link->CallUnary(
      std::move(context), request,
      [count = outstanding_, tally = link->tally(), done = std::move(done)](UnaryResult result) mutable {
        count->fetch_sub(1, std::memory_order_relaxed);
        done(std::move(result));
        tally->End();
      });
}

void PeerProvider::CallStream(CallContext context, std::shared_ptr<ServerStream> stream) {
  const std::shared_ptr<PeerCalls> link = BeginCall();
  if (link == nullptr) {
    stream->Finish(Down(), {});
    return;
  }
  link->CallStream(std::move(context), std::make_shared<CountedStream>(std::move(stream), outstanding_, link->tally()));
}

}  // namespace paranet
