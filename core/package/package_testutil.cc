#include "core/package/package_testutil.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/package/manifest_check.h"
#include "core/package/sha256.h"
#include "google/protobuf/descriptor.pb.h"

namespace paranet {

std::string DescriptorsOf(absl::string_view service) {
  const size_t dot = service.rfind('.');
  const std::string package(service.substr(0, dot));
  google::protobuf::FileDescriptorSet set;
  google::protobuf::FileDescriptorProto& file = *set.add_file();
  file.set_name(absl::StrCat(package, ".proto"));
  file.set_package(package);
  file.set_syntax("proto3");
  google::protobuf::DescriptorProto& message = *file.add_message_type();
  message.set_name("CurrentRequest");
  google::protobuf::FieldDescriptorProto& field = *message.add_field();
  field.set_name("city");
  field.set_number(1);
  field.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  field.set_type(google::protobuf::FieldDescriptorProto::TYPE_STRING);
  google::protobuf::ServiceDescriptorProto& made = *file.add_service();
  made.set_name(std::string(service.substr(dot + 1)));
  google::protobuf::MethodDescriptorProto& method = *made.add_method();
  method.set_name("Current");
  method.set_input_type(absl::StrCat(".", package, ".CurrentRequest"));
  method.set_output_type(absl::StrCat(".", package, ".CurrentRequest"));
  return set.SerializeAsString();
}

v1::Manifest WeatherManifest() {
  v1::Manifest manifest;
  manifest.set_id("weather");
  manifest.set_version("1.0.0");
  manifest.set_name("Weather reports");
  v1::ActorManifest& actor = *manifest.add_actors();
  actor.set_id("weather");
  actor.set_version("1.0.0");
  actor.set_library("lib/weather.so");
  actor.add_skill_sets("weather.v1.Weather");
  actor.set_descriptors("weather.binpb");
  (*actor.mutable_env())["CITY"] = "Oslo";
  (*actor.mutable_env())["UNIT"] = "celsius";
  return manifest;
}

std::map<std::string, std::string> WeatherFiles() {
  return {{"empty", ""},
          {"lib/weather.so", std::string(5000, 'w')},
          {"weather.binpb", DescriptorsOf("weather.v1.Weather")}};
}

Package MakePackage(v1::Manifest head, std::map<std::string, std::string> files,
                    const std::set<std::string>& executables) {
  Package package;
  package.manifest = std::move(head);
  package.manifest.clear_files();
  for (const auto& [path, content] : files) {
    v1::PackageFile& file = *package.manifest.add_files();
    file.set_path(path);
    file.set_size(content.size());
    file.set_sha256(Sha256(content));
    file.set_executable(executables.count(path) > 0);
  }
  package.files = std::move(files);
  package.manifest_bytes = SerializeManifest(package.manifest);
  return package;
}

Package WeatherPackage() { return MakePackage(WeatherManifest(), WeatherFiles()); }

std::string WeatherYaml() {
  return "id: weather\n"
         "version: 1.0.0\n"
         "name: Weather reports\n"
         "actors:\n"
         "  - id: weather\n"
         "    version: 1.0.0\n"
         "    library: lib/weather.so\n"
         "    skillsets: [weather.v1.Weather]\n"
         "    descriptors: weather.binpb\n"
         "    env: {UNIT: celsius, CITY: Oslo}\n";
}

void WriteFiles(const std::string& dir, const std::map<std::string, std::string>& files) {
  for (const auto& [path, content] : files) {
    const std::filesystem::path whole = std::filesystem::path(dir) / path;
    absl::Status status = MakeDirectories(whole.parent_path().string());
    if (status.ok()) status = WriteFileAtomically(whole.string(), content);
    if (status.ok()) continue;
    std::cerr << "WriteFiles: " << status << "\n";
    std::abort();
  }
}

}  // namespace paranet
