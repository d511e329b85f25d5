"""What the line to the internet is like, as far as the system says."""

import ctypes
import sys
from dataclasses import dataclass
from enum import Enum

from PySide6.QtNetwork import QNetworkInformation


class Medium(Enum):
    ETHERNET = "ethernet"
    WIFI = "wifi"
    CELLULAR = "cellular"
    BLUETOOTH = "bluetooth"


@dataclass(frozen=True, slots=True)
class Line:
    """How this machine is connected.

    Attributes:
        metered: whether it costs by the byte; None if the system does not tell.
        medium: how it leaves the machine; None if that is not told, or is none of these.
    """

    metered: bool | None = None
    medium: Medium | None = None


_MEDIA = {
    QNetworkInformation.TransportMedium.Ethernet: Medium.ETHERNET,
    QNetworkInformation.TransportMedium.WiFi: Medium.WIFI,
    QNetworkInformation.TransportMedium.Cellular: Medium.CELLULAR,
    QNetworkInformation.TransportMedium.Bluetooth: Medium.BLUETOOTH,
}


def line() -> Line:
    """The line of this moment. GUI thread, with an application; Qt's backend is loaded by the first call."""
    if sys.platform == "win32" and hasattr(ctypes.windll.ntdll, "wine_get_version"):
        return Line()  # Wine's list of networks has no end, and Qt's backend goes through it when it is loaded
    feature = QNetworkInformation.Feature
    wanted = (feature.Metered | feature.TransportMedium, feature.Metered, feature.TransportMedium)
    if not any(QNetworkInformation.loadBackendByFeatures(features) for features in wanted):
        return Line()
    found = QNetworkInformation.instance()
    return Line(
        metered=found.isMetered() if found.supports(feature.Metered) else None,
        medium=_MEDIA.get(found.transportMedium()) if found.supports(feature.TransportMedium) else None,
    )
