"""What the scenarios stand on: real relays in roots of their own, scripted servers, and an outpost of a test's own.

Standard library only. Nothing here touches the host's packages, its mailer or port 25: relays are Debian's packages,
unpacked beside the system and run over it (root.py), on loopback, at ports the kernel chose.
"""
