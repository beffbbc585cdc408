# embed_test.cmake: embed.cmake must refuse an edited migration, a gap, and a file that is not listed.
#   cmake -DROOM=.../node/store -DWORK=scratch -P embed_test.cmake

function(run expect words)
  execute_process(COMMAND ${CMAKE_COMMAND} -DDIR=${WORK}/migrations -DOUT=${WORK}/out.c
    -P ${ROOM}/embed.cmake RESULT_VARIABLE rc ERROR_VARIABLE text OUTPUT_QUIET)
  string(REGEX REPLACE "[ \n]+" " " text "${text}")
  if(expect STREQUAL "ok" AND NOT rc EQUAL 0)
    message(FATAL_ERROR "should have been embedded: ${text}")
  elseif(expect STREQUAL "refused" AND (rc EQUAL 0 OR NOT text MATCHES "${words}"))
    message(FATAL_ERROR "should have been refused with \"${words}\": ${rc} ${text}")
  endif()
endfunction()

function(fresh)
  file(REMOVE_RECURSE ${WORK})
  file(COPY ${ROOM}/migrations DESTINATION ${WORK})
endfunction()

fresh()
run(ok "")
file(APPEND ${WORK}/migrations/0001_main.sql "-- a word more\n")
run(refused "A released migration is never edited")
fresh()
file(WRITE ${WORK}/migrations/9999_unlisted.sql "SELECT 1;\n")
run(refused "list.txt names")
fresh()
file(SHA256 ${WORK}/migrations/0001_main.sql hash)
file(APPEND ${WORK}/migrations/list.txt "0099_gap.sql ${hash}\n")
run(refused "should stand where 99 does")
file(REMOVE_RECURSE ${WORK})
