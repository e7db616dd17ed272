// A against B in one run: the only kind of number that this project reports.
//
// The two subjects are measured alternately, many times, on the same machine under the same load, and what counts is
// the ratio of each pair of neighbours. Its median and its spread survive a busy machine; absolute figures do not.
#ifndef PARANET_TESTS_BENCH_COMPARE_H_
#define PARANET_TESTS_BENCH_COMPARE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace paranet::bench {

struct Subject {
  std::string name;
  // One sample, in the comparison's unit.
  std::function<absl::StatusOr<double>()> sample;
};

struct Comparison {
  std::string what;
  std::string unit;
  std::string a;
  std::string b;
  // Medians of the samples.
  double a_median = 0;
  double b_median = 0;
  // Of the pairs' ratios a/b: median, 10th and 90th percentile.
  double ratio = 0;
  double ratio_low = 0;
  double ratio_high = 0;
  int rounds = 0;
};

// The value below which `fraction` (0 to 1) of `values` lie, linearly interpolated; 0 for none.
double Percentile(std::vector<double> values, double fraction);

// Takes one sample of each as a warm-up, then `rounds` of each, a first in even rounds and b first in odd ones. The
// first error ends it.
absl::StatusOr<Comparison> Compare(const std::string& what, const std::string& unit, const Subject& a, const Subject& b,
                                   int rounds);

// A row for docs/benchmarks.md: `| what | a | b | ratio (p10 to p90) |`.
std::string ToMarkdownRow(const Comparison& comparison);

// Processor model, cores, load average and date, in one line.
std::string DescribeMachine();

}  // namespace paranet::bench

#endif  // PARANET_TESTS_BENCH_COMPARE_H_
