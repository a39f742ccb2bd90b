# Every third party, found once. docs/dependencies.md says why each is here and where it may be used.

set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Threads REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(JWT REQUIRED IMPORTED_TARGET libjwt)
add_library(sodium ALIAS PkgConfig::SODIUM)
add_library(jwt ALIAS PkgConfig::JWT)

find_library(CCTZ_LIBRARY cctz REQUIRED)
add_library(cctz INTERFACE IMPORTED)
target_link_libraries(cctz INTERFACE ${CCTZ_LIBRARY})

find_library(SQLITECPP_LIBRARY SQLiteCpp REQUIRED)
add_library(SQLiteCpp INTERFACE IMPORTED)
target_link_libraries(SQLiteCpp INTERFACE ${SQLITECPP_LIBRARY} SQLite::SQLite3)

add_library(openssl INTERFACE IMPORTED)
target_link_libraries(openssl INTERFACE OpenSSL::SSL OpenSSL::Crypto)

find_library(RAPIDCHECK_LIBRARY rapidcheck REQUIRED)
add_library(rapidcheck INTERFACE IMPORTED)
target_link_libraries(rapidcheck INTERFACE ${RAPIDCHECK_LIBRARY})
