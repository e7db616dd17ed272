"""A Test Node in this process."""

import json
import os
from typing import Any, Dict, Iterable, List, Optional, Union

from paranet import _native
from paranet.errors import InvalidArgumentError


class Node:
    """A Test Node in this process: it listens on loopback only and never federates.

    Use it in a `with` statement, or call `stop()`. Without `data_dir` its state is deleted when it is gone.
    """

    def __init__(self, name: str = "test", data_dir: Optional[Union[str, "os.PathLike[str]"]] = None) -> None:
        self._native = _native.TestNode(name, None if data_dir is None else os.fspath(data_dir))

    def __enter__(self) -> "Node":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        status = self.status()
        return "<paranet.Node %r (Test Node) on %s>" % (status["name"], status["address"])

    def stop(self) -> None:
        """Stops the node; running calls have two seconds to end. Doing it again has no effect."""
        self._native.stop()

    def status(self) -> Dict[str, Any]:
        """Name, kind, address and counts, as `paranet.v1.GetStatusResponse` has them."""
        return json.loads(self._native.status())

    def deploy(self, package: Union[bytes, str, "os.PathLike[str]"]) -> Dict[str, Any]:
        """Deploys a package: the bytes of an archive, or the path of a file with one."""
        if not isinstance(package, bytes):
            with open(package, "rb") as file:
                package = file.read()
        return json.loads(self._native.deploy(package))

    def packages(self) -> List[Dict[str, Any]]:
        """The packages deployed, as `paranet.v1.PackageInfo`."""
        return [json.loads(text) for text in self._native.packages()]

    def skills(self) -> List[str]:
        """The names of all skills that can be called here, sorted."""
        entries = [json.loads(text) for text in self._native.skills()]
        return sorted({skill["name"] for entry in entries for skill in entry["skill_set"]["skills"]})

    def skill(self, name: str) -> Dict[str, Any]:
        """One skill with its schema and an example, as `paranet.v1.GetSkillResponse`."""
        return json.loads(self._native.skill(name))

    def call(self, skill: str, *, timeout: Optional[float] = 10.0, **fields: Any) -> Dict[str, Any]:
        """Calls a unary skill with the fields of its request; `timeout` is in seconds, None for none."""
        responses = self.stream(skill, [fields], timeout=timeout)
        if len(responses) != 1:
            raise InvalidArgumentError(
                "skill %r answers with a stream of messages: use stream() in place of call()" % skill)
        return responses[0]

    def stream(self, skill: str, requests: Iterable[Dict[str, Any]], *,
               timeout: Optional[float] = 10.0) -> List[Dict[str, Any]]:
        """Calls a skill of any shape with the messages `requests`; returns all answers."""
        texts = [json.dumps(request) for request in requests]
        return [json.loads(text) for text in self._native.call(skill, texts, timeout)]


def example_package() -> bytes:
    """The archive of the example package: skills `weather/current` and `weather/watch`."""
    return _native.example_package()


def build_package(folder: Union[str, "os.PathLike[str]"]) -> bytes:
    """The archive of the package in a folder with a `paranet.yaml`; the same bytes for the same files."""
    return _native.build_package(os.fspath(folder))
