// When the dialler of a link that is up connects anew.
#ifndef PARANET_FEDERATION_LINK_REPLACEMENT_H_
#define PARANET_FEDERATION_LINK_REPLACEMENT_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/random/random.h"
#include "absl/time/time.h"
#include "federation/backoff.h"
#include "federation/control_thread.h"

namespace paranet {

// A link is as good as the certificates that its connection began with. It is replaced while they last: when one of
// them has been replaced, and at about two thirds of what the peer's had left. On the control thread.
class LinkReplacement {
 public:
  // `due` runs when an attempt is to begin; Up or Failed says how it went. Not more than two begin in a second.
  LinkReplacement(std::shared_ptr<ControlThread> control, std::function<void()> due);
  LinkReplacement(const LinkReplacement&) = delete;
  LinkReplacement& operator=(const LinkReplacement&) = delete;
  ~LinkReplacement() { Stop(); }

  // The link is being dialled because there is none: what was asked for so far will be so.
  void Dialling();
  // The link is up, for the first time or anew, and the peer's certificate is good for another `left`.
  void Up(absl::Duration left);
  // A certificate, or what is trusted, has changed. Remembered while the link is being dialled.
  void Request();
  // The link is still the old one: tried again after a pause.
  void Failed();
  // The link is down, or is not to be replaced any more.
  void Stop();

 private:
  // Not later than anything asked for before.
  void Arm(absl::Time when);

  const std::shared_ptr<ControlThread> control_;
  const std::function<void()> due_;
  Backoff backoff_;
  absl::BitGen random_;
  bool up_ = false;
  // Between `due` and its outcome.
  bool attempting_ = false;
  // Request came when an attempt was under way, which may have begun with what was there before.
  bool again_ = false;
  absl::Time last_ = absl::InfinitePast();
  absl::Time armed_ = absl::InfiniteFuture();
  uint64_t timer_ = 0;
};

}  // namespace paranet

#endif  // PARANET_FEDERATION_LINK_REPLACEMENT_H_
