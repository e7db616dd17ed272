#include "tools/cli/package_pull.h"

#include <memory>
#include <string>
#include <utility>

#include "core/base/status.h"
#include "core/package/archive.h"
#include "tools/cli/node_client.h"
#include "tools/cli/package_build.h"

namespace paranet::cli {
namespace {

struct PackagePullOptions {
  std::string id;
  std::string version;
  std::string out;
  std::string node;
  RemoteNode remote;
};

}  // namespace

void AddPackagePull(CommandTree& tree) {
  const auto options = std::make_shared<PackagePullOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("package", "Actor packages"), "pull",
      "Gets the archive of a package on a node, byte for byte as `package build` and `package sign` made it.",
      "paranet package pull weather --node t1\n"
      "paranet package pull weather --version 1.0.0 --node t1 --out old/",
      [options](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, options->node, options->remote));
        PARANET_ASSIGN_OR_RETURN(const std::string archive, client.PullPackage(options->id, options->version));
        // A node that is not one's own may send anything.
        PARANET_ASSIGN_OR_RETURN(Package package, ParseArchive(archive));
        PARANET_ASSIGN_OR_RETURN(const PackageFileResult result,
                                 WritePackageFile(std::move(package), archive, options->out));
        context.out->Result(PackageFileJson(result), FormatPackageFile(result));
        return absl::OkStatus();
      });
  verb->add_option("package", options->id, "Id of the package")->required()->type_name("ID");
  verb->add_option("--version", options->version, "A former version, in place of the present one")
      ->type_name("VERSION");
  verb->add_option("--out", options->out, "File or directory to write (./NAME-VERSION.paranet)")->type_name("FILE");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
