// The connections of one link: the one that calls go over, those whose calls are ending, and one that comes.
#ifndef PARANET_FEDERATION_LINK_SET_H_
#define PARANET_FEDERATION_LINK_SET_H_

#include <memory>
#include <string>
#include <vector>

#include "federation/link.h"

namespace paranet {

// In the order in which they began. On the control thread.
class LinkSet {
 public:
  using LinkPtr = std::shared_ptr<Link>;

  // Null for none.
  const LinkPtr& current() const { return current_; }
  const std::vector<LinkPtr>& all() const { return links_; }
  // Null for none.
  LinkPtr Find(const std::string& id) const;
  // One that began after the current has not come up yet.
  bool is_one_coming() const { return !links_.empty() && links_.back() != current_ && !links_.back()->is_retiring(); }

  // The newest. Current if there is none.
  void Add(LinkPtr link);
  // `link`, which has come up, is the current one. False if a newer one is.
  bool MakeCurrent(const LinkPtr& link);
  // Those that are older than the current, whose place it has taken.
  void RetireOlder();
  // If it was the current, the one that comes takes its place.
  void Remove(const LinkPtr& link);

 private:
  std::vector<LinkPtr> links_;
  LinkPtr current_;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_LINK_SET_H_
