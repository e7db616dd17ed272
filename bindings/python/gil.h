// The interpreter's lock, on threads that Python does not know.
#ifndef PARANET_BINDINGS_PYTHON_GIL_H_
#define PARANET_BINDINGS_PYTHON_GIL_H_

#include "pybind11/pybind11.h"

namespace paranet::python {

// Holds the GIL while it lives. Unlike pybind11::gil_scoped_acquire it keeps what Python knows of a thread from one
// call to the next, which costs more to make than an ordinary call of a skill; it goes with the thread. The thread must
// end before the interpreter does.
class Gil {
 public:
  Gil() {
    static thread_local const ThreadState kept;
    state_ = PyGILState_Ensure();
  }
  ~Gil() { PyGILState_Release(state_); }
  Gil(const Gil&) = delete;
  Gil& operator=(const Gil&) = delete;

 private:
  class ThreadState {
   public:
    ThreadState() : made_(PyGILState_GetThisThreadState() == nullptr) {
      if (!made_) return;
      PyGILState_Ensure();
      PyEval_SaveThread();
    }
    ~ThreadState() {
      if (!made_) return;
      PyGILState_Ensure();
      PyGILState_Release(PyGILState_LOCKED);
      // The last one, which deletes it.
      PyGILState_Release(PyGILState_UNLOCKED);
    }
    ThreadState(const ThreadState&) = delete;
    ThreadState& operator=(const ThreadState&) = delete;

   private:
    const bool made_;
  };

  PyGILState_STATE state_;
};

}  // namespace paranet::python

#endif  // PARANET_BINDINGS_PYTHON_GIL_H_
