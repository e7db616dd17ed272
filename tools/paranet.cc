// The command line: `paranet NOUN VERB`.
#include <csignal>
#include <string>
#include <vector>

#include "tools/author/package_init.h"
#include "tools/author/package_proto.h"
#include "tools/cli/call.h"
#include "tools/cli/cert_fingerprint.h"
#include "tools/cli/cert_inspect.h"
#include "tools/cli/cert_verify.h"
#include "tools/cli/command_tree.h"
#include "tools/cli/defederate.h"
#include "tools/cli/demo.h"
#include "tools/cli/federate.h"
#include "tools/cli/link_ls.h"
#include "tools/cli/node_audit.h"
#include "tools/cli/node_enroll.h"
#include "tools/cli/node_ls.h"
#include "tools/cli/node_renew.h"
#include "tools/cli/node_run.h"
#include "tools/cli/node_start.h"
#include "tools/cli/node_status.h"
#include "tools/cli/node_stop.h"
#include "tools/cli/package_build.h"
#include "tools/cli/package_deploy.h"
#include "tools/cli/package_inspect.h"
#include "tools/cli/package_log.h"
#include "tools/cli/package_ls.h"
#include "tools/cli/package_pull.h"
#include "tools/cli/package_rollback.h"
#include "tools/cli/package_sign.h"
#include "tools/cli/package_undeploy.h"
#include "tools/cli/package_verify.h"
#include "tools/cli/policy_allow.h"
#include "tools/cli/policy_check.h"
#include "tools/cli/policy_clear.h"
#include "tools/cli/policy_deny.h"
#include "tools/cli/policy_grant.h"
#include "tools/cli/policy_ls.h"
#include "tools/cli/policy_revoke.h"
#include "tools/cli/request_create.h"
#include "tools/cli/request_inspect.h"
#include "tools/cli/root_audit.h"
#include "tools/cli/root_authority_renew.h"
#include "tools/cli/root_backup.h"
#include "tools/cli/root_crl.h"
#include "tools/cli/root_init.h"
#include "tools/cli/root_issue.h"
#include "tools/cli/root_ls.h"
#include "tools/cli/root_restore.h"
#include "tools/cli/root_revoke.h"
#include "tools/cli/root_rotate_activate.h"
#include "tools/cli/root_rotate_prepare.h"
#include "tools/cli/root_rotate_retire.h"
#include "tools/cli/root_rotate_status.h"
#include "tools/cli/root_serve.h"
#include "tools/cli/root_show.h"
#include "tools/cli/root_token_create.h"
#include "tools/cli/root_token_ls.h"
#include "tools/cli/root_token_revoke.h"
#include "tools/cli/run.h"
#include "tools/cli/skill_ls.h"
#include "tools/cli/skill_show.h"
#include "tools/cli/trust_add.h"
#include "tools/cli/trust_crl.h"
#include "tools/cli/trust_ls.h"
#include "tools/cli/trust_rm.h"

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
  AddRootLs(tree);
  AddRootShow(tree);
  AddRootRevoke(tree);
  AddRootCrl(tree);
  AddRootTokenCreate(tree);
  AddRootTokenLs(tree);
  AddRootTokenRevoke(tree);
  AddRootRotateStatus(tree);
  AddRootRotatePrepare(tree);
  AddRootRotateActivate(tree);
  AddRootRotateRetire(tree);
  AddRootAuthorityRenew(tree);
  AddRootBackup(tree);
  AddRootRestore(tree);
  AddRootAudit(tree);
  AddRootServe(tree);
  AddNodeStart(tree);
  AddNodeRun(tree);
  AddNodeLs(tree);
  AddNodeStatus(tree);
  AddNodeStop(tree);
  AddNodeEnroll(tree);
  AddNodeRenew(tree);
  AddNodeAudit(tree);
  AddPackageInit(tree);
  AddPackageProto(tree);
  AddPackageBuild(tree);
  AddPackageSign(tree);
  AddPackageVerify(tree);
  AddPackageInspect(tree);
  AddPackageDeploy(tree);
  AddPackageUndeploy(tree);
  AddPackageRollback(tree);
  AddPackagePull(tree);
  AddPackageLs(tree);
  AddPackageLog(tree);
  AddFederate(tree);
  AddDefederate(tree);
  AddLinkLs(tree);
  AddSkillLs(tree);
  AddSkillShow(tree);
  AddCall(tree);
  AddCertInspect(tree);
  AddCertFingerprint(tree);
  AddCertVerify(tree);
  AddRequestCreate(tree);
  AddRequestInspect(tree);
  AddTrustLs(tree);
  AddTrustAdd(tree);
  AddTrustCrl(tree);
  AddTrustRm(tree);
  AddPolicyLs(tree);
  AddPolicyCheck(tree);
  AddPolicyGrant(tree);
  AddPolicyRevoke(tree);
  AddPolicyAllow(tree);
  AddPolicyDeny(tree);
  AddPolicyClear(tree);
  return static_cast<int>(RunCommand(tree, std::vector<std::string>(argv + 1, argv + argc), StandardStreams()));
}
