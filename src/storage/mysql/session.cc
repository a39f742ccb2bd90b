#include "storage/mysql/session.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>
#include <mysqld_error.h>

#include <algorithm>

#include "storage/mysql/errors.h"
#include "storage/mysql/statement.h"

namespace gophercron::storage::mysql {
namespace {

std::string Where(const Options& options) {
  return options.socket.empty() ? fmt::format("{}:{}", options.host, options.port) : options.socket;
}

unsigned Seconds(seconds timeout) {
  return static_cast<unsigned>(std::max<std::int64_t>(timeout.count(), 1));
}

void SetTimeouts(MYSQL* mysql, const Options& options) {
  const unsigned connect = Seconds(options.connect_timeout);
  const unsigned read = Seconds(options.read_timeout);
  const unsigned write = Seconds(options.write_timeout);
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
  mysql_optionsv(mysql, MYSQL_OPT_READ_TIMEOUT, &read);
  mysql_optionsv(mysql, MYSQL_OPT_WRITE_TIMEOUT, &write);
}

// The library's own default is no TLS, and no check when there is.
void SetTls(MYSQL* mysql, const Options& options) {
  if (options.tls == Tls::kOff) return;
  const my_bool yes = 1;
  const my_bool verify = options.tls == Tls::kVerify ? 1 : 0;
  mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
  mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  mysql_optionsv(mysql, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
  if (options.ca_file.empty() && options.tls == Tls::kVerify) {
    mysql_optionsv(mysql, MYSQL_OPT_SSL_CAPATH, "/etc/ssl/certs");
  }
  const auto file = [&](mysql_option option, const std::string& path) {
    if (!path.empty()) mysql_optionsv(mysql, option, path.c_str());
  };
  file(MYSQL_OPT_SSL_CA, options.ca_file);
  file(MYSQL_OPT_SSL_CERT, options.certificate_file);
  file(MYSQL_OPT_SSL_KEY, options.key_file);
}

}  // namespace

void Session::Closer::operator()(st_mysql* mysql) const {
  mysql_close(mysql);
}

Session::Session(const Options& options)
    : where_(fmt::format("the database {} at {}", options.database, Where(options))),
      mysql_(mysql_init(nullptr)) {}

Session::~Session() {
  prepared_.clear();  // before the connection that they belong to
}

Result<std::unique_ptr<Session>> Session::Connect(const Options& options) {
  // The library's start is not safe in several threads at once.
  static const int started = mysql_library_init(0, nullptr, nullptr);
  std::unique_ptr<Session> session(started == 0 ? new Session(options) : nullptr);
  if (session == nullptr || session->mysql_ == nullptr) {
    return Fail(ErrorCode::kResourceExhausted, "the MySQL client library could not start");
  }
  if (Status connected = session->Start(options); !connected) {
    return std::unexpected(std::move(connected).error());
  }
  return session;
}

Status Session::Start(const Options& options) {
  MYSQL* mysql = mysql_.get();
  SetTimeouts(mysql, options);
  SetTls(mysql, options);
  const my_bool no = 0;
  const unsigned off = 0;
  mysql_optionsv(mysql, MYSQL_OPT_RECONNECT, &no);
  mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // Else "localhost" means a socket of the library's choice.
  const unsigned protocol = options.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &protocol);
  const char* socket = options.socket.empty() ? nullptr : options.socket.c_str();
  const char* host = options.socket.empty() ? options.host.c_str() : "localhost";
  if (mysql_real_connect(mysql, host, options.username.c_str(), options.password.c_str(),
                         options.database.c_str(), options.port, socket,
                         CLIENT_FOUND_ROWS) == nullptr) {
    Status failed = Failed(mysql_errno(mysql), mysql_error(mysql));
    lost_ = true;
    return failed;
  }
  // The library goes on without TLS when the server has none.
  if (options.tls != Tls::kOff && mysql_get_ssl_cipher(mysql) == nullptr) {
    lost_ = true;
    return Fail(
        ErrorCode::kUnavailable,
        fmt::format("{}: TLS (SSL) is demanded here and the server does not offer it", where_));
  }
  // Waiting for a lock must end before waiting for the answer does.
  const std::int64_t lock_wait = std::clamp<std::int64_t>(options.read_timeout.count() - 1, 1, 5);
  return Exec(
      fmt::format("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ANSI_QUOTES', "
                  "time_zone = '+00:00', autocommit = 1, innodb_lock_wait_timeout = {}",
                  lock_wait));
}

Status Session::Failed(unsigned number, std::string_view message) {
  error_number_ = number;
  lost_ = lost_ || IsLost(number);
  const std::string_view hint =
      number == ER_NET_PACKET_TOO_LARGE || number == CR_NET_PACKET_TOO_LARGE
          ? "; raise max_allowed_packet at the server"
          : "";
  return Fail(CodeOf(number), fmt::format("{}: {} ({}){}", where_, message, number, hint));
}

Status Session::Exec(const std::string& statement) {
  if (mysql_real_query(mysql_.get(), statement.data(), statement.size()) != 0) {
    return Failed(mysql_errno(mysql_.get()), mysql_error(mysql_.get()));
  }
  // A statement that gives rows after all must not block the connection.
  if (MYSQL_RES* rows = mysql_store_result(mysql_.get())) mysql_free_result(rows);
  return {};
}

Result<Statement*> Session::Prepare(std::string_view text) {
  const auto found = prepared_.find(text);
  if (found != prepared_.end()) return found->second.get();
  auto statement = std::make_unique<Statement>();
  if (!statement->Prepare(mysql_.get(), text)) {
    Status failed = Failed(statement->error_number(), statement->message());
    return std::unexpected(std::move(failed).error());
  }
  return prepared_.emplace(std::string(text), std::move(statement)).first->second.get();
}

Status Session::Execute(std::string_view text, std::span<const sql::Value> parameters,
                        sql::Changes* changes) {
  auto statement = Prepare(text);
  if (!statement) return std::unexpected(std::move(statement).error());
  if (!(*statement)->Execute(parameters, changes)) {
    return Failed((*statement)->error_number(), (*statement)->message());
  }
  if (text.starts_with("INSERT IGNORE") && mysql_warning_count(mysql_.get()) > 0) {
    return OnlyDuplicatesIgnored();
  }
  return {};
}

Status Session::Query(std::string_view text, std::span<const sql::Value> parameters,
                      const std::function<void(const sql::Row&)>& on_row) {
  auto statement = Prepare(text);
  if (!statement) return std::unexpected(std::move(statement).error());
  if ((*statement)->Query(parameters, on_row)) return {};
  Status failed = Failed((*statement)->error_number(), (*statement)->message());
  // What it left unread would stand in the way of the next statement.
  prepared_.erase(prepared_.find(text));
  return failed;
}

Result<std::int64_t> Session::Number(std::string_view query) {
  std::int64_t number = 0;
  if (Status read = Query(query, {}, [&](const sql::Row& row) { number = row.Int(0); }); !read) {
    return std::unexpected(std::move(read).error());
  }
  return number;
}

Status Session::OnlyDuplicatesIgnored() {
  if (mysql_query(mysql_.get(), "SHOW WARNINGS") != 0) {
    return Failed(mysql_errno(mysql_.get()), mysql_error(mysql_.get()));
  }
  MYSQL_RES* warnings = mysql_store_result(mysql_.get());
  if (warnings == nullptr) return Failed(mysql_errno(mysql_.get()), mysql_error(mysql_.get()));
  Status status;
  while (MYSQL_ROW row = mysql_fetch_row(warnings)) {
    const auto number = static_cast<unsigned>(std::atoi(row[1]));
    if (status && !IsDuplicate(number)) status = Failed(number, row[2]);
  }
  mysql_free_result(warnings);
  return status;
}

}  // namespace gophercron::storage::mysql
