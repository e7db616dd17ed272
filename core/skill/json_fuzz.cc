// Whatever the text: no crash, and what is accepted is a request of the skill.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/skill/json.h"
#include "core/skill/skill_set.h"
#include "google/protobuf/descriptor.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

// A skill whose request has every kind of field: google.protobuf.FieldDescriptorProto and Struct between them.
std::shared_ptr<const paranet::SkillSet> Make() {
  google::protobuf::FileDescriptorSet set;
  google::protobuf::FileDescriptorProto* const file = set.add_file();
  file->set_name("fuzz.proto");
  file->set_package("fuzz");
  file->set_syntax("proto3");
  file->add_dependency("google/protobuf/struct.proto");
  file->add_dependency("google/protobuf/descriptor.proto");
  google::protobuf::DescriptorProto* const message = file->add_message_type();
  message->set_name("Request");
  int number = 0;
  for (const char* type : {".google.protobuf.Struct", ".google.protobuf.FieldDescriptorProto", ".fuzz.Request"}) {
    google::protobuf::FieldDescriptorProto* const field = message->add_field();
    field->set_number(++number);
    field->set_name("abc" + std::to_string(number));
    field->set_label(google::protobuf::FieldDescriptorProto::LABEL_REPEATED);
    field->set_type(google::protobuf::FieldDescriptorProto::TYPE_MESSAGE);
    field->set_type_name(type);
  }
  for (const auto type :
       {google::protobuf::FieldDescriptorProto::TYPE_INT64, google::protobuf::FieldDescriptorProto::TYPE_UINT32,
        google::protobuf::FieldDescriptorProto::TYPE_DOUBLE, google::protobuf::FieldDescriptorProto::TYPE_BYTES,
        google::protobuf::FieldDescriptorProto::TYPE_STRING, google::protobuf::FieldDescriptorProto::TYPE_BOOL}) {
    google::protobuf::FieldDescriptorProto* const field = message->add_field();
    field->set_number(++number);
    field->set_name("s" + std::to_string(number));
    field->set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
    field->set_type(type);
  }
  google::protobuf::ServiceDescriptorProto* const service = file->add_service();
  service->set_name("Fuzz");
  google::protobuf::MethodDescriptorProto* const method = service->add_method();
  method->set_name("Do");
  method->set_input_type(".fuzz.Request");
  method->set_output_type(".fuzz.Request");
  auto made = paranet::SkillSet::Create(set.SerializeAsString(), "fuzz.Fuzz");
  if (!made.ok()) std::abort();
  return *made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::shared_ptr<const paranet::SkillSet> set = Make();
  const paranet::Skill& skill = set->skills().front();
  const auto request = paranet::RequestFromJson(skill, absl::string_view(reinterpret_cast<const char*>(data), size));
  // The request's type is the response's too.
  if (request.ok() && absl::IsDataLoss(paranet::ResponseToJson(skill, *request).status()) && size < 64) std::abort();
  return 0;
}
