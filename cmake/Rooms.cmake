# mandorla_room(NAME SOURCES a.c ... LINK PkgConfig::SODIUM mandorla-status ...)
#   makes the static target mandorla-NAME. The room's own folder is its public include directory: a
#   header is found only by those who link the room.
# mandorla_check(NAME SOURCES a.c ... LINK mandorla-NAME ... [ARGS ...] [TIMEOUT s] [LABELS ...])
#   makes a Check program and registers it with ctest. MANDORLA_VECTORS in the environment names
#   tests/vectors.

set(MANDORLA_WARNINGS -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wvla -Wformat=2 -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings -Wimplicit-fallthrough)
if(MANDORLA_WERROR)
  list(APPEND MANDORLA_WARNINGS -Werror)
endif()

set(MANDORLA_HARDENING -fstack-protector-strong -fPIC -fno-omit-frame-pointer)
if(NOT MANDORLA_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  list(APPEND MANDORLA_HARDENING -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
set(MANDORLA_SAN_FLAGS "")
if(MANDORLA_SANITIZE)
  set(MANDORLA_SAN_FLAGS -fsanitize=${MANDORLA_SANITIZE} -fno-sanitize-recover=all -g)
endif()
if(MANDORLA_FUZZ)
  list(APPEND MANDORLA_SAN_FLAGS -fsanitize=fuzzer-no-link)
endif()

function(mandorla_flags target)
  target_compile_options(${target} PRIVATE ${MANDORLA_WARNINGS} ${MANDORLA_HARDENING}
    ${MANDORLA_SAN_FLAGS})
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE MANDORLA_VERSION="${PROJECT_VERSION}")
  target_link_options(${target} PRIVATE ${MANDORLA_SAN_FLAGS} -Wl,-z,relro,-z,now)
endfunction()

function(mandorla_room name)
  cmake_parse_arguments(R "" "" "SOURCES;LINK" ${ARGN})
  add_library(mandorla-${name} STATIC ${R_SOURCES})
  target_include_directories(mandorla-${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
  target_link_libraries(mandorla-${name} PUBLIC ${R_LINK})
  mandorla_flags(mandorla-${name})
endfunction()

function(mandorla_program name)
  cmake_parse_arguments(R "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${R_SOURCES})
  target_link_libraries(${name} PRIVATE ${R_LINK})
  mandorla_flags(${name})
endfunction()

function(mandorla_check name)
  cmake_parse_arguments(R "" "TIMEOUT" "SOURCES;LINK;ARGS;LABELS" ${ARGN})
  if(NOT R_TIMEOUT)
    set(R_TIMEOUT 120)
  endif()
  mandorla_program(check-${name} SOURCES ${R_SOURCES} LINK ${R_LINK} PkgConfig::CHECK)
  add_test(NAME ${name} COMMAND check-${name} ${R_ARGS})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${R_TIMEOUT} LABELS "${R_LABELS}"
    ENVIRONMENT "MANDORLA_VECTORS=${PROJECT_SOURCE_DIR}/tests/vectors;CK_FORK=no")
endfunction()

# Fuzz targets are ordinary files with LLVMFuzzerTestOneInput. In a normal build the committed corpus
# is replayed through them as a test; with MANDORLA_FUZZ they become libFuzzer programs.
function(mandorla_fuzzer name)
  cmake_parse_arguments(R "" "" "SOURCES;LINK" ${ARGN})
  if(MANDORLA_FUZZ)
    mandorla_program(fuzz-${name} SOURCES ${R_SOURCES} LINK ${R_LINK})
    target_link_options(fuzz-${name} PRIVATE -fsanitize=fuzzer)
  else()
    mandorla_program(fuzz-${name} SOURCES ${R_SOURCES} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c
      LINK ${R_LINK})
    add_test(NAME fuzz-${name} COMMAND fuzz-${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(fuzz-${name} PROPERTIES TIMEOUT 120)
  endif()
endfunction()

# A room joins the build as soon as it has a CMakeLists.txt.
function(mandorla_add_rooms)
  foreach(dir IN LISTS ARGN)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/CMakeLists.txt)
      add_subdirectory(${dir})
    endif()
  endforeach()
endfunction()
