# component(PATH [FOLDERS ...] USES ... [TEST_ONLY])
#
# Declares the folder src/PATH as a library and names everything it may use: our components by path,
# third parties by target. Every .cc of the folder belongs to it, by its ending:
#   x.cc        the library            x_test.cc   the test program PATH_test
#   x_fuzz.cc   a libFuzzer program    main.cc     left to component_binary
# and so do those of its FOLDERS, which are no components of their own,
# so a file that nobody registered can not exist. tools/tidy holds the #includes to the same list.

# Components whose tests work hard: optimised under a sanitizer too (toolchain.cmake).
set(OPTIMISED_UNDER_SANITIZER base cron task schedule coordination coordination/embedded storage/sql agent sim)

function(component path)
  cmake_parse_arguments(ARG "TEST_ONLY" "" "FOLDERS;USES" ${ARGN})
  string(REPLACE "/" "_" name ${path})
  set(dir ${CMAKE_SOURCE_DIR}/src/${path})
  set(folders ${dir})
  foreach(folder ${ARG_FOLDERS})
    list(APPEND folders ${dir}/${folder})
  endforeach()
  list(TRANSFORM folders APPEND "/*.cc" OUTPUT_VARIABLE patterns)
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  list(TRANSFORM folders APPEND "/*_test.cc" OUTPUT_VARIABLE patterns)
  file(GLOB tests CONFIGURE_DEPENDS ${patterns})
  list(TRANSFORM folders APPEND "/*_fuzz.cc" OUTPUT_VARIABLE patterns)
  file(GLOB fuzzers CONFIGURE_DEPENDS ${patterns})
  list(REMOVE_ITEM sources ${tests} ${fuzzers} ${dir}/main.cc)

  set(uses)
  foreach(use ${ARG_USES})
    # A component is a target as soon as it is declared, also while its folder is empty.
    string(REPLACE "/" "_" target ${use})
    if(TARGET ${target})
      set(use ${target})
    elseif(IS_DIRECTORY ${CMAKE_SOURCE_DIR}/src/${use})
      message(FATAL_ERROR "${path} uses ${use}, which is not declared before it")
    endif()
    list(APPEND uses ${use})
  endforeach()

  if(sources)
    add_library(${name} STATIC ${sources})
    if(GOPHERCRON_SANITIZE AND path IN_LIST OPTIMISED_UNDER_SANITIZER)
      target_compile_options(${name} PRIVATE -O1)
    endif()
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${name} PUBLIC ${uses} Threads::Threads)
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${name} INTERFACE ${uses} Threads::Threads)
  endif()

  if(tests)
    test_program(${name}_test SOURCES ${tests} USES ${name})
  endif()

  if(GOPHERCRON_FUZZ)
    foreach(fuzzer ${fuzzers})
      get_filename_component(fuzz_name ${fuzzer} NAME_WE)
      add_executable(${fuzz_name} ${fuzzer})
      target_compile_options(${fuzz_name} PRIVATE -fsanitize=fuzzer)
      target_link_options(${fuzz_name} PRIVATE -fsanitize=fuzzer)
      target_link_libraries(${fuzz_name} PRIVATE ${name})
    endforeach()
  endif()
endfunction()

# test_program(NAME SOURCES ... USES ...): one GoogleTest program, registered with ctest as a whole.
function(test_program name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;USES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_USES} GTest::gtest GTest::gmock GTest::gtest_main rapidcheck)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
endfunction()

# component_binary(NAME PATH): the program whose main is src/PATH/main.cc.
function(component_binary name path)
  string(REPLACE "/" "_" library ${path})
  add_executable(${name} ${CMAKE_SOURCE_DIR}/src/${path}/main.cc)
  target_link_libraries(${name} PRIVATE ${library})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()
