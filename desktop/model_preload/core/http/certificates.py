"""Whom to believe: the system's own store of authorities and those of `SSL_CERT_FILE`; why someone was not believed."""

import os
import ssl
from pathlib import Path

import truststore

from model_preload.core import errors
from model_preload.core.texts import text

_EXPIRED = {10, 0x800B0101}
_NOT_YET = {9}
_ANOTHER = {62, 64, 0x800B010F}
_SELF_SIGNED = {18}
_UNKNOWN = {2, 19, 20, 21, 27, 0x800B0109, 0x800B010A}
"""OpenSSL's verification results (x509_vfy.h) and, from 0x80000000 on, those of Windows (winerror.h)."""


def certificates() -> ssl.SSLContext:
    """A context for one connection. Raises CertificateFileUnusable.

    Not shared: truststore locks a context while it shakes hands, so one silent host would hold up all others.
    """
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    extra = os.environ.get("SSL_CERT_FILE")
    if extra:
        _add(context, Path(extra))
        # OpenSSL takes the variable for its one file of authorities; here it is one more.
        usual = ssl.get_default_verify_paths().openssl_cafile
        if usual and Path(usual).is_file():
            context.load_verify_locations(usual)
    return context


def _add(context: ssl.SSLContext, path: Path) -> None:
    """PEM, or DER, which is what Windows's own export writes."""
    try:
        data = path.read_bytes()
        if b"-----BEGIN" in data:
            context.load_verify_locations(path)
        else:
            context.load_verify_locations(cadata=data)
    except (ssl.SSLError, ValueError):
        raise errors.CertificateFileUnusable(path, text("it holds no certificate")) from None
    except OSError as error:
        raise errors.CertificateFileUnusable(path, error.strerror or str(error)) from error


def refusal(error: ssl.SSLCertVerificationError, host: str) -> errors.CertificateRefused:
    """Why a certificate was not accepted, and what to do about it."""
    code = getattr(error, "verify_code", 0) & 0xFFFFFFFF
    if code in _EXPIRED or code in _NOT_YET:
        return errors.CertificateOutOfDate(host, expired=code in _EXPIRED)
    if code in _ANOTHER:
        return errors.CertificateOfAnother(host)
    if code in _SELF_SIGNED:
        return errors.CertificateSelfSigned(host)
    if code in _UNKNOWN:
        return errors.CertificateUnknown(host)
    return errors.CertificateRefused(host, (getattr(error, "verify_message", "") or str(error))[:200])
