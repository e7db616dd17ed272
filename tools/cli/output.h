// The one printer of the command line: data on one stream, talk on the other, each as text or as JSON, errors too.
#ifndef PARANET_TOOLS_CLI_OUTPUT_H_
#define PARANET_TOOLS_CLI_OUTPUT_H_

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/cli/json.h"

namespace paranet::cli {

enum class OutputFormat { kText, kJson };

// Not thread-safe.
class Output {
 public:
  struct Streams {
    std::ostream* data;
    std::ostream* talk;
    // Whether talk may have colours. Data never has.
    bool colour = false;
  };
  Output(OutputFormat format, Streams streams) : format_(format), streams_(streams) {}

  OutputFormat format() const { return format_; }

  // The result of a command: `json` or `text`, whichever is asked for.
  void Result(const Json& json, absl::string_view text);
  // One line of data in either format, at once: an answer of a skill as it arrives.
  void Line(absl::string_view line);
  // One line for the person at the terminal.
  void Talk(absl::string_view line);
  // `paranet: MESSAGE` as talk, or {"error":{"code","message","exit_code"}} as data.
  void Error(const absl::Status& status);

  // `text` in green or red where talk may have colours.
  std::string Good(absl::string_view text) const;
  std::string Bad(absl::string_view text) const;

 private:
  std::string Coloured(absl::string_view text, int colour) const;

  const OutputFormat format_;
  const Streams streams_;
};

// Columns aligned by two spaces, `head` in capitals; `empty` where there are no rows.
std::string FormatTable(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows,
                        absl::string_view empty);

// `name  value` lines with the values aligned. Fields without a value are left out.
std::string FormatFields(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_OUTPUT_H_
