// The worker's side of core/worker/frame.h: an actor behind the C ABI (core/actor/abi.h) is served over a socket.
//
// Plain library without a main and without gRPC: the worker program calls it with a module that it has loaded, and
// runtimes of other languages (bindings/python) call it with a paranet_module whose functions lead into them.
#ifndef PARANET_CORE_WORKER_SERVE_H_
#define PARANET_CORE_WORKER_SERVE_H_

#include "absl/strings/string_view.h"
#include "core/actor/abi.h"

namespace paranet {

// The descriptor on which the node talks to a process that it has started.
inline constexpr int kWorkerDescriptor = 3;

struct ServeOptions {
  // Threads that handlers of unary calls may take when they block. Each streaming call has one more of its own.
  int max_threads = 256;
  // The module keeps its handlers apart by itself: they run as if the node had asked for CONCURRENT, whatever it asked.
  bool own_locking = false;
};

// Waits for the node's start, makes the one actor that it names (module->create), tells the node its methods, and then
// serves its calls: the host's functions of abi.h all work (caller and metadata also after unary() has returned, until
// the call is over), with the locking that the node asks for (one at a time, or concurrent), deadlines, cancellation,
// streams, and calls of other skills.
//
// Takes `fd` over (a connected stream socket) and returns when the node has said that it is over, or is gone: running
// handlers are then told so, waited for (at most ten seconds) and the actor is destroyed. The module's functions run on
// the calling thread (create, stop, destroy, and handlers) and on threads that this starts; `module` and what it points
// to outlive the process. The caller should end the process soon after with the value returned: 0 if all came to its
// end, 1 if the actor did not start (the node has been told why), 2 if the connection broke, 3 if handlers hang.
//
// SIGPIPE is not raised. Call it once in a process.
int Serve(int fd, const paranet_module* module, const ServeOptions& options = {});

// Instead of Serve, where there is no module to serve: tells the node why (whole text, e.g. a traceback; cut at 60 KiB)
// and closes `fd`. Returns 1.
int ServeFailure(int fd, absl::string_view why);

}  // namespace paranet

#endif  // PARANET_CORE_WORKER_SERVE_H_
