#include "pki/enrolment/trust_agent.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "core/base/status.h"
#include "grpcpp/client_context.h"
#include "pki/certificate.h"
#include "pki/enrolment/certificate_renewal.h"
#include "pki/enrolment/enrolment_client.h"
#include "pki/enrolment/renewal_plan.h"

namespace paranet::pki {
namespace {

// The longest that a thread waits without a look at the clock, which may have been set.
constexpr absl::Duration kLongestWait = absl::Seconds(30);
// Within this time all nodes renew once the network issues below another root.
constexpr absl::Duration kRotationSpread = absl::Seconds(1);
constexpr int kMostDoublings = 16;

using StatePtr = std::shared_ptr<const TrustState>;

CertificateLife LifeOf(const TrustState& state) {
  const Certificate& leaf = state.identity->chain().leaf();
  return pki::LifeOf(leaf.not_before(), leaf.not_after());
}

// Of the root that the node's own certificate is below.
std::string OwnRoot(const TrustState& state) {
  const Certificate& last = state.identity->chain().certificates().back();
  for (const TrustStore::Root& root : state.identity->trust()->roots()) {
    if (root.certificate.subject_der() == last.issuer_der() &&
        root.certificate.subject_key_id() == last.authority_key_id()) {
      return root.certificate.fingerprint();
    }
  }
  return "";
}

// What a connection to the service is made with.
std::string ConnectionOf(const TrustState& state) {
  return absl::StrCat(state.identity->chain().leaf().fingerprint(), " ", state.endpoint);
}

class TrustAgentImpl final : public TrustAgent {
 public:
  TrustAgentImpl(std::shared_ptr<NodeTrust> trust, Options options)
      : trust_(std::move(trust)), options_(std::move(options)) {
    connection_ = ConnectionOf(*trust_->state());
    subscription_ = trust_->Subscribe([this](const StatePtr& state) { OnChange(*state); });
    // What changed before the subscription.
    OnChange(*trust_->state());
    renewals_ = std::thread([this] { RunRenewals(); });
    bundles_ = std::thread([this] { RunBundles(); });
  }

  ~TrustAgentImpl() override { Stop(); }

  void Stop() override {
    {
      absl::MutexLock lock(&mu_);
      stop_ = true;
      if (renewing_ != nullptr) renewing_->TryCancel();
      if (watch_ != nullptr) watch_->Cancel();
    }
    absl::MutexLock lock(&stop_mu_);
    if (std::exchange(stopped_, true)) return;
    renewals_.join();
    bundles_.join();
    trust_->Unsubscribe(subscription_);
  }

  absl::Status RenewNow(absl::Time deadline) override { return Attempt(deadline); }

  void Wake() override {
    absl::MutexLock lock(&mu_);
    ++changes_;
  }

  Report report() const override {
    const StatePtr state = trust_->state();
    absl::MutexLock lock(&mu_);
    Report report = report_;
    report.watching = watching_;
    report.warning =
        RenewalWarning(LifeOf(*state), options_.clock->Now(), !state->endpoint.empty(), report_.last_error);
    return report;
  }

 private:
  void OnChange(const TrustState& state) {
    absl::MutexLock lock(&mu_);
    ++changes_;
    std::string connection = ConnectionOf(state);
    if (connection == connection_) return;
    connection_ = std::move(connection);
    // The stream goes on with what the node has now.
    if (watch_ != nullptr) watch_->Cancel();
  }

  // Waits for a change other than the first `seen`, the end, or `limit`. False at the end.
  bool Wait(uint64_t seen, absl::Duration limit) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    const auto changed = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stop_ || changes_ != seen; };
    mu_.AwaitWithTimeout(absl::Condition(&changed), limit);
    return !stop_;
  }

  uint64_t changes() const {
    absl::MutexLock lock(&mu_);
    return changes_;
  }
  bool stopped() const {
    absl::MutexLock lock(&mu_);
    return stop_;
  }

  double Jitter() {
    absl::MutexLock lock(&mu_);
    return absl::Uniform(random_, 0.0, 1.0);
  }

  // --- renewal

  // When to renew, drawn once for each certificate and once for each change of root.
  struct Plan {
    std::string certificate;
    absl::Time half_life;
    std::string wrong_root;
    absl::Time rotation = absl::InfiniteFuture();
    // After a failure: not before.
    absl::Time pause = absl::InfinitePast();
    int failures = 0;
    RenewalUrgency logged = RenewalUrgency::kNone;
  };

  void RunRenewals() {
    Plan plan;
    while (!stopped()) {
      const uint64_t seen = changes();
      const StatePtr state = trust_->state();
      const absl::Time now = options_.clock->Now();
      const absl::Time due = Due(plan, *state, now);
      LogUrgency(plan, *state, now);
      if (now < due) {
        Wait(seen, std::min(kLongestWait, due - now));
        continue;
      }
      const absl::Status status = Attempt(absl::Now() + options_.attempt);
      plan.failures = status.ok() ? 0 : plan.failures + 1;
      const StatePtr after = trust_->state();
      // A certificate that is no better than the old one is no reason to ask again and again. Counted from the
      // beginning of the attempt: whoever has seen its end may have moved the clock on.
      plan.pause = now + RenewalPause(LifeOf(*after), std::max(1, plan.failures), Jitter());
    }
  }

  absl::Time Due(Plan& plan, const TrustState& state, absl::Time now) {
    const Certificate& leaf = state.identity->chain().leaf();
    if (plan.certificate != leaf.fingerprint()) {
      plan = {.certificate = leaf.fingerprint(),
              .half_life = RenewalTime(LifeOf(state), Jitter()),
              .wrong_root = plan.wrong_root,
              .rotation = plan.rotation,
              .pause = plan.failures == 0 ? plan.pause : absl::InfinitePast()};
    }
    std::string active;
    {
      absl::MutexLock lock(&mu_);
      active = active_root_;
    }
    const bool wrong = !active.empty() && active != OwnRoot(state);
    if (!wrong) {
      plan.wrong_root.clear();
      plan.rotation = absl::InfiniteFuture();
    } else if (plan.wrong_root != active) {
      plan.wrong_root = active;
      plan.rotation = now + kRotationSpread * Jitter();
    }
    const absl::Time due =
        state.endpoint.empty() ? absl::InfiniteFuture() : std::max(plan.pause, std::min(plan.half_life, plan.rotation));
    absl::MutexLock lock(&mu_);
    report_.next_renewal = due;
    return due;
  }

  void LogUrgency(Plan& plan, const TrustState& state, absl::Time now) {
    const RenewalUrgency urgency = UrgencyOf(LifeOf(state), now);
    if (urgency <= plan.logged) return;
    plan.logged = urgency;
    const std::string warning = report().warning;
    if (urgency == RenewalUrgency::kExpired) {
      options_.logger->error("{}", warning);
    } else {
      options_.logger->warn("{}", warning);
    }
  }

  absl::Status Attempt(absl::Time deadline) {
    absl::MutexLock turn(&turn_mu_);
    const absl::Status status = Renew(deadline);
    const StatePtr state = trust_->state();
    const absl::Time end = state->identity->chain().leaf().not_after();
    absl::MutexLock lock(&mu_);
    if (stop_) return status;
    ++changes_;
    report_.last_error = std::string(status.message());
    if (status.ok()) {
      ++report_.renewals;
      report_.last_renewal = options_.clock->Now();
      options_.logger->info("certificate renewed: valid until {}",
                            absl::FormatTime(absl::RFC3339_sec, end, absl::UTCTimeZone()));
    } else {
      ++report_.failures;
      options_.logger->info("the certificate could not be renewed: {}", report_.last_error);
    }
    return status;
  }

  absl::Status Renew(absl::Time deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(turn_mu_) {
    grpc::ClientContext context;
    {
      absl::MutexLock lock(&mu_);
      if (stop_) return absl::CancelledError("the node is stopping");
      renewing_ = &context;
    }
    const absl::StatusOr<v1::TrustBundle> bundle = RenewNodeCertificate(trust_, options_.clock, deadline, context);
    absl::MutexLock lock(&mu_);
    renewing_ = nullptr;
    if (bundle.ok()) active_root_ = bundle->active_root();
    return bundle.status();
  }

  // --- bundles

  absl::Status AdoptBundle(const v1::TrustBundle& bundle) {
    PARANET_RETURN_IF_ERROR(trust_->AdoptBundle(bundle));
    absl::MutexLock lock(&mu_);
    active_root_ = bundle.active_root();
    ++report_.bundles;
    ++changes_;
    return absl::OkStatus();
  }

  void RunBundles() {
    int failures = 0;
    while (!stopped()) {
      const uint64_t seen = changes();
      const StatePtr state = trust_->state();
      if (state->endpoint.empty()) {
        Wait(seen, absl::InfiniteDuration());
        continue;
      }
      const absl::Status status = Follow(*state, failures);
      if (ConnectionOf(*trust_->state()) != ConnectionOf(*state)) continue;
      if (failures++ == 0) {
        options_.logger->info("the stream of trust bundles from {} has ended: {}", state->endpoint,
                              std::string(status.message()));
      }
      const absl::Duration bound =
          std::min(options_.longest_pause, options_.first_pause * (1 << std::min(failures - 1, kMostDoublings)));
      const absl::Time until = absl::Now() + bound * Jitter();
      for (absl::Time now = absl::Now(); now < until; now = absl::Now()) {
        const uint64_t before = changes();
        if (ConnectionOf(*trust_->state()) != ConnectionOf(*state) || !Wait(before, until - now)) break;
      }
    }
  }

  // Takes what one stream brings, until its end.
  absl::Status Follow(const TrustState& state, int& failures) {
    PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<TrustWatch> watch, TrustWatch::Open(trust_, options_.clock));
    {
      absl::MutexLock lock(&mu_);
      if (stop_ || connection_ != ConnectionOf(state)) return absl::CancelledError("the node has changed");
      watch_ = watch.get();
    }
    absl::StatusOr<v1::TrustBundle> bundle = watch->Next();
    for (; bundle.ok(); bundle = watch->Next()) {
      failures = 0;
      {
        absl::MutexLock lock(&mu_);
        watching_ = true;
      }
      if (const absl::Status adopted = AdoptBundle(*bundle); adopted.ok()) {
        watch->Acknowledge(bundle->revision());
      } else {
        options_.logger->warn("trust bundle {} of the Network Root refused: {}", bundle->revision(),
                              std::string(adopted.message()));
      }
    }
    absl::MutexLock lock(&mu_);
    watch_ = nullptr;
    watching_ = false;
    return bundle.status();
  }

  const std::shared_ptr<NodeTrust> trust_;
  const Options options_;
  uint64_t subscription_ = 0;

  // Held while the node renews, before mu_.
  absl::Mutex turn_mu_;
  mutable absl::Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  // Of anything that a thread may wait for.
  uint64_t changes_ ABSL_GUARDED_BY(mu_) = 0;
  std::string connection_ ABSL_GUARDED_BY(mu_);
  // Of the last bundle; empty until there is one.
  std::string active_root_ ABSL_GUARDED_BY(mu_);
  // What is under way.
  grpc::ClientContext* renewing_ ABSL_GUARDED_BY(mu_) = nullptr;
  TrustWatch* watch_ ABSL_GUARDED_BY(mu_) = nullptr;
  bool watching_ ABSL_GUARDED_BY(mu_) = false;
  Report report_ ABSL_GUARDED_BY(mu_) = {.next_renewal = absl::InfiniteFuture(), .last_renewal = absl::InfinitePast()};
  absl::BitGen random_ ABSL_GUARDED_BY(mu_);

  absl::Mutex stop_mu_;
  bool stopped_ ABSL_GUARDED_BY(stop_mu_) = false;
  std::thread renewals_;
  std::thread bundles_;
};

}  // namespace

std::unique_ptr<TrustAgent> TrustAgent::Start(std::shared_ptr<NodeTrust> trust, Options options) {
  return std::make_unique<TrustAgentImpl>(std::move(trust), std::move(options));
}

}  // namespace paranet::pki
