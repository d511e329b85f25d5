"""One range over one connection: the request, the checks of the answer, the bytes."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from urllib.parse import urlsplit

from model_preload.core import errors
from model_preload.core.addresses import shown
from model_preload.core.events import Control
from model_preload.core.http import Client, Reply
from model_preload.core.transfer.file import FileTransfer
from model_preload.core.transfer.ranges import Claim

BUFFER = 1 << 20
_EXPIRED = {400, 401, 403, 404, 410}
"""What a signed address answers when its time is over; the hub's own address then gives a new one."""


@dataclass(frozen=True)
class Fetcher:
    """What a worker needs to fetch; `on_bytes` is told of every byte that came over the network."""

    client: Client
    control: Control
    on_bytes: Callable[[int], None]

    def fetch(self, file: FileTransfer, claim: Claim, buffer: memoryview) -> None:
        """Bring one range to its end.

        Raises:
            HubProblem, TransferProblem, DiskProblem: what came before is kept.
            Cancelled, Paused: through the control.
        """
        if file.location:
            location = file.location
            try:
                with self._asked(location, file, claim) as reply:
                    if reply.status not in _EXPIRED:
                        self._take(reply, file, claim, buffer)
                        return
            except (errors.HubProblem, errors.LengthWrong, errors.RangeWrong):
                file.location = ""  # the hub may send us to another server now
                raise
            file.location = ""
        with self._asked(file.job.url, file, claim) as reply:
            self._take(reply, file, claim, buffer)

    def _asked(self, url: str, file: FileTransfer, claim: Claim) -> AbstractContextManager[Reply]:
        headers = {}
        if not _whole(file, claim):
            headers["Range"] = f"bytes={claim.position}-{claim.end - 1}"
            if file.job.version:
                headers["If-Range"] = file.job.version
        return self.client.stream(url, control=self.control, token=file.job.token, headers=headers)

    def _take(self, reply: Reply, file: FileTransfer, claim: Claim, buffer: memoryview) -> None:
        _check(reply, file, claim)
        if reply.url != file.job.url:
            file.location = reply.url  # not before its answer was found fit: a login page is not where the file is
        limiter = self.client.limiter
        while claim.left:
            wanted = limiter.portion(min(len(buffer), claim.left))
            limiter.take(wanted, self.control)
            read = reply.readinto(buffer[:wanted])
            limiter.give_back(wanted - read)
            if read == 0:
                raise errors.ConnectionLost(reply.host, "the answer ended early")
            self.on_bytes(read)
            self.control.check()
            file.received(claim, buffer[:read])


def _whole(file: FileTransfer, claim: Claim) -> bool:
    return claim.position == 0 and claim.end == file.job.file.size


def _check(reply: Reply, file: FileTransfer, claim: Claim) -> None:
    """Let only exactly the asked bytes pass; nothing of the body has been read yet."""
    path, size = file.job.file.path, file.job.file.size
    if reply.status == 206:
        found = reply.headers.get("content-range", "")
        expected = f"bytes {claim.position}-{claim.end - 1}/{size}"
        if found != expected:
            raise errors.RangeWrong(path, repr(found[:80]), expected)
    elif reply.status == 200:
        if not _whole(file, claim):
            if reply.length is not None and reply.length != size:
                raise errors.LengthWrong(path, str(reply.length), size)  # a login page is no server without ranges
            file.single = True
            raise errors.RangeWrong(path, "the whole file", f"bytes {claim.position}-{claim.end - 1}")
    elif reply.status == 416:
        raise errors.LengthWrong(path, "fewer", size)
    else:
        raise _refusal(reply, file)
    encoding = reply.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise errors.AnswerInvalid(reply.host, f"{path} comes packed as {encoding[:40]}")
    if reply.length is not None and reply.length != claim.left:
        raise errors.LengthWrong(path, str(reply.length + claim.position), size)


def _refusal(reply: Reply, file: FileTransfer) -> errors.HubProblem:
    code = reply.headers.get("x-error-code", "")
    repository = urlsplit(file.job.url).path.partition("/resolve/")[0].strip("/")
    if code == "GatedRepo":
        return errors.RepositoryGated(reply.host, repository)
    if reply.status == 401:
        if file.job.token is not None:
            return errors.TokenRefused(reply.host)
        return errors.RepositoryPrivate(reply.host, repository)
    return errors.HubRefused(shown(file.job.url), reply.status)
