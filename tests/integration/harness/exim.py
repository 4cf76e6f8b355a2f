"""Exim as a smarthost: STARTTLS (GnuTLS) and AUTH PLAIN or LOGIN required, all mail into one Maildir."""
from .layers import layer
from .relay import Relay
from .wait import answers, wait_for

_EXIM = 61110

_CONFIGURATION = r"""
primary_hostname = relay.example.org
exim_user = Debian-exim
exim_group = Debian-exim
spool_directory = /var/spool/exim4
log_file_path = /srv/log/%%slog
daemon_smtp_ports = %(port)d
local_interfaces = 127.0.0.1
host_lookup =
keep_environment =
rfc1413_query_timeout = 0s
disable_ipv6 = true
tls_advertise_hosts = *
tls_certificate = /srv/relay.pem
tls_privatekey = /srv/relay.key
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
smtp_accept_max = 100
smtp_accept_max_per_connection = 0
smtp_accept_queue_per_connection = 0
message_size_limit = 50M
prdr_enable = false
acl_smtp_rcpt = check_rcpt
acl_smtp_data = check_data
begin acl
check_rcpt:
  deny    !authenticated = *
          message = authentication required
  deny    local_parts = refused
          message = no such user here
  accept
check_data:
  accept
begin routers
keep:
  driver = accept
  transport = keep
begin transports
keep:
  driver = appendfile
  directory = /srv/mail
  maildir_format
  user = Debian-exim
  envelope_to_add = true
  return_path_add = true
  delivery_date_add = false
  create_directory
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${if and{{eq{$auth2}{%(user)s}}{eq{$auth3}{%(password)s}}}}
  server_set_id = $auth2
  server_prompts = :
login:
  driver = plaintext
  public_name = LOGIN
  server_condition = ${if and{{eq{$auth1}{%(user)s}}{eq{$auth2}{%(password)s}}}}
  server_set_id = $auth1
  server_prompts = <| Username: | Password:
"""

# What the package's own installation would do.
_INSTALLATION = """
mkdir -p /srv/log /var/spool/exim4
chmod u+s /usr/sbin/exim4
chown -R Debian-exim:Debian-exim /srv /var/spool/exim4
"""


class EximRelay(Relay):
    def __init__(self, authority, names=("localhost",), user="alice", password="secret"):
        super().__init__("exim", [layer("exim4-daemon-light")], authority, names)
        self._daemon = None
        self.root.add_user("Debian-exim", _EXIM)
        self.root.write("/etc/exim4/exim4.conf", _CONFIGURATION % dict(port=self.port, user=user, password=password))
        self.root.run("sh", "-ec", _INSTALLATION)

    def start(self):
        self._daemon = self.root.spawn("/usr/sbin/exim4", "-bdf")
        wait_for(lambda: answers(self.port), "Exim", detail=self.log)
        return self

    def stop(self):
        self.root.run("sh", "-c", "kill -KILL -1", check=False)  # all of the root but its process 1
        wait_for(lambda: not answers(self.port), "Exim to stop")
        self._daemon.wait(timeout=10)

    def log(self):
        return "".join(path.read_text(errors="replace") for path in sorted((self.root.srv / "log").glob("*log")))

    def close(self):
        super().close()
        if self._daemon:
            self._daemon.wait(timeout=10)
