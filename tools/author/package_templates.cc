#include "tools/author/package_templates.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/nearest.h"

// From the assembler of the generated package_templates_data.cc.
extern "C" {
extern const char paranet_template_abi_h[];
extern const char paranet_template_abi_h_end[];
extern const char paranet_template_lite_h[];
extern const char paranet_template_lite_h_end[];
extern const char paranet_template_lite_codec_h[];
extern const char paranet_template_lite_codec_h_end[];
extern const char paranet_template_skills_proto_txt[];
extern const char paranet_template_skills_proto_txt_end[];
extern const char paranet_template_cpp_readme_txt[];
extern const char paranet_template_cpp_readme_txt_end[];
extern const char paranet_template_cpp_manifest_txt[];
extern const char paranet_template_cpp_manifest_txt_end[];
extern const char paranet_template_cpp_actor_txt[];
extern const char paranet_template_cpp_actor_txt_end[];
extern const char paranet_template_exec_readme_txt[];
extern const char paranet_template_exec_readme_txt_end[];
extern const char paranet_template_exec_manifest_txt[];
extern const char paranet_template_exec_manifest_txt_end[];
extern const char paranet_template_exec_actor_txt[];
extern const char paranet_template_exec_actor_txt_end[];
extern const char paranet_template_python_readme_txt[];
extern const char paranet_template_python_readme_txt_end[];
extern const char paranet_template_python_manifest_txt[];
extern const char paranet_template_python_manifest_txt_end[];
extern const char paranet_template_python_actor_txt[];
extern const char paranet_template_python_actor_txt_end[];
}

namespace paranet::cli {
namespace {

absl::string_view Between(const char* begin, const char* end) { return {begin, static_cast<size_t>(end - begin)}; }

std::vector<TemplateFile> Cpp() {
  return {
      {"@name@.proto", Between(paranet_template_skills_proto_txt, paranet_template_skills_proto_txt_end)},
      {"@proto@_actor.cc", Between(paranet_template_cpp_actor_txt, paranet_template_cpp_actor_txt_end)},
      {"README.md", Between(paranet_template_cpp_readme_txt, paranet_template_cpp_readme_txt_end)},
      {"paranet.yaml", Between(paranet_template_cpp_manifest_txt, paranet_template_cpp_manifest_txt_end)},
      {.path = "sdk/core/actor/abi.h",
       .content = Between(paranet_template_abi_h, paranet_template_abi_h_end),
       .verbatim = true},
      {.path = "sdk/core/actor/lite.h",
       .content = Between(paranet_template_lite_h, paranet_template_lite_h_end),
       .verbatim = true},
      {.path = "sdk/core/actor/lite_codec.h",
       .content = Between(paranet_template_lite_codec_h, paranet_template_lite_codec_h_end),
       .verbatim = true},
  };
}

std::vector<TemplateFile> Exec() {
  return {
      {"@name@.proto", Between(paranet_template_skills_proto_txt, paranet_template_skills_proto_txt_end)},
      {.path = "@proto@_actor.py",
       .content = Between(paranet_template_exec_actor_txt, paranet_template_exec_actor_txt_end),
       .executable = true},
      {"README.md", Between(paranet_template_exec_readme_txt, paranet_template_exec_readme_txt_end)},
      {"paranet.yaml", Between(paranet_template_exec_manifest_txt, paranet_template_exec_manifest_txt_end)},
  };
}

std::vector<TemplateFile> Python() {
  return {
      {"@proto@_actor.py", Between(paranet_template_python_actor_txt, paranet_template_python_actor_txt_end)},
      {"README.md", Between(paranet_template_python_readme_txt, paranet_template_python_readme_txt_end)},
      {"paranet.yaml", Between(paranet_template_python_manifest_txt, paranet_template_python_manifest_txt_end)},
  };
}

}  // namespace

absl::StatusOr<std::vector<TemplateFile>> TemplatesOf(absl::string_view language) {
  if (language == "cpp") return Cpp();
  if (language == "exec") return Exec();
  if (language == "python") return Python();
  return absl::InvalidArgumentError(absl::StrCat("there is no template in \"", language,
                                                 "\"; there are cpp, exec and python.",
                                                 DidYouMean(language, {"cpp", "exec", "python"})));
}

}  // namespace paranet::cli
