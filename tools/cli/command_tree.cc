#include "tools/cli/command_tree.h"

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <utility>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/nearest.h"
#include "tools/cli/exit_code.h"

namespace paranet::cli {
namespace {

// Examples first: they are what most people look for. CLI11 has no place for them; they are kept in the footer.
class ExamplesFirst : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    std::string out;
    if (!app->get_footer().empty()) {
      out += "Examples:\n";
      for (const absl::string_view line : absl::StrSplit(app->get_footer(), '\n', absl::SkipEmpty())) {
        absl::StrAppend(&out, "  ", line, "\n");
      }
      out += "\n";
    }
    return out + CLI::Formatter::make_help(app, std::move(name), mode);
  }
  std::string make_footer(const CLI::App*) const override { return ""; }
  // With the verbs of a noun.
  std::string make_subcommand(const CLI::App* app) const override;
};

// `paranet node start`.
std::string FullName(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : absl::StrCat(FullName(*app.get_parent()), " ", app.get_name());
}

std::vector<std::string> VerbNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); })) {
    names.push_back(sub->get_name());
  }
  return names;
}

std::string ExamplesFirst::make_subcommand(const CLI::App* app) const {
  const std::vector<std::string> verbs = VerbNames(*app);
  std::ostringstream out;
  CLI::detail::format_help(
      out, app->get_display_name(true),
      verbs.empty() ? app->get_description() : absl::StrCat(app->get_description(), ": ", absl::StrJoin(verbs, ", ")),
      get_column_width());
  return out.str();
}

std::vector<std::string> OptionNames(const CLI::App* app) {
  std::vector<std::string> names;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string SeeHelp(const CLI::App& app) { return absl::StrCat("see `", FullName(app), " --help`"); }

absl::Status NoVerb(const CLI::App& app) {
  return UsageError(
      absl::StrCat("`", FullName(app), "` needs a verb: ", absl::StrJoin(VerbNames(app), ", "), "; ", SeeHelp(app)));
}

}  // namespace

CommandTree::CommandTree(const std::string& name, const std::string& description, const std::string& examples, Run run)
    : root_(std::make_unique<CLI::App>(description, name)) {
  root_->formatter(std::make_shared<ExamplesFirst>());
  root_->footer(examples);
  if (run != nullptr) verbs_[root_.get()] = std::move(run);
  root_->set_help_flag("-h,--help", "Print this help");
  root_->add_option("--output", output_, "text or json; anywhere on the command line")->type_name("FORMAT");
  // Extras are ours to report, with the nearest names.
  root_->allow_extras();
  root_->fallthrough();
  // At most one, or CLI11 takes an argument that has a verb's name for that verb.
  root_->require_subcommand(0, 1);
}

CLI::App* CommandTree::Noun(const std::string& name, const std::string& description, CLI::App* parent) {
  CLI::App* above = parent == nullptr ? root_.get() : parent;
  for (CLI::App* sub : above->get_subcommands({})) {
    if (sub->get_name() == name) return sub;
  }
  CLI::App* noun = above->add_subcommand(name, description);
  noun->group("Commands");
  noun->require_subcommand(0, 1);
  return noun;
}

CLI::App* CommandTree::Verb(CLI::App* noun, const std::string& name, const std::string& description,
                            const std::string& examples, Run run) {
  CLI::App* verb = (noun == nullptr ? root_.get() : noun)->add_subcommand(name, description);
  verb->group("Commands");
  verb->footer(examples);
  verbs_[verb] = std::move(run);
  return verb;
}

const CLI::App* CommandTree::Deepest() const {
  const CLI::App* app = root_.get();
  while (!app->get_subcommands().empty()) app = app->get_subcommands().back();
  return app;
}

absl::Status CommandTree::Unexpected(const CLI::App& at, const std::string& argument) const {
  if (absl::StartsWith(argument, "-")) {
    const std::string name = argument.substr(0, argument.find('='));
    return UsageError(absl::StrCat("`", FullName(at), "` has no option ", name, ".", DidYouMean(name, OptionNames(&at)),
                                   " ", SeeHelp(at)));
  }
  const std::vector<std::string> verbs = VerbNames(at);
  if (verbs.empty()) {
    return UsageError(absl::StrCat("`", FullName(at), "` has no use for \"", argument, "\"; ", SeeHelp(at)));
  }
  return UsageError(absl::StrCat("`", FullName(at), "` has no verb \"", argument, "\".", DidYouMean(argument, verbs),
                                 " There are: ", absl::StrJoin(verbs, ", ")));
}

absl::StatusOr<CommandTree::Parsed> CommandTree::Parse(std::vector<std::string> arguments) {
  for (std::string& argument : arguments) {
    // CLI11 would split `[a,b]` into several arguments; white space behind JSON means nothing.
    if (absl::StartsWith(argument, "[") && absl::EndsWith(argument, "]")) argument += ' ';
  }
  std::reverse(arguments.begin(), arguments.end());  // As CLI11 wants them.
  std::string problem;
  try {
    root_->parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return Parsed{.run = nullptr, .help = root_->help()};
  } catch (const CLI::ParseError& error) {
    problem = error.what();
  }
  const CLI::App& at = *Deepest();
  const std::vector<std::string> extras = root_->remaining(/*recurse=*/true);
  if (!extras.empty()) return Unexpected(at, extras.front());
  if (!problem.empty()) return UsageError(absl::StrCat("`", FullName(at), "`: ", problem, "; ", SeeHelp(at)));
  const auto verb = verbs_.find(&at);
  if (verb == verbs_.end()) return NoVerb(at);
  return Parsed{.run = verb->second, .help = ""};
}

absl::StatusOr<OutputFormat> CommandTree::FormatOf(const std::vector<std::string>& arguments) {
  std::string format = "text";
  for (size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    if (arguments[i] == "--output") {
      format = i + 1 < arguments.size() ? arguments[i + 1] : "";
    } else if (absl::StartsWith(arguments[i], "--output=")) {
      format = arguments[i].substr(sizeof("--output=") - 1);
    }
  }
  if (format == "text") return OutputFormat::kText;
  if (format == "json") return OutputFormat::kJson;
  return UsageError(
      absl::StrCat("--output is text or json, not \"", format, "\".", DidYouMean(format, {"text", "json"})));
}

absl::StatusOr<absl::Duration> ParseDurationOption(absl::string_view option, absl::string_view text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration()) return duration;
  return UsageError(
      absl::StrCat(option, " takes a time such as 10s, 1.5m, 24h or inf, more than nothing; \"", text, "\" is none"));
}

}  // namespace paranet::cli
