# The console, from web/dist into the program. `./dev build` makes web/dist where Node is installed; without it the
# program is built all the same and says at /admin/ that it has no console.

find_package(Python3 3.11 COMPONENTS Interpreter REQUIRED)

# console_assets(TARGET): adds the packed files to TARGET.
function(console_assets target)
  set(dist ${CMAKE_SOURCE_DIR}/web/dist)
  set(out ${CMAKE_BINARY_DIR}/console)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${dist}/*)
  add_custom_command(
    OUTPUT ${out}/console_assets.cc ${out}/console.pack
    COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tools/pack_console ${dist} ${out}
    DEPENDS ${CMAKE_SOURCE_DIR}/tools/pack_console ${files}
    COMMENT "Packing the console")
  target_sources(${target} PRIVATE ${out}/console_assets.cc)
  # The compiler does not see what the assembler includes; and a cache must not take one pack for another.
  set_source_files_properties(${out}/console_assets.cc PROPERTIES OBJECT_DEPENDS ${out}/console.pack CXX_COMPILER_LAUNCHER "")
endfunction()

# openapi_document(TARGET): adds the contract of the API to TARGET.
function(openapi_document target)
  set(contract ${CMAKE_SOURCE_DIR}/src/http/openapi)
  set(out ${CMAKE_BINARY_DIR}/openapi_document.cc)
  file(GLOB files CONFIGURE_DEPENDS ${contract}/*.yaml)
  add_custom_command(
    OUTPUT ${out}
    COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tools/openapi embed ${contract} ${out}
    DEPENDS ${CMAKE_SOURCE_DIR}/tools/openapi ${files}
    COMMENT "Embedding the contract of the API")
  target_sources(${target} PRIVATE ${out})
endfunction()
