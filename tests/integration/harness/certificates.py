"""A certificate authority for the length of a test, by the openssl command."""
import subprocess
from pathlib import Path


class Authority:
    """`certificate` is what a client trusts; issue() makes what a server shows."""

    def __init__(self, directory, name="Test CA"):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.certificate = self.directory / "ca.pem"
        self._key = self.directory / "ca.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                      "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.certificate)
        self.certificate.chmod(0o644)

    def issue(self, *names):
        """(certificate, key) for host names; the files are named after the first."""
        certificate, key = self.directory / f"{names[0]}.pem", self.directory / f"{names[0]}.key"
        request, extensions = self.directory / "request", self.directory / "extensions"
        extensions.write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\n")
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                      "-subj", f"/CN={names[0]}", "-keyout", key, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
                      "-days", "30", "-extfile", extensions, "-out", certificate)
        return certificate, key

    def _openssl(self, *words):
        subprocess.run(["openssl", *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
