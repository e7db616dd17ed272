#include "tools/author/package_init.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/skill/skill_id.h"
#include "tools/author/package_templates.h"
#include "tools/cli/exit_code.h"

namespace paranet::cli {
namespace {

struct PackageInitOptions {
  std::string name;
  std::string language = "cpp";
};

// `hello-world` as `HelloWorld`.
std::string CamelCase(const std::string& name) {
  std::string camel;
  bool upper = true;
  for (const char c : name) {
    if (c == '-') {
      upper = true;
      continue;
    }
    camel.push_back(upper ? absl::ascii_toupper(static_cast<unsigned char>(c)) : c);
    upper = false;
  }
  return camel;
}

absl::Status CheckNewName(const std::string& name) {
  PARANET_RETURN_IF_ERROR(CheckName(name, "package id"));
  // It becomes part of names in .proto files and code.
  if (absl::ascii_isdigit(static_cast<unsigned char>(name[0]))) {
    return absl::InvalidArgumentError(absl::StrCat("package id \"", name, "\" must begin with a letter"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NewPackage> InitPackage(const std::string& name, const std::string& language) {
  PARANET_RETURN_IF_ERROR(CheckNewName(name));
  PARANET_ASSIGN_OR_RETURN(const std::vector<TemplateFile> templates, TemplatesOf(language));
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(name, error))) {
    return absl::AlreadyExistsError(absl::StrCat("there is something called ", name, " here; take another name"));
  }
  const std::vector<std::pair<std::string, std::string>> words = {
      {"@name@", name}, {"@proto@", absl::StrReplaceAll(name, {{"-", "_"}})}, {"@Name@", CamelCase(name)}};
  NewPackage made{.folder = name};
  for (const TemplateFile& file : templates) {
    const std::string path = absl::StrReplaceAll(file.path, words);
    const std::filesystem::path full = std::filesystem::path(name) / path;
    std::filesystem::create_directories(full.parent_path(), error);
    if (error) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot make folder ", full.parent_path().string(), ": ", error.message()));
    }
    const std::string content = file.verbatim ? std::string(file.content) : absl::StrReplaceAll(file.content, words);
    PARANET_RETURN_IF_ERROR(WriteFileAtomically(full.string(), content, file.executable ? 0755 : 0644));
    made.files.push_back(path);
  }
  return made;
}

void AddPackageInit(CommandTree& tree) {
  const auto options = std::make_shared<PackageInitOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("package", "Actor packages"), "init",
      "Makes a new package in a folder of its name, with one actor and one skill, that can be built and deployed.",
      "paranet package init hello\n"
      "paranet package init --lang python hello\n"
      "paranet package init --lang exec hello",
      [options](Context& context) -> absl::Status {
        absl::StatusOr<NewPackage> made = InitPackage(options->name, options->language);
        if (absl::IsInvalidArgument(made.status())) return UsageError(made.status().message());
        PARANET_RETURN_IF_ERROR(made.status());
        std::string text = absl::StrCat(made->folder, "/\n  ", absl::StrJoin(made->files, "\n  "));
        context.out->Result(JsonObject()
                                .Set("folder", made->folder)
                                .Set("language", options->language)
                                .Set("files", Json::Strings(made->files)),
                            text);
        context.out->Talk(absl::StrCat("next: paranet package build ", made->folder, " && paranet package deploy ",
                                       made->folder, "-1.0.0.paranet --node NODE"));
        return absl::OkStatus();
      });
  verb->add_option("name", options->name, "Of the package and its folder")->required()->type_name("NAME");
  verb->add_option("--lang", options->language, "cpp, python or exec: any program that serves gRPC (cpp)")
      ->type_name("LANGUAGE");
}

}  // namespace paranet::cli
