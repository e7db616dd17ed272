// SIGINT, SIGTERM and SIGHUP as calls on an ordinary thread, where anything may be done.
#ifndef PARANET_TOOLS_DAEMON_STOP_SIGNALS_H_
#define PARANET_TOOLS_DAEMON_STOP_SIGNALS_H_

#include <csignal>
#include <functional>
#include <thread>

namespace paranet::daemon {

// While it lives, the three signals do not end the process but run the function given to Watch.
class StopSignals {
 public:
  // Blocks the signals in this thread and in those it starts from now on: make it before there are others. A signal
  // that comes before Watch is kept for it.
  StopSignals();
  // Ends Watch and unblocks the signals.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // `on_signal` runs on a thread of this object for each signal, with its number, until the destructor. Once.
  void Watch(std::function<void(int signal)> on_signal);

 private:
  sigset_t signals_;
  sigset_t before_;
  int signal_fd_;
  int end_fd_;
  std::thread thread_;
};

}  // namespace paranet::daemon

#endif  // PARANET_TOOLS_DAEMON_STOP_SIGNALS_H_
