"""`paranet package proto`: descriptors that protobuf reads, and C++ that writes the same bytes as protobuf."""

import os
import subprocess
import unittest

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tools.cli_testutil import FAILED, LIMIT, NOT_FOUND, CliTest, read, runfile

PROTO = """\
syntax = "proto3";
package all.v1;
import "google/protobuf/timestamp.proto";

// Ends in a backslash \\
enum Colour { NONE = 0; RED = 1; BELOW = -1; }

message All {
  // With a comment.
  int32 a = 1; int64 b = 2; uint32 c = 3; uint64 d = 4; sint32 e = 5; sint64 f = 6;
  fixed32 g = 7; fixed64 h = 8; sfixed32 i = 9; sfixed64 j = 10;
  float k = 11; double l = 12; bool m = 13; string n = 14; bytes o = 15; Colour p = 16;
  optional int32 q = 17; optional string r = 18;
  repeated sint64 s = 19; repeated string t = 20; repeated All u = 21; repeated bool v = 22; repeated fixed32 w = 23;
  map<string, int32> x = 24; map<int64, Inner> y = 25;
  oneof one { string z1 = 26; Inner z2 = 27; int32 z3 = 28; }
  Inner inner = 29;
  google.protobuf.Timestamp at = 30;
  repeated Colour colours = 31;
  int32 class = 32;
  message Inner { string text = 1; Deep deep = 2; message Deep { int32 depth = 1; } enum Kind { X = 0; } Kind kind = 3; }
}

message Later { repeated After items = 1; }
message After { Later back = 1; int32 number = 2; }

service Service {
  rpc Unary(All) returns (Later);
  rpc Down(All) returns (stream Later);
  rpc Up(stream All) returns (Later);
  rpc Both(stream All) returns (stream Later);
}
"""

MAIN = """\
#include <fstream>
#include <iostream>
#include <sstream>
#include "all.skills.h"

// Reads an All and writes it again; a file that is none has exit code 3.
int main(int, char** argv) {
  std::ifstream in(argv[1], std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  all::v1::All message;
  if (!paranet::lite::Decode(bytes.str().data(), bytes.str().size(), &message)) return 3;
  std::ofstream(argv[2], std::ios::binary) << paranet::lite::Encode(message);
}

// That the base class is complete.
struct Actor : all::v1::Service {
  explicit Actor(const paranet::lite::Actor&) {}
  paranet::lite::Result<all::v1::Later> Unary(const all::v1::All&, paranet::lite::Call&) override { return all::v1::Later(); }
  paranet::lite::Status Down(const all::v1::All&, paranet::lite::Writer<all::v1::Later>&, paranet::lite::Call&) override {
    return {};
  }
  paranet::lite::Result<all::v1::Later> Up(paranet::lite::Reader<all::v1::All>&, paranet::lite::Call&) override {
    return all::v1::Later();
  }
  paranet::lite::Status Both(paranet::lite::Reader<all::v1::All>&, paranet::lite::Writer<all::v1::Later>&,
                             paranet::lite::Call&) override {
    return {};
  }
};
const paranet_module* paranet_actor_module(uint32_t) { return paranet::lite::Module<Actor, all::v1::Service>::Table(); }
"""


class ProtoTest(CliTest):
    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def messages(self):
        pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(read(self.path("all.binpb"))).file:
            pool.Add(file)
        return message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName("all.v1.All"))

    def compile(self):
        self.write("all.proto", PROTO)
        self.ok("package", "proto", "all.proto", "--descriptors", "all.binpb", "--cpp", "all.skills.h")
        self.write("main.cc", MAIN)
        done = subprocess.run(
            ["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-I" + os.path.dirname(runfile("core")), "main.cc", "-o", "main"],
            cwd=self.dir,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)

    def echo(self, content):
        with open(self.path("in"), "wb") as file:
            file.write(content)
        code = subprocess.run([self.path("main"), "in", "out"], cwd=self.dir, timeout=LIMIT, check=False).returncode
        return read(self.path("out")) if code == 0 else code

    def test_cpp_and_protobuf_agree(self):
        self.compile()
        make = self.messages()
        full = make(
            a=-5, b=-(2**63), c=2**32 - 1, d=2**64 - 1, e=-(2**31), f=-(2**63), g=7, h=2**64 - 1, i=-9, j=-(2**63),
            k=0.5, l=-1e300, m=True, n="tëxt", o=b"\x00\xff", p=-1, q=0, r="", s=[0, -1, 2**62], t=["", "x"], v=[True, False],
            w=[1, 2**32 - 1], x={"": 0, "k": -7}, z3=0, colours=[1, -1, 0],
        )  # fmt: skip
        setattr(full, "class", 32)
        full.u.add(n="child").u.add(a=1)
        full.y[-3].text = "three"
        full.inner.deep.depth = 4
        full.at.seconds = 1_700_000_000
        for message in (make(), full, make(z1="one"), make(z2={"text": "two"}), make(inner={})):
            self.assertEqual(make.FromString(self.echo(message.SerializeToString())), message)

    def test_what_is_no_message_is_refused(self):
        self.compile()
        make = self.messages()
        whole = make(n="some text", inner={"text": "x"}, s=[1, 2]).SerializeToString()
        for size in range(len(whole)):
            # Protobuf and we have the same opinion of each.
            try:
                expected = make.FromString(whole[:size])
            except Exception:  # pylint: disable=broad-except
                self.assertEqual(self.echo(whole[:size]), 3, size)
            else:
                self.assertEqual(make.FromString(self.echo(whole[:size])), expected)
        # Fields that are not known are skipped; groups and nests without end are refused.
        self.assertEqual(self.echo(b"\xa2\x3f\x03abc"), b"")
        self.assertEqual(self.echo(b"\x0b\x0c"), 3)
        nest = b""
        for _ in range(150):
            length = len(nest)
            size = bytes([length]) if length < 128 else bytes([length & 0x7F | 0x80, length >> 7])
            nest = b"\xaa\x01" + size + nest
        self.assertEqual(self.echo(nest), 3)

    def test_descriptors_are_beside_the_file_unless_said_otherwise(self):
        os.mkdir(self.path("x"))
        self.write("x/all.proto", PROTO)
        self.assertEqual(self.ok_json("package", "proto", "x/all.proto"), {"files": ["x/all.binpb"]})

    def test_what_cpp_cannot_be_is_named(self):
        self.write("self.proto", 'syntax = "proto3"; message Self { Self self = 1; }')
        self.fails(FAILED, "package", "proto", "self.proto", "--cpp", "self.h", says=["Self", "repeated"])
        self.write("old.proto", 'syntax = "proto2"; message Old { optional int32 a = 1; }')
        self.fails(FAILED, "package", "proto", "old.proto", "--cpp", "old.h", says=["Old", "proto3"])

    def test_errors_have_their_places(self):
        self.write("bad.proto", 'syntax = "proto3";\nmessage A { strin b = 1; }\n')
        self.fails(FAILED, "package", "proto", "bad.proto", says=["bad.proto:2:13: "])
        self.fails(NOT_FOUND, "package", "proto", "nothing.proto", says=["nothing.proto"])


if __name__ == "__main__":
    unittest.main()
