#!/usr/bin/python3
"""An actor in Python with stock gRPC: a program that serves on the Unix socket in PARANET_ACTOR_SOCKET.

The messages are made of the package's descriptors, so that nothing has to be generated.
"""

import os
import pathlib
import signal
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

QUOTES = {
    "Hopper": "It is easier to ask forgiveness than it is to get permission.",
    "Dijkstra": "Simplicity is prerequisite for reliability.",
    "Kay": "The best way to predict the future is to invent it.",
}


def load(path):
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes()).file:
        pool.Add(file)
    return pool


POOL = load(pathlib.Path(os.environ["PARANET_PACKAGE_DIR"]) / "quote.binpb")


def message(name):
    return message_factory.MessageFactory(POOL).GetPrototype(POOL.FindMessageTypeByName("quote.v1." + name))


OfRequest, OfResponse = message("OfRequest"), message("OfResponse")
AllRequest, CountResponse = message("AllRequest"), message("CountResponse")


def of(request, context):
    if request.author not in QUOTES:
        context.abort(grpc.StatusCode.NOT_FOUND, f"nothing is known of {request.author}; there are {', '.join(QUOTES)}")
    return OfResponse(author=request.author, text=QUOTES[request.author])


def every(_, context):
    for author, text in QUOTES.items():
        if not context.is_active():
            return
        yield OfResponse(author=author, text=text)


def count(requests, _):
    known = [request.author in QUOTES for request in requests]
    return CountResponse(known=sum(known), unknown=len(known) - sum(known))


def main():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    answer, question = OfResponse.SerializeToString, OfRequest.FromString
    server.add_generic_rpc_handlers([
        grpc.method_handlers_generic_handler("quote.v1.Quote", {
            "Of": grpc.unary_unary_rpc_method_handler(of, question, answer),
            "All": grpc.unary_stream_rpc_method_handler(every, AllRequest.FromString, answer),
            "Count": grpc.stream_unary_rpc_method_handler(count, question, CountResponse.SerializeToString),
        })
    ])
    server.add_insecure_port("unix:" + os.environ["PARANET_ACTOR_SOCKET"])
    # The node asks by this signal, when no call is under way.
    signal.signal(signal.SIGTERM, lambda *_: server.stop(grace=5))
    server.start()
    print("serving", len(QUOTES), "quotations", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
