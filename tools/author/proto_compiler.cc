#include "tools/author/proto_compiler.h"

#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/compiler/importer.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/descriptor_database.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/wrappers.pb.h"
#include "paranet/v1/options.pb.h"

namespace paranet::cli {
namespace {

namespace pb = google::protobuf;

class Errors final : public pb::compiler::MultiFileErrorCollector {
 public:
  explicit Errors(std::string folder) : folder_(std::move(folder)) {}

  void AddError(const std::string& file, int line, int column, const std::string& message) override {
    // Without a place it is about the file as a whole.
    const std::string place = line < 0 ? "" : absl::StrCat(":", line + 1, ":", column + 1);
    errors_.push_back(absl::StrCat(folder_, file, place, ": ", message));
  }
  absl::Status status() const { return absl::InvalidArgumentError(absl::StrJoin(errors_, "\n")); }

 private:
  const std::string folder_;
  std::vector<std::string> errors_;
};

// What comes with this program: the linker keeps what is named.
void FindBundled(pb::SimpleDescriptorDatabase* bundled) {
  std::vector<const pb::FileDescriptor*> files;
  for (const pb::Descriptor* used :
       {v1::SkillSetOptions::descriptor(), pb::Any::descriptor(), pb::Duration::descriptor(), pb::Empty::descriptor(),
        pb::FieldMask::descriptor(), pb::Struct::descriptor(), pb::Timestamp::descriptor(),
        pb::StringValue::descriptor()}) {
    files.push_back(used->file());
  }
  std::set<const pb::FileDescriptor*> added;
  while (!files.empty()) {
    const pb::FileDescriptor* const file = files.back();
    files.pop_back();
    if (!added.insert(file).second) continue;
    pb::FileDescriptorProto proto;
    file->CopyTo(&proto);
    bundled->Add(proto);
    for (int i = 0; i < file->dependency_count(); ++i) files.push_back(file->dependency(i));
  }
}

void AddWithImports(const pb::FileDescriptor& file, std::set<const pb::FileDescriptor*>* added,
                    pb::FileDescriptorSet* set) {
  if (!added->insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddWithImports(*file.dependency(i), added, set);
  pb::FileDescriptorProto* const proto = set->add_file();
  file.CopyTo(proto);
  file.CopyJsonNameTo(proto);
}

}  // namespace

struct CompiledProto::State {
  explicit State(const std::string& folder)
      : errors(folder.empty() ? "" : absl::StrCat(folder, "/")),
        database(&tree, &bundled),
        pool(&database, Collector()) {
    tree.MapPath("", folder.empty() ? "." : folder);
    FindBundled(&bundled);
  }
  // The database tells what does not parse, its collector what does not link.
  pb::DescriptorPool::ErrorCollector* Collector() {
    database.RecordErrorsTo(&errors);
    return database.GetValidationErrorCollector();
  }

  Errors errors;
  pb::compiler::DiskSourceTree tree;
  pb::SimpleDescriptorDatabase bundled;
  pb::compiler::SourceTreeDescriptorDatabase database;
  pb::DescriptorPool pool;
  const pb::FileDescriptor* file = nullptr;
};

CompiledProto::CompiledProto(std::unique_ptr<State> state) : state_(std::move(state)) {}
CompiledProto::~CompiledProto() = default;
CompiledProto::CompiledProto(CompiledProto&& other) noexcept = default;
CompiledProto& CompiledProto::operator=(CompiledProto&& other) noexcept = default;

absl::StatusOr<CompiledProto> CompiledProto::Compile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::NotFoundError(absl::StrCat("there is no file ", path));
  }
  const std::filesystem::path at(path);
  auto state = std::make_unique<State>(at.parent_path().string());
  state->file = state->pool.FindFileByName(at.filename().string());
  if (state->file == nullptr) return state->errors.status();
  return CompiledProto(std::move(state));
}

const pb::FileDescriptor& CompiledProto::file() const { return *state_->file; }

std::string CompiledProto::DescriptorSet() const {
  std::set<const pb::FileDescriptor*> added;
  pb::FileDescriptorSet set;
  AddWithImports(*state_->file, &added, &set);
  std::string bytes;
  {
    pb::io::StringOutputStream stream(&bytes);
    pb::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    set.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace paranet::cli
