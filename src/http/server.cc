// The only file that knows Beast: it takes ten seconds to compile.
#include "http/server.h"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <ctime>
#include <list>
#include <thread>
#include <tuple>
#include <utility>

#include "base/id.h"
#include "base/log.h"
#include "http/message.h"
#include "http/refusal.h"
#include "http/router.h"
#include "http/v1/envelope.h"
#include "http/worker_pool.h"
#include "link/wire.h"

namespace gophercron::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using boost::system::error_code;

using Executor = asio::io_context::executor_type;
using Tcp = asio::ip::tcp;
// Typed by the executor: no type-erased one on the way of every read and write.
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Stream = beast::basic_stream<Tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;

// Failures come back as values.
constexpr auto kUse = asio::as_tuple(asio::use_awaitable_t<Executor>());

constexpr int kSignInNiceness = 10;
// Of what follows a request that could not be read.
constexpr std::uint64_t kLingerShort = 1 << 20;

std::string_view View(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

// Without the body and an id.
Request ToRequest(const wire::request<wire::string_body>& message, std::string remote_address) {
  Request request;
  request.method = View(message.method_string());
  request.target = View(message.target());
  const std::string_view target = request.target;
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = ParseQuery(target.substr(question + 1));
  for (const auto& field : message) {
    std::string name(View(field.name_string()));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    // Of a header that comes twice the first one counts.
    request.headers.emplace(std::move(name), View(field.value()));
  }
  request.remote_address = std::move(remote_address);
  return request;
}

// As HTTP writes a time: "Sun, 29 Mar 2026 01:30:00 GMT".
std::string HttpDate(Instant at) {
  const std::time_t seconds_since = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(at));
  std::tm parts{};
  gmtime_r(&seconds_since, &parts);
  std::array<char, 40> text{};
  // The program never leaves the C locale, so the names are English.
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

// What every answer carries; a handler's own value of a header wins.
template <class Message>
void Decorate(Message* message, const Response& response, std::string_view request_id,
              Instant now) {
  message->set(wire::field::date, HttpDate(now));
  message->set(wire::field::server, "gophercron");
  message->set("X-Request-Id", std::string(request_id));
  message->set("X-Content-Type-Options", "nosniff");
  message->set("Referrer-Policy", "no-referrer");
  message->set("Cross-Origin-Resource-Policy", "same-origin");
  message->set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  message->set("Cache-Control", "no-store");
  for (const auto& [name, value] : response.headers) message->set(name, value);
}

}  // namespace

// One wake-up for a stream's coroutine, from any thread. Several before it looks are one.
struct WakeUp {
  explicit WakeUp(const Executor& the_executor) : executor(the_executor), timer(the_executor) {}

  static void Post(const std::shared_ptr<WakeUp>& self) {
    if (self->posted.exchange(true)) return;
    asio::post(self->executor, [self] {
      self->posted = false;
      self->woken = true;
      self->timer.cancel();
    });
  }

  Executor executor;
  Timer timer;
  std::atomic<bool> posted = false;
  bool woken = false;  // on the socket thread
};

struct Server::Impl {
  Impl(ServerOptions the_options, service::Services& the_services, bool loopback)
      : options(std::move(the_options)),
        services(the_services),
        router(Routes(), the_services,
               {.allowed_hosts = options.allowed_hosts,
                .loopback = loopback,
                .view_path = options.view_path}),
        workers(options.workers, options.waiting_max, 0),
        sign_ins(1, options.sign_ins_waiting_max, kSignInNiceness),
        acceptor(context) {}

  ~Impl() { Stop(); }

  Result<Tcp::endpoint> Listen();
  void Stop();

  Awaitable<void> Accept();
  Awaitable<void> Serve(Socket socket);
  Awaitable<void> Refuse(Socket socket);
  // False: the connection is over.
  Awaitable<bool> ServeOne(Stream& stream, beast::flat_buffer& buffer, const std::string& remote,
                           bool first);
  Awaitable<bool> Send(Stream& stream, const wire::request<wire::string_body>& request,
                       Response response, std::string_view request_id);
  // Then takes in up to `linger_bytes` of what still comes. `target`: as far as it is known.
  Awaitable<void> SendError(Stream& stream, int status, std::string_view code,
                            std::string_view detail, std::uint64_t linger_bytes,
                            std::string target = {});
  Awaitable<void> Linger(Stream& stream, std::uint64_t bytes_max);
  Awaitable<void> SendTooLarge(Stream& stream, std::uint64_t body_bytes_max,
                               std::string target = {});
  Awaitable<bool> SendStream(Stream& stream, const wire::request<wire::string_body>& request,
                             const Response& response, std::string_view request_id);
  Awaitable<void> Pump(Stream& stream, const Response::Open& open);
  // Runs `what` on `pool` and goes on when it is done. False: the pool is full.
  Awaitable<bool> OnWorker(WorkerPool& pool, WorkerPool::Work what, bool always);

  // On GopherCron v1's API a number, as there.
  std::string NewRequestId(std::string_view path) {
    const service::Ports& ports = services.ports();
    return v1::IsV1(path) ? NewNumericId(ports.clock.Now(), ports.random)
                          : NewId(ports.clock.Now(), ports.random);
  }

  const ServerOptions options;
  service::Services& services;
  const Router router;
  // Destroyed after the context: its coroutines point here.
  WorkerPool workers;
  WorkerPool sign_ins;
  std::size_t connections = 0;
  std::size_t refusing = 0;  // on the socket thread, as all below
  std::size_t streams = 0;
  std::list<Stream*> open;

  asio::io_context context{1};
  asio::executor_work_guard<Executor> work{context.get_executor()};
  Acceptor acceptor;
  Tcp::endpoint endpoint;
  std::thread thread;
  bool stopped = false;
};

Awaitable<bool> Server::Impl::OnWorker(WorkerPool& pool, WorkerPool::Work what, bool always) {
  bool taken = true;
  const auto begin = [&](auto handler) {
    const Executor executor = context.get_executor();
    // Shared, because a task that is not taken must still be able to answer.
    auto done = std::make_shared<decltype(handler)>(std::move(handler));
    taken = pool.Submit(
        [executor, done, what = std::move(what)]() mutable {
          what();
          // Released on the socket thread, with everything that the work held.
          asio::post(executor, [done] { std::move (*done)(); });
        },
        always);
    if (!taken) asio::post(executor, [done] { std::move (*done)(); });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
      begin, asio::use_awaitable_t<Executor>());
  co_return taken;
}

Awaitable<bool> Server::Impl::Send(Stream& stream, const wire::request<wire::string_body>& request,
                                   Response response, std::string_view request_id) {
  wire::response<wire::string_body> message(static_cast<wire::status>(response.status),
                                            request.version());
  Decorate(&message, response, request_id, services.ports().clock.Now());
  message.keep_alive(request.keep_alive());
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) message.content_length(response.body.size());
  if (request.method() != wire::verb::head && !bodiless) message.body() = std::move(response.body);
  stream.expires_after(options.write_timeout);
  wire::response_serializer<wire::string_body> serializer(message);
  // To a HEAD the length is told and nothing sent.
  if (request.method() == wire::verb::head) {
    const auto [failure, bytes] = co_await wire::async_write_header(stream, serializer, kUse);
    co_return !failure && message.keep_alive();
  }
  const auto [failure, bytes] = co_await wire::async_write(stream, serializer, kUse);
  co_return !failure && message.keep_alive();
}

Awaitable<void> Server::Impl::SendError(Stream& stream, int status, std::string_view code,
                                        std::string_view detail, std::uint64_t linger_bytes,
                                        std::string target) {
  Request request;
  request.target = std::move(target);
  request.path = request.target.substr(0, request.target.find('?'));
  request.request_id = NewRequestId(request.path);
  wire::request<wire::string_body> message(wire::verb::get, "/", 11);
  message.keep_alive(false);
  Response response = Refusal(request, status, code, detail);
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  co_await Send(stream, message, std::move(response), request.request_id);
  co_await Linger(stream, linger_bytes);
}

// Closing while the other side still sends makes its kernel throw the answer away and its program
// see a broken pipe instead. So the answer goes, our side is shut, and what comes is thrown away
// until the other side has had its say, within bounds of bytes, silence and time.
Awaitable<void> Server::Impl::Linger(Stream& stream, std::uint64_t bytes_max) {
  error_code ignored;
  stream.socket().shutdown(Tcp::socket::shutdown_send, ignored);
  std::array<char, 16 << 10> rest;
  std::uint64_t drained = 0;
  const Clock& clock = services.ports().clock;
  const BootTime until = clock.Boot() + options.linger_timeout;
  while (drained < bytes_max && clock.Boot() < until) {
    stream.expires_after(options.linger_silence);
    const auto [failure, bytes] = co_await stream.async_read_some(asio::buffer(rest), kUse);
    if (failure) break;
    drained += bytes;
  }
}

Awaitable<void> Server::Impl::SendTooLarge(Stream& stream, std::uint64_t body_bytes_max,
                                           std::string target) {
  co_await SendError(stream, 413, "invalid_argument",
                     fmt::format("a body may have at most {} bytes", body_bytes_max),
                     options.linger_bytes_max, std::move(target));
}

Awaitable<void> Server::Impl::Pump(Stream& stream, const Response::Open& open_events) {
  const auto wake_up = std::make_shared<WakeUp>(context.get_executor());
  std::unique_ptr<EventStream> events;
  std::string out;
  bool more = true;
  const std::weak_ptr<WakeUp> weak = wake_up;
  co_await OnWorker(
      workers,
      [&] {
        events = open_events([weak] {
          if (const auto self = weak.lock()) WakeUp::Post(self);
        });
        more = events->Next(&out);
      },
      true);
  if (!events) co_return;
  const Clock& clock = services.ports().clock;
  std::optional<BootTime> last_write;
  while (true) {
    if (out.empty() && (!last_write || clock.Boot() - *last_write >= options.heartbeat)) {
      out = ": still here\n\n";
    }
    if (!out.empty()) {
      stream.expires_after(options.write_timeout);
      const auto [failure, bytes] = co_await asio::async_write(stream, asio::buffer(out), kUse);
      if (failure) break;
      last_write = clock.Boot();
      out.clear();
    }
    if (!more) break;
    if (!wake_up->woken) {
      stream.expires_never();
      wake_up->timer.expires_after(std::min<milliseconds>(options.heartbeat, seconds(1)));
      co_await wake_up->timer.async_wait(kUse);
    }
    wake_up->woken = false;
    if (!stream.socket().is_open()) break;
    more = false;
    if (!co_await OnWorker(workers, [&] { more = events->Next(&out); }, true)) break;
  }
  // Unsubscribing takes locks that a busy hub holds: not on this thread.
  co_await OnWorker(workers, [&] { events.reset(); }, true);
}

Awaitable<bool> Server::Impl::SendStream(Stream& stream,
                                         const wire::request<wire::string_body>& request,
                                         const Response& response, std::string_view request_id) {
  if (streams >= options.streams_max) {
    Response refusal = ProblemResponse(
        503, "resource_exhausted", "too many live streams are open; try again later", request_id);
    refusal.headers.emplace_back("Retry-After", "5");
    co_return co_await Send(stream, request, std::move(refusal), request_id);
  }
  wire::response<wire::empty_body> message(wire::status::ok, request.version());
  Decorate(&message, response, request_id, services.ports().clock.Now());
  message.set(wire::field::content_type, "text/event-stream");
  message.set("X-Accel-Buffering", "no");
  message.keep_alive(false);
  wire::response_serializer<wire::empty_body> serializer(message);
  stream.expires_after(options.write_timeout);
  const auto [failure, bytes] = co_await wire::async_write_header(stream, serializer, kUse);
  if (failure || request.method() == wire::verb::head) co_return false;
  ++streams;
  co_await Pump(stream, response.stream);
  --streams;
  co_return false;
}

Awaitable<bool> Server::Impl::ServeOne(Stream& stream, beast::flat_buffer& buffer,
                                       const std::string& remote, bool first) {
  wire::request_parser<wire::string_body> parser;
  parser.header_limit(options.header_bytes_max);
  // Which bound holds is known with the route, when the header has been read.
  parser.body_limit(link::kBodyBytesMax);
  stream.expires_after(first ? options.header_timeout : options.idle_timeout);
  if (const auto [failure, bytes] = co_await wire::async_read_header(stream, buffer, parser, kUse);
      failure) {
    if (failure == wire::error::header_limit || failure == wire::error::buffer_overflow) {
      co_await SendError(stream, 431, "invalid_argument", "the request's header is too large",
                         kLingerShort);
    } else if (failure == wire::error::body_limit) {
      co_await SendTooLarge(stream, options.body_bytes_max);
    } else if (failure.category() == wire::make_error_code(wire::error::bad_method).category() &&
               failure != wire::error::end_of_stream && failure != wire::error::partial_message) {
      co_await SendError(stream, 400, "invalid_argument", "this is not an HTTP request",
                         kLingerShort);
    }
    co_return false;
  }
  Request request = ToRequest(parser.get(), remote);
  request.request_id = NewRequestId(request.path);
  const Router::Match match = router.Find(request);
  const std::uint64_t body_bytes_max = router.BodyBytesMax(request, match, options.body_bytes_max);
  if (parser.content_length().value_or(0) > body_bytes_max) {
    co_await SendTooLarge(stream, body_bytes_max, request.target);
    co_return false;
  }
  parser.body_limit(body_bytes_max);
  if (beast::iequals(parser.get()[wire::field::expect], "100-continue")) {
    wire::response<wire::empty_body> go_on(wire::status::continue_, parser.get().version());
    stream.expires_after(options.write_timeout);
    if (const auto [failure, bytes] = co_await wire::async_write(stream, go_on, kUse); failure) {
      co_return false;
    }
  }
  stream.expires_after(options.body_timeout);
  if (const auto [failure, bytes] = co_await wire::async_read(stream, buffer, parser, kUse);
      failure) {
    if (failure == wire::error::body_limit) {
      co_await SendTooLarge(stream, body_bytes_max, request.target);
    } else if (failure.category() == wire::make_error_code(wire::error::bad_method).category() &&
               failure != wire::error::end_of_stream && failure != wire::error::partial_message) {
      co_await SendError(stream, 400, "invalid_argument", "the body is not well formed HTTP",
                         kLingerShort);
    }
    co_return false;
  }
  wire::request<wire::string_body> message = parser.release();
  request.body = std::move(message.body());
  const bool slow = match.route != nullptr && match.route->slow;
  Response response;
  stream.expires_never();
  bool taken = true;
  if (match.route != nullptr && match.route->quick) {
    response = router.Serve(request, match);
  } else {
    taken = co_await OnWorker(
        slow ? sign_ins : workers, [&] { response = router.Serve(request, match); }, false);
  }
  if (!taken) {
    response = Refusal(request, slow ? 429 : 503, "resource_exhausted",
                       "too many requests are waiting; try again in a moment");
    response.headers.emplace_back("Retry-After", "1");
  }
  if (response.stream) co_return co_await SendStream(stream, message, response, request.request_id);
  co_return co_await Send(stream, message, std::move(response), request.request_id);
}

Awaitable<void> Server::Impl::Serve(Socket socket) {
  error_code ignored;
  const auto peer = socket.remote_endpoint(ignored);
  const std::string remote = peer.address().to_string();
  socket.set_option(Tcp::no_delay(true), ignored);
  Stream stream(std::move(socket));
  ++connections;
  const auto at = open.insert(open.end(), &stream);
  // Large enough for a header at its limit; a body goes past it.
  beast::flat_buffer buffer(options.header_bytes_max + (8 << 10));
  bool first = true;
  while (co_await ServeOne(stream, buffer, remote, first)) first = false;
  open.erase(at);
  --connections;
  stream.socket().shutdown(Tcp::socket::shutdown_both, ignored);
}

Awaitable<void> Server::Impl::Refuse(Socket socket) {
  Stream stream(std::move(socket));
  co_await SendError(stream, 503, "resource_exhausted",
                     "too many connections are open; try again later", kLingerShort);
}

Awaitable<void> Server::Impl::Accept() {
  // Beyond the limit each is told so, but only so many at a time.
  const std::size_t refusals_max = 64;
  while (true) {
    auto [failure, socket] = co_await acceptor.async_accept(kUse);
    if (!acceptor.is_open()) co_return;
    if (failure) {
      // Out of descriptors: they come back when connections end.
      Timer pause(context.get_executor());
      pause.expires_after(milliseconds(100));
      co_await pause.async_wait(kUse);
      continue;
    }
    const auto spawn = [&](Awaitable<void> what, auto done) {
      asio::co_spawn(context.get_executor(), std::move(what), std::move(done));
    };
    if (connections < options.connections_max) {
      spawn(Serve(std::move(socket)), [](std::exception_ptr) {});
    } else if (refusing < refusals_max) {
      ++refusing;
      spawn(Refuse(std::move(socket)), [this](std::exception_ptr) { --refusing; });
    }
  }
}

Result<Tcp::endpoint> Server::Impl::Listen() {
  error_code failure;
  const auto address = asio::ip::make_address(options.address, failure);
  if (failure) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("\"{}\" is not an IP address to listen on, as 127.0.0.1 or ::",
                            options.address));
  }
  const Tcp::endpoint wanted(address, options.port);
  acceptor.open(wanted.protocol(), failure);
  if (!failure) acceptor.set_option(Tcp::acceptor::reuse_address(true), failure);
  if (!failure) acceptor.bind(wanted, failure);
  if (!failure) acceptor.listen(asio::socket_base::max_listen_connections, failure);
  if (failure) {
    return Fail(ErrorCode::kUnavailable, fmt::format("can not listen on {}:{}: {}", options.address,
                                                     options.port, failure.message()));
  }
  return acceptor.local_endpoint(failure);
}

void Server::Impl::Stop() {
  if (std::exchange(stopped, true)) return;
  if (thread.joinable()) {
    asio::post(context, [this] {
      error_code ignored;
      acceptor.close(ignored);
      for (Stream* stream : open) stream->close();
    });
  }
  workers.Stop();
  sign_ins.Stop();
  context.stop();
  if (thread.joinable()) thread.join();
  // What waits holds coroutines, and those need the context for their end.
  workers.Clear();
  sign_ins.Clear();
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() {
  Stop();
}
void Server::Stop() {
  impl_->Stop();
}

Result<std::unique_ptr<Server>> Server::Start(ServerOptions options, service::Services& services) {
  error_code ignored;
  const bool loopback = asio::ip::make_address(options.address, ignored).is_loopback();
  auto impl = std::make_unique<Impl>(std::move(options), services, loopback);
  auto endpoint = impl->Listen();
  if (!endpoint) return std::unexpected(std::move(endpoint).error());
  impl->endpoint = *endpoint;
  if (!loopback) {
    log::Warning(
        "listening on {} without TLS: passwords and tokens can be read on the way; put a proxy "
        "with TLS before it",
        impl->options.address);
  }
  asio::co_spawn(impl->context.get_executor(), impl->Accept(), asio::detached);
  impl->thread = std::thread([context = &impl->context] { context->run(); });
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::uint16_t Server::port() const {
  return impl_->endpoint.port();
}

std::string Server::address() const {
  const auto address = impl_->endpoint.address();
  return fmt::format(fmt::runtime(address.is_v6() ? "[{}]:{}" : "{}:{}"), address.to_string(),
                     port());
}

std::string Server::url() const {
  return "http://" + address();
}

}  // namespace gophercron::http
