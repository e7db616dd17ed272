// Lines of a file descriptor, for a reader that may have to stop waiting for them.
#ifndef PARANET_TOOLS_CLI_LINE_SOURCE_H_
#define PARANET_TOOLS_CLI_LINE_SOURCE_H_

#include <optional>
#include <string>

namespace paranet::cli {

// Next() is for one thread, Interrupt() for any.
class LineSource {
 public:
  // `fd` stays the caller's.
  explicit LineSource(int fd);
  ~LineSource();
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;

  // The next line that is not blank, without its end; nullopt at the end of the file, on an error, or once interrupted.
  // The last line needs no end.
  std::optional<std::string> Next();
  // Ends a waiting Next() and all later ones.
  void Interrupt();

 private:
  // False at the end.
  bool Fill();

  const int fd_;
  const int interrupt_fd_;
  std::string buffer_;
  bool ended_ = false;
};

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_LINE_SOURCE_H_
