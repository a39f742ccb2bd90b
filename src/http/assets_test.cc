#include "http/assets.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace gophercron::http {
namespace {

constexpr std::array kAssets = {
    Asset{.path = "assets/a-1.js",
          .type = "text/javascript",
          .etag = "\"js\"",
          .immutable = true,
          .bytes = "plain",
          .gzip = "packed"},
    Asset{.path = "index.html",
          .type = "text/html; charset=utf-8",
          .etag = "\"html\"",
          .immutable = false,
          .bytes = "<!doctype html>",
          .gzip = ""},
};

std::string HeaderOf(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

Response Get(std::string_view path, std::map<std::string, std::string, std::less<>> headers = {}) {
  Request request;
  request.headers = std::move(headers);
  return AssetResponse(kAssets, path, request);
}

TEST(Assets, HashedNamesAreKeptForEverAndThePageIsAskedForAgain) {
  EXPECT_NE(HeaderOf(Get("assets/a-1.js"), "Cache-Control").find("immutable"), std::string::npos);
  EXPECT_EQ(HeaderOf(Get("index.html"), "Cache-Control"), "no-cache");
}

TEST(Assets, AViewOfTheConsoleIsThePageAndAMissingFileIsNot) {
  for (const std::string_view view : {"", "projects/1/tasks/a.b", "../../etc/passwd", "%2e%2e/x"}) {
    const Response page = Get(view);
    EXPECT_EQ(page.status, 200) << view;
    EXPECT_EQ(page.body, "<!doctype html>") << view;
  }
  EXPECT_EQ(Get("assets/a-0.js").status, 404);
}

TEST(Assets, ComesCompressedToWhoSaysSo) {
  const auto body = [](std::string accepted) {
    return Get("assets/a-1.js", {{"accept-encoding", std::move(accepted)}}).body;
  };
  EXPECT_EQ(body("br, gzip;q=0.8"), "packed");
  EXPECT_EQ(body("gzip"), "packed");
  EXPECT_EQ(body(""), "plain");
  EXPECT_EQ(body("gzip;q=0"), "plain");
  EXPECT_EQ(body("gzip;q=0.0, br"), "plain");
  EXPECT_EQ(Get("index.html", {{"accept-encoding", "gzip"}}).body, "<!doctype html>");
}

TEST(Assets, WhoHasItAlreadyGetsNothing) {
  EXPECT_EQ(Get("index.html", {{"if-none-match", "\"html\""}}).status, 304);
  EXPECT_EQ(Get("index.html", {{"if-none-match", "\"old\", \"html\""}}).status, 304);
  EXPECT_EQ(Get("index.html", {{"if-none-match", "\"old\""}}).status, 200);
  EXPECT_TRUE(Get("index.html", {{"if-none-match", "\"html\""}}).body.empty());
}

TEST(Assets, AProgramWithoutTheConsoleSaysSo) {
  const Response page = AssetResponse({}, "", Request());
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("./dev build"), std::string::npos);
}

TEST(Assets, WhatThisProgramHasIsInOrderAndWhole) {
  std::string_view last;
  for (const Asset& asset : ConsoleAssets()) {
    EXPECT_LT(last, asset.path);
    last = asset.path;
    EXPECT_FALSE(asset.bytes.empty()) << asset.path;
    if (!asset.gzip.empty()) {
      EXPECT_TRUE(asset.gzip.starts_with("\x1f\x8b")) << asset.path;
    }
  }
}

}  // namespace
}  // namespace gophercron::http
