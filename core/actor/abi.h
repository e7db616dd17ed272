// The C ABI between a Paranet node (the host) and an actor in a shared object (the module).
//
// Plain C11; nothing but bytes crosses it, so a module may be written in any language that can export a C function,
// and the module's protobuf never meets the node's. This header is all that one needs to write a module by hand. In C++
// use core/actor/sdk.h, which does all of this.
//
// THE SHAPE. A shared object exports exactly one symbol, paranet_actor_module(). It returns a table of functions. The
// host calls create() once for each actor that it runs from the module, then unary() and stream() for each call, in the
// end stop() and destroy(). create() gets a table of the host's functions, whose first parameter is the table itself:
//
//     host->respond(host, call, 0, no_text, reply);
//
// VERSIONS. PARANET_ABI_VERSION grows only when something changes its meaning; the host refuses a module of another
// version. Everything else grows by new fields at the end of paranet_host and paranet_module: both begin with
// `struct_size`, the size of the table in bytes as its author's compiler saw it. A field is there if struct_size covers
// it. Fields of version 1 are all there.
//
// BYTES. paranet_bytes and paranet_text are views: pointer and size, no terminating NUL; text is UTF-8. `data` may be
// NULL where `size` is 0. Whoever is handed a view must not change what it points to, must not free it, and copies what
// it wants to keep. How long a view is valid stands with each function; what is passed as an argument is valid until
// the function returns, and the receiver has copied what it needs by then.
//
// CALLS. A paranet_call names one call; it is a number, never 0, and stays safe to use for ever: when the call is over,
// the host's functions ignore it. A call is over when it has been answered (respond, finish), its caller has given up,
// its deadline has passed, or the actor is being stopped. Each of these is the end as far as the caller is concerned,
// even if the handler still runs.
//
// CALLS OF OTHER SKILLS. An actor calls whatever its node can reach, also itself: with call() and a function that gets
// the end, with call_and_wait(), or with open() as a stream, after which it uses send, close_send and receive as its
// peer uses read, write and finish, and asks for the outcome:
//
//     paranet_bytes report;
//     int32_t code = host->call_and_wait(host, call, skill, INT64_MAX, request, &report);
//     if (code != 0) host->respond(host, call, code, (paranet_text){report.data, report.size}, no_bytes);
//
// A host of version 1 that is older than they are has not these functions: see VERSIONS.
//
// THREADS. The host calls from threads of its own, of which it has several. All functions of the host may be called
// from any thread at any time between create() and the return of destroy(), with respect to the rules of read and
// write. With concurrency ONE_AT_A_TIME (a choice in the package's manifest, and the default) the host never runs two
// of unary() and stream() of one actor at the same time: it holds a lock while one of them runs and lets go of it only
// inside read, write, wait, call_and_wait, send, receive and outcome. Threads that the module starts are its own
// affair. With CONCURRENT there is no lock.
//
// ERRORS. Codes are those of gRPC: 0 OK, 1 CANCELLED, 2 UNKNOWN, 3 INVALID_ARGUMENT, 4 DEADLINE_EXCEEDED, 5 NOT_FOUND,
// 6 ALREADY_EXISTS, 7 PERMISSION_DENIED, 8 RESOURCE_EXHAUSTED, 9 FAILED_PRECONDITION, 10 ABORTED, 11 OUT_OF_RANGE,
// 12 UNIMPLEMENTED, 13 INTERNAL, 14 UNAVAILABLE, 15 DATA_LOSS, 16 UNAUTHENTICATED; anything else counts as UNKNOWN.
// No exception and no longjmp may leave a module's function.
#ifndef PARANET_CORE_ACTOR_ABI_H_
#define PARANET_CORE_ACTOR_ABI_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PARANET_ABI_VERSION 1

// Any bytes; a serialized protobuf message where it is a request, a response or a message of a stream.
typedef struct paranet_bytes {
  const void* data;
  size_t size;
} paranet_bytes;

// UTF-8.
typedef struct paranet_text {
  const char* data;
  size_t size;
} paranet_text;

typedef struct paranet_option {
  paranet_text key;
  paranet_text value;
} paranet_option;

// One call. See CALLS above.
typedef uint64_t paranet_call;

// One call that the actor makes of another skill and that streams. A number, never 0, and safe to use for ever: when
// the call is over, the host's functions say so.
typedef uint64_t paranet_outgoing;

// The end of an outgoing unary call: `message` with an error, `response` with code 0, both valid until it returns. Must
// not block.
typedef void (*paranet_done)(void* user, int32_t code, paranet_text message, paranet_bytes response);

// One running actor; what it points to is the module's business.
typedef struct paranet_instance paranet_instance;

// Levels of paranet_host.log.
enum { PARANET_LOG_DEBUG = 0, PARANET_LOG_INFO = 1, PARANET_LOG_WARNING = 2, PARANET_LOG_ERROR = 3 };

// Bits of paranet_method.shape: 0 is a unary method.
enum { PARANET_CLIENT_STREAMS = 1, PARANET_SERVER_STREAMS = 2 };

// What the host does for one actor. Valid from create() until destroy() returns.
typedef struct paranet_host paranet_host;
struct paranet_host {
  size_t struct_size;
  // PARANET_ABI_VERSION of the host.
  uint32_t abi_version;

  // Writes one line to the node's log under the actor's name.
  void (*log)(const paranet_host* host, int32_t level, paranet_text text);

  // The value of `key` in the actor's configuration (`env` in the manifest): returns 1 and sets *value, valid until
  // destroy() returns; or returns 0.
  int32_t (*config)(const paranet_host* host, paranet_text key, paranet_text* value);

  // --- Of any call.

  // Who calls: `paranet://acme/node/alpha`, `uid:1000`, `local` or `anonymous`. Valid until unary() or stream() of this
  // call returns, and only to be called until then; the same holds for metadata().
  paranet_text (*caller)(const paranet_host* host, paranet_call call);

  // The `index`th value, from 0, of the caller's metadata `key` (lower case): returns 1 and sets *value, or returns 0
  // if there are not so many. Values of keys that end in "-bin" are bytes.
  int32_t (*metadata)(const paranet_host* host, paranet_call call, paranet_text key, size_t index, paranet_text* value);

  // When the call must have ended: microseconds since 1970-01-01 UTC, or INT64_MAX.
  int64_t (*deadline)(const paranet_host* host, paranet_call call);

  // 1 if nobody waits for the answer any more: work on the call may end.
  int32_t (*is_cancelled)(const paranet_host* host, paranet_call call);

  // Blocks until `micros` have passed (returns 1) or the call is over (returns 0 at once). The way to sleep in a
  // handler.
  int32_t (*wait)(const paranet_host* host, paranet_call call, int64_t micros);

  // Adds to the trailing metadata, before respond or finish. Returns 0 if `key` is not valid (lower-case letters,
  // digits, `-`, `_`, `.`; not "grpc-*") or the call is over.
  int32_t (*add_trailer)(const paranet_host* host, paranet_call call, paranet_text key, paranet_text value);

  // --- Of a unary call.

  // Answers. `message` goes with an error, `response` with code 0. Exactly once per call, from unary() or after it has
  // returned, on any thread; a second answer is ignored and logged.
  void (*respond)(const paranet_host* host, paranet_call call, int32_t code, paranet_text message,
                  paranet_bytes response);

  // --- Of a streaming call. At most one thread reads and at most one writes at a time; they may be two.

  // Blocks for the next message of the caller: returns 1 and sets *message, valid until the next read of this call or
  // until stream() returns. Returns 0 when there are no more or the call is over. Where only the server streams, there
  // is one message.
  int32_t (*read)(const paranet_host* host, paranet_call call, paranet_bytes* message);

  // Sends a message to the caller; blocks while too many are on their way. Returns 0 if the call is over. Where only
  // the client streams, exactly one message is sent.
  int32_t (*write)(const paranet_host* host, paranet_call call, paranet_bytes message);

  // Ends the call when what was written is sent. Exactly once, before stream() returns; a second time is ignored and
  // logged.
  void (*finish)(const paranet_host* host, paranet_call call, int32_t code, paranet_text message);

  // --- Calls of other skills. From here on the fields are there only if struct_size covers them.
  //
  // `skill` is a full gRPC path (`/weather.v1.Weather/Current`) or a name, with or without a version
  // (`weather/current~1.2`): whatever the node can reach, its own or a peer's. `parent` is the call on whose behalf it
  // is made, or 0: the outgoing call ends when that is over, has no later deadline, and carries its caller's name and
  // trace on. `deadline` is as in deadline(); the earlier one holds.

  // Begins a unary call. `done` runs exactly once, whatever happens: on any thread, perhaps before this returns, never
  // under the actor's lock and never after destroy() has returned.
  void (*call)(const paranet_host* host, paranet_call parent, paranet_text skill, int64_t deadline,
               paranet_bytes request, paranet_done done, void* user);

  // The same, and blocks for the end: returns the code, and sets *result to the response, or with an error to its text;
  // valid until the thread's next call_and_wait or outcome, or the end of the thread. Lets go of the actor's lock
  // meanwhile, as read and write do: an actor that runs one at a time may call itself, and finds that other handlers
  // have run. The handler of the other actor may run on the calling thread, which then comes back when that does.
  int32_t (*call_and_wait)(const paranet_host* host, paranet_call parent, paranet_text skill, int64_t deadline,
                           paranet_bytes request, paranet_bytes* result);

  // Begins a streaming call, of any of the three shapes. Never fails at once: receive and outcome tell. Of each open
  // there must be an outcome: the host keeps a limited number, and more of them are refused with RESOURCE_EXHAUSTED.
  paranet_outgoing (*open)(const paranet_host* host, paranet_call parent, paranet_text skill, int64_t deadline);

  // Blocks while too much is on its way. Returns 0 if the call is over. At most one thread sends and one receives.
  int32_t (*send)(const paranet_host* host, paranet_outgoing outgoing, paranet_bytes message);

  // No more messages come from this side.
  void (*close_send)(const paranet_host* host, paranet_outgoing outgoing);

  // Blocks for the next message: returns 1 and sets *message, valid until the next receive or outcome of this call.
  // Returns 0 when there are no more.
  int32_t (*receive)(const paranet_host* host, paranet_outgoing outgoing, paranet_bytes* message);

  // Blocks until the call is over, forgets it and returns its code; sets *message, valid until the thread's next
  // outcome or call_and_wait. Once, for every open. cancel() first to end it early.
  int32_t (*outcome)(const paranet_host* host, paranet_outgoing outgoing, paranet_text* message);

  // Gives up on it; receive returns 0, outcome says CANCELLED.
  void (*cancel)(const paranet_host* host, paranet_outgoing outgoing);
};

// One method that the module serves.
typedef struct paranet_method {
  // Full gRPC path: `/weather.v1.Weather/Current`.
  paranet_text path;
  // PARANET_CLIENT_STREAMS | PARANET_SERVER_STREAMS.
  uint32_t shape;
} paranet_method;

// What the module does. The table and all that it points to are constant and valid as long as the module is loaded. A
// module may be asked for any number of instances.
typedef struct paranet_module {
  size_t struct_size;
  // PARANET_ABI_VERSION of the header that the module was compiled with.
  uint32_t abi_version;
  // sizeof(paranet_method), the distance between two elements of `methods`.
  uint32_t method_size;
  // All methods that it serves: exactly those of the skill sets that the package's manifest says it serves.
  const paranet_method* methods;
  size_t method_count;

  // Starts an actor. `host` is valid until destroy() returns; `actor_id` and `options` (the whole configuration) until
  // create() returns. On failure it returns NULL and has written one sentence that says why, with its terminating NUL,
  // to `error`, which has room for `error_size` (at least 256) bytes.
  paranet_instance* (*create)(const paranet_host* host, paranet_text actor_id, const paranet_option* options,
                              size_t option_count, char* error, size_t error_size);

  // A call of the unary method methods[method]. `request` is valid until it returns. The answer is given by
  // host->respond. It may block.
  void (*unary)(paranet_instance* instance, size_t method, paranet_call call, paranet_bytes request);

  // A call of a method of the other shapes, on a thread that is there for it alone. Uses host->read and host->write and
  // returns after host->finish. When the call is over early, read, write and wait say so, and it should return.
  void (*stream)(paranet_instance* instance, size_t method, paranet_call call);

  // Asks running handlers to come to their end. Once, from any thread, while handlers may be running; must not block.
  // After it no new call begins. NULL if there is nothing to do.
  void (*stop)(paranet_instance* instance);

  // Ends the actor. No function of the instance runs any more; the module's own threads must have ended when it
  // returns.
  void (*destroy)(paranet_instance* instance);
} paranet_module;

// Makes the one symbol visible where everything else is hidden.
#if defined(__GNUC__)
#define PARANET_ACTOR_EXPORT __attribute__((visibility("default")))
#else
#define PARANET_ACTOR_EXPORT
#endif

// The one symbol that a module defines and exports. Returns the same table every time, or NULL if the module cannot
// work with a host of `host_abi_version`. Must not block, nor fail for any other reason.
PARANET_ACTOR_EXPORT const paranet_module* paranet_actor_module(uint32_t host_abi_version);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // PARANET_CORE_ACTOR_ABI_H_
