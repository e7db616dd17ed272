#include "pki/enrolment/bundle_watches.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/grpc_status.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/async_stream.h"

namespace paranet::pki {

// One stream, from the wait for its call to its end; deletes itself. All but the constructor runs on the hub's thread.
class BundleWatches::Watch {
 public:
  // What gRPC has as a tag.
  struct Tag {
    Watch* watch;
    void (Watch::*then)(bool ok);
  };

  explicit Watch(BundleWatches* hub) : hub_(hub), stream_(&context_) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void Await() {
    ++outstanding_;
    hub_->service_->RequestWatch(&context_, &stream_, hub_->queue_.get(), hub_->queue_.get(), &arrived_);
  }

  static void Complete(const Tag& tag, bool ok) {
    Watch* const watch = tag.watch;
    --watch->outstanding_;
    (watch->*tag.then)(ok);
    if (watch->done_ && watch->outstanding_ == 0) delete watch;
  }

  // Sends the hub's bundle unless the node has it or another one is on its way.
  void Send() {
    if (!heard_ || writing_ || ending_ || sent_ == hub_->bundle_) return;
    sent_ = hub_->bundle_;
    writing_ = true;
    ++outstanding_;
    stream_.Write(*sent_, &written_);
  }

  void End(absl::Status status) {
    if (std::exchange(ending_, true)) return;
    hub_->watches_.remove(this);
    hub_->size_ = hub_->watches_.size();
    end_ = std::move(status);
    if (!writing_) Finish();
  }

  const EnrolmentPeer& peer() const { return *peer_; }

 private:
  ~Watch() {
    absl::MutexLock lock(&hub_->mu_);
    --hub_->alive_;
  }

  void OnArrived(bool ok) {
    if (!ok) {
      done_ = true;
      return;
    }
    hub_->Listen();
    absl::StatusOr<EnrolmentPeer> peer =
        AuthenticateNode(*context_.auth_context(), hub_->options_.root->network(), hub_->options_.clock->Now());
    if (!peer.ok()) return End(peer.status());
    peer_ = std::make_unique<EnrolmentPeer>(*std::move(peer));
    if (absl::Status status = hub_->Admit(this); !status.ok()) return End(std::move(status));
    Read();
  }

  void Read() {
    ++outstanding_;
    stream_.Read(&request_, &read_);
  }

  void OnRead(bool ok) {
    // The node has ended the stream, or has gone.
    if (!ok) return End(absl::OkStatus());
    if (ending_) return;
    heard_ = true;
    // A revision that there never was says nothing.
    if (request_.revision() > acknowledged_ && hub_->bundle_ != nullptr &&
        request_.revision() <= hub_->bundle_->revision()) {
      acknowledged_ = request_.revision();
      if (hub_->options_.acknowledged) hub_->options_.acknowledged(*peer_, acknowledged_);
    }
    Send();
    Read();
  }

  void OnWritten(bool ok) {
    writing_ = false;
    if (ending_) return Finish();
    if (!ok) return End(absl::CancelledError("the node has gone"));
    Send();
  }

  void Finish() {
    ++outstanding_;
    stream_.Finish(ToGrpcStatus(end_), &finished_);
  }

  void OnFinished(bool /*ok*/) { done_ = true; }

  BundleWatches* const hub_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<v1::TrustBundle, v1::WatchRequest> stream_;
  Tag arrived_{this, &Watch::OnArrived};
  Tag read_{this, &Watch::OnRead};
  Tag written_{this, &Watch::OnWritten};
  Tag finished_{this, &Watch::OnFinished};
  std::unique_ptr<EnrolmentPeer> peer_;
  v1::WatchRequest request_;
  // Whether the node has said what it acts by.
  bool heard_ = false;
  uint64_t acknowledged_ = 0;
  std::shared_ptr<const v1::TrustBundle> sent_;
  bool writing_ = false;
  bool ending_ = false;
  absl::Status end_;
  bool done_ = false;
  // Operations of gRPC that have not completed.
  int outstanding_ = 0;
};

BundleWatches::BundleWatches(Options options, Service* service, std::unique_ptr<grpc::ServerCompletionQueue> queue)
    : options_(std::move(options)), service_(service), queue_(std::move(queue)) {}

BundleWatches::~BundleWatches() {
  Close();
  {
    // What runs on a queue must end before the queue is shut down.
    absl::MutexLock lock(&mu_);
    const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return alive_ == 0; };
    mu_.Await(absl::Condition(&idle));
  }
  queue_->Shutdown();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    Run();
  }
}

void BundleWatches::Start() {
  Look();
  Listen();
  thread_ = std::thread([this] { Run(); });
}

void BundleWatches::Close() {
  absl::MutexLock lock(&mu_);
  closed_ = true;
}

void BundleWatches::Listen() {
  absl::MutexLock lock(&mu_);
  if (closed_) return;
  ++alive_;
  (new Watch(this))->Await();
}

void BundleWatches::Run() {
  absl::Time next_look = absl::Now() + options_.look_interval;
  while (true) {
    void* tag = nullptr;
    bool ok = false;
    const auto status = queue_->AsyncNext(&tag, &ok, absl::ToChronoTime(next_look));
    if (status == grpc::CompletionQueue::SHUTDOWN) return;
    if (status == grpc::CompletionQueue::GOT_EVENT) Watch::Complete(*static_cast<const Watch::Tag*>(tag), ok);
    if (const absl::Time now = absl::Now(); now >= next_look) {
      next_look = now + options_.look_interval;
      Look();
    }
  }
}

void BundleWatches::Look() {
  {
    absl::MutexLock lock(&mu_);
    if (closed_ && !ended_) {
      ended_ = true;
    } else if (closed_) {
      return;
    }
  }
  if (ended_) return EndAll();
  const absl::StatusOr<uint64_t> counter = options_.root->ChangeCounter();
  absl::Status status = counter.status();
  if (counter.ok() && (bundle_ == nullptr || *counter != counter_)) {
    absl::StatusOr<v1::TrustBundle> bundle = options_.root->Bundle();
    status = bundle.status();
    if (bundle.ok()) {
      counter_ = *counter;
      Adopt(*std::move(bundle));
    }
  }
  // The same error again and again is one line of the log.
  std::string error(status.message());
  if (!status.ok() && error != last_error_) options_.logger->error("the Network Root cannot be read: {}", error);
  last_error_ = std::move(error);
  const std::vector<Watch*> watches(watches_.begin(), watches_.end());
  for (Watch* watch : watches) {
    if (absl::Status welcome = CheckWelcome(*watch); !welcome.ok()) {
      options_.logger->warn("stream of {} ended: {}", watch->peer().identity.ToUri(), std::string(welcome.message()));
      watch->End(std::move(welcome));
    } else {
      watch->Send();
    }
  }
}

void BundleWatches::Adopt(v1::TrustBundle bundle) {
  if (bundle_ != nullptr && bundle_->SerializeAsString() == bundle.SerializeAsString()) return;
  lists_.clear();
  for (const std::string& der : bundle.revocation_lists()) {
    absl::StatusOr<RevocationList> list = RevocationList::FromDer(der);
    // The root has made it.
    if (list.ok()) lists_.push_back(*std::move(list));
  }
  bundle_ = std::make_shared<const v1::TrustBundle>(std::move(bundle));
}

absl::Status BundleWatches::CheckWelcome(const Watch& watch) const {
  const Certificate& certificate = watch.peer().certificate;
  if (options_.clock->Now() > certificate.not_after()) {
    return absl::UnauthenticatedError(absl::StrCat("the certificate of ", watch.peer().identity.ToUri(),
                                                   " has expired: enrol again with a new join token"));
  }
  for (const RevocationList& list : lists_) {
    if (list.issuer_der() == certificate.issuer_der() && list.authority_key_id() == certificate.authority_key_id() &&
        list.Find(certificate.serial()) != nullptr) {
      return absl::PermissionDeniedError(
          absl::StrCat("the certificate of ", watch.peer().identity.ToUri(), " has been revoked"));
    }
  }
  return absl::OkStatus();
}

absl::Status BundleWatches::Admit(Watch* watch) {
  if (ended_) return absl::UnavailableError("the enrolment service is stopping");
  if (bundle_ == nullptr) {
    return absl::UnavailableError(absl::StrCat("the Network Root cannot be read: ", last_error_));
  }
  if (absl::Status welcome = CheckWelcome(*watch); !welcome.ok()) return welcome;
  Watch* oldest = nullptr;
  size_t same = 0;
  for (Watch* other : watches_) {
    if (!(other->peer().identity == watch->peer().identity)) continue;
    if (oldest == nullptr) oldest = other;
    ++same;
  }
  if (same >= options_.most_per_node) {
    oldest->End(absl::AbortedError("a newer stream of the same node has taken the place of this one"));
  }
  if (watches_.size() >= options_.most) {
    return absl::ResourceExhaustedError(absl::StrCat("this enrolment service has ", watches_.size(),
                                                     " nodes connected, the most that it serves: try again later"));
  }
  watches_.push_back(watch);
  size_ = watches_.size();
  return absl::OkStatus();
}

void BundleWatches::EndAll() {
  const std::vector<Watch*> watches(watches_.begin(), watches_.end());
  for (Watch* watch : watches) watch->End(absl::UnavailableError("the enrolment service is stopping"));
}

}  // namespace paranet::pki
