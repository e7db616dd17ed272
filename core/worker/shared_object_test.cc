#include "core/worker/shared_object.h"

#include <elf.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::HasSubstr;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

class SharedObjectTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(auto dir, TemporaryDirectory::Create());
    dir_.emplace(std::move(dir));
    std::ifstream in("core/worker/testdata/libgood.so", std::ios::binary);
    std::ostringstream content;
    content << in.rdbuf();
    good_ = content.str();
    ASSERT_GT(good_.size(), sizeof(Elf64_Ehdr));
  }

  absl::Status Check(const std::string& content) {
    const std::string path = absl::StrCat(dir_->path(), "/lib.so");
    EXPECT_OK(WriteFileAtomically(path, content));
    return CheckSharedObject(path, "lib.so");
  }
  // The library with another value in its header.
  template <typename Field>
  std::string With(Field Elf64_Ehdr::*field, Field value) {
    Elf64_Ehdr header;
    std::memcpy(&header, good_.data(), sizeof(header));
    header.*field = value;
    std::string changed = good_;
    std::memcpy(changed.data(), &header, sizeof(header));
    return changed;
  }
  // The end of what is mapped.
  size_t EndOfSegments() const {
    Elf64_Ehdr header;
    std::memcpy(&header, good_.data(), sizeof(header));
    size_t end = 0;
    for (size_t i = 0; i < header.e_phnum; ++i) {
      Elf64_Phdr segment;
      std::memcpy(&segment, good_.data() + header.e_phoff + i * sizeof(segment), sizeof(segment));
      if (segment.p_type == PT_LOAD) end = std::max<size_t>(end, segment.p_offset + segment.p_filesz);
    }
    return end;
  }

  std::optional<TemporaryDirectory> dir_;
  std::string good_;
};

TEST_F(SharedObjectTest, ALibraryIsOne) { EXPECT_OK(Check(good_)); }

TEST_F(SharedObjectTest, NothingThatEndsBeforeItsSegmentsIsOne) {
  const size_t end = EndOfSegments();
  ASSERT_GT(end, 1'000u);
  for (size_t size = 0; size < end; size += size < 200 ? 1 : 97) {
    EXPECT_THAT(Check(good_.substr(0, size)), StatusIs(kInvalid, HasSubstr("lib.so does not load"))) << size;
  }
  EXPECT_THAT(Check(good_.substr(0, end - 1)), StatusIs(kInvalid, HasSubstr("truncated")));
  // Sections are not mapped.
  EXPECT_OK(Check(good_.substr(0, end)));
}

TEST_F(SharedObjectTest, OtherFilesAreNot) {
  EXPECT_THAT(Check("#!/bin/sh\necho a script that is longer than the header of an ELF file, to be sure\n"),
              StatusIs(kInvalid, HasSubstr("no ELF file")));
  EXPECT_THAT(Check(With(&Elf64_Ehdr::e_machine, Elf64_Half{EM_PPC64})),
              StatusIs(kInvalid, HasSubstr("another kind of machine")));
  EXPECT_THAT(Check(With(&Elf64_Ehdr::e_type, Elf64_Half{ET_REL})), StatusIs(kInvalid, HasSubstr("no shared object")));
  EXPECT_THAT(Check(With(&Elf64_Ehdr::e_phnum, Elf64_Half{0})), StatusIs(kInvalid, HasSubstr("table of segments")));
  EXPECT_THAT(Check(With(&Elf64_Ehdr::e_phnum, Elf64_Half{0xffff})),
              StatusIs(kInvalid, HasSubstr("table of segments")));
  EXPECT_THAT(Check(With(&Elf64_Ehdr::e_phoff, Elf64_Off{UINT64_MAX - 8})),
              StatusIs(kInvalid, HasSubstr("table of segments")));
  EXPECT_THAT(Check(With(&Elf64_Ehdr::e_phentsize, Elf64_Half{1})), StatusIs(kInvalid, HasSubstr("table of segments")));
}

TEST_F(SharedObjectTest, NeitherIsAFolderNorNothing) {
  EXPECT_THAT(CheckSharedObject(dir_->path(), "dir"), StatusIs(kInvalid, HasSubstr("no regular file")));
  EXPECT_THAT(CheckSharedObject(absl::StrCat(dir_->path(), "/none.so"), "none.so"),
              StatusIs(kInvalid, HasSubstr("none.so does not load: No such file")));
}

}  // namespace
}  // namespace paranet
