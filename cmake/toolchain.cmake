# Compiler, linker, warnings, sanitizers and hardening, for every target of ours.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(
  -Wall -Wextra -Werror -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -fno-omit-frame-pointer -fdiagnostics-color=auto)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees uninitialised members in every std::expected of a container; clang and valgrind do not.
  add_compile_options(-Wno-maybe-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety)
endif()

if(GOPHERCRON_SANITIZE)
  # Not optimised but where a test would otherwise take longer than its build (component.cmake): half of the time that
  # GCC takes for an instrumented file goes into optimising the inline functions of other people's headers.
  add_compile_options(-g1 -fsanitize=${GOPHERCRON_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GOPHERCRON_SANITIZE})
  # GCC's own false positives under sanitizers: they instrument away what the analysis relies on.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)
  endif()
else()
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fcf-protection)
  add_link_options(-Wl,-z,relro,-z,now)
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
endif()
if(GOPHERCRON_FUZZ)
  # Without it libFuzzer sees the branches of the target only, not those of the code under test.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
