// Blocking in the host from a thread that runs Python.
#ifndef PARANET_BINDINGS_PYTHON_OUTSIDE_H_
#define PARANET_BINDINGS_PYTHON_OUTSIDE_H_

#include "bindings/python/actor_lock.h"
#include "pybind11/pybind11.h"

namespace paranet::python {

// Runs `body`, which may block, without the GIL, which this thread holds, and without the actor's lock, if it has that.
// `lock` may be null.
template <typename Body>
auto Outside(ActorLock* lock, Body body) {
  const pybind11::gil_scoped_release release;
  const ActorLock::LetGo let_go(lock);
  return body();
}

}  // namespace paranet::python

#endif  // PARANET_BINDINGS_PYTHON_OUTSIDE_H_
