// Writes the folders of pki/testdata/cases anew, with new keys: `bazel run //pki/testutil:make_cases -- DIR`.
#include <cstdio>

#include "pki/testutil/case_maker.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_cases DIR, which has no cases yet\n");
    return 2;
  }
  paranet::pki::CaseMaker maker(argv[1]);
  paranet::pki::MakeChainCases(maker);
  paranet::pki::MakeIdentityCases(maker);
  paranet::pki::MakeListCases(maker);
  paranet::pki::MakeRequestCases(maker);
  std::printf("%zu cases in %s\n", maker.count(), argv[1]);
  return 0;
}
