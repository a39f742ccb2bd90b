// The least that a server on Beast must do, to compare with: reads a request, answers always the
// same. One thread, coroutines, a timer for each stream, as the program's own server has them.
//   bare_beast BODY_BYTES
// prints its port, and serves until it is ended.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;

using Executor = asio::io_context::executor_type;
using Tcp = asio::ip::tcp;
using Stream = beast::basic_stream<Tcp, Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
constexpr auto kUse = asio::as_tuple(asio::use_awaitable_t<Executor>());

Awaitable<void> Serve(asio::basic_stream_socket<Tcp, Executor> socket, const std::string& body) {
  boost::system::error_code ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  Stream stream(std::move(socket));
  beast::flat_buffer buffer;
  while (true) {
    wire::request_parser<wire::string_body> parser;
    stream.expires_after(std::chrono::seconds(30));
    const auto [unread, got] = co_await wire::async_read(stream, buffer, parser, kUse);
    if (unread) co_return;
    wire::response<wire::string_body> response(wire::status::ok, 11);
    response.set(wire::field::content_type, "application/json; charset=utf-8");
    response.body() = body;
    response.prepare_payload();
    const auto [unsent, sent] = co_await wire::async_write(stream, response, kUse);
    if (unsent) co_return;
  }
}

Awaitable<void> Accept(asio::basic_socket_acceptor<Tcp, Executor>& acceptor,
                       const std::string& body) {
  while (true) {
    auto [failure, socket] = co_await acceptor.async_accept(kUse);
    if (failure) co_return;
    asio::co_spawn(acceptor.get_executor(), Serve(std::move(socket), body), asio::detached);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::string body(count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 200, 'x');
  asio::io_context context(1);
  asio::basic_socket_acceptor<Tcp, Executor> acceptor(
      context, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  std::printf("%d\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  asio::co_spawn(context, Accept(acceptor, body), asio::detached);
  context.run();
}
