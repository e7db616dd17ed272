"""Counting test cases: of GoogleTest, of Python's unittest, of anything else, and of what never ran."""

import json
import os
import pathlib
import tempfile
import unittest

from tests.ci import totals

GTEST = """<?xml version="1.0"?><testsuites tests="4" failures="1"><testsuite name="A" tests="4">
<testcase name="one" status="run" result="completed"/>
<testcase name="two" status="run" result="completed"><failure message="no"/></testcase>
<testcase name="three" status="run" result="skipped"><skipped message="why"/></testcase>
<testcase name="four" status="notrun" result="suppressed"/>
</testsuite></testsuites>"""
ONE_CASE = '<testsuites><testsuite name="t" tests="1"><testcase name="t" status="run"/></testsuite></testsuites>'


class TotalsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.environ["TEST_TMPDIR"])
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.events = []

    def result(self, label, status="PASSED", log="", xml=ONE_CASE, **run):
        outputs = []
        for name, text in (("test.log", log), ("test.xml", xml)):
            path = self.folder / f"{len(self.events)} {name}"
            path.write_text(text, encoding="utf-8")
            outputs.append({"name": name, "uri": path.as_uri()})
        self.events.append(
            {"id": {"testResult": {"label": label, **run}}, "testResult": {"status": status, "testActionOutput": outputs}}
        )

    def total(self):
        return str(totals.of_events(json.dumps(event) for event in self.events))

    def test_googletest_is_counted_by_case(self):
        self.result("//a", status="FAILED", xml=GTEST)
        self.assertEqual(self.total(), "1 passed, 1 failed, 2 skipped")

    def test_unittest_is_counted_from_its_log(self):
        self.result("//a", log="....\n" + "-" * 70 + "\nRan 4 tests in 0.1s\n\nOK\n")
        self.assertEqual(self.total(), "4 passed, 0 failed, 0 skipped")

    def test_unittest_with_failures_and_skips(self):
        self.result("//a", status="FAILED", log="Ran 9 tests in 1s\n\nFAILED (failures=1, errors=2, skipped=3)\n")
        self.assertEqual(self.total(), "3 passed, 3 failed, 3 skipped")

    def test_one_test_is_singular(self):
        self.result("//a", log="Ran 1 test in 0.1s\n\nOK (skipped=1)\n")
        self.assertEqual(self.total(), "0 passed, 0 failed, 1 skipped")

    def test_any_other_test_is_one_case(self):
        self.result("//a")
        self.assertEqual(self.total(), "1 passed, 0 failed, 0 skipped")

    def test_a_crash_without_a_report_is_one_failure(self):
        self.result("//a", status="FAILED", xml="<testsuites><tes")
        self.assertEqual(self.total(), "0 passed, 1 failed, 0 skipped")

    def test_a_time_out_after_good_cases_is_one_failure(self):
        self.result("//a", status="TIMEOUT")
        self.assertEqual(self.total(), "1 passed, 1 failed, 0 skipped")

    def test_shards_add_up(self):
        self.result("//a", shard=1)
        self.result("//a", shard=2)
        self.assertEqual(self.total(), "2 passed, 0 failed, 0 skipped")

    def test_of_several_attempts_the_last_counts(self):
        self.result("//a", status="FAILED", attempt=1)
        self.result("//a", attempt=2)
        self.assertEqual(self.total(), "1 passed, 0 failed, 0 skipped")

    def test_what_could_not_be_built_is_one_failure(self):
        self.result("//a")
        self.events.append({"id": {"targetCompleted": {"label": "//b"}}, "completed": {}})
        self.events.append({"id": {"testSummary": {"label": "//b"}}, "aborted": {"reason": "ANALYSIS_FAILURE"}})
        self.assertEqual(self.total(), "1 passed, 1 failed, 0 skipped")

    def test_nothing_is_no_success(self):
        events = self.folder / "events"
        events.write_text("", encoding="utf-8")
        self.assertEqual(totals.main([str(events)]), 1)


if __name__ == "__main__":
    unittest.main()
