// What peers export to this node, as the catalogue shows it.
#ifndef PARANET_FEDERATION_IMPORTS_H_
#define PARANET_FEDERATION_IMPORTS_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/skill/catalogue.h"
#include "federation/catalogue_import.h"
#include "federation/link.h"
#include "federation/peer_provider.h"

namespace paranet {

// On the control thread. One provider per peer, over whichever of its links has imported last.
class Imports {
 public:
  // `catalogue` must outlive the object.
  Imports(Catalogue* catalogue, Logger logger) : catalogue_(catalogue), logger_(std::move(logger)) {}

  // `link` has received a complete catalogue: its calls go over it from now on.
  void Update(const std::shared_ptr<Link>& link);
  // Whether the calls to its peer go over `link`.
  bool Uses(const std::shared_ptr<Link>& link) const;
  // `link` is down. What its peer exports stays listed, unavailable unless `other`, another link of the peer that has
  // imported, takes its place; null for none.
  void LinkDown(const std::shared_ptr<Link>& link, const std::shared_ptr<Link>& other);
  // The federation with `peer` has ended: its skill sets are withdrawn.
  void Withdraw(const std::string& peer);
  void WithdrawAll();
  // What was left out because of a conflict may fit now.
  void CatalogueChanged();

 private:
  struct Peer {
    std::shared_ptr<PeerProvider> provider;
    std::shared_ptr<Link> link;
    SkillSets sets;
    // What the catalogue has of `sets`, and why the others are missing.
    bool is_offered = false;
    SkillSets offered;
    std::vector<std::string> skipped;
  };
  void Offer(Peer& peer);

  Catalogue* const catalogue_;
  const Logger logger_;
  std::map<std::string, Peer> peers_;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_IMPORTS_H_
