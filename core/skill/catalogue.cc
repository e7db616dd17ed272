#include "core/skill/catalogue.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/base/status.h"

namespace paranet {
namespace {

using Snapshot = std::shared_ptr<const CatalogueSnapshot>;

struct Offering {
  std::shared_ptr<Provider> provider;
  std::vector<std::shared_ptr<const SkillSet>> sets;
};
// By the provider's name.
using Offerings = std::map<std::string, Offering, std::less<>>;

// What one thread has seen of one catalogue. Weak, so that a thread that sleeps keeps no provider alive.
struct CacheSlot {
  uint64_t instance = 0;
  uint64_t revision = 0;
  std::weak_ptr<const CatalogueSnapshot> snapshot;
};
// A few, for processes with several nodes.
thread_local std::array<CacheSlot, 8> t_cache;

// Tells catalogues apart that live at the same address one after the other.
uint64_t NextInstance() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

std::string SetName(const SkillSet& set) { return absl::StrCat(set.name(), " ", set.version().ToString()); }

std::string ProviderName(const Provider& provider) {
  return absl::StrCat(provider.kind() == Provider::Kind::kActor ? "actor " : "peer ", provider.name());
}

// OK if `set` of `provider` can stand beside `other_set` of `other`.
absl::Status CheckTogether(const SkillSet& set, const Provider& provider, const SkillSet& other_set,
                           const Provider& other) {
  if (set.name() == other_set.name()) {
    if (set.version() != other_set.version() || set.digest() == other_set.digest()) return absl::OkStatus();
    return absl::AlreadyExistsError(absl::StrCat("skill set ", SetName(set), " of ", ProviderName(provider),
                                                 " differs from the one of ", ProviderName(other),
                                                 ": give the changed one a new version"));
  }
  // All skills of a set have one subject.
  if (set.subject() != other_set.subject()) return absl::OkStatus();
  for (const Skill& skill : set.skills()) {
    for (const Skill& other_skill : other_set.skills()) {
      if (skill.id != other_skill.id) continue;
      return absl::AlreadyExistsError(absl::StrCat("skill ", skill.id.ToString(), " of skill set ", SetName(set), " (",
                                                   ProviderName(provider), ") is taken by skill set ",
                                                   SetName(other_set), " (", ProviderName(other), ")"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOffer(const Offerings& offerings, const Offering& offer) {
  for (size_t i = 0; i < offer.sets.size(); ++i) {
    const SkillSet& set = *offer.sets[i];
    for (size_t j = 0; j < i; ++j) {
      const SkillSet& other = *offer.sets[j];
      if (set.name() == other.name() && set.version() == other.version()) {
        return absl::AlreadyExistsError(
            absl::StrCat(ProviderName(*offer.provider), " offers skill set ", SetName(set), " twice"));
      }
      PARANET_RETURN_IF_ERROR(CheckTogether(set, *offer.provider, other, *offer.provider));
    }
    for (const auto& [name, other] : offerings) {
      if (name == offer.provider->name()) continue;
      for (const std::shared_ptr<const SkillSet>& other_set : other.sets) {
        PARANET_RETURN_IF_ERROR(CheckTogether(set, *offer.provider, *other_set, *other.provider));
      }
    }
  }
  return absl::OkStatus();
}

bool ActorsFirst(const std::shared_ptr<Provider>& a, const std::shared_ptr<Provider>& b) {
  if (a->kind() != b->kind()) return a->kind() == Provider::Kind::kActor;
  return a->name() < b->name();
}

// Sorted by name, then by version, highest first.
std::vector<std::shared_ptr<const CatalogueEntry>> MakeEntries(const Offerings& offerings) {
  std::vector<Offering> sorted;
  for (const auto& [name, offering] : offerings) sorted.push_back(offering);
  std::sort(sorted.begin(), sorted.end(),
            [](const Offering& a, const Offering& b) { return ActorsFirst(a.provider, b.provider); });
  const auto before = [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second > b.second;
  };
  std::map<std::pair<absl::string_view, Version>, std::shared_ptr<CatalogueEntry>, decltype(before)> by_key(before);
  for (const Offering& offering : sorted) {
    for (const std::shared_ptr<const SkillSet>& set : offering.sets) {
      std::shared_ptr<CatalogueEntry>& entry = by_key[{set->name(), set->version()}];
      if (entry == nullptr) {
        entry = std::make_shared<CatalogueEntry>();
        entry->set = set;
      }
      entry->providers.push_back(offering.provider);
    }
  }
  std::vector<std::shared_ptr<const CatalogueEntry>> entries;
  entries.reserve(by_key.size());
  for (auto& [key, entry] : by_key) entries.push_back(std::move(entry));
  return entries;
}

const std::vector<SkillEntry>& Find(const absl::flat_hash_map<std::string, std::vector<SkillEntry>>& map,
                                    absl::string_view key) {
  static const auto& none = *new std::vector<SkillEntry>();
  const auto found = map.find(key);
  return found == map.end() ? none : found->second;
}

}  // namespace

const std::vector<SkillEntry>& CatalogueSnapshot::FindPath(absl::string_view path) const {
  return Find(by_path_, path);
}

const std::vector<SkillEntry>& CatalogueSnapshot::FindSkill(absl::string_view id) const { return Find(by_id_, id); }

std::vector<std::string> CatalogueSnapshot::SkillNames() const {
  std::vector<std::string> names;
  names.reserve(by_id_.size());
  for (const auto& [id, entries] : by_id_) names.push_back(id);
  std::sort(names.begin(), names.end());
  return names;
}

struct Catalogue::State {
  // Held by the thread that makes a change until the subscribers have run, and by Unsubscribe.
  absl::Mutex change_mu;
  // That thread. Only it can find its own id here.
  std::atomic<std::thread::id> changer{};
  Offerings offerings ABSL_GUARDED_BY(change_mu);
  std::map<uint64_t, std::shared_ptr<const Subscriber>> subscribers ABSL_GUARDED_BY(change_mu);
  uint64_t last_subscriber ABSL_GUARDED_BY(change_mu) = 0;
  // What the subscribers have not been told.
  std::deque<Snapshot> untold ABSL_GUARDED_BY(change_mu);

  const uint64_t instance = NextInstance();
  std::atomic<uint64_t> revision{0};
  absl::Mutex snapshot_mu;
  Snapshot current ABSL_GUARDED_BY(snapshot_mu) = std::make_shared<CatalogueSnapshot>();

  // Holds change_mu; a subscriber that calls back in passes, because its thread has it already.
  class ABSL_SCOPED_LOCKABLE Turn {
   public:
    explicit Turn(State* state) ABSL_EXCLUSIVE_LOCK_FUNCTION(state->change_mu) ABSL_NO_THREAD_SAFETY_ANALYSIS
        : state_(state->changer.load(std::memory_order_relaxed) == std::this_thread::get_id() ? nullptr : state) {
      if (state_ == nullptr) return;
      state_->change_mu.Lock();
      state_->changer.store(std::this_thread::get_id(), std::memory_order_relaxed);
    }
    ~Turn() ABSL_UNLOCK_FUNCTION() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      if (state_ == nullptr) return;
      state_->changer.store(std::thread::id(), std::memory_order_relaxed);
      state_->change_mu.Unlock();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    bool outermost() const { return state_ != nullptr; }

   private:
    State* const state_;
  };

  Snapshot Current() {
    absl::MutexLock lock(&snapshot_mu);
    return current;
  }

  // Of `offerings`, without a revision.
  std::shared_ptr<CatalogueSnapshot> MakeSnapshot() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mu) {
    auto snapshot = std::make_shared<CatalogueSnapshot>();
    snapshot->entries_ = MakeEntries(offerings);
    // In the order of the entries, so that the highest version comes first.
    for (const std::shared_ptr<const CatalogueEntry>& entry : snapshot->entries_) {
      for (const Skill& skill : entry->set->skills()) {
        const SkillEntry found{.entry = entry, .skill = &skill};
        snapshot->by_path_[skill.path].push_back(found);
        snapshot->by_id_[skill.id.ToString()].push_back(found);
      }
    }
    return snapshot;
  }

  // Publishes `next` with the next revision, and tells the subscribers where `turn` is the outermost.
  void Publish(std::shared_ptr<CatalogueSnapshot> next, const Turn& turn) ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mu) {
    next->revision_ = revision.load(std::memory_order_relaxed) + 1;
    const uint64_t number = next->revision_;
    Snapshot published = std::move(next);
    untold.push_back(published);
    {
      absl::MutexLock lock(&snapshot_mu);
      published.swap(current);
    }
    revision.store(number, std::memory_order_release);
    published.reset();
    if (!turn.outermost()) return;
    while (!untold.empty()) {
      const Snapshot news = std::move(untold.front());
      untold.pop_front();
      const auto told = subscribers;
      for (const auto& [id, subscriber] : told) {
        // One before may have ended the subscription of this one.
        if (subscribers.count(id) != 0) (*subscriber)(news);
      }
    }
  }
};

Catalogue::Catalogue() : state_(std::make_unique<State>()) {}
Catalogue::~Catalogue() = default;

absl::Status Catalogue::Offer(std::shared_ptr<Provider> provider, std::vector<std::shared_ptr<const SkillSet>> sets) {
  if (provider == nullptr || std::find(sets.begin(), sets.end(), nullptr) != sets.end()) {
    return absl::InvalidArgumentError("an offer needs a provider, and skill sets that are not null");
  }
  Offering offer{.provider = std::move(provider), .sets = std::move(sets)};
  // Destroyed after the turn: what it held may be the last of a provider, whose end is its own business.
  Offering before;
  const State::Turn turn(state_.get());
  PARANET_RETURN_IF_ERROR(CheckOffer(state_->offerings, offer));
  const std::string name = offer.provider->name();
  before = std::exchange(state_->offerings[name], std::move(offer));
  state_->Publish(state_->MakeSnapshot(), turn);
  return absl::OkStatus();
}

void Catalogue::Withdraw(absl::string_view provider) {
  Offering before;
  const State::Turn turn(state_.get());
  const auto found = state_->offerings.find(provider);
  if (found == state_->offerings.end()) return;
  before = std::move(found->second);
  state_->offerings.erase(found);
  if (!before.sets.empty()) state_->Publish(state_->MakeSnapshot(), turn);
}

void Catalogue::Touch() {
  const State::Turn turn(state_.get());
  state_->Publish(std::make_shared<CatalogueSnapshot>(*state_->Current()), turn);
}

std::shared_ptr<const CatalogueSnapshot> Catalogue::snapshot() const {
  CacheSlot& slot = t_cache[state_->instance % t_cache.size()];
  if (slot.instance == state_->instance && slot.revision == state_->revision.load(std::memory_order_acquire)) {
    if (Snapshot cached = slot.snapshot.lock()) return cached;
  }
  Snapshot current = state_->Current();
  slot = CacheSlot{.instance = state_->instance, .revision = current->revision(), .snapshot = current};
  return current;
}

uint64_t Catalogue::Subscribe(Subscriber subscriber) {
  const State::Turn turn(state_.get());
  const uint64_t id = ++state_->last_subscriber;
  state_->subscribers[id] = std::make_shared<const Subscriber>(std::move(subscriber));
  return id;
}

void Catalogue::Unsubscribe(uint64_t id) {
  const State::Turn turn(state_.get());
  state_->subscribers.erase(id);
}

}  // namespace paranet
