#include "core/skill/skill_id.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"

namespace paranet {
namespace {

constexpr size_t kMaxNameLength = 63;
constexpr size_t kMaxVersionLength = 128;

// `text` in quotation marks, fit for a terminal and not too long.
std::string Quoted(absl::string_view text) {
  constexpr size_t kMost = 80;
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape(text.substr(0, kMost)), text.size() > kMost ? "..." : "", "\"");
}

bool IsNumeric(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// A number without sign or leading zeros.
bool ParseNumber(absl::string_view text, uint64_t* number) {
  return IsNumeric(text) && (text.size() == 1 || text[0] != '0') && absl::SimpleAtoi(text, number);
}

bool IsPrerelease(absl::string_view text) {
  for (absl::string_view identifier : absl::StrSplit(text, '.')) {
    if (identifier.empty() || (IsNumeric(identifier) && identifier.size() > 1 && identifier[0] == '0')) return false;
    for (const char c : identifier) {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-') return false;
    }
  }
  return true;
}

std::strong_ordering CompareIdentifiers(absl::string_view a, absl::string_view b) {
  const bool a_is_number = IsNumeric(a);
  if (a_is_number != IsNumeric(b)) return a_is_number ? std::strong_ordering::less : std::strong_ordering::greater;
  // Numbers may be larger than any integer; they have no leading zeros.
  if (a_is_number && a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::strong_ordering ComparePrereleases(absl::string_view a, absl::string_view b) {
  if (a.empty() || b.empty()) return a.empty() <=> b.empty();
  const std::vector<absl::string_view> of_a = absl::StrSplit(a, '.');
  const std::vector<absl::string_view> of_b = absl::StrSplit(b, '.');
  for (size_t i = 0; i < std::min(of_a.size(), of_b.size()); ++i) {
    if (const auto order = CompareIdentifiers(of_a[i], of_b[i]); order != 0) return order;
  }
  return of_a.size() <=> of_b.size();
}

}  // namespace

absl::StatusOr<Version> Version::Parse(absl::string_view text) {
  const auto bad = [text](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("version ", Quoted(text), " ", why, "; a version is MAJOR.MINOR.PATCH, such as 1.4.0"));
  };
  if (text.size() > kMaxVersionLength) return bad("is too long");
  if (text.find('+') != absl::string_view::npos) return bad("has build metadata, which takes no part in precedence");
  const std::pair<absl::string_view, absl::string_view> split = absl::StrSplit(text, absl::MaxSplits('-', 1));
  const bool has_prerelease = split.first.size() < text.size();
  const std::vector<absl::string_view> numbers = absl::StrSplit(split.first, '.');
  Version version;
  if (numbers.size() != 3 || !ParseNumber(numbers[0], &version.major_) || !ParseNumber(numbers[1], &version.minor_) ||
      !ParseNumber(numbers[2], &version.patch_)) {
    return bad("is not a semantic version");
  }
  if (has_prerelease && !IsPrerelease(split.second)) return bad("has a malformed prerelease");
  version.prerelease_ = std::string(split.second);
  return version;
}

std::string Version::ToString() const {
  return absl::StrCat(major_, ".", minor_, ".", patch_, prerelease_.empty() ? "" : "-", prerelease_);
}

std::strong_ordering operator<=>(const Version& a, const Version& b) {
  if (const auto order = a.major_ <=> b.major_; order != 0) return order;
  if (const auto order = a.minor_ <=> b.minor_; order != 0) return order;
  if (const auto order = a.patch_ <=> b.patch_; order != 0) return order;
  return ComparePrereleases(a.prerelease_, b.prerelease_);
}

absl::StatusOr<VersionPin> VersionPin::Parse(absl::string_view text) {
  VersionPin pin;
  pin.text_ = std::string(text);
  if (absl::StatusOr<Version> exact = Version::Parse(text); exact.ok()) {
    pin.exact_ = *std::move(exact);
    return pin;
  }
  const std::vector<absl::string_view> numbers = absl::StrSplit(text.substr(0, kMaxVersionLength + 1), '.');
  uint64_t minor = 0;
  if (numbers.size() > 2 || !ParseNumber(numbers[0], &pin.major_) ||
      (numbers.size() == 2 && !ParseNumber(numbers[1], &minor))) {
    return absl::InvalidArgumentError(
        absl::StrCat("version pin ", Quoted(text), " is malformed; a pin is 1, 1.2 or 1.2.3"));
  }
  if (numbers.size() == 2) pin.minor_ = minor;
  return pin;
}

bool VersionPin::Matches(const Version& version) const {
  if (exact_.has_value()) return version == *exact_;
  if (version.major() != major_ || (minor_.has_value() && version.minor() != *minor_)) return false;
  return !version.is_prerelease();
}

absl::Status CheckName(absl::string_view text, absl::string_view what) {
  const auto bad = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(what, " ", Quoted(text), " ", why,
                                                   "; it is a lower-case letter, then lower-case letters, digits and "
                                                   "hyphens, at most ",
                                                   kMaxNameLength, " in all"));
  };
  if (text.empty()) return bad("is empty");
  if (text.size() > kMaxNameLength) return bad("is too long");
  if (!absl::ascii_islower(static_cast<unsigned char>(text[0]))) return bad("does not begin with a lower-case letter");
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!absl::ascii_islower(byte) && !absl::ascii_isdigit(byte) && c != '-') {
      return bad(absl::StrCat("has ", Quoted(absl::string_view(&c, 1)), " in it"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<SkillId> SkillId::Parse(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  if (parts.size() != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("skill ", Quoted(text), " has no slash; a skill is SUBJECT/ACTION, such as weather/current"));
  }
  const std::string context = absl::StrCat("skill ", Quoted(text));
  PARANET_RETURN_IF_ERROR(Annotate(CheckName(parts[0], "subject"), context));
  PARANET_RETURN_IF_ERROR(Annotate(CheckName(parts[1], "action"), context));
  return SkillId{.subject = std::string(parts[0]), .action = std::string(parts[1])};
}

absl::StatusOr<SkillRef> SkillRef::Parse(absl::string_view text) {
  const size_t tilde = text.find('~');
  SkillRef ref;
  PARANET_ASSIGN_OR_RETURN(ref.id, SkillId::Parse(text.substr(0, tilde)));
  if (tilde != absl::string_view::npos) {
    PARANET_ASSIGN_OR_RETURN(VersionPin pin, VersionPin::Parse(text.substr(tilde + 1)));
    ref.pin = std::move(pin);
  }
  return ref;
}

std::string SkillRef::ToString() const {
  return pin.has_value() ? absl::StrCat(id.ToString(), "~", pin->ToString()) : id.ToString();
}

}  // namespace paranet
