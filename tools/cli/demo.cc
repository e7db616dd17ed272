#include "tools/cli/demo.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "examples/greeter/embedded.h"
#include "examples/weather/embedded.h"
#include "tools/cli/call.h"
#include "tools/cli/demo_network.h"
#include "tools/cli/demo_report.h"
#include "tools/cli/federate.h"
#include "tools/cli/node_status.h"
#include "tools/cli/package_build.h"
#include "tools/cli/package_deploy.h"
#include "tools/cli/package_sign.h"
#include "tools/cli/root_init.h"
#include "tools/cli/root_issue.h"
#include "tools/daemon/example_package.h"
#include "tools/daemon/stop_signals.h"

namespace paranet::cli {
namespace {

constexpr char kNetwork[] = "demo";
constexpr char kCity[] = R"({"city":"Oslo"})";
constexpr char kWatch[] = R"({"city":"Oslo","count":3})";
constexpr char kName[] = R"({"name":"Ada"})";

using StringOr = absl::StatusOr<std::string>;

StringOr MakeRoot(DemoNetwork& net) {
  PARANET_ASSIGN_OR_RETURN(const MadeRoot root, InitRoot(net.home(), {.network = kNetwork, .dir = ""}));
  return absl::StrCat("network ", root.network, ", root ", root.fingerprint.substr(0, 16), "…");
}

StringOr Issue(DemoNetwork& net) {
  const std::pair<std::string, std::string> wanted[] = {{"node", "alpha"}, {"node", "beta"}, {"publisher", "tools"}};
  std::vector<std::string> issued;
  for (const auto& [role, name] : wanted) {
    RootIssueOptions options{.network = kNetwork, .role = role, .name = name};
    options.out = net.Path(name + "-identity");
    if (role == "node") {
      // With --keep, a stock client on this machine can check whom it talks to.
      options.dns = {"localhost"};
      options.ip = {"127.0.0.1"};
    }
    PARANET_ASSIGN_OR_RETURN(const v1::CertificateInfo info, IssueIdentity(net.home(), options));
    issued.push_back(info.identity());
  }
  return absl::StrJoin(issued, ", ");
}

StringOr StartStandard(DemoNetwork& net, const std::string& name) {
  PARANET_ASSIGN_OR_RETURN(const v1::GetStatusResponse status,
                           net.Start({.name = name, .identity = net.Path(name + "-identity")}));
  return absl::StrCat(NodeKindName(status.kind()), " on ", status.address(), ", process ", status.pid());
}

StringOr StartTest(DemoNetwork& net) {
  PARANET_ASSIGN_OR_RETURN(const v1::GetStatusResponse status, net.Start({.name = "gamma", .test = true}));
  return absl::StrCat(NodeKindName(status.kind()), " on ", status.address(), ", process ", status.pid());
}

template <typename Files>
StringOr Publish(DemoNetwork& net, const Files& files, const std::string& name, const std::string& node) {
  const std::string folder = net.Path(name);
  PARANET_RETURN_IF_ERROR(daemon::WriteExampleFolder(files, folder));
  PARANET_ASSIGN_OR_RETURN(const PackageFileResult built, BuildPackageFile(folder, net.Path(name + ".paranet")));
  PARANET_ASSIGN_OR_RETURN(const PackageFileResult signed_file,
                           SignPackageFile({.file = built.file, .identity = net.Path("tools-identity"), .out = ""}));
  PARANET_ASSIGN_OR_RETURN(const v1::DeployResponse deployed, DeployPackageFile(net.home(), built.file, node));
  return absl::StrCat(deployed.package().id(), " ", deployed.package().version(), " by ", signed_file.publisher);
}

// OK with what was said if `status` is the refusal that it should be.
StringOr Refused(const absl::Status& status, absl::StatusCode expected) {
  if (status.code() == expected) {
    return absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message());
  }
  return absl::InternalError(
      absl::StrCat("expected ", absl::StatusCodeToString(expected), ", got ", status.ToString()));
}

StringOr GammaCannotFederate(DemoNetwork& net) {
  return Refused(FederateNodes(net.home(), {.from = "gamma", .to = "beta"}).status(),
                 absl::StatusCode::kPermissionDenied);
}

absl::StatusOr<std::vector<std::string>> Call(DemoNetwork& net, const std::string& skill, const std::string& node,
                                              const std::string& json) {
  std::vector<std::string> answers;
  PARANET_RETURN_IF_ERROR(CallSkill(net.home(), {.skill = skill, .node = node, .messages = {json}},
                                    [&](const std::string& answer) { answers.push_back(answer); }));
  return answers;
}

StringOr CannotCall(DemoNetwork& net, const std::string& skill, const std::string& node, const std::string& json) {
  return Refused(Call(net, skill, node, json).status(), absl::StatusCode::kNotFound);
}

StringOr Federate(DemoNetwork& net) {
  PARANET_ASSIGN_OR_RETURN(const v1::LinkInfo link, FederateNodes(net.home(), {.from = "alpha", .to = "beta"}));
  return absl::StrCat("link up, ", link.imports(), " skill set imported");
}

StringOr CanCall(DemoNetwork& net, const std::string& skill, const std::string& node, const std::string& json,
                 size_t expected) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<std::string> answers, Call(net, skill, node, json));
  if (answers.size() == expected) return absl::StrJoin(answers, " ");
  return absl::InternalError(absl::StrCat("expected ", expected, " answers, got ", answers.size()));
}

struct NamedStep {
  std::string name;
  DemoReport::Step step;
};

std::vector<NamedStep> Steps(DemoNetwork& net) {
  return {
      {"make a Network Root", [&] { return MakeRoot(net); }},
      {"issue certificates", [&] { return Issue(net); }},
      {"start alpha", [&] { return StartStandard(net, "alpha"); }},
      {"start beta", [&] { return StartStandard(net, "beta"); }},
      {"start gamma", [&] { return StartTest(net); }},
      {"build, sign and deploy weather on beta",
       [&] { return Publish(net, WeatherPackageFiles(), "weather", "beta"); }},
      {"build, sign and deploy greeter on alpha",
       [&] { return Publish(net, GreeterPackageFiles(), "greeter", "alpha"); }},
      {"gamma cannot federate", [&] { return GammaCannotFederate(net); }},
      {"alpha cannot call weather/current yet", [&] { return CannotCall(net, "weather/current", "alpha", kCity); }},
      {"federate alpha to beta", [&] { return Federate(net); }},
      {"alpha calls weather/current", [&] { return CanCall(net, "weather/current", "alpha", kCity, 1); }},
      {"alpha calls weather/watch, a stream", [&] { return CanCall(net, "weather/watch", "alpha", kWatch, 3); }},
      {"alpha calls its own greeter/hello", [&] { return CanCall(net, "greeter/hello", "alpha", kName, 1); }},
      {"beta cannot call alpha's greeter/hello", [&] { return CannotCall(net, "greeter/hello", "beta", kName); }},
  };
}

absl::Status RunSteps(DemoNetwork& net, DemoReport& report) {
  for (const NamedStep& step : Steps(net)) {
    const absl::Status status = report.Run(step.name, step.step);
    if (net.interrupted()) return absl::CancelledError("the demonstration was interrupted");
    if (!status.ok()) return Annotate(status, step.name);
  }
  return absl::OkStatus();
}

void ShowHowToReach(Output& output, const DemoNetwork& net) {
  const std::string& paranet = net.context().executable;
  output.Talk(absl::StrCat("The network runs on. To reach it:\n  export PARANET_HOME=", net.home().path(), "\n  ",
                           paranet, " node ls\n  ", paranet, " call weather/current '", kCity,
                           "' --node alpha\nTo end it:\n  ", "for node in alpha beta gamma; do ", paranet,
                           " node stop $node; done; rm -r ", net.home().path()));
}

absl::Status RunDemo(Context& context, bool keep) {
  // First, while there is one thread, so that all inherit what it blocks.
  daemon::StopSignals signals;
  PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<DemoNetwork> net, DemoNetwork::Create(context, keep));
  DemoReport report(context.out);
  signals.Watch([&](int) { net->Interrupt(); });
  absl::Status status = RunSteps(*net, report);
  JsonObject object;
  object.Set("network", kNetwork);
  if (keep && status.ok()) {
    net->Keep();
    object.Set("home", net->home().path());
    ShowHowToReach(*context.out, *net);
  } else {
    status.Update(report.Run("clean up", [&]() -> StringOr {
      PARANET_RETURN_IF_ERROR(net->CleanUp());
      return "no process and no file is left";
    }));
  }
  return report.Finish(std::move(object), status);
}

}  // namespace

void AddDemo(CommandTree& tree) {
  const auto keep = std::make_shared<bool>(false);
  CLI::App* verb = tree.Verb(
      nullptr, "demo", "Makes a throw-away network of three nodes and shows what they can do and what they cannot.",
      "paranet demo\nparanet demo --output json\nparanet demo --keep",
      [keep](Context& context) { return RunDemo(context, *keep); });
  verb->add_flag("--keep", *keep, "Leave it running and print how to reach it");
}

}  // namespace paranet::cli
