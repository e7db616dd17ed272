#include "federation/link_set.h"

#include <algorithm>
#include <utility>

namespace paranet {

LinkSet::LinkPtr LinkSet::Find(const std::string& id) const {
  const auto found = std::find_if(links_.begin(), links_.end(), [&](const LinkPtr& link) { return link->id() == id; });
  return found == links_.end() ? nullptr : *found;
}

void LinkSet::Add(LinkPtr link) {
  if (current_ == nullptr) current_ = link;
  links_.push_back(std::move(link));
}

void LinkSet::Remove(const LinkPtr& link) {
  const bool was_current = link == current_;
  std::erase(links_, link);
  if (!was_current) return;
  current_ = nullptr;
  for (const LinkPtr& other : links_) {
    if (!other->is_retiring()) current_ = other;
  }
}

bool LinkSet::MakeCurrent(const LinkPtr& link) {
  const bool older = std::find(links_.begin(), links_.end(), link) < std::find(links_.begin(), links_.end(), current_);
  if (!older) current_ = link;
  return !older;
}

void LinkSet::RetireOlder() {
  // A link may end while it retires.
  const std::vector<LinkPtr> links = links_;
  for (const LinkPtr& link : links) {
    if (link == current_) break;
    link->Retire();
  }
}

}  // namespace paranet
