"""What the real relays have in common: a root, a port, a certificate, a store."""
from .root import Root
from .store import Store
from .wait import free_port


class Relay:
    """Not started by its constructor, so that a test may have it come up late; `with` starts and ends it."""

    def __init__(self, name, layers, authority, names):
        self.port = free_port()
        self.root = Root(name, layers)
        self.store = Store(self.root.srv / "mail")
        for part in ("new", "cur", "tmp"):
            (self.store.directory / part).mkdir(parents=True)
        self.use_certificate(authority, *names)

    @property
    def destination(self):
        """For relayhost."""
        return f"[localhost]:{self.port}"

    def use_certificate(self, authority, *names):
        """The next connection is shown this one."""
        for target, source in zip(("relay.pem", "relay.key"), authority.issue(*names)):
            (self.root.srv / target).write_bytes(source.read_bytes())
            (self.root.srv / target).chmod(0o644)  # the relay reads it as a user of its own; it lives for a test

    def start(self):
        raise NotImplementedError

    def close(self):
        self.root.close()

    def __enter__(self):
        try:
            return self.start()
        except Exception:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()
