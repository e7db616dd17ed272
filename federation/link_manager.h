// All links of a node: configured, dialled, accepted, kept up, ended.
#ifndef PARANET_FEDERATION_LINK_MANAGER_H_
#define PARANET_FEDERATION_LINK_MANAGER_H_

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "federation/imports.h"
#include "federation/link_context.h"
#include "federation/link_entry.h"
#include "federation/link_store.h"
#include "federation/live_links.h"
#include "paranet/v1/node.pb.h"
#include "pki/identity.h"
#include "pki/node_trust.h"

namespace paranet {

// Runs on the control thread unless a function says otherwise; outlives that thread's work.
class LinkManager {
 public:
  using FederateDone = absl::AnyInvocable<void(absl::StatusOr<v1::LinkInfo>)>;

  // `live` must outlive the manager.
  LinkManager(std::shared_ptr<const LinkContext> context, Database* database, LiveLinks* live);

  // Reads the durable links. Before all else, on any thread.
  absl::Status Load();
  // Dials them. `tried` runs when each has been up, has failed or was refused once.
  void Start(absl::AnyInvocable<void()> tried);
  // As FederationControl::Federate; `done` runs exactly once.
  void Federate(const v1::FederateRequest& request, absl::Time deadline, FederateDone done);
  absl::Status Defederate(const std::string& peer);
  std::vector<v1::LinkInfo> List() const;
  // A peer whose certificate says `peer` has dialled this node from `address` and said `hello` on `stream`.
  void Accept(const std::shared_ptr<const pki::Peer>& peer, const std::string& address, const v1::Hello& hello,
              const std::shared_ptr<MessageStream>& stream);
  // Of the server: the lane for `link`.
  void AttachLane(const std::shared_ptr<Link>& link, std::shared_ptr<MessageStream> stream, RpcQueue* queue);
  void CatalogueChanged();
  // The node's certificate, its roots or its revocation lists have changed: passes lists on, ends links whose peer is
  // no longer trusted, and replaces the others where what they began with has changed.
  void TrustChanged();
  // Says goodbye to all peers. Nothing begins any more.
  void Stop();

  // Any thread.
  bool may_bring_skills() const { return may_bring_skills_.load(); }

 private:
  using EntryPtr = std::shared_ptr<LinkEntry>;
  // A Federate under way: a new entry is under trial in place of the previous, if there was one.
  struct Operation {
    EntryPtr entry;
    EntryPtr previous;
    FederateDone done;
    uint64_t timer = 0;
  };

  EntryPtr MakeEntry(const LinkRecord& record);
  void StartDial(const EntryPtr& entry);
  // Dials in the place of a link that is up.
  void ReplaceLink(const EntryPtr& entry);
  void DialPeer(const EntryPtr& entry);
  void ScheduleDial(const EntryPtr& entry);
  void OnDialled(const EntryPtr& entry, DialResult result);
  void StartLink(const EntryPtr& entry, Link::Options options);
  void OnReady(const EntryPtr& entry, const std::shared_ptr<Link>& link);
  void OnDown(const EntryPtr& entry, const std::shared_ptr<Link>& link, const LinkEnd& end);
  // The same for one that was not, or no longer, the one that calls go over.
  void OnOtherDown(const EntryPtr& entry, bool was_coming, const LinkEnd& end);
  void OnReplacementFailed(const EntryPtr& entry, const absl::Status& status);
  // The link is down: for good if `refused`, or if it has to do with this node's own certificate.
  void OnFailed(const EntryPtr& entry, const absl::Status& status, bool refused);
  void OnLost(const EntryPtr& entry, const absl::Status& status);
  void OnRefused(const EntryPtr& entry, const absl::Status& status, bool defederated);
  // The peer's operator has ended the federation.
  void OnDefederated(const std::string& peer, const absl::Status& status);

  // Ends what the entry does. It stays where it is.
  void CloseEntry(const EntryPtr& entry, v1::Goodbye::Reason reason, const std::string& message);
  void DropLink(const EntryPtr& entry, const std::shared_ptr<Link>& link);
  void ErasePeer(const std::string& peer, v1::Goodbye::Reason reason, const std::string& message);
  // A link of `peer` other than `link` that has imported; null for none.
  std::shared_ptr<Link> OtherImport(const std::string& peer, const std::shared_ptr<Link>& link) const;

  void Succeed(Operation operation);
  // Puts the previous entry back.
  void Fail(Operation operation, const absl::Status& status);
  void OnFederateDeadline(const std::string& peer);
  // Takes the operation under way for `entry` out.
  std::optional<Operation> TakeOperation(const EntryPtr& entry);

  // After every change.
  void Changed();
  const std::string& self() const { return context_->trust->self().name; }

  const std::shared_ptr<const LinkContext> context_;
  // What connections begin with, as of the last TrustChanged.
  std::string credentials_;
  LinkStore store_;
  LiveLinks* const live_;
  Imports imports_;
  // By peer and whether this node dials.
  std::map<std::pair<std::string, bool>, EntryPtr> entries_;
  std::map<std::string, Operation> operations_;
  absl::AnyInvocable<void()> all_tried_;
  bool stopping_ = false;
  std::atomic<bool> may_bring_skills_ = false;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_LINK_MANAGER_H_
