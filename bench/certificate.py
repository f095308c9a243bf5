"""A certificate for the servers, signed by itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bench.excuses import Unavailable


def make_certificate(folder: Path, host: str) -> Path:
    """Write a certificate for ``host`` (an IP address) with its key into one file. Raises Unavailable."""
    if shutil.which("openssl") is None:
        raise Unavailable("openssl is not installed, which makes the certificate")
    key, made = folder / "key.pem", folder / "certificate.pem"
    names = ["-subj", "/CN=bench", "-addext", f"subjectAltName=IP:{host}"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7"]
    subprocess.run(
        ["openssl", "req", *kind, *names, "-keyout", str(key), "-out", str(made)], capture_output=True, check=True
    )
    both = folder / "server.pem"
    both.touch(mode=0o600)
    both.write_bytes(made.read_bytes() + key.read_bytes())
    return both
