#include "pki/enrolment/renewal_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace paranet::pki {
namespace {

// As NetworkRoot backdates (kBackdate of network_root.h, which no node links).
constexpr absl::Duration kBackdated = absl::Minutes(1);
constexpr absl::Duration kLongestPause = absl::Minutes(5);
constexpr absl::Duration kShortestPause = absl::Milliseconds(100);
constexpr int kMostDoublings = 10;

std::string Utc(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

}  // namespace

CertificateLife LifeOf(absl::Time not_before, absl::Time not_after) {
  const absl::Time issued = not_before + kBackdated;
  return {.begin = issued < not_after ? issued : not_before, .end = not_after};
}

absl::Time RenewalTime(const CertificateLife& life, double jitter) {
  return life.begin + (life.end - life.begin) * (0.45 + 0.1 * jitter);
}

absl::Duration RenewalPause(const CertificateLife& life, int failures, double jitter) {
  const absl::Duration length = life.end - life.begin;
  const absl::Duration most = std::clamp(length / 10, kShortestPause, kLongestPause);
  const absl::Duration first = std::clamp(length / 100, kShortestPause, most);
  const absl::Duration bound = std::min(most, first * (1 << std::clamp(failures - 1, 0, kMostDoublings)));
  return bound * jitter;
}

RenewalUrgency UrgencyOf(const CertificateLife& life, absl::Time now) {
  const absl::Duration length = life.end - life.begin;
  const absl::Duration left = life.end - now;
  if (left < absl::ZeroDuration()) return RenewalUrgency::kExpired;
  if (left <= length / 10) return RenewalUrgency::kLast;
  return left <= length / 4 ? RenewalUrgency::kSoon : RenewalUrgency::kNone;
}

std::string RenewalWarning(const CertificateLife& life, absl::Time now, bool renews, const std::string& error) {
  const RenewalUrgency urgency = UrgencyOf(life, now);
  if (urgency == RenewalUrgency::kNone) return "";
  const std::string why = absl::StrCat("; `paranet node enroll` brings a new one",
                                       error.empty() ? "" : "; the last attempt to renew it: ", error);
  if (urgency == RenewalUrgency::kExpired) {
    return absl::StrCat("the certificate expired at ", Utc(life.end), ", and peers refuse this node", why);
  }
  return absl::StrCat(
      "the certificate expires in ", absl::FormatDuration(absl::Trunc(life.end - now, absl::Seconds(1))), " (at ",
      Utc(life.end), ")",
      renews ? " and has not been renewed yet" : " and is not renewed by itself, since this node was set up by files",
      why);
}

}  // namespace paranet::pki
