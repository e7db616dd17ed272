// A fuzz target that only records what it was given, for the test of replay_main.

#include <cstddef>
#include <cstdint>
#include <cstdio>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  unsigned sum = 0;
  for (size_t i = 0; i < size; ++i) sum += data[i];
  std::printf("target got %zu bytes, sum %u\n", size, sum);
  return 0;
}
