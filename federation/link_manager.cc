#include "federation/link_manager.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "federation/handshake.h"
#include "federation/hello_exchange.h"
#include "openssl/rand.h"

namespace paranet {
namespace {

std::string MakeLinkId() {
  std::string bytes(16, '\0');
  // BoringSSL's never fails.
  RAND_bytes(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  return absl::BytesToHexString(bytes);
}

absl::Status CheckAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon != std::string::npos && colon > 0 &&
      absl::SimpleAtoi(absl::string_view(address).substr(colon + 1), &port) && port >= 1 && port <= 65535) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", absl::CHexEscape(address.substr(0, 200)), "\" is no address of a node; write HOST:PORT"));
}

absl::string_view ModeName(v1::LinkMode mode) { return mode == v1::BIDIRECTIONAL ? "bidirectional" : "one-way"; }

}  // namespace

LinkManager::LinkManager(std::shared_ptr<const LinkContext> context, Database* database, LiveLinks* live)
    : context_(std::move(context)), store_(database), live_(live), imports_(context_->catalogue, context_->logger) {}

absl::Status LinkManager::Load() {
  PARANET_ASSIGN_OR_RETURN(const std::vector<LinkRecord> records, store_.List());
  for (const LinkRecord& record : records) {
    auto entry = std::make_shared<LinkEntry>(record);
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
  if (absl::Status status = pki::CheckIdentityName(peer, "the peer's name"); !status.ok()) return done(status);
  if (peer == self()) {
    return done(RefusalStatus(MakeRefusal(
        v1::Refusal::SELF, absl::StrCat("node ", peer, " cannot federate with itself; name another node"))));
  }
  if (absl::Status status = CheckAddress(request.address()); !status.ok()) return done(status);
  if (request.mode() != v1::LINK_MODE_UNSPECIFIED && request.mode() != v1::ONE_WAY &&
      request.mode() != v1::BIDIRECTIONAL) {
    return done(absl::InvalidArgumentError(absl::StrCat("link mode ", static_cast<int>(request.mode()),
                                                        " is unknown; federate one-way or bidirectional")));
  }
  if (operations_.contains(peer)) {
    return done(absl::AbortedError(absl::StrCat("node ", peer, " is being federated with already; wait for that")));
  }
  LinkRecord record{.peer = peer, .address = request.address(), .dialler = true};
  record.mode = request.mode() == v1::BIDIRECTIONAL ? v1::BIDIRECTIONAL : v1::ONE_WAY;
  record.created_unix_ms = absl::ToUnixMillis(context_->clock->Now());
  Operation operation;
  operation.entry = std::make_shared<LinkEntry>(record);
  operation.entry->fresh = true;
  EntryPtr& slot = entries_[{peer, true}];
  if (slot != nullptr) {
    operation.previous = slot;
    slot->suspended = true;
    context_->control->Cancel(std::exchange(slot->retry_timer, 0));
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

void LinkManager::Accept(const pki::Identity& peer, const std::string& address, const v1::Hello& hello,
                         const std::shared_ptr<MessageStream>& stream) {
  if (stopping_) return stream->Close(absl::UnavailableError("the node stops"));
  const absl::StatusOr<bool> defederated = store_.IsDefederated(peer.name);
  if (!defederated.ok()) {
    context_->logger->error("node {} cannot be federated with: {}", peer.name, defederated.status().message());
    return stream->Close(absl::UnavailableError("the node cannot read its state; see its log"));
  }
  if (const auto refusal = CheckHello(context_->identity->identity(), peer, *defederated, hello)) {
    context_->logger->warn("a link from {} at {} was refused: {}", peer.ToUri(), address, refusal->message());
    return SendRefusal(stream, *refusal);
  }
  EntryPtr& slot = entries_[{peer.name, false}];
  if (slot == nullptr) {
    LinkRecord record{.peer = peer.name};
    record.created_unix_ms = absl::ToUnixMillis(context_->clock->Now());
    slot = std::make_shared<LinkEntry>(record);
  }
  const EntryPtr entry = slot;
  CloseEntry(entry, v1::Goodbye::REPLACED, absl::StrCat("a newer connection of node ", peer.name, " took its place"));
  entry->record.address = address;
  entry->record.mode = hello.mode();
  ++entry->attempts;
  absl::Status stored = store_.Put(entry->record);
  if (stored.ok() && *defederated) stored = store_.ForgetDefederated(peer.name);
  if (!stored.ok()) {
    // The link works; it will not be listed after a restart until the peer dials again.
    context_->logger->error("the link of node {} cannot be stored: {}", peer.name, stored.message());
  }
  entry->SetState(v1::LinkInfo::CONNECTING, context_->clock->Now());
  Link::Options options;
  options.peer = peer;
  options.link_id = MakeLinkId();
  options.welcome = MakeWelcome(context_->identity->identity(), options.link_id);
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
    if (entry->link != nullptr) entry->link->CatalogueChanged();
  }
  imports_.CatalogueChanged();
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

void LinkManager::StartDial(const EntryPtr& entry) {
  if (stopping_ || entry->suspended || entry->dial != nullptr || entry->link != nullptr) return;
  entry->retry_timer = 0;
  entry->SetState(v1::LinkInfo::CONNECTING, context_->clock->Now());
  ++entry->attempts;
  Dial::Options options;
  options.peer = {context_->identity->identity().network, pki::Role::kNode, entry->record.peer};
  options.address = entry->record.address;
  options.mode = entry->record.mode;
  options.fresh = entry->fresh;
  options.done = [this, weak = std::weak_ptr<LinkEntry>(entry)](DialResult result) {
    if (const EntryPtr dialled = weak.lock()) OnDialled(dialled, std::move(result));
  };
  entry->dial = std::make_shared<Dial>(context_, std::move(options));
  entry->dial->Start();
}

void LinkManager::ScheduleDial(const EntryPtr& entry) {
  entry->SetState(v1::LinkInfo::WAITING, context_->clock->Now());
  entry->retry_timer =
      context_->control->At(absl::Now() + entry->backoff.Next(), [this, weak = std::weak_ptr<LinkEntry>(entry)] {
        if (const EntryPtr due = weak.lock()) StartDial(due);
      });
}

void LinkManager::OnDialled(const EntryPtr& entry, DialResult result) {
  entry->dial = nullptr;
  if (!result.status.ok()) {
    if (result.refused) {
      OnRefused(entry, result.status, result.defederated);
    } else {
      OnLost(entry, result.status);
    }
    return Changed();
  }
  entry->fresh = false;
  Link::Options options;
  options.peer = {context_->identity->identity().network, pki::Role::kNode, entry->record.peer};
  options.dialler = true;
  options.link_id = result.welcome.link_id();
  options.limits = CommonLimits(OwnLimits(), result.welcome.limits());
  options.stream = std::move(result.stream);
  options.channel = std::move(result.channel);
  StartLink(entry, std::move(options));
}

void LinkManager::StartLink(const EntryPtr& entry, Link::Options options) {
  const std::weak_ptr<LinkEntry> weak = entry;
  options.mode = entry->record.mode;
  options.counters = entry->counters;
  options.imported = [this, weak] {
    if (const EntryPtr changed = weak.lock(); changed != nullptr && changed->link != nullptr) {
      imports_.Update(changed->link);
    }
  };
  options.ready = [this, weak] {
    if (const EntryPtr ready = weak.lock()) OnReady(ready);
  };
  options.down = [this, weak](const LinkEnd& end) {
    if (const EntryPtr down = weak.lock()) OnDown(down, end);
  };
  entry->link = std::make_shared<Link>(context_, std::move(options));
  const std::shared_ptr<Link> link = entry->link;
  live_->Add(link);
  link->Start();
}

void LinkManager::OnReady(const EntryPtr& entry) {
  entry->SetState(v1::LinkInfo::UP, context_->clock->Now());
  entry->was_up = true;
  entry->tried = true;
  entry->last_error.clear();
  entry->attempts = 0;
  entry->backoff.Reset();
  context_->logger->info("the {} link with node {} is up ({} imported, {} exported)", ModeName(entry->record.mode),
                         entry->record.peer, entry->link->imported_sets().size(), entry->link->exported());
  Changed();
  if (std::optional<Operation> operation = TakeOperation(entry)) Succeed(*std::move(operation));
}

void LinkManager::OnDown(const EntryPtr& entry, const LinkEnd& end) {
  DropLink(entry);
  switch (end.kind) {
    case LinkEnd::Kind::kLost:
      OnLost(entry, end.status);
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

void LinkManager::OnLost(const EntryPtr& entry, const absl::Status& status) {
  entry->tried = true;
  // Once per loss, not per attempt.
  if (entry->state == v1::LinkInfo::UP) {
    context_->logger->warn("the link with node {} is down: {}", entry->record.peer, status.message());
  }
  entry->last_error = std::string(status.message());
  if (!entry->record.dialler) {
    entry->SetState(v1::LinkInfo::LISTENING, context_->clock->Now());
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
  if (const std::shared_ptr<Link> link = entry->link) {
    DropLink(entry);
    link->Close(reason, message);
  }
}

void LinkManager::DropLink(const EntryPtr& entry) {
  const std::shared_ptr<Link> link = std::exchange(entry->link, nullptr);
  if (link == nullptr) return;
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
    const std::shared_ptr<Link>& other = slot->second->link;
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
    if (previous->link == nullptr && previous->state != v1::LinkInfo::REFUSED) ScheduleDial(previous);
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
