"""A plain address: a source of one file."""

import re
from datetime import UTC, datetime

from model_preload.core import errors
from model_preload.core.addresses import shown
from model_preload.core.catalog import UrlSource
from model_preload.core.events import Control
from model_preload.core.http import Client
from model_preload.core.http.policy import host_of
from model_preload.core.hubs.base import Location, is_size
from model_preload.core.values import Digest, ListedFile, Listing

_DIGITS = re.compile("[0-9]{1,20}")


class UrlHub:
    """See `hubs.base.Hub`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, source: UrlSource, control: Control) -> Listing:
        """Ask for the first byte, which tells size and ETag; not even that if the catalog knows both."""
        digest = Digest("sha256", source.sha256) if source.sha256 else None
        size, version = source.size, ""
        if size is None or digest is None:
            size, version = self._look(source, control)
        file = ListedFile(source.path, size, digest, remote=source.url)
        now = datetime.now(UTC).replace(microsecond=0)
        return Listing(source.identity, "", source.sha256 or version, (file,), now)

    def locate(self, source: UrlSource, listing: Listing, file: ListedFile) -> Location:
        return Location(source.url, None, "" if file.digest else listing.commit)

    def _look(self, source: UrlSource, control: Control) -> tuple[int, str]:
        size, version = self._client.patience.insist(lambda: self._look_once(source, control), control)
        if source.size is not None and source.size != size:
            raise errors.LengthWrong(source.path, str(size), source.size)
        return size, version

    def _look_once(self, source: UrlSource, control: Control) -> tuple[int, str]:
        with self._client.stream(source.url, control=control, headers={"Range": "bytes=0-0"}) as reply:
            if reply.status in (206, 416):  # an empty file has no first byte
                written = reply.headers.get("content-range", "").rpartition("/")[2]
            elif reply.status == 200:
                written = reply.headers.get("content-length", "")
            else:
                raise errors.HubRefused(shown(source.url), reply.status)
            etag = reply.headers.get("etag", "")
            packed = reply.headers.get("content-encoding", "identity") != "identity"
        size = int(written) if _DIGITS.fullmatch(written) else None  # Python reads no number of thousands of digits
        if packed or not is_size(size):
            raise errors.AnswerInvalid(host_of(source.url), "it does not say how large the file is")
        return size, etag if etag.startswith('"') else ""
