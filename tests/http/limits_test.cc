#include <fmt/format.h>
#include <gtest/gtest.h>

#include "world.h"

namespace gophercron::http {
namespace {

class Limits : public World {
  ServerOptions Options() override {
    ServerOptions options;
    options.body_bytes_max = 4'096;
    options.header_timeout = milliseconds(200);
    options.body_timeout = milliseconds(200);
    options.connections_max = 4;
    return options;
  }
};

TEST_F(Limits, LargeBodyIsRefused) {
  const Answer answer = Call("POST", "/api/v2/projects", std::string(5'000, ' '));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
}

TEST_F(Limits, WhoSendsFarTooMuchStillReadsTheRefusal) {
  const std::string body(16 << 20, ' ');
  for (const bool chunked : {false, true}) {
    Connection connection(server().port());
    connection.Send(
        fmt::format("POST /api/v2/projects HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    "Content-Type: application/json\r\n{}\r\n\r\n",
                    chunked ? std::string("Transfer-Encoding: chunked")
                            : fmt::format("Content-Length: {}", body.size())));
    if (chunked) connection.Send(fmt::format("{:x}\r\n", body.size()));
    EXPECT_TRUE(connection.Send(body)) << "the server hung up on the sender";
    EXPECT_EQ(connection.Receive().status, 413) << "chunked: " << chunked;
  }
}

// The bound for processes of the cluster is for those who prove it before they send the body.
TEST_F(Limits, StrangersSendNoLargeBodyWhereTheClusterMay) {
  const std::string body(2 << 20, 'x');
  for (const std::string_view seal : {"", "t=1,n=2,b=3,s=4"}) {
    Connection connection(server().port());
    connection.Send(
        fmt::format("POST /api/cluster/v1/ledger HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    "Gophercron-Seal: {}\r\nContent-Length: {}\r\n\r\n",
                    seal, body.size()));
    connection.Send(body);
    EXPECT_EQ(connection.Receive().status, 413) << seal;
  }
  EXPECT_EQ(Call("POST", "/api/cluster/v1/ledger", "{}").status, 401);
}

TEST_F(Limits, BodyWhoseFramingIsBrokenIsRefused) {
  Connection connection(server().port());
  connection.Send(
      "POST /api/v2/projects HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  EXPECT_EQ(connection.Receive().status, 400);
}

TEST_F(Limits, LargeHeaderIsRefused) {
  EXPECT_EQ(Call("GET", "/healthz", "", {{"X", std::string(20'000, 'x')}}).status, 431);
}

TEST_F(Limits, WhatIsNotHttpIsRefused) {
  for (const std::string_view bytes :
       {"hello there\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET /a b HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n"}) {
    Connection connection(server().port());
    connection.Send(bytes);
    EXPECT_EQ(connection.Receive().status, 400) << bytes;
  }
}

TEST_F(Limits, SlowHeaderAndSlowBodyAreCutOff) {
  Connection header(server().port());
  header.Send("GET /healthz HT");
  EXPECT_TRUE(header.Closed());
  Connection body(server().port());
  body.Send("POST /api/v2/session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  EXPECT_TRUE(body.Closed());
}

TEST_F(Limits, ConnectionsBeyondTheLimitAreToldSo) {
  std::vector<std::unique_ptr<Connection>> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(std::make_unique<Connection>(server().port()));
    held.back()->Send(Format("", "GET", "/healthz", "", {}));
    EXPECT_EQ(held.back()->Receive().status, 200);
  }
  Connection more(server().port());
  more.Send(Format("", "GET", "/healthz", "", {}));
  EXPECT_EQ(more.Receive().status, 503);
  // Those that were let in go on.
  held.front()->Send(Format("", "GET", "/healthz", "", {}));
  EXPECT_EQ(held.front()->Receive().status, 200);
}

TEST_F(Limits, PipelinedRequestsAreAnsweredInOrder) {
  Connection connection(server().port());
  connection.Send(Format("", "GET", "/healthz", "", {}) + Format("", "GET", "/nothing", "", {}) +
                  Format("", "HEAD", "/healthz", "", {}));
  EXPECT_EQ(connection.Receive().status, 200);
  EXPECT_EQ(connection.Receive().status, 404);
  EXPECT_NE(connection.ReadUntil("\r\n\r\n").find(" 200 "), std::string::npos);
}

}  // namespace
}  // namespace gophercron::http
