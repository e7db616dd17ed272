#include "tools/cli/output.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/cli/exit_code.h"

namespace paranet::cli {
namespace {

constexpr int kRed = 31;
constexpr int kGreen = 32;

// Characters, not bytes: what a terminal shows of UTF-8 text, but for wide and combining ones.
size_t Width(absl::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string Padded(absl::string_view text, size_t width) {
  return absl::StrCat(text, std::string(width - std::min(width, Width(text)), ' '));
}

}  // namespace

void Output::Result(const Json& json, absl::string_view text) {
  if (format_ == OutputFormat::kJson) return Line(json.text());
  *streams_.data << text;
  if (!text.empty() && !absl::EndsWith(text, "\n")) *streams_.data << '\n';
  streams_.data->flush();
}

void Output::Line(absl::string_view line) { *streams_.data << line << '\n' << std::flush; }

void Output::Talk(absl::string_view line) { *streams_.talk << line << '\n' << std::flush; }

void Output::Error(const absl::Status& status) {
  if (format_ == OutputFormat::kText) return Talk(absl::StrCat(Bad("paranet:"), " ", status.message()));
  Line(Json(JsonObject().Set("error", JsonObject()
                                          .Set("code", absl::StatusCodeToString(status.code()))
                                          .Set("message", status.message())
                                          .Set("exit_code", static_cast<int>(ExitCodeOf(status)))))
           .text());
}

std::string Output::Good(absl::string_view text) const { return Coloured(text, kGreen); }
std::string Output::Bad(absl::string_view text) const { return Coloured(text, kRed); }

std::string Output::Coloured(absl::string_view text, int colour) const {
  if (!streams_.colour) return std::string(text);
  return absl::StrCat("\x1b[", colour, "m", text, "\x1b[0m");
}

std::string FormatTable(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows,
                        absl::string_view empty) {
  if (rows.empty()) return absl::StrCat(empty, "\n");
  std::vector<size_t> widths(head.size());
  for (size_t i = 0; i < head.size(); ++i) {
    widths[i] = Width(head[i]);
    for (const auto& row : rows) widths[i] = std::max(widths[i], i < row.size() ? Width(row[i]) : 0);
  }
  std::string out;
  const auto add = [&](const std::vector<std::string>& row, bool capitals) {
    std::string line;
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      absl::StrAppend(&line, i == 0 ? "" : "  ", Padded(capitals ? absl::AsciiStrToUpper(row[i]) : row[i], widths[i]));
    }
    absl::StrAppend(&out, absl::StripTrailingAsciiWhitespace(line), "\n");
  };
  add(head, true);
  for (const auto& row : rows) add(row, false);
  return out;
}

std::string FormatFields(const std::vector<std::pair<std::string, std::string>>& fields) {
  size_t width = 0;
  for (const auto& [name, value] : fields) width = std::max(width, value.empty() ? 0 : Width(name));
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!value.empty()) absl::StrAppend(&out, Padded(name, width), "  ", value, "\n");
  }
  return out;
}

}  // namespace paranet::cli
