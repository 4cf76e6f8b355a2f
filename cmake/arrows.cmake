# Who may use whom: the table of docs/architecture.md. An arrow that is not here is a build error
# (cmake/rooms.cmake), and tests/rules reads #include lines and linked libraries against the same table.
# Format: room = rooms it may use | third-party libraries it may use | folder.
set(OUTPOST_ARROWS_sys "")
set(OUTPOST_ARROWS_mail "")
set(OUTPOST_ARROWS_confine sys)
set(OUTPOST_ARROWS_content sys mail)
set(OUTPOST_ARROWS_spool sys mail)
set(OUTPOST_ARROWS_ipc sys mail)
set(OUTPOST_ARROWS_conf sys mail)
set(OUTPOST_ARROWS_tables sys mail conf)
set(OUTPOST_ARROWS_queue sys mail spool)
set(OUTPOST_ARROWS_sendmail sys mail content spool conf)
set(OUTPOST_ARROWS_drop sys mail spool)
set(OUTPOST_ARROWS_pickup sys confine mail content spool conf tables ipc)
set(OUTPOST_ARROWS_queue_runner sys confine mail content spool conf tables queue ipc)
set(OUTPOST_ARROWS_smtp_client sys confine mail content conf tables ipc)
set(OUTPOST_ARROWS_admin sys confine mail content spool conf tables queue ipc)

set(OUTPOST_LIBRARIES_confine seccomp)
set(OUTPOST_LIBRARIES_ipc json)
set(OUTPOST_LIBRARIES_queue sqlite xxhash)
set(OUTPOST_LIBRARIES_tables pcre2 sqlite idn2)
set(OUTPOST_LIBRARIES_pickup xxhash)
set(OUTPOST_LIBRARIES_smtp_client openssl sasl cares)
set(OUTPOST_LIBRARIES_admin cli11 json resolv)

# Where only one part of a room is open to a process: the headers of lib/ipc, and the paths of lib/spool.
set(OUTPOST_HEADERS_pickup_ipc channel descriptors intake)
set(OUTPOST_HEADERS_smtp_client_ipc channel delivery descriptors)
set(OUTPOST_HEADERS_admin_ipc control)
set(OUTPOST_HEADERS_queue_spool paths)
set(OUTPOST_HEADERS_queue_runner_spool paths)
set(OUTPOST_HEADERS_admin_spool paths)
