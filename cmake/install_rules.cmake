# `cmake --install`: programs under the prefix. Owners, modes, users and links are packaging/install's.
install(TARGETS outpost_sendmail_program RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS outpost_admin_program RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS outpost_drop_program outpost_pickup_program outpost_queue_runner_program
                outpost_smtp_client_program
        RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/outpost)
