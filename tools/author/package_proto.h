// `paranet package proto`: from a .proto to what a package needs of it.
#ifndef PARANET_TOOLS_AUTHOR_PACKAGE_PROTO_H_
#define PARANET_TOOLS_AUTHOR_PACKAGE_PROTO_H_

#include "tools/cli/command_tree.h"

namespace paranet::cli {

void AddPackageProto(CommandTree& tree);

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_AUTHOR_PACKAGE_PROTO_H_
