#include "federation/link_manager.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "federation/federate_request.h"
#include "federation/handshake.h"
#include "federation/hello_exchange.h"
#include "federation/link_trust.h"
#include "openssl/rand.h"

namespace paranet {
namespace {

std::string MakeLinkId() {
  std::string bytes(16, '\0');
  // BoringSSL's never fails.
  RAND_bytes(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  return absl::BytesToHexString(bytes);
}

// A node has one or two connections per link, and for each renewal while a call lasts one more.
constexpr size_t kMostConnections = 16;

// Another value for each certificate of the node and each set of roots.
std::string CredentialsOf(const pki::TrustState& state) {
  return absl::StrCat(state.identity->chain().leaf().fingerprint(), "\n", state.identity->trust()->ToPem());
}

absl::string_view ModeName(v1::LinkMode mode) { return mode == v1::BIDIRECTIONAL ? "bidirectional" : "one-way"; }

}  // namespace

LinkManager::LinkManager(std::shared_ptr<const LinkContext> context, Database* database, LiveLinks* live)
    : context_(std::move(context)),
      credentials_(CredentialsOf(*context_->trust->state())),
      store_(database),
      live_(live),
      imports_(context_->catalogue, context_->logger) {}

absl::Status LinkManager::Load() {
  PARANET_ASSIGN_OR_RETURN(const std::vector<LinkRecord> records, store_.List());
  for (const LinkRecord& record : records) {
    EntryPtr entry = MakeEntry(record);
    entry->SetState(record.dialler ? v1::LinkInfo::WAITING : v1::LinkInfo::LISTENING, context_->clock->Now());
    entries_[{record.peer, record.dialler}] = std::move(entry);
  }
  Changed();
  return absl::OkStatus();
}

void LinkManager::Start(absl::AnyInvocable<void()> tried) {
  all_tried_ = std::move(tried);
  const auto entries = entries_;
  for (const auto& [key, entry] : entries) {
    if (entry->record.dialler) StartDial(entry);
  }
  Changed();
}

void LinkManager::Federate(const v1::FederateRequest& request, absl::Time deadline, FederateDone done) {
  const std::string& peer = request.peer();
  if (stopping_) return done(absl::UnavailableError("the node stops"));
  absl::StatusOr<LinkRecord> record = CheckFederateRequest(self(), request, context_->clock->Now());
  if (!record.ok()) return done(record.status());
  if (operations_.contains(peer)) {
    return done(absl::AbortedError(absl::StrCat("node ", peer, " is being federated with already; wait for that")));
  }
  Operation operation;
  operation.entry = MakeEntry(*record);
  operation.entry->fresh = true;
  EntryPtr& slot = entries_[{peer, true}];
  if (slot != nullptr) {
    operation.previous = slot;
    slot->suspended = true;
    context_->control->Cancel(std::exchange(slot->retry_timer, 0));
    slot->replacement->Stop();
    if (slot->dial != nullptr) std::exchange(slot->dial, nullptr)->Cancel();
    operation.entry->counters = slot->counters;
    operation.entry->record.created_unix_ms = slot->record.created_unix_ms;
  }
  slot = operation.entry;
  operation.done = std::move(done);
  operation.timer = context_->control->At(deadline, [this, peer] { OnFederateDeadline(peer); });
  const EntryPtr entry = operation.entry;
  operations_[peer] = std::move(operation);
  StartDial(entry);
  Changed();
}

absl::Status LinkManager::Defederate(const std::string& peer) {
  std::vector<std::string> peers;
  bool inbound = false;
  bool found = false;
  for (const auto& [key, entry] : entries_) {
    peers.push_back(key.first);
    if (key.first != peer) continue;
    found = true;
    inbound |= !key.second;
  }
  if (!found) {
    peers.erase(std::unique(peers.begin(), peers.end()), peers.end());
    return absl::NotFoundError(absl::StrCat("node ", self(), " has no link with a node \"",
                                            absl::CHexEscape(peer.substr(0, 100)), "\".", DidYouMean(peer, peers),
                                            " See `paranet link ls`."));
  }
  PARANET_RETURN_IF_ERROR(store_.RemovePeer(peer, inbound, context_->clock->Now()));
  ErasePeer(peer, v1::Goodbye::DEFEDERATED, absl::StrCat("the operator of node ", self(), " ended the federation"));
  context_->logger->info("the federation with node {} has been ended by the operator", peer);
  return absl::OkStatus();
}

std::vector<v1::LinkInfo> LinkManager::List() const {
  std::vector<v1::LinkInfo> links;
  links.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) links.push_back(entry->Info());
  return links;
}

void LinkManager::Accept(const std::shared_ptr<const pki::Peer>& certificate, const std::string& address,
                         const v1::Hello& hello, const std::shared_ptr<MessageStream>& stream) {
  const pki::Identity& peer = certificate->identity;
  if (stopping_) return stream->Close(absl::UnavailableError("the node stops"));
  const absl::StatusOr<bool> defederated = store_.IsDefederated(peer.name);
  if (!defederated.ok()) {
    context_->logger->error("node {} cannot be federated with: {}", peer.name, defederated.status().message());
    return stream->Close(absl::UnavailableError("the node cannot read its state; see its log"));
  }
  if (const auto refusal = CheckHello(context_->trust->self(), peer, *defederated, hello)) {
    context_->logger->warn("a link from {} at {} was refused: {}", peer.ToUri(), address, refusal->message());
    return SendRefusal(stream, *refusal);
  }
  EntryPtr& slot = entries_[{peer.name, false}];
  if (slot == nullptr) {
    LinkRecord record{.peer = peer.name};
    record.created_unix_ms = absl::ToUnixMillis(context_->clock->Now());
    slot = MakeEntry(record);
  }
  const EntryPtr entry = slot;
  // What takes the place of a link that works is seen when it is complete.
  if (entry->record.mode != hello.mode() || entry->links.Find(hello.replaces()) == nullptr) {
    CloseEntry(entry, v1::Goodbye::REPLACED, absl::StrCat("a newer connection of node ", peer.name, " took its place"));
    entry->SetState(v1::LinkInfo::CONNECTING, context_->clock->Now());
    ++entry->attempts;
    entry->record.address = address;
    entry->record.mode = hello.mode();
    absl::Status stored = store_.Put(entry->record);
    if (stored.ok() && *defederated) stored = store_.ForgetDefederated(peer.name);
    if (!stored.ok()) {
      // The link works; it will not be listed after a restart until the peer dials again.
      context_->logger->error("the link of node {} cannot be stored: {}", peer.name, stored.message());
    }
  }
  Link::Options options;
  options.peer = certificate;
  options.address = address;
  options.link_id = MakeLinkId();
  options.welcome = MakeWelcome(context_->trust->self(), options.link_id);
  options.limits = CommonLimits(OwnLimits(), hello.limits());
  options.stream = stream;
  StartLink(entry, std::move(options));
  Changed();
}

void LinkManager::AttachLane(const std::shared_ptr<Link>& link, std::shared_ptr<MessageStream> stream,
                             RpcQueue* queue) {
  link->AttachLane(std::move(stream), queue);
}

void LinkManager::CatalogueChanged() {
  if (stopping_) return;
  for (const auto& [key, entry] : entries_) {
    for (const std::shared_ptr<Link>& link : entry->links.all()) link->CatalogueChanged();
  }
  imports_.CatalogueChanged();
}

void LinkManager::TrustChanged() {
  if (stopping_) return;
  std::vector<EntryPtr> entries;
  for (const auto& [key, entry] : entries_) entries.push_back(entry);
  for (const auto& [peer, operation] : operations_) {
    if (operation.previous != nullptr) entries.push_back(operation.previous);
  }
  for (const EntryPtr& entry : entries) {
    // A link may end by it.
    const std::vector<std::shared_ptr<Link>> links = entry->links.all();
    for (const std::shared_ptr<Link>& link : links) link->TrustChanged();
  }
  if (std::string credentials = CredentialsOf(*context_->trust->state()); credentials != credentials_) {
    credentials_ = std::move(credentials);
    for (const EntryPtr& entry : entries) {
      if (!entry->record.dialler) {
        for (const std::shared_ptr<Link>& link : entry->links.all()) link->AskForRedial();
      } else if (entry->links.current() != nullptr || entry->dial != nullptr) {
        entry->replacement->Request();
      } else {
        // What kept it down may have been the certificate.
        context_->control->Cancel(std::exchange(entry->retry_timer, 0));
        entry->backoff.Reset();
        StartDial(entry);
      }
    }
  }
  Changed();
}

void LinkManager::Stop() {
  stopping_ = true;
  while (!operations_.empty()) {
    Operation operation = std::move(operations_.begin()->second);
    operations_.erase(operations_.begin());
    context_->control->Cancel(operation.timer);
    if (operation.previous != nullptr) CloseEntry(operation.previous, v1::Goodbye::SHUTDOWN, "the node stops");
    operation.done(absl::UnavailableError("the node stops"));
  }
  const auto entries = std::move(entries_);
  entries_.clear();
  for (const auto& [key, entry] : entries) {
    CloseEntry(entry, v1::Goodbye::SHUTDOWN, absl::StrCat("node ", self(), " stops"));
  }
  imports_.WithdrawAll();
  all_tried_ = nullptr;
}

LinkManager::EntryPtr LinkManager::MakeEntry(const LinkRecord& record) {
  auto entry = std::make_shared<LinkEntry>(record);
  entry->replacement =
      std::make_unique<LinkReplacement>(context_->control, [this, weak = std::weak_ptr<LinkEntry>(entry)] {
        if (const EntryPtr due = weak.lock()) ReplaceLink(due);
      });
  return entry;
}

void LinkManager::StartDial(const EntryPtr& entry) {
  if (stopping_ || entry->suspended || entry->dial != nullptr || entry->links.current() != nullptr) return;
  entry->retry_timer = 0;
  entry->SetState(v1::LinkInfo::CONNECTING, context_->clock->Now());
  ++entry->attempts;
  entry->replacement->Dialling();
  DialPeer(entry);
}

void LinkManager::ReplaceLink(const EntryPtr& entry) {
  // There is an attempt to wait for, or the operator's.
  if (stopping_ || entry->suspended || entry->dial != nullptr || entry->links.is_one_coming()) return;
  DialPeer(entry);
}

void LinkManager::DialPeer(const EntryPtr& entry) {
  Dial::Options options;
  options.peer = {context_->trust->self().network, pki::Role::kNode, entry->record.peer};
  options.address = entry->record.address;
  options.mode = entry->record.mode;
  options.fresh = entry->fresh;
  if (!entry->links.all().empty()) options.replaces = entry->links.all().back()->id();
  options.done = [this, weak = std::weak_ptr<LinkEntry>(entry)](DialResult result) {
    if (const EntryPtr dialled = weak.lock()) OnDialled(dialled, std::move(result));
  };
  entry->dial = std::make_shared<Dial>(context_, std::move(options));
  entry->dial->Start();
}

void LinkManager::ScheduleDial(const EntryPtr& entry) {
  context_->control->Cancel(entry->retry_timer);
  entry->SetState(v1::LinkInfo::WAITING, context_->clock->Now());
  entry->retry_timer =
      context_->control->At(absl::Now() + entry->backoff.Next(), [this, weak = std::weak_ptr<LinkEntry>(entry)] {
        if (const EntryPtr due = weak.lock()) StartDial(due);
      });
}

void LinkManager::OnDialled(const EntryPtr& entry, DialResult result) {
  entry->dial = nullptr;
  if (!result.status.ok()) {
    const bool passes = result.passes || OwnCertificateEnds(*context_->trust->state(), context_->clock->Now());
    if (entry->links.current() != nullptr) {
      OnReplacementFailed(entry, result.status);
    } else if (result.defederated) {
      OnRefused(entry, result.status, /*defederated=*/true);
    } else {
      OnFailed(entry, result.status, result.refused && (!passes || operations_.contains(entry->record.peer)));
    }
    return Changed();
  }
  entry->fresh = false;
  Link::Options options;
  options.peer = std::move(result.peer);
  options.own_certificate = std::move(result.own_certificate);
  options.dialler = true;
  options.link_id = result.welcome.link_id();
  options.limits = CommonLimits(OwnLimits(), result.welcome.limits());
  options.stream = std::move(result.stream);
  options.channel = std::move(result.channel);
  StartLink(entry, std::move(options));
}

void LinkManager::StartLink(const EntryPtr& entry, Link::Options options) {
  // The set holds the link, which holds these.
  const auto find = [weak = std::weak_ptr<LinkEntry>(entry), id = options.link_id](EntryPtr* of) {
    *of = weak.lock();
    return *of == nullptr ? nullptr : (*of)->links.Find(id);
  };
  options.mode = entry->record.mode;
  options.counters = entry->counters;
  options.imported = [this, find] {
    EntryPtr changed;
    const std::shared_ptr<Link> link = find(&changed);
    // One that is to replace another has its turn when it is complete.
    if (link != nullptr && link == changed->links.current()) imports_.Update(link);
  };
  options.ready = [this, find] {
    EntryPtr ready;
    if (const std::shared_ptr<Link> link = find(&ready)) OnReady(ready, link);
  };
  options.redial = [find] {
    EntryPtr asked;
    if (find(&asked) != nullptr) asked->replacement->Request();
  };
  options.down = [this, find](const LinkEnd& end) {
    EntryPtr down;
    if (const std::shared_ptr<Link> link = find(&down)) OnDown(down, link, end);
  };
  if (entry->links.all().size() >= kMostConnections) {
    const std::shared_ptr<Link> oldest = entry->links.all().front();
    DropLink(entry, oldest);
    oldest->Close(v1::Goodbye::REPLACED, "the link has too many older connections");
  }
  const auto link = std::make_shared<Link>(context_, std::move(options));
  entry->links.Add(link);
  live_->Add(link);
  link->Start();
}

void LinkManager::OnReady(const EntryPtr& entry, const std::shared_ptr<Link>& link) {
  const bool replaces = link != entry->links.current();
  if (!entry->links.MakeCurrent(link)) return link->Retire();
  // The calls first, then the connections that they came from.
  if (link->imports() && !imports_.Uses(link)) imports_.Update(link);
  entry->links.RetireOlder();
  if (entry->record.dialler) {
    entry->replacement->Up(link->certificate().not_after - context_->clock->Now());
  } else {
    entry->record.address = link->address();
  }
  entry->SetState(v1::LinkInfo::UP, context_->clock->Now());
  entry->was_up = true;
  entry->tried = true;
  entry->last_error.clear();
  entry->attempts = 0;
  entry->backoff.Reset();
  context_->logger->info("the {} link with node {} is up{} ({} imported, {} exported)", ModeName(entry->record.mode),
                         entry->record.peer, replaces ? " on a new connection" : "", link->imported_sets().size(),
                         link->exported());
  Changed();
  if (std::optional<Operation> operation = TakeOperation(entry)) Succeed(*std::move(operation));
}

void LinkManager::OnDown(const EntryPtr& entry, const std::shared_ptr<Link>& link, const LinkEnd& end) {
  const bool was_current = link == entry->links.current();
  const bool was_coming = !was_current && !link->is_retiring();
  DropLink(entry, link);
  if (!was_current) return OnOtherDown(entry, was_coming, end);
  if (entry->links.current() != nullptr && end.kind != LinkEnd::Kind::kDefederated) {
    // Its successor is on the way already.
    entry->last_error = std::string(end.status.message());
    entry->SetState(v1::LinkInfo::CONNECTING, context_->clock->Now());
    return Changed();
  }
  entry->replacement->Stop();
  const std::shared_ptr<const pki::TrustState> state = context_->trust->state();
  switch (end.kind) {
    case LinkEnd::Kind::kLost:
    case LinkEnd::Kind::kUntrusted:
      // A peer that is not trusted may have another certificate by now: the next attempt shows.
      OnFailed(entry, end.status, /*refused=*/false);
      break;
    case LinkEnd::Kind::kDistrusted:
      OnFailed(entry, end.status,
               link->own_certificate() == state->identity->chain().leaf().fingerprint() &&
                   !OwnCertificateEnds(*state, context_->clock->Now()));
      break;
    case LinkEnd::Kind::kRefused:
      OnRefused(entry, end.status, /*defederated=*/false);
      break;
    case LinkEnd::Kind::kDefederated:
      OnDefederated(entry->record.peer, end.status);
      break;
  }
  Changed();
}

void LinkManager::OnOtherDown(const EntryPtr& entry, bool was_coming, const LinkEnd& end) {
  if (end.kind == LinkEnd::Kind::kDefederated) {
    OnDefederated(entry->record.peer, end.status);
  } else if (was_coming && entry->record.dialler) {
    OnReplacementFailed(entry, end.status);
  } else if (end.kind == LinkEnd::Kind::kUntrusted) {
    context_->logger->warn("an older connection of the link with node {} is closed: {}", entry->record.peer,
                           end.status.message());
  }
  Changed();
}

void LinkManager::OnReplacementFailed(const EntryPtr& entry, const absl::Status& status) {
  // The link goes on as it is.
  entry->last_error = absl::StrCat("the link is up and cannot be renewed: ", status.message());
  context_->logger->warn("the link with node {} cannot be renewed: {}", entry->record.peer, status.message());
  entry->replacement->Failed();
}

void LinkManager::OnFailed(const EntryPtr& entry, const absl::Status& status, bool refused) {
  if (!entry->record.dialler) return OnLost(entry, status);
  const std::shared_ptr<const pki::TrustState> state = context_->trust->state();
  const absl::Status why = ExplainLoss(*state, context_->clock->Now(), status);
  if (refused || OwnCertificateIsRevoked(*state)) return OnRefused(entry, why, /*defederated=*/false);
  OnLost(entry, why);
}

void LinkManager::OnLost(const EntryPtr& entry, const absl::Status& status) {
  entry->tried = true;
  // Once per loss, not per attempt.
  if (entry->state == v1::LinkInfo::UP) {
    context_->logger->warn("the link with node {} is down: {}", entry->record.peer, status.message());
  }
  entry->last_error = std::string(status.message());
  if (!entry->record.dialler) {
    entry->SetState(v1::LinkInfo::LISTENING, context_->clock->Now());
  } else if (entry->dial != nullptr) {
    // What was to replace the link takes its place.
    entry->SetState(v1::LinkInfo::CONNECTING, context_->clock->Now());
  } else if (!entry->suspended) {
    ScheduleDial(entry);
  }
}

void LinkManager::OnRefused(const EntryPtr& entry, const absl::Status& status, bool defederated) {
  entry->tried = true;
  if (std::optional<Operation> operation = TakeOperation(entry)) return Fail(*std::move(operation), status);
  if (defederated) return OnDefederated(entry->record.peer, status);
  context_->logger->warn("the link with node {} is refused: {}", entry->record.peer, status.message());
  entry->last_error = std::string(status.message());
  entry->SetState(entry->record.dialler ? v1::LinkInfo::REFUSED : v1::LinkInfo::LISTENING, context_->clock->Now());
}

void LinkManager::OnDefederated(const std::string& peer, const absl::Status& status) {
  context_->logger->warn("the federation with node {} has ended: {}", peer, status.message());
  if (absl::Status removed = store_.RemovePeer(peer, /*remember=*/false, context_->clock->Now()); !removed.ok()) {
    context_->logger->error("the link with node {} cannot be deleted: {}", peer, removed.message());
  }
  ErasePeer(peer, v1::Goodbye::DEFEDERATED, "the federation has ended");
}

void LinkManager::CloseEntry(const EntryPtr& entry, v1::Goodbye::Reason reason, const std::string& message) {
  context_->control->Cancel(std::exchange(entry->retry_timer, 0));
  if (entry->dial != nullptr) std::exchange(entry->dial, nullptr)->Cancel();
  entry->replacement->Stop();
  const std::vector<std::shared_ptr<Link>> links = entry->links.all();
  for (const std::shared_ptr<Link>& link : links) {
    DropLink(entry, link);
    link->Close(reason, message);
  }
}

void LinkManager::DropLink(const EntryPtr& entry, const std::shared_ptr<Link>& link) {
  entry->links.Remove(link);
  live_->Remove(link);
  imports_.LinkDown(link, OtherImport(link->peer().name, link));
}

void LinkManager::ErasePeer(const std::string& peer, v1::Goodbye::Reason reason, const std::string& message) {
  const auto operation = operations_.find(peer);
  std::optional<Operation> ended;
  if (operation != operations_.end()) {
    ended = std::move(operation->second);
    operations_.erase(operation);
    context_->control->Cancel(ended->timer);
    if (ended->previous != nullptr) CloseEntry(ended->previous, reason, message);
  }
  for (const bool dialler : {true, false}) {
    const auto slot = entries_.find({peer, dialler});
    if (slot == entries_.end()) continue;
    const EntryPtr entry = slot->second;
    entries_.erase(slot);
    CloseEntry(entry, reason, message);
  }
  imports_.Withdraw(peer);
  Changed();
  if (ended.has_value()) {
    ended->done(absl::AbortedError(absl::StrCat("the federation with node ", peer, " was ended meanwhile: ", message)));
  }
}

std::shared_ptr<Link> LinkManager::OtherImport(const std::string& peer, const std::shared_ptr<Link>& link) const {
  for (const bool dialler : {true, false}) {
    const auto slot = entries_.find({peer, dialler});
    if (slot == entries_.end()) continue;
    const std::shared_ptr<Link>& other = slot->second->links.current();
    if (other != nullptr && other != link && other->imports() && other->has_imported()) return other;
  }
  return nullptr;
}

std::optional<LinkManager::Operation> LinkManager::TakeOperation(const EntryPtr& entry) {
  const auto found = operations_.find(entry->record.peer);
  if (found == operations_.end() || found->second.entry != entry) return std::nullopt;
  Operation operation = std::move(found->second);
  operations_.erase(found);
  context_->control->Cancel(operation.timer);
  return operation;
}

void LinkManager::Succeed(Operation operation) {
  if (absl::Status status = store_.Put(operation.entry->record); !status.ok()) {
    return Fail(std::move(operation), Annotate(status, "the link cannot be stored"));
  }
  if (operation.previous != nullptr) CloseEntry(operation.previous, v1::Goodbye::REPLACED, "the link was replaced");
  operation.done(operation.entry->Info());
}

void LinkManager::Fail(Operation operation, const absl::Status& status) {
  const EntryPtr entry = operation.entry;
  const auto slot = entries_.find({entry->record.peer, true});
  if (operation.previous != nullptr) {
    slot->second = operation.previous;
  } else {
    entries_.erase(slot);
  }
  CloseEntry(entry, v1::Goodbye::SHUTDOWN, "the link was not accepted");
  if (const EntryPtr& previous = operation.previous) {
    previous->suspended = false;
    if (previous->links.current() != nullptr) {
      previous->replacement->Up(absl::ZeroDuration());
    } else if (previous->state != v1::LinkInfo::REFUSED) {
      ScheduleDial(previous);
    }
  } else if (OtherImport(entry->record.peer, nullptr) == nullptr) {
    imports_.Withdraw(entry->record.peer);
  }
  Changed();
  operation.done(status);
}

void LinkManager::OnFederateDeadline(const std::string& peer) {
  const auto found = operations_.find(peer);
  if (found == operations_.end()) return;
  Operation operation = std::move(found->second);
  operations_.erase(found);
  const absl::Status stored = store_.Put(operation.entry->record);
  if (!stored.ok()) return Fail(std::move(operation), Annotate(stored, "the link cannot be stored"));
  if (operation.previous != nullptr) CloseEntry(operation.previous, v1::Goodbye::REPLACED, "the link was replaced");
  Changed();
  const std::string& error = operation.entry->last_error;
  operation.done(absl::UnavailableError(absl::StrCat(
      error.empty() ? absl::StrCat("node ", peer, " does not answer at ", operation.entry->record.address) : error,
      "; the link stays configured and is dialled again until the node is there (`paranet defederate` removes it)")));
}

void LinkManager::Changed() {
  bool may_bring = false;
  bool all_tried = true;
  for (const auto& [key, entry] : entries_) {
    may_bring |= entry->imports() && !entry->was_up && entry->state != v1::LinkInfo::REFUSED;
    all_tried &= entry->tried || !entry->record.dialler;
  }
  may_bring_skills_.store(may_bring);
  if (all_tried && all_tried_) std::exchange(all_tried_, nullptr)();
}

}  // namespace paranet
