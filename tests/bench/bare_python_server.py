"""A bare grpcio server for tests/bench:python_actor: /hello.v1.Hello/Greet, a message with one string there and back.

    bare_python_server.py unix:SOCKET
"""

import sys
from concurrent import futures

import grpc

_STRING_FIELD = 0x0A


def _greet(request: bytes, _context: grpc.ServicerContext) -> bytes:
    # Both messages have one short string, field 1.
    name = request[2:].decode()
    text = ("Hello, %s!" % name).encode()
    return bytes([_STRING_FIELD, len(text)]) + text


def main() -> None:
    """Serves until it is killed."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    handler = grpc.unary_unary_rpc_method_handler(_greet)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("hello.v1.Hello", {"Greet": handler}),))
    server.add_insecure_port(sys.argv[1])
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
