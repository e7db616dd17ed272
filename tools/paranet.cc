// The command line: `paranet NOUN VERB`.
#include <csignal>
#include <string>
#include <vector>

#include "tools/cli/call.h"
#include "tools/cli/cert_inspect.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/defederate.h"
#include "tools/cli/demo.h"
#include "tools/cli/federate.h"
#include "tools/cli/link_ls.h"
#include "tools/cli/node_ls.h"
#include "tools/cli/node_run.h"
#include "tools/cli/node_start.h"
#include "tools/cli/node_status.h"
#include "tools/cli/node_stop.h"
#include "tools/cli/package_build.h"
#include "tools/cli/package_deploy.h"
#include "tools/cli/package_ls.h"
#include "tools/cli/package_sign.h"
#include "tools/cli/root_init.h"
#include "tools/cli/root_issue.h"
#include "tools/cli/run.h"
#include "tools/cli/skill_ls.h"
#include "tools/cli/skill_show.h"

int main(int argc, char** argv) {
  // A reader that has gone, of our output or of a socket, is an error to be seen where it happens.
  std::signal(SIGPIPE, SIG_IGN);
  using namespace paranet::cli;  // NOLINT(google-build-using-namespace): each verb once, and nothing else
  CommandTree tree("paranet", "Runs nodes, links them, and calls their skills.",
                   "paranet demo\n"
                   "paranet node start --name t1 --test\n"
                   "paranet skill ls --node t1\n"
                   "paranet call weather/current '{\"city\":\"Oslo\"}' --node t1");
  AddDemo(tree);
  AddRootInit(tree);
  AddRootIssue(tree);
  AddNodeStart(tree);
  AddNodeRun(tree);
  AddNodeLs(tree);
  AddNodeStatus(tree);
  AddNodeStop(tree);
  AddPackageBuild(tree);
  AddPackageSign(tree);
  AddPackageDeploy(tree);
  AddPackageLs(tree);
  AddFederate(tree);
  AddDefederate(tree);
  AddLinkLs(tree);
  AddSkillLs(tree);
  AddSkillShow(tree);
  AddCall(tree);
  AddCertInspect(tree);
  return static_cast<int>(RunCommand(tree, std::vector<std::string>(argv + 1, argv + argc), StandardStreams()));
}
