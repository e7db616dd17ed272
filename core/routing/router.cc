#include "core/routing/router.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest.h"

namespace paranet {
namespace {

bool InScope(const Provider& provider, RouteScope scope) {
  return scope == RouteScope::kAll || provider.kind() == Provider::Kind::kActor;
}

// An available provider of `entry`, or null. `known` becomes true if any is in scope.
std::shared_ptr<Provider> Choose(const CatalogueEntry& entry, RouteScope scope, bool* known) {
  std::vector<const std::shared_ptr<Provider>*> peers;
  for (const std::shared_ptr<Provider>& provider : entry.providers) {
    if (!InScope(*provider, scope)) continue;
    *known = true;
    if (!provider->available()) continue;
    // Actors come first: the node's own are preferred to any peer.
    if (provider->kind() == Provider::Kind::kActor) return provider;
    peers.push_back(&provider);
  }
  if (peers.empty()) return nullptr;
  if (peers.size() == 1) return *peers.front();
  // Power of two choices (Mitzenmacher 2001): the less busy of two taken at random.
  thread_local absl::InsecureBitGen random;
  const size_t one = absl::Uniform<size_t>(random, 0, peers.size());
  const size_t other = (one + absl::Uniform<size_t>(random, 1, peers.size())) % peers.size();
  const std::shared_ptr<Provider>& first = *peers[one];
  const std::shared_ptr<Provider>& second = *peers[other];
  return first->outstanding() <= second->outstanding() ? first : second;
}

absl::Status Unavailable(absl::string_view skill, const std::vector<SkillEntry>& entries) {
  std::vector<std::string> names;
  for (const SkillEntry& entry : entries) {
    for (const auto& provider : entry.entry->providers) names.push_back(provider->name());
  }
  return absl::UnavailableError(absl::StrCat("no provider of \"", skill, "\" is available now (known: ",
                                             absl::StrJoin(names, ", "), "); try again, or see `paranet link ls`"));
}

}  // namespace

absl::StatusOr<Route> Router::ResolvePath(absl::string_view path, absl::string_view version, RouteScope scope) const {
  const std::shared_ptr<const CatalogueSnapshot> snapshot = catalogue_->snapshot();
  const std::vector<SkillEntry>& entries = snapshot->FindPath(path);
  bool known = false;
  for (const SkillEntry& entry : entries) {
    if (!version.empty() && entry.entry->set->version().ToString() != version) continue;
    if (std::shared_ptr<Provider> provider = Choose(*entry.entry, scope, &known)) {
      return Route{entry.entry->set, entry.skill, std::move(provider)};
    }
  }
  if (known) return Unavailable(path, entries);
  if (scope == RouteScope::kLocal) {
    // To a peer: what it may not use it cannot learn the name of.
    return absl::UnimplementedError(absl::StrCat("this node has no skill at ", path));
  }
  std::vector<std::string> paths;
  for (const auto& entry : snapshot->entries()) {
    for (const Skill& skill : entry->set->skills()) paths.push_back(skill.path);
  }
  return absl::UnimplementedError(absl::StrCat("this node has no skill at ", path, version.empty() ? "" : " version ",
                                               version, ".", DidYouMean(path, paths)));
}

absl::StatusOr<Route> Router::ResolvePath(absl::string_view path, const VersionPin& pin) const {
  const std::shared_ptr<const CatalogueSnapshot> snapshot = catalogue_->snapshot();
  const std::vector<SkillEntry>& entries = snapshot->FindPath(path);
  if (entries.empty()) return ResolvePath(path);
  bool known = false;
  std::vector<std::string> versions;
  for (const SkillEntry& entry : entries) {
    versions.push_back(entry.entry->set->version().ToString());
    if (!pin.Matches(entry.entry->set->version())) continue;
    if (std::shared_ptr<Provider> provider = Choose(*entry.entry, RouteScope::kAll, &known)) {
      return Route{entry.entry->set, entry.skill, std::move(provider)};
    }
  }
  if (known) return Unavailable(absl::StrCat(path, "~", pin.ToString()), entries);
  return absl::UnimplementedError(absl::StrCat("skill ", path, " has no version ", pin.ToString(), " here; it has ",
                                               absl::StrJoin(versions, ", "), "."));
}

absl::StatusOr<Route> Router::ResolveSkill(const SkillRef& ref, absl::string_view provider_name) const {
  const std::shared_ptr<const CatalogueSnapshot> snapshot = catalogue_->snapshot();
  const std::string id = ref.id.ToString();
  const std::vector<SkillEntry>& entries = snapshot->FindSkill(id);
  if (entries.empty()) {
    return absl::NotFoundError(absl::StrCat("this node knows no skill \"", id, "\".",
                                            DidYouMean(id, snapshot->SkillNames()),
                                            " See `paranet skill ls` for all."));
  }
  bool known = false;
  bool version_known = false;
  std::vector<std::string> versions;
  std::vector<std::string> providers;
  for (const SkillEntry& entry : entries) {
    versions.push_back(entry.entry->set->version().ToString());
    if (ref.pin.has_value() && !ref.pin->Matches(entry.entry->set->version())) continue;
    version_known = true;
    if (!provider_name.empty()) {
      for (const auto& provider : entry.entry->providers) {
        providers.push_back(provider->name());
        if (provider->name() != provider_name) continue;
        known = true;
        if (provider->available()) return Route{entry.entry->set, entry.skill, provider};
      }
      continue;
    }
    if (std::shared_ptr<Provider> provider = Choose(*entry.entry, RouteScope::kAll, &known)) {
      return Route{entry.entry->set, entry.skill, std::move(provider)};
    }
  }
  if (known) return Unavailable(ref.ToString(), entries);
  if (!version_known) {
    return absl::NotFoundError(absl::StrCat("skill \"", id, "\" has no version ", ref.pin->ToString(), " here; it has ",
                                            absl::StrJoin(versions, ", "), "."));
  }
  return absl::NotFoundError(absl::StrCat("skill \"", id, "\" has no provider \"", provider_name, "\"; it has ",
                                          absl::StrJoin(providers, ", "), ".", DidYouMean(provider_name, providers)));
}

}  // namespace paranet
