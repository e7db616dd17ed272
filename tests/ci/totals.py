"""Prints `N passed, N failed, N skipped`: the test cases of one `bazel test`, from its build event file.

Exits with 1 if a case failed or none passed.

    bazel test --build_event_json_file=EVENTS //...
    python3 totals.py EVENTS
"""

import dataclasses
import json
import pathlib
import re
import sys
import urllib.parse
from typing import Dict, Iterable, Iterator, Tuple
from xml.etree import ElementTree


@dataclasses.dataclass
class Totals:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: "Totals") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def from_log(log: str) -> Totals:
    """Of a Python unittest, whose counts are at the end of its log; none if it is something else."""
    totals = Totals()
    for ran, verdict in re.findall(r"^Ran (\d+) tests? in [^\n]*\n\n(?:OK|FAILED)(?: \(([^)]*)\))?$", log, re.MULTILINE):
        counts = {name.strip(): int(count) for name, count in re.findall(r"([a-z ]+)=(\d+)", verdict)}
        failed = sum(counts.get(name, 0) for name in ("failures", "errors", "unexpected successes"))
        skipped = counts.get("skipped", 0)
        totals.add(Totals(max(0, int(ran) - failed - skipped), failed, skipped))
    return totals


def from_xml(text: str) -> Totals:
    """Of GoogleTest's report, or of the one that Bazel writes for a test that writes none: one case."""
    totals = Totals()
    for case in ElementTree.fromstring(text).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            totals.failed += 1
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            totals.skipped += 1
        else:
            totals.passed += 1
    return totals


def of_result(passed: bool, log: str, xml: str) -> Totals:
    """Of one run of one shard of a target. A run that failed without a failed case (a crash, a time-out) counts as one."""
    totals = from_log(log)
    if totals == Totals():
        try:
            totals = from_xml(xml)
        except ElementTree.ParseError:
            totals = Totals(passed=int(passed))
    if not passed and totals.failed == 0:
        totals.failed = 1
    return totals


def of_events(lines: Iterable[str]) -> Totals:
    last: Dict[Tuple[str, int, int], dict] = {}
    broken = set()
    for event in (json.loads(line) for line in lines if line.strip()):
        identity = event["id"]
        if "testResult" in identity and "testResult" in event:
            run = identity["testResult"]
            # Of several attempts the last one counts.
            last[run["label"], run.get("run", 1), run.get("shard", 1)] = event["testResult"]
        elif "testSummary" in identity and event.get("testSummary", {}).get("overallStatus") not in ("PASSED", "FLAKY"):
            broken.add(identity["testSummary"]["label"])
        elif "targetCompleted" in identity and not event.get("completed", {}).get("success"):
            # A test that failed has been built; what has not been built has not run.
            broken.add(identity["targetCompleted"]["label"])
    totals = Totals()
    for result in last.values():
        files = dict(_files(result))
        totals.add(of_result(result.get("status") == "PASSED", files.get("test.log", ""), files.get("test.xml", "")))
    totals.failed += len(broken - {label for label, _, _ in last})
    return totals


def _files(result: dict) -> Iterator[Tuple[str, str]]:
    for output in result.get("testActionOutput", []):
        path = pathlib.Path(urllib.parse.unquote(urllib.parse.urlparse(output.get("uri", "")).path))
        if output.get("name") in ("test.log", "test.xml") and path.is_file():
            yield output["name"], path.read_text(encoding="utf-8", errors="replace")


def main(arguments) -> int:
    with open(arguments[0], encoding="utf-8") as events:
        totals = of_events(events)
    print(totals)
    return 0 if totals.passed and not totals.failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
