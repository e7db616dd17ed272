#include "bindings/python/runtime/python_runtime.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/package/sha256.h"

// From the assembler of the generated embedded_data.cc.
extern "C" {
extern const char paranet_python___init___py[];
extern const char paranet_python___init___py_end[];
extern const char paranet_python__aio_py[];
extern const char paranet_python__aio_py_end[];
extern const char paranet_python__bootstrap_py[];
extern const char paranet_python__bootstrap_py_end[];
extern const char paranet_python__descriptors_py[];
extern const char paranet_python__descriptors_py_end[];
extern const char paranet_python__messages_py[];
extern const char paranet_python__messages_py_end[];
extern const char paranet_python__plan_py[];
extern const char paranet_python__plan_py_end[];
extern const char paranet_python__schema_py[];
extern const char paranet_python__schema_py_end[];
extern const char paranet_python__serve_py[];
extern const char paranet_python__serve_py_end[];
extern const char paranet_python__texts_py[];
extern const char paranet_python__texts_py_end[];
extern const char paranet_python__types_py[];
extern const char paranet_python__types_py_end[];
extern const char paranet_python__wire_py[];
extern const char paranet_python__wire_py_end[];
extern const char paranet_python__worker_so[];
extern const char paranet_python__worker_so_end[];
extern const char paranet_python_actor_py[];
extern const char paranet_python_actor_py_end[];
extern const char paranet_python_errors_py[];
extern const char paranet_python_errors_py_end[];
}

namespace paranet {
namespace {

struct RuntimeFile {
  const char* name;
  const char* begin;
  const char* end;

  absl::string_view content() const { return {begin, static_cast<size_t>(end - begin)}; }
};

const RuntimeFile kFiles[] = {
    {"__init__.py", paranet_python___init___py, paranet_python___init___py_end},
    {"_aio.py", paranet_python__aio_py, paranet_python__aio_py_end},
    {"_bootstrap.py", paranet_python__bootstrap_py, paranet_python__bootstrap_py_end},
    {"_descriptors.py", paranet_python__descriptors_py, paranet_python__descriptors_py_end},
    {"_messages.py", paranet_python__messages_py, paranet_python__messages_py_end},
    {"_plan.py", paranet_python__plan_py, paranet_python__plan_py_end},
    {"_schema.py", paranet_python__schema_py, paranet_python__schema_py_end},
    {"_serve.py", paranet_python__serve_py, paranet_python__serve_py_end},
    {"_texts.py", paranet_python__texts_py, paranet_python__texts_py_end},
    {"_types.py", paranet_python__types_py, paranet_python__types_py_end},
    {"_wire.py", paranet_python__wire_py, paranet_python__wire_py_end},
    {"_worker.so", paranet_python__worker_so, paranet_python__worker_so_end},
    {"actor.py", paranet_python_actor_py, paranet_python_actor_py_end},
    {"errors.py", paranet_python_errors_py, paranet_python_errors_py_end},
};

std::string DigestOfFiles() {
  std::string digests;
  for (const RuntimeFile& file : kFiles) absl::StrAppend(&digests, file.name, " ", Sha256(file.content()), "\n");
  return absl::BytesToHexString(Sha256(digests));
}

absl::Status WriteFiles(const std::string& dir) {
  PARANET_RETURN_IF_ERROR(MakeDirectories(absl::StrCat(dir, "/paranet")));
  for (const RuntimeFile& file : kFiles) {
    PARANET_RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(dir, "/paranet/", file.name), file.content(), 0600));
  }
  return absl::OkStatus();
}

// What another version, or an installation that was broken off, has left behind. Nothing depends on it.
void DeleteOthers(const std::string& dir, const std::string& digest) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    // One that is being made by another process begins with the same digest.
    if (name.compare(0, digest.size(), digest) != 0) RemoveAll(entry->path().string()).IgnoreError();
  }
}

}  // namespace

absl::StatusOr<std::string> InstallPythonRuntime(const std::string& dir) {
  const std::string digest = DigestOfFiles();
  const std::string folder = absl::StrCat(dir, "/", digest);
  struct stat info;
  if (stat(folder.c_str(), &info) == 0) return folder;
  PARANET_RETURN_IF_ERROR(MakeDirectories(dir));
  std::string temporary = absl::StrCat(folder, ".XXXXXX");
  if (mkdtemp(temporary.data()) == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot make a folder for the runtime of Python actors in ", dir, ": ", std::strerror(errno)));
  }
  const absl::Status written = WriteFiles(temporary);
  if (written.ok() && rename(temporary.c_str(), folder.c_str()) == 0) {
    DeleteOthers(dir, digest);
    return folder;
  }
  const int error = errno;
  RemoveAll(temporary).IgnoreError();
  PARANET_RETURN_IF_ERROR(written);
  // Another process was faster, with the same files.
  if (error == EEXIST || error == ENOTEMPTY) return folder;
  return absl::FailedPreconditionError(absl::StrCat("cannot make ", folder, ": ", std::strerror(error)));
}

}  // namespace paranet
