"""Postfix as a smarthost: submission with STARTTLS at `port` and TLS from the first byte at `tls_port`, AUTH required
(Cyrus SASL, passwords in its own sasldb), all mail of every domain into one Maildir."""

from .layers import layer
from .relay import Relay
from .wait import answers, free_port, wait_for

REALM = "relay.example.org"
_POSTFIX, _POSTDROP, _SASL, _KEEPER = 61100, 61101, 61102, 61103

_MAIN = """
compatibility_level = 3.6
maillog_file = /srv/maillog
maillog_file_prefixes = /srv
myhostname = relay.example.org
mydestination =
alias_maps =
mynetworks = %(networks)s
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
smtp_host_lookup = native
append_dot_mydomain = no
biff = no
recipient_delimiter =
local_header_rewrite_clients =
default_transport = virtual
virtual_mailbox_base = /srv
virtual_mailbox_maps = static:mail/
virtual_mailbox_limit = 0
virtual_uid_maps = static:%(keeper)d
virtual_gid_maps = static:%(keeper)d
virtual_destination_recipient_limit = 1
virtual_destination_concurrency_limit = 10
in_flow_delay = 0
message_size_limit = 67108864
smtpd_client_connection_count_limit = 0
smtpd_tls_security_level = %(tls)s
smtpd_tls_cert_file = /srv/relay.pem
smtpd_tls_key_file = /srv/relay.key
smtpd_tls_received_header = yes
smtpd_sasl_auth_enable = %(auth)s
smtpd_sasl_local_domain = relay.example.org
smtpd_sasl_authenticated_header = yes
smtpd_sasl_security_options = noanonymous
smtpd_tls_auth_only = %(auth_needs_tls)s
cyrus_sasl_config_path = /etc/postfix/sasl
smtpd_relay_restrictions = %(restrictions)s
header_checks = regexp:/etc/postfix/header_checks
smtpd_delay_reject = yes
"""

_MASTER = """
127.0.0.1:%(port)d inet n - n - 50 smtpd
127.0.0.1:%(tls_port)d inet n - n - 50 smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

# What the package's own installation and Postfix's first start would do; that start takes seconds with its checks.
_INSTALLATION = """
chown -R keeper:keeper /srv/mail
chown postfix:postfix /var/lib/postfix
chgrp postdrop /usr/sbin/postdrop /usr/sbin/postqueue
chmod g+s /usr/sbin/postdrop /usr/sbin/postqueue
cd /var/spool/postfix
mkdir -p active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public pid
chown postfix active bounce corrupt defer deferred flush hold incoming private saved trace
chmod 0700 active bounce corrupt defer deferred flush hold incoming private saved trace
chown postfix:postdrop maildrop public
chmod 0730 maildrop
chmod 0710 public
"""

_SASL_CONF = """pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: %s
sasldb_path: /etc/sasldb2
"""


class PostfixRelay(Relay):
    """tls: "encrypt" (required), "may", "none" (STARTTLS not offered); any main.cf parameter of the relay may follow,
    and change() sets them while it runs."""

    def __init__(self, authority, names=("localhost",), users=None, tls="encrypt", auth=True, mechanisms="PLAIN LOGIN",
                 **parameters):
        super().__init__("postfix", [layer("postfix", "sasl2-bin")], authority, names)
        self.tls_port = free_port()
        self.log_path = self.root.srv / "maillog"
        self.root.add_user("postfix", _POSTFIX, groups=[("postdrop", _POSTDROP), ("sasl", _SASL)])
        self.root.add_user("keeper", _KEEPER)
        self.root.run("sh", "-ec", _INSTALLATION)
        facts = dict(port=self.port, tls_port=self.tls_port, keeper=_KEEPER, tls=tls, auth="yes" if auth else "no",
                     auth_needs_tls="no" if tls == "none" else "yes",
                     restrictions="permit_sasl_authenticated, reject" if auth else "permit_mynetworks, reject",
                     networks="" if auth else "127.0.0.0/8")
        own = "".join(f"{name} = {value}\n" for name, value in parameters.items())
        self.root.write("/etc/postfix/main.cf", _MAIN % facts + own)
        self.root.write("/etc/postfix/master.cf", _MASTER % facts)
        self.root.write("/etc/postfix/header_checks", "")
        self.root.write("/etc/postfix/sasl/smtpd.conf", _SASL_CONF % mechanisms)
        for user, password in ({"alice": "secret"} if users is None else users).items():
            self.set_password(user, password)

    def set_password(self, user, password):
        self.root.run("saslpasswd2", "-p", "-c", "-f", "/etc/sasldb2", "-u", REALM, user, input=password.encode())
        self.root.run("chown", "root:postfix", "/etc/sasldb2")
        self.root.run("chmod", "0640", "/etc/sasldb2")

    def change(self, **parameters):
        """main.cf of the running relay; its next connection sees it."""
        self.root.run("postconf", "-e", *(f"{name}={value}" for name, value in parameters.items()))
        self.root.run("postfix", "reload")

    def refuse_header(self, pattern, text="refused by policy"):
        """5xx after the content of messages with a header line that matches."""
        self.root.write("/etc/postfix/header_checks", f"/{pattern}/ REJECT {text}\n")

    def start(self):
        # Not `postfix start`, which waits for a log daemon that is not there yet. Returns when it listens.
        self.root.run("/usr/lib/postfix/sbin/master", "-w")
        return self

    def stop(self):
        self.root.run("postfix", "abort", check=False)
        wait_for(lambda: not answers(self.port), "Postfix to stop")

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def connections(self):
        return self.log().count(": connect from")
