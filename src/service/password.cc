#include "service/password.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace gophercron::service {
namespace {

constexpr unsigned long long kOperations = 2;
constexpr std::size_t kMemoryBytes = 19'456 * std::size_t{1024};

// A hash of nothing that anybody knows, with the costs above: what is checked when there is no
// user.
constexpr const char* kNobodysHash =
    "$argon2id$v=19$m=19456,t=2,p=1$mPURI/qiO2MYyY9dXdgFVw$"
    "t4gy/ujq83Z2KJtqdLHZpoK6UiiwOQohTw5PG/IEyHw";

// Those that every list of passwords begins with, this program's old default among them.
constexpr std::array<std::string_view, 12> kPublic = {
    "password", "password1", "12345678",      "123456789",  "1234567890", "qwertyuiop",
    "11111111", "88888888",  "administrator", "gophercron", "letmein1",   "iloveyou"};

void Prepare() {
  CHECK(sodium_init() >= 0);
}

std::string Hex(const unsigned char* bytes, std::size_t size) {
  std::string out;
  out.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) out += fmt::format("{:02x}", bytes[i]);
  return out;
}

std::string Md5Hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  // Fails only where a policy forbids MD5; then no such hash can be right.
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr) != 1)
    return "";
  return Hex(digest.data(), size);
}

bool Equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool VerifyArgon(std::string_view password, const char* hash) {
  return crypto_pwhash_str_verify(hash, password.data(), password.size()) == 0;
}

}  // namespace

Result<std::string> HashPassword(std::string_view password) {
  Prepare();
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), kOperations, kMemoryBytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Fail(ErrorCode::kResourceExhausted,
                "hashing a password needs 19 MiB of memory, which the system did not give");
  }
  return std::string(out.data());
}

PasswordVerdict CheckPassword(std::string_view password, const std::string& hash,
                              std::string_view salt) {
  Prepare();
  if (hash.starts_with("$argon2")) {
    if (!VerifyArgon(password, hash.c_str())) return PasswordVerdict::kWrong;
    const bool old = crypto_pwhash_str_needs_rehash(hash.c_str(), kOperations, kMemoryBytes) != 0;
    return old ? PasswordVerdict::kRightAndOld : PasswordVerdict::kRight;
  }
  VerifyArgon(password, kNobodysHash);
  if (hash.size() != 32) return PasswordVerdict::kWrong;
  const std::string md5 = Md5Hex(std::string(password) + std::string(salt));
  return Equal(md5, hash) ? PasswordVerdict::kRightAndOld : PasswordVerdict::kWrong;
}

Status CheckNewPassword(std::string_view password, std::string_view account) {
  const auto refuse = [](std::string message) -> Status {
    return std::unexpected(Error{.code = ErrorCode::kInvalidArgument,
                                 .message = "this password can not be set: " + message,
                                 .fields = {{.field = "new_password", .message = message}}});
  };
  if (password.size() < kPasswordBytesMin || password.size() > kPasswordBytesMax) {
    return refuse(fmt::format("it must have {} to {} bytes", kPasswordBytesMin, kPasswordBytesMax));
  }
  const bool one_letter = password.find_first_not_of(password.front()) == std::string_view::npos;
  if (password == account || one_letter || std::ranges::find(kPublic, password) != kPublic.end()) {
    return refuse("it is one of the first that anybody would try; choose another");
  }
  return {};
}

std::string Sha256Hex(std::string_view bytes) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size());
  return Hex(digest.data(), digest.size());
}

}  // namespace gophercron::service
