// The command line: nouns, verbs, options, and errors that help.
#ifndef PARANET_TOOLS_CLI_COMMAND_TREE_H_
#define PARANET_TOOLS_CLI_COMMAND_TREE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tools/cli/home.h"
#include "tools/cli/output.h"

namespace paranet::cli {

// What every verb has.
struct Context {
  Home home;
  Output* out = nullptr;
  // Path of this program, to start nodes with.
  std::string executable;
};

class CommandTree {
 public:
  using Run = std::function<absl::Status(Context&)>;

  // Of a program called `name`; `examples` as in Verb. A program that is a single command has a `run` and no verbs.
  CommandTree(const std::string& name, const std::string& description, const std::string& examples, Run run = nullptr);

  // For the options of a program that is a single command.
  CLI::App* root() { return root_.get(); }

  // A noun with verbs below it, or the one that is there; below `parent`, or at the top where that is null.
  CLI::App* Noun(const std::string& name, const std::string& description, CLI::App* parent = nullptr);
  // A verb below `noun`, or at the top where that is null. `examples`: whole command lines, one a line. The caller adds
  // options to what it gets, whose values live in what `run` owns.
  CLI::App* Verb(CLI::App* noun, const std::string& name, const std::string& description, const std::string& examples,
                 Run run);

  struct Parsed {
    // What to run, or null where `help` is what was asked for.
    Run run;
    std::string help;
  };
  // `arguments` without the program's name. A usage error names what is wrong, the nearest names, and where the help
  // is.
  absl::StatusOr<Parsed> Parse(std::vector<std::string> arguments);

  // The format asked for, found before anything else is looked at, so that usage errors have it too. A usage error if
  // it is neither `text` nor `json`.
  static absl::StatusOr<OutputFormat> FormatOf(const std::vector<std::string>& arguments);

 private:
  const CLI::App* Deepest() const;
  absl::Status Unexpected(const CLI::App& at, const std::string& argument) const;

  std::unique_ptr<CLI::App> root_;
  // Only for the help; FormatOf reads it.
  std::string output_;
  std::map<const CLI::App*, Run> verbs_;
};

// `10s`, `1.5m`, `24h`, `inf`; a usage error that names `option` unless it is more than nothing.
absl::StatusOr<absl::Duration> ParseDurationOption(absl::string_view option, absl::string_view text);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_COMMAND_TREE_H_
