# One set of compiler options for everything of ours.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
option(OUTPOST_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(outpost_options INTERFACE)
target_compile_options(outpost_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
target_compile_definitions(outpost_options INTERFACE _GNU_SOURCE OUTPOST_VERSION="${PROJECT_VERSION}")
target_include_directories(outpost_options INTERFACE ${CMAKE_SOURCE_DIR})

if(OUTPOST_SANITIZE)
  # GCC 12 takes the sanitizers' code in variants for reads of what has no value.
  target_compile_options(outpost_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                                                   -fno-omit-frame-pointer -O1 -Wno-maybe-uninitialized)
  target_link_options(outpost_options INTERFACE -fsanitize=address,undefined)
elseif(CMAKE_BUILD_TYPE STREQUAL Release)
  # Small: the work is input and output, and what is not loaded neither costs a start nor stays resident.
  set(CMAKE_CXX_FLAGS_RELEASE "-Os")
  target_compile_options(outpost_options INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS -fstack-protector-strong
    -fstack-clash-protection -fcf-protection -ffunction-sections -fdata-sections)
  target_link_options(outpost_options INTERFACE -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed
                                                -Wl,--gc-sections)
  # The registry's tables are pointers, which take 24 bytes of relocation each unless packed.
  include(CheckLinkerFlag)
  check_linker_flag(CXX -Wl,-z,pack-relative-relocs OUTPOST_PACKS_RELOCATIONS)
  if(OUTPOST_PACKS_RELOCATIONS)
    target_link_options(outpost_options INTERFACE -Wl,-z,pack-relative-relocs)
  endif()
endif()
