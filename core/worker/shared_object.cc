#include "core/worker/shared_object.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace paranet {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
#error "which machine is this?"
#endif

// More is garbage: a library has about ten.
constexpr uint16_t kMaxSegments = 128;

absl::Status NoLibrary(absl::string_view name, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat(name, " does not load: ", why, "; it must be a shared object for this machine"));
}

bool ReadAt(int fd, uint64_t offset, void* to, size_t size) {
  char* at = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t got = ::pread(fd, at, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<size_t>(got);
  }
  return true;
}

}  // namespace

absl::Status CheckSharedObject(const std::string& path, absl::string_view name) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return NoLibrary(name, std::strerror(errno));
  const absl::Cleanup closer = [fd] { ::close(fd); };
  struct stat status {};
  if (::fstat(fd, &status) != 0) return NoLibrary(name, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return NoLibrary(name, "it is no regular file");
  const auto size = static_cast<uint64_t>(status.st_size);

  Elf64_Ehdr header;
  if (size < sizeof(header) || !ReadAt(fd, 0, &header, sizeof(header)) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return NoLibrary(name, "it is no ELF file");
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_machine != kMachine) {
    return NoLibrary(name, "it is for another kind of machine");
  }
  if (header.e_type != ET_DYN) return NoLibrary(name, "it is an ELF file, but no shared object");
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > kMaxSegments ||
      header.e_phoff > size || size - header.e_phoff < uint64_t{header.e_phnum} * sizeof(Elf64_Phdr)) {
    return NoLibrary(name, "its table of segments is damaged");
  }
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  if (!ReadAt(fd, header.e_phoff, segments.data(), segments.size() * sizeof(Elf64_Phdr))) {
    return NoLibrary(name, "its table of segments cannot be read");
  }
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC) continue;
    if (segment.p_offset > size || segment.p_filesz > size - segment.p_offset) {
      return NoLibrary(name, absl::StrCat("it is truncated at ", size, " bytes, before the end of a segment"));
    }
  }
  return absl::OkStatus();
}

}  // namespace paranet
