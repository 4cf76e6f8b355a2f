# The directories that are compiled in; everything else follows from main.cf.
set(OUTPOST_CONFIG_DIRECTORY ${CMAKE_INSTALL_FULL_SYSCONFDIR}/outpost CACHE PATH "main.cf and its tables")
set(OUTPOST_QUEUE_DIRECTORY /var/spool/outpost CACHE PATH "Queue, maildrop and sockets; drop writes below it")
set(OUTPOST_DAEMON_DIRECTORY ${CMAKE_INSTALL_FULL_LIBEXECDIR}/outpost)
set(OUTPOST_COMMAND_DIRECTORY ${CMAKE_INSTALL_FULL_SBINDIR})

# Tells them to the room or program NAME, as macros of these names.
function(outpost_compile_directories name)
  target_compile_definitions(outpost_${name} PRIVATE
    OUTPOST_CONFIG_DIRECTORY="${OUTPOST_CONFIG_DIRECTORY}" OUTPOST_QUEUE_DIRECTORY="${OUTPOST_QUEUE_DIRECTORY}"
    OUTPOST_DAEMON_DIRECTORY="${OUTPOST_DAEMON_DIRECTORY}" OUTPOST_COMMAND_DIRECTORY="${OUTPOST_COMMAND_DIRECTORY}")
endfunction()
