"""What stands between this machine and a hub: proxies, and certificates that are not accepted.

Proxies are named by scheme, host and port: their user and password go into no text.
"""

from collections.abc import Sequence
from pathlib import Path

from model_preload.core.errors.hubs import HubProblem, HubUnreachable
from model_preload.core.texts import Text, text

_CHECK_PROXY = text(
    "Check the proxy in the system's settings or in HTTPS_PROXY and HTTP_PROXY; hosts to ask directly go into NO_PROXY."
)


class ProxyProblem(HubProblem):
    """The proxy did not do its part."""

    code = "proxy"


class ProxyUnreachable(ProxyProblem):
    code = "proxy-unreachable"
    retryable = True

    def __init__(self, proxy: str, reason: str) -> None:
        super().__init__(
            text("The proxy {proxy} can't be reached: {reason}.", proxy=proxy, reason=reason), _CHECK_PROXY
        )


class ProxyRefused(ProxyProblem):
    code = "proxy-refused"

    def __init__(self, proxy: str, host: str, reason: str | Text) -> None:
        super().__init__(
            text("The proxy {proxy} does not let {host} through: {reason}.", proxy=proxy, host=host, reason=reason),
            text("Ask who runs the proxy to allow this host, or choose a hub or mirror that is allowed."),
        )


class ProxyCannotReach(HubUnreachable):
    """The proxy would, but does not get there itself."""

    def __init__(self, proxy: str, host: str, reason: str | Text) -> None:
        HubProblem.__init__(
            self,
            text("The proxy {proxy} can't reach {host}: {reason}.", proxy=proxy, host=host, reason=reason),
            text("Start again later. If it stays, the proxy has no way to this host: choose another hub or mirror."),
        )


class ProxyLoginNeeded(ProxyProblem):
    code = "proxy-login"
    needs_person = True

    def __init__(self, proxy: str) -> None:
        super().__init__(
            text("The proxy {proxy} wants a user and a password.", proxy=proxy),
            text("Set HTTPS_PROXY and HTTP_PROXY to http://USER:PASSWORD@HOST:PORT, with special signs as %XX."),
        )


class ProxyLoginRefused(ProxyProblem):
    code = "proxy-login"
    needs_person = True

    def __init__(self, proxy: str) -> None:
        super().__init__(
            text("The proxy {proxy} does not accept the user and password.", proxy=proxy),
            text("Correct them in the proxy's address; signs such as @ : / # in them are written as %40 %3A %2F %23."),
        )


class ProxyLoginUnsupported(ProxyProblem):
    code = "proxy-login-unsupported"
    needs_person = True

    def __init__(self, proxy: str, kinds: Sequence[str]) -> None:
        super().__init__(
            text(
                "The proxy {proxy} wants a login by {kinds}, which this program does not speak.",
                proxy=proxy,
                kinds=", ".join(kinds),
            ),
            text(
                "Run a relay that does (Px or Cntlm) on this machine and set HTTPS_PROXY to it, or ask who runs the "
                "proxy for an exception for the hub."
            ),
        )


class ProxyUnsupported(ProxyProblem):
    code = "proxy-unsupported"

    def __init__(self, proxy: str, reason: str | Text) -> None:
        super().__init__(
            text("The proxy {proxy} can't be used: {reason}.", proxy=proxy, reason=reason),
            text("Write it as http://HOST:PORT, https://HOST:PORT or socks5h://HOST:PORT; most proxies are http://."),
        )


class ProxyScriptUnsupported(HubUnreachable):
    """The system's proxy is chosen by a script (PAC), which nothing here can run; the direct way failed."""

    code = "proxy-script"

    def __init__(self, script: str, host: str, reason: str) -> None:
        HubProblem.__init__(
            self,
            text(
                "{host} can't be reached directly ({reason}), and the system's proxy is set by the script {script}, "
                "which this program can't follow.",
                host=host,
                reason=reason,
                script=script,
            ),
            text("Ask who runs the network for the proxy's address, and set HTTPS_PROXY to http://HOST:PORT."),
        )


class ProxyDetectionUnsupported(HubUnreachable):
    """Windows is told to detect the proxy by itself, as it is when newly installed; the direct way failed."""

    code = "proxy-detection"

    def __init__(self, host: str, reason: str) -> None:
        HubProblem.__init__(
            self,
            text(
                "{host} can't be reached directly ({reason}), and Windows is told to detect the proxy by itself "
                "(WPAD), which this program can't.",
                host=host,
                reason=reason,
            ),
            text(
                "Check the network. If it has a proxy, ask who runs it for the address, and set HTTPS_PROXY to "
                "http://HOST:PORT, or enter the proxy in Windows's settings."
            ),
        )


class CertificateRefused(HubProblem):
    """Who answers could not prove to be who was asked."""

    code = "certificate"

    def __init__(self, host: str, reason: str | Text, next_step: Text | None = None) -> None:
        super().__init__(
            text("The certificate of {host} is not accepted: {reason}.", host=host, reason=reason),
            next_step or text("Try another network or a mirror. Nothing was sent to whoever answered."),
        )


class CertificateOutOfDate(CertificateRefused):
    code = "certificate-date"

    def __init__(self, host: str, *, expired: bool) -> None:
        reason = text("it has expired") if expired else text("it is not valid yet")
        super().__init__(
            host,
            reason,
            text("Check this machine's date and time. If they are right, it is the host's fault: try a mirror."),
        )


class CertificateOfAnother(CertificateRefused):
    code = "certificate-host"

    def __init__(self, host: str) -> None:
        super().__init__(
            host,
            text("it is for another name"),
            text("Check the hub's address, and whether a login page or proxy answers in its place."),
        )


class CertificateSelfSigned(CertificateRefused):
    code = "certificate-self-signed"

    def __init__(self, host: str) -> None:
        super().__init__(
            host,
            text("it vouches only for itself"),
            text("If this host is yours, set SSL_CERT_FILE to its certificate. Otherwise use another network."),
        )


class CertificateUnknown(CertificateRefused):
    """Issued by an authority that this machine does not know: as a rule a proxy that opens encrypted connections."""

    code = "certificate-authority"

    def __init__(self, host: str) -> None:
        super().__init__(
            host,
            text("this machine does not know who issued it"),
            text(
                "If your company's proxy or your antivirus program opens encrypted connections, have its certificate "
                "installed in the system's store, or set SSL_CERT_FILE to it. Otherwise use another network."
            ),
        )


class CertificateFileUnusable(HubProblem):
    code = "certificate-file"

    def __init__(self, path: Path, reason: str | Text) -> None:
        super().__init__(
            text("SSL_CERT_FILE names {path}, which can't be used: {reason}.", path=path, reason=reason),
            text("Correct the variable or take it away; the file holds certificates as PEM or DER."),
        )
