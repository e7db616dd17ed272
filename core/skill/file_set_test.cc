#include "core/skill/file_set.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gmock/gmock.h"
#include "google/protobuf/timestamp.pb.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

namespace pb = google::protobuf;

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Names(const pb::FileDescriptorSet& files) {
  std::vector<std::string> names;
  for (const pb::FileDescriptorProto& file : files.file()) names.push_back(file.name());
  return names;
}

// c.proto with service c.C imports b.proto, which imports a.proto; other.proto stands alone.
pb::FileDescriptorSet FourFiles() {
  return CompileProtos(
      {{"a.proto", "syntax = \"proto3\"; package a; message A {}"},
       {"b.proto", "syntax = \"proto3\"; package b; import \"a.proto\"; message B { a.A a = 1; }"},
       {"c.proto",
        "syntax = \"proto3\"; package c; import \"b.proto\"; import \"google/protobuf/timestamp.proto\";"
        "message Time { google.protobuf.Timestamp t = 1; }"
        "service C { rpc Do(b.B) returns (b.B); }"},
       {"other.proto", "syntax = \"proto3\"; package other; message O {}"}});
}

// A file `f.proto` with service S, for `change` to spoil.
template <typename Change>
absl::Status WithChange(Change change) {
  pb::FileDescriptorSet files =
      CompileProtos({{"f.proto", "syntax = \"proto3\"; package p; message M {} service S { rpc Do(M) returns (M); }"}});
  change(&files);
  return FilesOfService(files.SerializeAsString(), "p.S").status();
}

TEST(FilesOfService, AreWhatTheServiceNeedsImportsFirst) {
  ASSERT_OK_AND_ASSIGN(const pb::FileDescriptorSet files, FilesOfService(FourFiles().SerializeAsString(), "c.C"));
  EXPECT_THAT(Names(files), ElementsAre("a.proto", "b.proto", "google/protobuf/timestamp.proto", "c.proto"));
}

TEST(FilesOfService, AreTheSameBytesInWhateverOrderTheyCome) {
  const pb::FileDescriptorSet files = FourFiles();
  ASSERT_OK_AND_ASSIGN(const pb::FileDescriptorSet sorted, FilesOfService(files.SerializeAsString(), "c.C"));
  pb::FileDescriptorSet reversed;
  for (int i = files.file_size() - 1; i >= 0; --i) *reversed.add_file() = files.file(i);
  reversed.mutable_file(0)->mutable_source_code_info()->add_location()->set_leading_comments("a comment");
  reversed.mutable_file(1)->mutable_source_code_info()->add_location()->set_leading_comments("a comment");
  pb::Timestamp::descriptor()->file()->CopyTo(reversed.add_file());
  ASSERT_OK_AND_ASSIGN(const pb::FileDescriptorSet again, FilesOfService(reversed.SerializeAsString(), "c.C"));
  EXPECT_EQ(sorted.SerializeAsString(), again.SerializeAsString());
}

TEST(FilesOfService, WellKnownTypesAreOurOwn) {
  pb::FileDescriptorSet files = FourFiles();
  pb::FileDescriptorProto* fake = files.add_file();
  fake->set_name("google/protobuf/timestamp.proto");
  fake->set_package("google.protobuf");
  fake->add_message_type()->set_name("Timestamp");
  ASSERT_OK_AND_ASSIGN(files, FilesOfService(files.SerializeAsString(), "c.C"));
  EXPECT_EQ(files.file(2).message_type(0).field_size(), 2);
}

TEST(FilesOfService, NobodyElseDefinesGoogleProtobuf) {
  EXPECT_THAT(WithChange([](pb::FileDescriptorSet* files) {
                pb::FileDescriptorProto* fake = files->add_file();
                fake->set_name("fake.proto");
                fake->set_package("google.protobuf");
                fake->add_message_type()->set_name("Timestamp");
                files->mutable_file(0)->add_dependency("fake.proto");
              }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("google.protobuf.Timestamp")));
  EXPECT_THAT(WithChange([](pb::FileDescriptorSet* files) {
                pb::FileDescriptorProto* fake = files->add_file();
                fake->set_name("fake.proto");
                pb::DescriptorProto* google = fake->add_message_type();
                google->set_name("google");
                google->add_nested_type()->set_name("protobuf");
                google->mutable_nested_type(0)->add_nested_type()->set_name("Any");
                files->mutable_file(0)->add_dependency("fake.proto");
              }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("google.protobuf.Any")));
}

TEST(FilesOfService, RefusesWhatIsNoDescriptorSet) {
  EXPECT_THAT(FilesOfService("\xff\xff", "p.S"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--descriptor_set_out")));
  EXPECT_THAT(FilesOfService("", "p.S"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no service p.S")));
  EXPECT_THAT(FilesOfService(std::string(FileSetLimits::kBytes + 1, '\0'), "p.S"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bytes; at most")));
  const std::string whole = FourFiles().SerializeAsString();
  for (size_t length = 0; length < whole.size(); length += 7) {
    EXPECT_FALSE(FilesOfService(whole.substr(0, length), "nobody.None").ok());
  }
}

TEST(FilesOfService, AnUnknownServiceGetsTheNearestNames) {
  EXPECT_THAT(FilesOfService(FourFiles().SerializeAsString(), "c.D"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Did you mean \"c.C\"?")));
  EXPECT_FALSE(FilesOfService(FourFiles().SerializeAsString(), "cxC").ok());
  EXPECT_FALSE(FilesOfService(FourFiles().SerializeAsString(), "C").ok());
  EXPECT_FALSE(FilesOfService(FourFiles().SerializeAsString(), "").ok());
}

TEST(FilesOfService, RefusesAMissingImport) {
  pb::FileDescriptorSet files = FourFiles();
  files.mutable_file()->DeleteSubrange(0, 1);
  EXPECT_THAT(
      FilesOfService(files.SerializeAsString(), "c.C"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("file b.proto imports a.proto, which is missing")));
}

TEST(FilesOfService, RefusesCyclesOfImports) {
  pb::FileDescriptorSet files = FourFiles();
  files.mutable_file(0)->add_dependency("c.proto");
  EXPECT_THAT(FilesOfService(files.SerializeAsString(), "c.C"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("imports itself")));
  EXPECT_THAT(WithChange([](pb::FileDescriptorSet* set) { set->mutable_file(0)->add_dependency("f.proto"); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("imports itself")));
}

TEST(FilesOfService, RefusesAFileTwice) {
  EXPECT_THAT(WithChange([](pb::FileDescriptorSet* files) { *files->add_file() = files->file(0); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("file f.proto twice")));
}

TEST(FilesOfService, AChainOfImportsAsLongAsAllowedIsFine) {
  const auto chain = [](int length) {
    pb::FileDescriptorSet files;
    for (int i = 0; i < length; ++i) {
      pb::FileDescriptorProto* file = files.add_file();
      file->set_name(absl::StrCat("f", i, ".proto"));
      file->set_syntax("proto3");
      if (i + 1 < length) file->add_dependency(absl::StrCat("f", i + 1, ".proto"));
    }
    files.mutable_file(0)->add_service()->set_name("S");
    return FilesOfService(files.SerializeAsString(), "S").status();
  };
  EXPECT_OK(chain(FileSetLimits::kFiles));
  EXPECT_THAT(chain(FileSetLimits::kFiles + 1), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1000 files")));
}

TEST(FilesOfService, LimitsWhatCostsMoreThanItsBytes) {
  EXPECT_THAT(WithChange([](pb::FileDescriptorSet* files) {
                for (int i = 0; i < FileSetLimits::kMessages; ++i) files->mutable_file(0)->add_message_type();
              }),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("f.proto"), HasSubstr("4000 messages"))));
  EXPECT_THAT(WithChange([](pb::FileDescriptorSet* files) {
                for (int i = 0; i <= FileSetLimits::kFields; ++i)
                  files->mutable_file(0)->mutable_message_type(0)->add_field();
              }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("p.M has more than 4000 fields")));
  EXPECT_THAT(WithChange([](pb::FileDescriptorSet* files) {
                for (int i = 0; i <= FileSetLimits::kRanges; ++i) {
                  files->mutable_file(0)->mutable_message_type(0)->add_reserved_range();
                }
              }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("reserved and extension ranges")));
  EXPECT_THAT(WithChange([](pb::FileDescriptorSet* files) {
                for (int i = 0; i <= FileSetLimits::kMethods; ++i)
                  files->mutable_file(0)->mutable_service(0)->add_method();
              }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1000 methods")));
  EXPECT_THAT(WithChange([](pb::FileDescriptorSet* files) {
                pb::DescriptorProto* message = files->mutable_file(0)->mutable_message_type(0);
                message->set_name(std::string(100'000, 'M'));
                for (int i = 0; i < 1'000; ++i) message->add_nested_type()->set_name("N");
              }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("full names")));
  EXPECT_THAT(WithChange([](pb::FileDescriptorSet* files) {
                pb::DescriptorProto* message = files->mutable_file(0)->mutable_message_type(0);
                for (int i = 0; i < 500; ++i) message = message->add_nested_type();
              }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no google.protobuf.FileDescriptorSet")));
}

TEST(FilesOfService, ErrorsAreFitForATerminal) {
  EXPECT_THAT(WithChange([](pb::FileDescriptorSet* files) { files->mutable_file(0)->add_dependency("\x1b[2Jx"); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\\x1b[2Jx")));
}

}  // namespace
}  // namespace paranet
