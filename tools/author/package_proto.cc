#include "tools/author/package_proto.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "tools/author/proto_compiler.h"
#include "tools/author/proto_cpp.h"

namespace paranet::cli {
namespace {

struct PackageProtoOptions {
  std::string file;
  std::string descriptors;
  std::string cpp;
};

// `HELLO_SKILLS_H_`.
std::string GuardOf(const std::string& path) {
  std::string guard = std::filesystem::path(path).filename().string();
  for (char& c : guard) {
    c = absl::ascii_isalnum(static_cast<unsigned char>(c)) ? absl::ascii_toupper(static_cast<unsigned char>(c)) : '_';
  }
  return absl::StrCat("PARANET_PACKAGE_", guard, "_");
}

absl::StatusOr<std::vector<std::string>> Write(const PackageProtoOptions& options) {
  PARANET_ASSIGN_OR_RETURN(const CompiledProto proto, CompiledProto::Compile(options.file));
  std::vector<std::string> written;
  std::string descriptors = options.descriptors;
  if (descriptors.empty() && options.cpp.empty()) {
    descriptors = std::filesystem::path(options.file).replace_extension(".binpb").string();
  }
  if (!descriptors.empty()) {
    PARANET_RETURN_IF_ERROR(WriteFileAtomically(descriptors, proto.DescriptorSet()));
    written.push_back(descriptors);
  }
  if (!options.cpp.empty()) {
    PARANET_ASSIGN_OR_RETURN(const std::string header, GenerateCpp(proto.file(), GuardOf(options.cpp)));
    PARANET_RETURN_IF_ERROR(WriteFileAtomically(options.cpp, header));
    written.push_back(options.cpp);
  }
  return written;
}

}  // namespace

void AddPackageProto(CommandTree& tree) {
  const auto options = std::make_shared<PackageProtoOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("package", "Actor packages"), "proto",
      "Makes the descriptors of a .proto file, and C++ that needs no protobuf, for a package's build commands.",
      "paranet package proto hello.proto\n"
      "paranet package proto hello.proto --descriptors hello.binpb --cpp hello.skills.h",
      [options](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(const std::vector<std::string> written, Write(*options));
        context.out->Result(JsonObject().Set("files", Json::Strings(written)), absl::StrJoin(written, "\n"));
        return absl::OkStatus();
      });
  verb->add_option("file", options->file, "The file; its imports are beside it")->required()->type_name("FILE");
  verb->add_option("--descriptors", options->descriptors, "Where the descriptors go (FILE.binpb)")->type_name("FILE");
  verb->add_option("--cpp", options->cpp, "Where structs and base classes go; core/actor/lite.h is beside them")
      ->type_name("FILE");
}

}  // namespace paranet::cli
