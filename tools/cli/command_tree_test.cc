#include "tools/cli/command_tree.h"

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "tools/cli/exit_code.h"

namespace paranet::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class CommandTreeTest : public testing::Test {
 protected:
  CommandTreeTest() {
    CLI::App* node = tree_.Noun("node", "Nodes on this machine");
    CLI::App* start = tree_.Verb(node, "start", "Starts a node", "paranet node start --name t1 --test",
                                 [this](Context&) { return Ran("start"); });
    start->add_option("--name", name_, "Its name")->required();
    start->add_flag("--test", test_, "A Test Node");
    tree_.Verb(node, "stop", "Stops a node", "paranet node stop t1", [this](Context&) { return Ran("stop"); });
    CLI::App* call =
        tree_.Verb(nullptr, "call", "Calls a skill", "paranet call a/b", [this](Context&) { return Ran("call"); });
    call->add_option("skill", name_, "The skill")->required();
    call->add_option("json", messages_, "Messages");
  }

  absl::Status Ran(const std::string& verb) {
    ran_ = verb;
    return absl::OkStatus();
  }
  absl::Status Run(std::vector<std::string> arguments) {
    auto parsed = tree_.Parse(std::move(arguments));
    if (!parsed.ok()) return parsed.status();
    help_ = parsed->help;
    if (parsed->run == nullptr) return absl::OkStatus();
    Context context{.home = Home("/none")};
    return parsed->run(context);
  }
  void ExpectUsage(std::vector<std::string> arguments, const testing::Matcher<std::string>& message) {
    const absl::Status status = Run(std::move(arguments));
    EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage);
    EXPECT_THAT(std::string(status.message()), message);
    EXPECT_EQ(ran_, "");
  }

  CommandTree tree_{"paranet", "Runs nodes.", "paranet node start"};
  std::string name_;
  bool test_ = false;
  std::vector<std::string> messages_;
  std::string ran_;
  std::string help_;
};

TEST_F(CommandTreeTest, RunsTheVerbWithItsOptions) {
  EXPECT_OK(Run({"node", "start", "--name", "t1", "--test"}));
  EXPECT_EQ(ran_, "start");
  EXPECT_EQ(name_, "t1");
  EXPECT_TRUE(test_);
}

TEST_F(CommandTreeTest, OutputStandsAnywhere) {
  EXPECT_OK(Run({"--output", "json", "node", "stop"}));
  EXPECT_EQ(ran_, "stop");
}

TEST_F(CommandTreeTest, OutputStandsBehindTheVerbToo) {
  EXPECT_OK(Run({"node", "stop", "--output=json"}));
  EXPECT_EQ(ran_, "stop");
}

TEST_F(CommandTreeTest, ArgumentMayHaveAVerbsName) {
  EXPECT_OK(Run({"call", "node", "call"}));
  EXPECT_EQ(ran_, "call");
  EXPECT_EQ(name_, "node");
  EXPECT_THAT(messages_, ElementsAre("call"));
}

TEST_F(CommandTreeTest, JsonArgumentsStayWhole) {
  EXPECT_OK(Run({"call", "a/b", R"({"x":[1,2]})", "[1,2]", "-"}));
  EXPECT_THAT(messages_, ElementsAre(R"({"x":[1,2]})", "[1,2] ", "-"));
}

TEST_F(CommandTreeTest, HelpBeginsWithExamples) {
  EXPECT_OK(Run({"node", "start", "--help"}));
  EXPECT_THAT(help_, StartsWith("Examples:\n  paranet node start --name t1 --test\n"));
  EXPECT_THAT(help_, HasSubstr("--name"));
  EXPECT_EQ(ran_, "");
}

TEST_F(CommandTreeTest, HelpOfTheWhole) {
  EXPECT_OK(Run({"--help"}));
  EXPECT_THAT(help_,
              AllOf(StartsWith("Examples:\n"), HasSubstr("Nodes on this machine: start, stop"), HasSubstr("call")));
}

TEST_F(CommandTreeTest, UnknownVerbGetsTheNearestAndTheList) {
  ExpectUsage({"nod", "start"}, AllOf(HasSubstr("no verb \"nod\""), HasSubstr("\"node\"")));
  ExpectUsage({"node", "strat"}, AllOf(HasSubstr("`paranet node`"), HasSubstr("\"start\""), HasSubstr("start, stop")));
}

TEST_F(CommandTreeTest, UnknownOptionGetsTheNearest) {
  ExpectUsage({"node", "start", "--nam=t1"}, AllOf(HasSubstr("no option --nam."), HasSubstr("\"--name\"")));
}

TEST_F(CommandTreeTest, MissingOption) {
  ExpectUsage({"node", "start"}, AllOf(HasSubstr("--name is required"), HasSubstr("paranet node start --help")));
}

TEST_F(CommandTreeTest, MissingVerb) {
  ExpectUsage({}, HasSubstr("needs a verb: node, call"));
  ExpectUsage({"node"}, HasSubstr("`paranet node` needs a verb: start, stop"));
}

TEST_F(CommandTreeTest, OneArgumentTooMany) { ExpectUsage({"node", "stop", "t1"}, HasSubstr("no use for \"t1\"")); }

TEST(SingleCommandTest, RunsWithoutAVerb) {
  int ran = 0;
  std::string name;
  CommandTree tree("node", "Runs a node.", "node --name t1", [&](Context&) {
    ++ran;
    return absl::OkStatus();
  });
  tree.root()->add_option("--name", name);
  auto parsed = tree.Parse({"--name", "t1"});
  ASSERT_OK(parsed);
  Context context{.home = Home("/none")};
  EXPECT_OK(parsed->run(context));
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(name, "t1");
}

TEST(SingleCommandTest, HasNoUseForArguments) {
  CommandTree tree("node", "Runs a node.", "node", [](Context&) { return absl::OkStatus(); });
  EXPECT_THAT(tree.Parse({"start"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no use for \"start\"")));
}

TEST(FormatOfTest, FindsItAnywhere) {
  EXPECT_EQ(*CommandTree::FormatOf({"node", "ls"}), OutputFormat::kText);
  EXPECT_EQ(*CommandTree::FormatOf({"--output", "json", "node"}), OutputFormat::kJson);
  EXPECT_EQ(*CommandTree::FormatOf({"node", "--output=json"}), OutputFormat::kJson);
  EXPECT_EQ(*CommandTree::FormatOf({"call", "--", "--output=json"}), OutputFormat::kText);
}

TEST(FormatOfTest, RefusesOthers) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--output", "jsn"}, {"--output"}, {"--output="}}) {
    EXPECT_EQ(ExitCodeOf(CommandTree::FormatOf(arguments).status()), ExitCode::kUsage);
  }
}

TEST(ParseDurationOptionTest, Units) {
  EXPECT_EQ(*ParseDurationOption("--ttl", "24h"), absl::Hours(24));
  EXPECT_EQ(*ParseDurationOption("--ttl", "1.5m"), absl::Seconds(90));
  EXPECT_EQ(*ParseDurationOption("--ttl", "inf"), absl::InfiniteDuration());
}

TEST(ParseDurationOptionTest, Refuses) {
  for (const char* text : {"", "10", "-1s", "0s", "soon"}) {
    EXPECT_EQ(ExitCodeOf(ParseDurationOption("--ttl", text).status()), ExitCode::kUsage) << text;
  }
}

}  // namespace
}  // namespace paranet::cli
