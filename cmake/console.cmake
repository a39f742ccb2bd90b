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
