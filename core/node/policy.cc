#include "core/node/policy.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/status.h"
#include "core/skill/skill_id.h"

namespace paranet {
namespace {

constexpr size_t kMost = 1000;
constexpr v1::OperatorRole kRoles[] = {v1::OPERATOR_ROLE_READ, v1::OPERATOR_ROLE_DEPLOY, v1::OPERATOR_ROLE_FEDERATE,
                                       v1::OPERATOR_ROLE_ROOT};

constexpr uint32_t Bit(v1::OperatorRole role) { return uint32_t{1} << static_cast<uint32_t>(role); }

constexpr uint32_t kDefaultRoles = Bit(v1::OPERATOR_ROLE_READ);

// With the roles that are included in others.
uint32_t WithIncluded(uint32_t roles) {
  if ((roles & Bit(v1::OPERATOR_ROLE_ROOT)) != 0) {
    roles |= Bit(v1::OPERATOR_ROLE_DEPLOY) | Bit(v1::OPERATOR_ROLE_FEDERATE);
  }
  if ((roles & (Bit(v1::OPERATOR_ROLE_DEPLOY) | Bit(v1::OPERATOR_ROLE_FEDERATE))) != 0) {
    roles |= Bit(v1::OPERATOR_ROLE_READ);
  }
  return roles;
}

std::vector<v1::OperatorRole> ListOf(uint32_t roles) {
  std::vector<v1::OperatorRole> list;
  for (const v1::OperatorRole role : kRoles) {
    if ((roles & Bit(role)) != 0) list.push_back(role);
  }
  return list;
}

std::string NamesOf(uint32_t roles) {
  std::vector<absl::string_view> names;
  for (const v1::OperatorRole role : ListOf(roles)) names.push_back(OperatorRoleName(role));
  return names.empty() ? "no role" : absl::StrJoin(names, ",");
}

absl::StatusOr<uint32_t> SetOf(const v1::OperatorRoles& roles) {
  uint32_t set = 0;
  for (const int role : roles.roles()) {
    if (std::find(std::begin(kRoles), std::end(kRoles), role) == std::end(kRoles)) {
      return absl::InvalidArgumentError(absl::StrCat("there is no operator role with the number ", role));
    }
    set |= Bit(static_cast<v1::OperatorRole>(role));
  }
  return set;
}

bool IsServiceName(absl::string_view text) {
  for (const absl::string_view part : absl::StrSplit(text, '.')) {
    if (part.empty() || absl::ascii_isdigit(static_cast<unsigned char>(part[0]))) return false;
    for (const char c : part) {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
    }
  }
  // `weather` is more likely a subject than a service without package and capital letter.
  return absl::StrContains(text, '.') || absl::ascii_isupper(static_cast<unsigned char>(text[0]));
}

absl::Status CheckWhat(const std::string& what) {
  if (what == "*") return absl::OkStatus();
  if (absl::EndsWith(what, "/*")) return CheckName(absl::StripSuffix(what, "/*"), "the subject of the rule");
  if (absl::StrContains(what, '/')) return SkillId::Parse(what).status();
  if (what.size() <= 512 && IsServiceName(what)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "a rule is about a skill (weather/current), a subject (weather/*), a skill set (weather.v1.Weather) ",
      "or all (*), and \"", what.substr(0, 200), "\" is none of these"));
}

absl::Status CheckWho(const std::string& who) {
  if (who == "operator" || who == "node") return absl::OkStatus();
  const absl::StatusOr<pki::Identity> identity = pki::Identity::Parse(who);
  if (identity.ok() && (identity->role == pki::Role::kOperator || identity->role == pki::Role::kNode)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a rule is for `operator`, for `node`, or for an identity such as paranet://acme/operator/alice or ",
                   "paranet://acme/node/beta, and \"", who.substr(0, 200), "\" is none of these"));
}

std::string Sentence(const v1::CallRule& rule) {
  return absl::StrCat("the rule `", rule.allow() ? "allow " : "deny ", rule.who(), " ", rule.what(), "`");
}

}  // namespace

absl::string_view OperatorRoleName(v1::OperatorRole role) {
  switch (role) {
    case v1::OPERATOR_ROLE_READ:
      return "read";
    case v1::OPERATOR_ROLE_DEPLOY:
      return "deploy";
    case v1::OPERATOR_ROLE_FEDERATE:
      return "federate";
    case v1::OPERATOR_ROLE_ROOT:
      return "root";
    default:
      return "unknown";
  }
}

absl::StatusOr<std::unique_ptr<Policy>> Policy::Open(Options options) {
  std::unique_ptr<Policy> policy(new Policy(std::move(options)));
  PARANET_RETURN_IF_ERROR(policy->Load());
  return policy;
}

absl::Status Policy::Load() {
  auto state = std::make_shared<State>();
  PARANET_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> operators,
      options_.database->Query("SELECT identity, roles, set_by, set_at_unix_ms FROM operator_role"));
  for (const SqlRow& row : operators) {
    state->operators[row.Text(0)] = {
        .roles = static_cast<RoleSet>(row.Int(1)), .set_by = row.Text(2), .set_at_unix_ms = row.Int(3)};
  }
  PARANET_ASSIGN_OR_RETURN(const std::vector<SqlRow> rules,
                           options_.database->Query("SELECT who, what, allow, set_by, set_at_unix_ms FROM call_rule"));
  for (const SqlRow& row : rules) {
    v1::CallRule& rule = state->rules[row.Text(0)][row.Text(1)];
    rule.set_who(row.Text(0));
    rule.set_what(row.Text(1));
    rule.set_allow(row.Int(2) != 0);
    rule.set_set_by(row.Text(3));
    rule.set_set_at_unix_ms(row.Int(4));
  }
  Install(std::move(state));
  return absl::OkStatus();
}

void Policy::Install(std::shared_ptr<const State> state) {
  absl::MutexLock lock(&mu_);
  has_rules_ = !state->rules.empty();
  state_ = std::move(state);
}

std::shared_ptr<const Policy::State> Policy::state() const {
  absl::MutexLock lock(&mu_);
  return state_;
}

Policy::RoleSet Policy::RolesIn(const State& state, const pki::Identity& client) const {
  if (client.role != pki::Role::kOperator) return 0;
  const auto found = state.operators.find(client.ToUri());
  if (found != state.operators.end()) return WithIncluded(found->second.roles);
  return client.network == options_.network() ? kDefaultRoles : 0;
}

std::vector<v1::OperatorRole> Policy::RolesOf(const pki::Identity& client) const {
  return ListOf(RolesIn(*state(), client));
}

absl::Status Policy::CheckRole(const pki::Identity& client, v1::OperatorRole role) const {
  if (client.role != pki::Role::kOperator) {
    return absl::PermissionDeniedError(
        absl::StrCat("nodes are controlled with the certificate of an operator, and ", client.ToUri(), " is none"));
  }
  const RoleSet roles = RolesIn(*state(), client);
  if ((roles & Bit(role)) != 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(client.ToUri(), " lacks the role \"", OperatorRoleName(role),
                                                  "\" at this node (it has ", NamesOf(roles),
                                                  "). Who runs the node grants it with 'paranet policy grant ",
                                                  client.ToUri(), " ", OperatorRoleName(role), " --node NAME'"));
}

const v1::CallRule* Policy::RuleFor(const State& state, const pki::Identity& client, const Called& called) {
  if (state.rules.empty()) return nullptr;
  for (const std::string& who : {client.ToUri(), std::string(pki::RoleName(client.role))}) {
    const auto rules = state.rules.find(who);
    if (rules == state.rules.end()) continue;
    for (const std::string& what :
         {called.skill, called.skill_set, absl::StrCat(called.subject, "/*"), std::string("*")}) {
      const auto rule = rules->second.find(what);
      if (rule != rules->second.end()) return &rule->second;
    }
  }
  return nullptr;
}

absl::Status Policy::Decide(const State& state, const pki::Identity& client, const Called& called,
                            std::string* reason) const {
  const v1::CallRule* const rule = RuleFor(state, client, called);
  std::string why;
  bool allow = false;
  if (rule != nullptr) {
    allow = rule->allow();
    why = Sentence(*rule);
  } else if (client.role == pki::Role::kOperator) {
    allow = client.network == options_.network();
    why = allow ? "no rule is about it, and operators of the node's own network may call everything"
                : "no rule is about it, and operators of other networks may call only what a rule allows them";
  } else {
    allow = client.role == pki::Role::kNode;
    why = allow ? "no rule is about it, and nodes may call what their links export to them"
                : "only operators and nodes may call";
  }
  if (reason != nullptr) *reason = why;
  if (allow) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat(client.ToUri(), " may not call ", called.skill, " at this node: ", why));
}

absl::Status Policy::CheckCall(const pki::Identity& client, const Skill& skill) const {
  return Decide(*state(), client,
                {.skill = skill.id.ToString(), .subject = skill.id.subject, .skill_set = skill.set->name()}, nullptr);
}

bool Policy::MayCallAll(const pki::Identity& client) const {
  const std::shared_ptr<const State> state = this->state();
  if (state->rules.contains(client.ToUri()) || state->rules.contains(pki::RoleName(client.role))) return false;
  return client.role == pki::Role::kNode ||
         (client.role == pki::Role::kOperator && client.network == options_.network());
}

absl::Status Policy::CheckCarriedCall(const pki::Identity& peer, absl::string_view caller, const Skill& skill) const {
  if (!has_rules_) return absl::OkStatus();
  const std::shared_ptr<const State> state = this->state();
  const Called called{.skill = skill.id.ToString(), .subject = skill.id.subject, .skill_set = skill.set->name()};
  PARANET_RETURN_IF_ERROR(Decide(*state, peer, called, nullptr));
  const absl::StatusOr<pki::Identity> identity = pki::Identity::Parse(caller);
  if (!identity.ok() || *identity == peer) return absl::OkStatus();
  const v1::CallRule* const rule = RuleFor(*state, *identity, called);
  if (rule == nullptr || rule->allow()) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat(identity->ToUri(), " may not call ", called.skill, " at this node: ", Sentence(*rule)));
}

uint64_t Policy::Subscribe(std::function<void()> changed) const {
  absl::MutexLock lock(&subscribers_mu_);
  subscribers_.emplace(next_subscription_, std::move(changed));
  return next_subscription_++;
}

void Policy::Unsubscribe(uint64_t id) const {
  absl::MutexLock lock(&subscribers_mu_);
  subscribers_.erase(id);
}

v1::GetPolicyResponse Policy::Describe() const {
  const std::shared_ptr<const State> state = this->state();
  v1::GetPolicyResponse response;
  for (const auto& [identity, roles] : state->operators) {
    v1::OperatorRoles* const listed = response.add_operators();
    listed->set_identity(identity);
    for (const v1::OperatorRole role : ListOf(WithIncluded(roles.roles))) listed->add_roles(role);
    listed->set_set_by(roles.set_by);
    listed->set_set_at_unix_ms(roles.set_at_unix_ms);
  }
  for (const v1::OperatorRole role : ListOf(kDefaultRoles)) response.add_default_roles(role);
  for (const auto& [who, rules] : state->rules) {
    for (const auto& [what, rule] : rules) *response.add_rules() = rule;
  }
  return response;
}

absl::StatusOr<pki::Identity> Policy::OperatorOf(const std::string& text) const {
  const std::string network = options_.network();
  const std::string uri =
      absl::StrContains(text, "://") ? text : absl::StrCat("paranet://", network, "/operator/", text);
  PARANET_ASSIGN_OR_RETURN(pki::Identity identity, pki::Identity::Parse(uri));
  if (identity.role == pki::Role::kOperator) return identity;
  return absl::InvalidArgumentError(absl::StrCat("roles are for operators, and ", identity.ToUri(), " is none: rules ",
                                                 "('paranet policy deny') say what it may call"));
}

absl::StatusOr<v1::CheckPolicyResponse> Policy::Check(const v1::CheckPolicyRequest& request,
                                                      absl::string_view skill_set) const {
  absl::StatusOr<pki::Identity> client = pki::Identity::Parse(request.identity());
  if (!client.ok()) client = OperatorOf(request.identity());
  if (!client.ok()) return client.status();
  v1::CheckPolicyResponse response;
  const std::shared_ptr<const State> state = this->state();
  for (const v1::OperatorRole role : ListOf(RolesIn(*state, *client))) response.add_roles(role);
  if (request.skill().empty()) return response;
  PARANET_ASSIGN_OR_RETURN(const SkillRef skill, SkillRef::Parse(request.skill()));
  response.set_may_call(
      Decide(*state, *client,
             {.skill = skill.id.ToString(), .subject = skill.id.subject, .skill_set = std::string(skill_set)},
             response.mutable_reason())
          .ok());
  return response;
}

absl::Status Policy::PutOperator(State& state, const std::string& identity, RoleSet roles, absl::string_view actor) {
  const int64_t now = absl::ToUnixMillis(options_.clock->Now());
  state.operators[identity] = {.roles = roles, .set_by = std::string(actor), .set_at_unix_ms = now};
  if (state.operators.size() > kMost) {
    return absl::ResourceExhaustedError(absl::StrCat("a node keeps the roles of at most ", kMost, " operators"));
  }
  return options_.database->Execute(
      "INSERT OR REPLACE INTO operator_role(identity, roles, set_by, set_at_unix_ms) VALUES (?, ?, ?, ?)",
      {identity, int64_t{roles}, std::string(actor), now});
}

absl::Status Policy::Grant(State& state, const v1::OperatorRoles& grant, absl::string_view actor) {
  PARANET_ASSIGN_OR_RETURN(const pki::Identity identity, OperatorOf(grant.identity()));
  PARANET_ASSIGN_OR_RETURN(const RoleSet added, SetOf(grant));
  if (added == 0) return absl::InvalidArgumentError("no role is given: read, deploy, federate or root");
  const std::string uri = identity.ToUri();
  // What an operator had before is kept, also if it had that without being listed.
  const RoleSet before = state.operators.contains(uri) ? state.operators[uri].roles : RolesIn(state, identity);
  PARANET_RETURN_IF_ERROR(PutOperator(state, uri, before | added, actor));
  return options_.audit->Record(AuditKind::kRolesGranted, actor, uri, NamesOf(added));
}

absl::Status Policy::Revoke(State& state, const v1::OperatorRoles& revoke, absl::string_view actor) {
  PARANET_ASSIGN_OR_RETURN(const pki::Identity identity, OperatorOf(revoke.identity()));
  PARANET_ASSIGN_OR_RETURN(RoleSet removed, SetOf(revoke));
  const std::string uri = identity.ToUri();
  const RoleSet before = state.operators.contains(uri) ? state.operators[uri].roles : RolesIn(state, identity);
  if (before == 0) return absl::NotFoundError(absl::StrCat(uri, " has no role that could be taken away"));
  if (removed == 0) removed = before;
  const RoleSet after = before & ~removed;
  if ((WithIncluded(before) & removed) != removed) {
    return absl::NotFoundError(absl::StrCat(uri, " does not have ", NamesOf(removed & ~WithIncluded(before)),
                                            " to take away; it has ", NamesOf(WithIncluded(before))));
  }
  if (const RoleSet kept = WithIncluded(after) & removed; kept != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(uri, " would keep ", NamesOf(kept), ", which ", NamesOf(after), " includes: take that away too"));
  }
  PARANET_RETURN_IF_ERROR(PutOperator(state, uri, after, actor));
  return options_.audit->Record(AuditKind::kRolesRevoked, actor, uri, NamesOf(removed));
}

absl::Status Policy::SetRule(State& state, const v1::CallRule& rule, absl::string_view actor) {
  PARANET_RETURN_IF_ERROR(CheckWho(rule.who()));
  PARANET_RETURN_IF_ERROR(CheckWhat(rule.what()));
  v1::CallRule& set = state.rules[rule.who()][rule.what()];
  set = rule;
  set.set_set_by(std::string(actor));
  set.set_set_at_unix_ms(absl::ToUnixMillis(options_.clock->Now()));
  size_t count = 0;
  for (const auto& [who, rules] : state.rules) count += rules.size();
  if (count > kMost) return absl::ResourceExhaustedError(absl::StrCat("a node keeps at most ", kMost, " rules"));
  PARANET_RETURN_IF_ERROR(options_.database->Execute(
      "INSERT OR REPLACE INTO call_rule(who, what, allow, set_by, set_at_unix_ms) VALUES (?, ?, ?, ?, ?)",
      {rule.who(), rule.what(), int64_t{rule.allow()}, set.set_by(), set.set_at_unix_ms()}));
  return options_.audit->Record(AuditKind::kRuleSet, actor, rule.who(),
                                absl::StrCat(rule.allow() ? "allow " : "deny ", rule.what()));
}

absl::Status Policy::RemoveRule(State& state, const v1::CallRule& rule, absl::string_view actor) {
  const auto rules = state.rules.find(rule.who());
  if (rules == state.rules.end() || rules->second.erase(rule.what()) == 0) {
    return absl::NotFoundError(absl::StrCat("there is no rule for \"", rule.who(), "\" about \"", rule.what(), "\""));
  }
  if (rules->second.empty()) state.rules.erase(rules);
  PARANET_RETURN_IF_ERROR(
      options_.database->Execute("DELETE FROM call_rule WHERE who = ? AND what = ?", {rule.who(), rule.what()}));
  return options_.audit->Record(AuditKind::kRuleRemoved, actor, rule.who(), rule.what());
}

absl::Status Policy::Update(const v1::UpdatePolicyRequest& request, absl::string_view actor) {
  if (options_.network().empty()) {
    return absl::FailedPreconditionError(
        "a Test Node has no policy: everybody on this machine may call it, and nobody controls it over the network");
  }
  absl::MutexLock lock(&update_mu_);
  auto next = std::make_shared<State>(*state());
  absl::Status status = options_.database->Transaction([&]() -> absl::Status {
    for (const auto& grant : request.grant()) PARANET_RETURN_IF_ERROR(Grant(*next, grant, actor));
    for (const auto& revoke : request.revoke()) PARANET_RETURN_IF_ERROR(Revoke(*next, revoke, actor));
    for (const auto& rule : request.set_rules()) PARANET_RETURN_IF_ERROR(SetRule(*next, rule, actor));
    for (const auto& rule : request.remove_rules()) PARANET_RETURN_IF_ERROR(RemoveRule(*next, rule, actor));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  Install(std::move(next));
  absl::MutexLock subscribers_lock(&subscribers_mu_);
  for (const auto& [id, changed] : subscribers_) changed();
  return absl::OkStatus();
}

}  // namespace paranet
