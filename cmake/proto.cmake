# proto_library(NAME FILE): the C++ code of src/FILE.proto, generated into the build folder. Included by
# its path below src, as everything; generated code is not held to our warnings.
function(proto_library name file)
  set(out ${CMAKE_BINARY_DIR}/generated)
  set(generated)
  foreach(ending pb.cc pb.h grpc.pb.cc grpc.pb.h)
    list(APPEND generated ${out}/${file}.${ending})
  endforeach()
  file(MAKE_DIRECTORY ${out})
  add_custom_command(
    OUTPUT ${generated}
    COMMAND protobuf::protoc -I ${CMAKE_SOURCE_DIR}/src --cpp_out=${out} --grpc_out=${out}
            --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${CMAKE_SOURCE_DIR}/src/${file}.proto
    DEPENDS ${CMAKE_SOURCE_DIR}/src/${file}.proto
    VERBATIM)
  add_library(${name} STATIC ${generated})
  target_compile_options(${name} PRIVATE -w)
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_link_libraries(${name} PUBLIC gRPC::grpc++)
endfunction()
