#include "http/static_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace gophercron::http {
namespace {

class StaticFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "static.XXXXXX";
    root_ = mkdtemp(pattern.data());
    std::filesystem::create_directories(root_ / "view/js");
    Write("view/index.html", "<html>");
    Write("view/js/app.js", "code");
    Write("view/.hidden", "hidden");
    Write("secret", "secret");
    std::filesystem::create_symlink(root_ / "secret", root_ / "view/link");
    std::filesystem::create_symlink("js/app.js", root_ / "view/near.js");
    folder_ = StaticFolder::Open(root_ / "view");
    ASSERT_NE(folder_, nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& name, std::string_view text) {
    std::ofstream(root_ / name) << text;
  }

  Response Get(std::string path, std::string since = "") const {
    Request request;
    request.method = "GET";
    request.path = std::move(path);
    if (!since.empty()) request.headers["if-modified-since"] = std::move(since);
    return folder_->Serve(request);
  }

  static std::string Header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }

  std::filesystem::path root_;
  std::unique_ptr<StaticFolder> folder_;
};

TEST_F(StaticFolderTest, ServesAsV1sFileServer) {
  EXPECT_EQ(Header(Get("/admin"), "Location"), "/admin/");
  EXPECT_EQ(Get("/admin/").body, "<html>");
  EXPECT_EQ(Header(Get("/admin/"), "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(Header(Get("/admin/index.html"), "Location"), "./");
  EXPECT_EQ(Header(Get("/admin/js"), "Location"), "./js/");
  EXPECT_EQ(Get("/admin/js/").status, 404) << "folders are not listed";
  const Response script = Get("/admin/js/app%2Ejs");
  EXPECT_EQ(script.body, "code");
  EXPECT_EQ(Header(script, "Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(Get("/admin/near.js").body, "code");
  EXPECT_EQ(Get("/favicon.ico").status, 404);
  const Response again = Get("/admin/js/app.js", Header(script, "Last-Modified"));
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
}

TEST_F(StaticFolderTest, NothingOutsideIsReached) {
  for (const std::string_view path :
       {"/admin/../secret", "/admin/%2e%2e/secret", "/admin/js/../../secret", "/admin/..%2fsecret",
        "/admin//etc/passwd", "/admin/%2fetc/passwd", "/admin/link", "/admin/.hidden",
        "/admin/js/..", "/admin/.", "/admin/..", "/admin/js/%2e%2e/%2e%2e/secret",
        "/admin/..%5csecret", "/admin/js/./app.js", "/admin/js//app.js"}) {
    const Response response = Get(std::string(path));
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.body.find("secret"), std::string::npos) << path;
  }
  EXPECT_EQ(Get("/admin/%zz").status, 400);
  EXPECT_EQ(Get("/admin/js/app.js%00.html").status, 400);
}

TEST_F(StaticFolderTest, AFolderWithoutAPageIsNone) {
  EXPECT_EQ(StaticFolder::Open(root_ / "view/js"), nullptr);
  EXPECT_EQ(StaticFolder::Open(root_ / "nowhere"), nullptr);
  EXPECT_EQ(StaticFolder::Open(""), nullptr);
}

}  // namespace
}  // namespace gophercron::http
