"""What each house rule lets pass, and what it does not."""

import unittest

from tests.lint import rules

GUARDED = "// Why.\n#ifndef PARANET_A_B_H_\n#define PARANET_A_B_H_\nint f();\n#endif  // PARANET_A_B_H_\n"
MACHINE_PATH = "/" + "work/main"


class RulesTest(unittest.TestCase):
    def assert_passes(self, rule, texts):
        self.assertEqual(list(rule(texts)), [])

    def assert_refuses(self, rule, texts, sentence):
        self.assertEqual(list(rule(texts)), [sentence])

    def test_the_own_header_first_passes(self):
        self.assert_passes(rules.own_header_first, {"a/b.h": "", "a/b.cc": '// Why.\n#include "a/b.h"\n#include <map>\n'})

    def test_another_header_first_is_refused(self):
        self.assert_refuses(
            rules.own_header_first,
            {"a/b.h": "", "a/b.cc": '#include <map>\n#include "a/b.h"\n'},
            'a/b.cc: its first include must be "a/b.h"',
        )

    def test_a_source_that_does_not_include_its_header_is_refused(self):
        self.assertTrue(list(rules.own_header_first({"a/b.h": "", "a/b.cc": "int x;\n"})))

    def test_a_source_without_a_header_passes(self):
        self.assert_passes(rules.own_header_first, {"a/main.cc": "#include <map>\n"})

    def test_the_right_guard_passes(self):
        self.assert_passes(rules.header_guards, {"a/b.h": GUARDED})

    def test_a_wrong_guard_is_refused(self):
        self.assert_refuses(rules.header_guards, {"a/c.h": GUARDED}, "a/c.h: its header guard must be PARANET_A_C_H_")

    def test_a_guard_that_defines_something_else_is_refused(self):
        self.assertTrue(list(rules.header_guards({"a/b.h": GUARDED.replace("#define PARANET_A_B_H_", "#define X")})))

    def test_pragma_once_is_refused(self):
        self.assertTrue(list(rules.header_guards({"a/b.h": "#pragma once\nint f();\n"})))

    def test_code_after_the_guard_is_refused(self):
        self.assertTrue(list(rules.header_guards({"a/b.h": GUARDED + "int g();\n"})))

    def test_a_file_of_the_largest_size_passes(self):
        self.assert_passes(rules.small_files, {"a.cc": "x" * 25_000})

    def test_a_larger_file_is_refused(self):
        self.assertTrue(list(rules.small_files({"a.cc": "x" * 25_001})))

    def test_bytes_count_not_characters(self):
        self.assertTrue(list(rules.small_files({"a.md": "é" * 12_501})))

    def test_data_may_be_large(self):
        self.assert_passes(rules.small_files, {"a/testdata/b.py": "x" * 30_000, "a/b.json": "x" * 30_000})

    def test_a_path_of_one_machine_is_refused(self):
        self.assert_refuses(rules.no_machine_paths, {"a": f"\nsee {MACHINE_PATH}\n"}, "a:2: names a folder of one machine")

    def test_the_same_word_within_another_path_passes(self):
        self.assert_passes(rules.no_machine_paths, {"a": "x" + MACHINE_PATH + " and https://example.org" + MACHINE_PATH})

    def test_a_reactor_is_refused(self):
        self.assertTrue(list(rules.no_callback_api({"a.h": "class R : public grpc::ServerUnaryReactor {};"})))

    def test_a_callback_service_is_refused(self):
        self.assertTrue(list(rules.no_callback_api({"a.cc": "Node::CallbackService s;"})))

    def test_a_stub_with_callbacks_is_refused(self):
        self.assertTrue(list(rules.no_callback_api({"a.cc": "stub_->async()->Call(&context, &request, done);"})))

    def test_completion_queues_pass(self):
        self.assert_passes(rules.no_callback_api, {"a.cc": "stub->AsyncCall(&context, request, queue); Node::AsyncService s;"})

    def test_an_unfinished_mark_is_refused(self):
        self.assertTrue(list(rules.no_unfinished_marks({"a.cc": "// TO" + "DO: later"})))

    def test_a_folder_without_readme_is_refused(self):
        self.assert_refuses(
            rules.folder_readmes, {"core/README.md": "", "core/base/a.h": ""}, "core/base: has no README.md"
        )

    def test_folders_with_readmes_pass(self):
        self.assert_passes(
            rules.folder_readmes,
            {"core/README.md": "", "core/base/README.md": "", "core/base/a.h": "", "x.md": "", ".ci/run": ""},
        )

    def test_a_native_rule_is_refused(self):
        self.assert_refuses(
            rules.macros_only,
            {"a/BUILD.bazel": 'cc_library(\n    name = "x",\n)\n'},
            "a/BUILD.bazel: cc_library: use paranet_cc_library of //bazel:paranet.bzl",
        )

    def test_our_macros_pass(self):
        self.assert_passes(rules.macros_only, {"a/BUILD.bazel": 'paranet_cc_library(\n    name = "x",\n)\n'})


if __name__ == "__main__":
    unittest.main()
