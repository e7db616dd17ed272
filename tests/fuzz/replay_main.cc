// A main() for fuzz targets that are built without a fuzzer: each file of the corpus is one input, run once.
//
//   some_fuzz FILE_OR_FOLDER...
//
// A folder stands for all files below it. So a fuzz target is also an ordinary test: what a fuzzer once found stays
// found. The process exits with 0 when every input ran; a corpus without a file, or one that cannot be read, fails, as
// a replay that replays nothing proves nothing. Bad behaviour of the target shows as a crash, as it does with a fuzzer;
// the last line on stderr then names the input.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace paranet {
namespace {

namespace fs = std::filesystem;

// The files that `argument` stands for, in an order that is the same everywhere. Empty if there is none.
std::vector<fs::path> FilesOf(const fs::path& argument) {
  std::error_code error;
  if (!fs::is_directory(argument, error)) return {argument};
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator it(argument, error), end; !error && it != end; it.increment(error)) {
    if (it->is_regular_file(error)) files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// False if `path` cannot be read.
bool Replay(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  // Exactly as long as the input, so that a sanitizer sees a read of one byte too many.
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return false;
  std::fprintf(stderr, "input %s, %zu bytes\n", path.c_str(), bytes.size());
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return true;
}

int Main(int argc, char** argv) {
  size_t inputs = 0;
  for (int i = 1; i < argc; ++i) {
    for (const fs::path& path : FilesOf(argv[i])) {
      if (!Replay(path)) {
        std::fprintf(stderr, "cannot read the input %s\n", path.c_str());
        return 1;
      }
      ++inputs;
    }
  }
  std::printf("%zu inputs replayed\n", inputs);
  if (inputs == 0) std::fprintf(stderr, "no input: name at least one file, or a folder that holds one\n");
  return inputs == 0 ? 1 : 0;
}

}  // namespace
}  // namespace paranet

int main(int argc, char** argv) { return paranet::Main(argc, argv); }
