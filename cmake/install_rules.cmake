# `cmake --install`: programs and man pages under the prefix. Owners, modes, users and links are packaging/install's.
install(TARGETS outpost_sendmail_program RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS outpost_admin_program RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS outpost_drop_program outpost_pickup_program outpost_queue_runner_program
                outpost_smtp_client_program
        RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/outpost)

# NAME.SECTION.scd, beside the program that it describes or in docs/, becomes man/manSECTION/NAME.SECTION.
find_program(SCDOC scdoc)
file(GLOB manual_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/*/*.scd ${CMAKE_SOURCE_DIR}/docs/*/*.scd)
if(SCDOC AND manual_sources)
  set(manuals "")
  foreach(source IN LISTS manual_sources)
    cmake_path(GET source STEM LAST_ONLY page)
    string(REGEX MATCH "[0-9]$" section ${page})
    set(manual ${CMAKE_BINARY_DIR}/man/${page})
    add_custom_command(OUTPUT ${manual} DEPENDS ${source} VERBATIM
                       COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
                       COMMAND sh -c "${SCDOC} < '${source}' > '${manual}.new' && mv '${manual}.new' '${manual}'")
    list(APPEND manuals ${manual})
    install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  endforeach()
  # outpost.cf(5) comes from the registry of parameters.
  add_executable(outpost_manual_program ${CMAKE_SOURCE_DIR}/conf/manual/main.cc)
  target_link_libraries(outpost_manual_program PRIVATE outpost_conf)
  set(manual ${CMAKE_BINARY_DIR}/man/outpost.cf.5)
  add_custom_command(OUTPUT ${manual} DEPENDS outpost_manual_program VERBATIM
                     COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
                     COMMAND sh -c "$<TARGET_FILE:outpost_manual_program> > '${manual}.scd' && ${SCDOC} < '${manual}.scd' > '${manual}.new' && mv '${manual}.new' '${manual}'")
  list(APPEND manuals ${manual})
  install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
  add_custom_target(outpost_manuals ALL DEPENDS ${manuals})
endif()

# What packaging/try needs: the programs, without tests.
add_custom_target(programs DEPENDS
  outpost_sendmail_program outpost_admin_program outpost_drop_program outpost_pickup_program
  outpost_queue_runner_program outpost_smtp_client_program)
if(TARGET outpost_manuals)
  add_dependencies(programs outpost_manuals)  # `cmake --install` wants them
endif()
