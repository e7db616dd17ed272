// Names and versions of skills.
#ifndef PARANET_CORE_SKILL_SKILL_ID_H_
#define PARANET_CORE_SKILL_SKILL_ID_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paranet {

// A semantic version (semver.org 2.0.0); build metadata is refused, because it takes no part in precedence.
class Version {
 public:
  // INVALID_ARGUMENT, quoting `text`.
  static absl::StatusOr<Version> Parse(absl::string_view text);
  Version() = default;

  uint64_t major() const { return major_; }
  uint64_t minor() const { return minor_; }
  uint64_t patch() const { return patch_; }
  bool is_prerelease() const { return !prerelease_.empty(); }
  std::string ToString() const;
  // By semver.org section 11.
  friend std::strong_ordering operator<=>(const Version& a, const Version& b);
  friend bool operator==(const Version& a, const Version& b) { return (a <=> b) == 0; }

 private:
  uint64_t major_ = 0;
  uint64_t minor_ = 0;
  uint64_t patch_ = 0;
  std::string prerelease_;
};

// A pin such as `1`, `1.2` or `1.2.3`: matches versions that begin with the numbers given and, for `1` and `1.2`, are
// not prereleases.
class VersionPin {
 public:
  static absl::StatusOr<VersionPin> Parse(absl::string_view text);
  bool Matches(const Version& version) const;
  std::string ToString() const { return text_; }

 private:
  std::string text_;
  uint64_t major_ = 0;
  std::optional<uint64_t> minor_;
  std::optional<Version> exact_;
};

// `subject/action`. Each part: a lower-case letter, then lower-case letters, digits and hyphens, at most 63 in all.
struct SkillId {
  std::string subject;
  std::string action;

  static absl::StatusOr<SkillId> Parse(absl::string_view text);
  std::string ToString() const { return subject + "/" + action; }
  friend auto operator<=>(const SkillId&, const SkillId&) = default;
};

// What a caller writes: `weather/current` or `weather/current~1.2`.
struct SkillRef {
  SkillId id;
  std::optional<VersionPin> pin;

  static absl::StatusOr<SkillRef> Parse(absl::string_view text);
  std::string ToString() const;
};

// OK if `text` is a valid part of a SkillId, an actor's or a package's id, or a node's or network's name; `what` names
// it in the error.
absl::Status CheckName(absl::string_view text, absl::string_view what);

}  // namespace paranet

#endif  // PARANET_CORE_SKILL_SKILL_ID_H_
