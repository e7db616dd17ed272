// Who may administer a node over the network, and what its clients may call.
//
// Whoever reaches the control socket may do everything (the operating system has let them in); a Test Node has no
// clients to tell apart and no policy. At a Standard Node, everybody is what the certificate says:
//
// Roles say what an operator may ask of paranet.v1.Node: `read` (Get..., List..., CheckPolicy), `deploy` and `federate`
// (each with `read`), `root` (all: stopping, certificates, trust, policy). An operator of the node's own network of
// whom nothing was said has `read`; all others have no role.
//
// Rules say who may call which skill. The client, or the role of its certificate, is the `who`: `paranet://acme/
// operator/alice`, `operator`, `node`. The `what` is a skill (`weather/current`), a skill set (`weather.v1.Weather`), a
// subject (`weather/*`) or everything (`*`). The most specific rule decides, whether it allows or denies: one for the
// identity before one for the role, then in the order of the kinds above. Where there is none, operators of the node's
// own network and nodes may, operators of other networks may not. A rule never gives a node more than the link exports.
#ifndef PARANET_CORE_NODE_POLICY_H_
#define PARANET_CORE_NODE_POLICY_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/base/clock.h"
#include "core/base/sqlite.h"
#include "core/node/audit_log.h"
#include "core/skill/skill_set.h"
#include "paranet/v1/node.pb.h"
#include "pki/identity.h"

namespace paranet {

// `read`, `deploy`, `federate`, `root`.
absl::string_view OperatorRoleName(v1::OperatorRole role);

// The tables `operator_role` and `call_rule` of the node's database (node_state.h). Thread-safe. Checks take no longer
// with more rules, and wait for nothing but a moment's lock. Changes act on the next call.
class Policy {
 public:
  struct Options {
    // Outlive this object.
    Database* database = nullptr;
    AuditLog* audit = nullptr;
    const Clock* clock = nullptr;
    // The node's own network; empty while it is a Test Node. Thread-safe and quick.
    std::function<std::string()> network;
  };
  static absl::StatusOr<std::unique_ptr<Policy>> Open(Options options);
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  // PERMISSION_DENIED, naming the role that is missing and how it is granted.
  absl::Status CheckRole(const pki::Identity& client, v1::OperatorRole role) const;
  // In ascending order, those included in others too.
  std::vector<v1::OperatorRole> RolesOf(const pki::Identity& client) const;

  // Whether the client of a connection may call `skill` as far as the rules go. PERMISSION_DENIED, naming the rule.
  absl::Status CheckCall(const pki::Identity& client, const Skill& skill) const;
  // Whether no rule is about the client, and it may call everything.
  bool MayCallAll(const pki::Identity& client) const;
  // As CheckCall, for a call that came over the link with `peer`, which says that it is `caller`'s: refused if a rule
  // for either denies it.
  absl::Status CheckCarriedCall(const pki::Identity& peer, absl::string_view caller, const Skill& skill) const;

  // `changed` runs after each change, on the thread that made it; it may ask this object. Unsubscribe waits for a run
  // under way.
  uint64_t Subscribe(std::function<void()> changed) const;
  void Unsubscribe(uint64_t id) const;

  v1::GetPolicyResponse Describe() const;
  // `skill_set` is the one of `request.skill`, or empty if the node does not know that skill. INVALID_ARGUMENT.
  absl::StatusOr<v1::CheckPolicyResponse> Check(const v1::CheckPolicyRequest& request,
                                                absl::string_view skill_set) const;
  // On disk and recorded as done by `actor` when it returns OK; nothing has changed on any error. INVALID_ARGUMENT says
  // what is wrong; NOT_FOUND: a role or rule to take away that is not there; FAILED_PRECONDITION: a Test Node, or a
  // role to take away that another one includes; RESOURCE_EXHAUSTED beyond 1000 operators or rules. Where operators are
  // named, `alice` stands for the operator of the node's own network.
  absl::Status Update(const v1::UpdatePolicyRequest& request, absl::string_view actor);

 private:
  // Roles as bits, as they were given.
  using RoleSet = uint32_t;
  struct Operator {
    RoleSet roles = 0;
    std::string set_by;
    int64_t set_at_unix_ms = 0;
  };
  // Immutable.
  struct State {
    // By identity.
    std::map<std::string, Operator, std::less<>> operators;
    // By who and what.
    std::map<std::string, std::map<std::string, v1::CallRule, std::less<>>, std::less<>> rules;
  };
  struct Called {
    std::string skill;
    std::string subject;
    std::string skill_set;
  };

  explicit Policy(Options options) : options_(std::move(options)) {}
  absl::Status Load();
  void Install(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state() const;
  RoleSet RolesIn(const State& state, const pki::Identity& client) const;
  static const v1::CallRule* RuleFor(const State& state, const pki::Identity& client, const Called& called);
  absl::Status Decide(const State& state, const pki::Identity& client, const Called& called, std::string* reason) const;
  absl::StatusOr<pki::Identity> OperatorOf(const std::string& text) const;

  absl::Status Grant(State& state, const v1::OperatorRoles& grant, absl::string_view actor);
  absl::Status Revoke(State& state, const v1::OperatorRoles& revoke, absl::string_view actor);
  absl::Status SetRule(State& state, const v1::CallRule& rule, absl::string_view actor);
  absl::Status RemoveRule(State& state, const v1::CallRule& rule, absl::string_view actor);
  absl::Status PutOperator(State& state, const std::string& identity, RoleSet roles, absl::string_view actor);

  const Options options_;
  // Held while subscribers run.
  mutable absl::Mutex subscribers_mu_;
  mutable std::map<uint64_t, std::function<void()>> subscribers_ ABSL_GUARDED_BY(subscribers_mu_);
  mutable uint64_t next_subscription_ ABSL_GUARDED_BY(subscribers_mu_) = 1;
  // Held during a change.
  absl::Mutex update_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  mutable absl::Mutex mu_;
  std::shared_ptr<const State> state_ ABSL_GUARDED_BY(mu_) = std::make_shared<const State>();
  // Of the state: spares the calls of links the lock where, as mostly, there is nothing to check.
  std::atomic<bool> has_rules_ = false;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_POLICY_H_
