// A file descriptor with an owner.
#ifndef PARANET_CORE_BASE_UNIQUE_FD_H_
#define PARANET_CORE_BASE_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace paranet {

// Closes it. Movable.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { Close(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = other.release();
    }
    return *this;
  }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  int fd_ = -1;
};

}  // namespace paranet

#endif  // PARANET_CORE_BASE_UNIQUE_FD_H_
