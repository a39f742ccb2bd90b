#include "cli/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace gophercron::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Reference : public testing::Test {
 protected:
  Reference() {
    CLI::App* fruit = app_.add_subcommand("fruit", "Fruit of all kinds");
    CLI::App* apple = fruit->add_subcommand("apple", "One apple");
    apple->add_option("--size", size_, "How large it is");
    apple->footer(".a line that begins with a dot \\ and a backslash");
    app_.add_subcommand("stone", "A stone");
  }

  // What bash offers after `line`, whose last word is being typed.
  std::string Offered(const std::string& words, int at) {
    const std::string script = testing::TempDir() + "completion_test.sh";
    std::ofstream(script) << BashCompletion(app_) << "COMP_WORDS=(" << words
                          << ")\nCOMP_CWORD=" << at << "\n_garden\necho \"${COMPREPLY[*]}\" > "
                          << script << ".out\n";
    EXPECT_EQ(std::system(("bash " + script).c_str()), 0);
    std::string line;
    std::ifstream out(script + ".out");
    std::getline(out, line);
    return line;
  }

  CLI::App app_{"What grows.", "garden"};
  std::string size_;
};

TEST_F(Reference, ManPageNamesEveryCommandAndOption) {
  const std::string page = ManPage(app_);
  EXPECT_THAT(page, HasSubstr(".SS garden fruit apple\nOne apple."));
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-size\\fR"));
  EXPECT_THAT(page, HasSubstr("How large it is"));
  EXPECT_THAT(page, HasSubstr("\\&.a line that begins with a dot \\e and"));
  EXPECT_THAT(page, Not(HasSubstr("\n.a line")));
}

TEST_F(Reference, BashCompletesCommandsAndOptions) {
  EXPECT_EQ(Offered("garden f", 1), "fruit");
  EXPECT_EQ(Offered("garden fruit ''", 2), "apple --help");
  EXPECT_EQ(Offered("garden fruit apple --s", 3), "--size");
  EXPECT_EQ(Offered("garden fruit apple --size stone --", 5), "--help --size");
}

}  // namespace
}  // namespace gophercron::cli
