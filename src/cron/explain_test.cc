#include "cron/explain.h"

#include <gtest/gtest.h>

#include "cron/expression.h"

namespace gophercron::cron {
namespace {

struct Example {
  const char* text;
  const char* english;
  const char* chinese;
};

constexpr Example kExamples[] = {
    {"* * * * *", "every minute", "每分钟"},
    {"* * * * * * *", "every second", "每秒"},
    {"*/5 * * * *", "every 5 minutes", "每 5 分钟"},
    {"*/5 * * * * * *", "every 5 seconds", "每 5 秒"},
    {"0 * * * *", "every hour", "每小时"},
    {"15 * * * *", "at 15 minutes past every hour", "每小时第 15 分"},
    {"1 * * * *", "at 1 minute past every hour", "每小时第 1 分"},
    {"*/7 * * * *", "every 7 minutes from minute 0 to 56 of every hour",
     "每小时第 0 至 56 分每 7 分钟"},
    {"2-59/5 * * * *", "every 5 minutes from minute 2 to 57 of every hour",
     "每小时第 2 至 57 分每 5 分钟"},
    {"5,10,42 * * * *", "at minutes 5, 10 and 42 of every hour", "每小时第 5、10、42 分"},
    {"10-20 * * * *", "every minute from minute 10 to 20 of every hour",
     "每小时第 10 至 20 分每分钟"},
    {"0 */2 * * *", "every 2 hours", "每 2 小时"},
    {"5 */2 * * *", "every 2 hours from 00:05 to 22:05", "00:05 至 22:05 每 2 小时"},
    {"0 */6 * * *", "every 6 hours", "每 6 小时"},
    {"0 */5 * * *", "every 5 hours from 00:00 to 20:00", "00:00 至 20:00 每 5 小时"},
    {"0 0,12 * * *", "at 00:00 and 12:00 every day", "每天 00:00、12:00"},
    {"30 3 * * *", "at 03:30 every day", "每天 03:30"},
    {"30 3 * * 1-5", "at 03:30 on weekdays", "每周一至周五 03:30"},
    {"0 0 * * *", "at 00:00 every day", "每天 00:00"},
    {"0 9 * * 6,7", "at 09:00 at weekends", "每周六、周日 09:00"},
    {"0 9 * * 1", "at 09:00 on Mondays", "每周一 09:00"},
    {"0 9 * * 1,3,5", "at 09:00 on Mondays, Wednesdays and Fridays", "每周一、周三、周五 09:00"},
    {"0 9 * * 1-4", "at 09:00 from Monday to Thursday", "每周一至周四 09:00"},
    {"0 9 * * fri-sun", "at 09:00 from Friday to Sunday", "每周五至周日 09:00"},
    {"0 9 * * 0-6", "at 09:00 on every day of the week", "每周每天 09:00"},
    {"*/10 9-17 * * 1-5", "every 10 minutes from 09:00 to 17:50 on weekdays",
     "每周一至周五 09:00 至 17:50 每 10 分钟"},
    {"*/10 9 * * *", "every 10 minutes from 09:00 to 09:50", "09:00 至 09:50 每 10 分钟"},
    {"0 9-17 * * *", "every hour from 09:00 to 17:00", "09:00 至 17:00 每小时"},
    {"30 9-17/2 * * *", "every 2 hours from 09:30 to 17:30", "09:30 至 17:30 每 2 小时"},
    {"*/15 8,12,18 * * *", "every 15 minutes of hours 08, 12 and 18", "8、12、18 时内每 15 分钟"},
    {"5,25,45 */4 * * *", "at minutes 5, 25 and 45 of every 4th hour",
     "0、4、8、12、16、20 时内第 5、25、45 分"},
    {"0 8,9,11,13,14,20 * * *", "at 08:00, 09:00, 11:00, 13:00, 14:00 and 20:00 every day",
     "每天 08:00、09:00、11:00、13:00、14:00、20:00"},
    {"15,45 9,17 * * *", "at 09:15, 09:45, 17:15 and 17:45 every day",
     "每天 09:15、09:45、17:15、17:45"},
    {"0 0 1 * *", "at 00:00 on the 1st of every month", "每月 1 日 00:00"},
    {"0 0 1,15 * *", "at 00:00 on the 1st and 15th of every month", "每月 1 日、15 日 00:00"},
    {"0 0 1-7 * *", "at 00:00 on the 1st to 7th of every month", "每月 1 日至 7 日 00:00"},
    {"0 0 */2 * *", "at 00:00 on every 2nd day from the 1st to the 31st of every month",
     "每月 1 日起每 2 天至 31 日 00:00"},
    {"0 0 31 * *", "at 00:00 on the 31st of every month", "每月 31 日 00:00"},
    {"0 0 1 1 *", "at 00:00 on the 1st of January", "每年 1 月 1 日 00:00"},
    {"0 0 1 1,7 *", "at 00:00 on the 1st of January and July", "每年 1 月、7 月的 1 日 00:00"},
    {"0 0 1 1,4,7,10 *", "at 00:00 on the 1st of January, April, July and October",
     "每年 1 月、4 月、7 月、10 月的 1 日 00:00"},
    {"0 0 29 2 *", "at 00:00 on the 29th of February", "每年 2 月 29 日 00:00"},
    {"0 0 30 2 *", "at 00:00 on the 30th of February (no such day exists)",
     "每年 2 月 30 日 00:00（没有这样的日期）"},
    {"0 0 L * *", "at 00:00 on the last day of every month", "每月最后一天 00:00"},
    {"0 0 LW * *", "at 00:00 on the last weekday (Monday to Friday) of every month",
     "每月最后一个工作日（周一至周五） 00:00"},
    {"0 0 15W * *", "at 00:00 on the weekday (Monday to Friday) nearest to the 15th of every month",
     "每月最接近 15 日的工作日（周一至周五） 00:00"},
    {"0 0 15W,L * *",
     "at 00:00 on the weekday (Monday to Friday) nearest to the 15th and the last day of every "
     "month",
     "每月最接近 15 日的工作日（周一至周五）或每月最后一天 00:00"},
    {"0 0 * * 5L", "at 00:00 on the last Friday of every month", "每月最后一个周五 00:00"},
    {"0 0 * * 3#2", "at 00:00 on the second Wednesday of every month", "每月第二个周三 00:00"},
    {"0 0 * * 1#1,1#3", "at 00:00 on the first Monday and the third Monday of every month",
     "每月第一个周一或每月第三个周一 00:00"},
    {"0 0 * * 2,5L", "at 00:00 on Tuesdays, and also on the last Friday of every month",
     "每周二或每月最后一个周五 00:00"},
    {"0 0 13 * 5", "at 00:00 on the 13th of every month, and also on Fridays",
     "每月 13 日或每周五 00:00"},
    {"0 0 13 3 5", "at 00:00 on the 13th of March, and also on Fridays in March",
     "每年 3 月 13 日或每年 3 月的每周五 00:00"},
    {"0 0 * 3-5 *", "at 00:00 every day from March to May", "每年 3 月至 5 月的每天 00:00"},
    {"*/5 * * 12 *", "every 5 minutes in December", "每年 12 月的每天 每 5 分钟"},
    {"30 3 * 6 1-5", "at 03:30 on weekdays in June", "每年 6 月的每周一至周五 03:30"},
    {"0 0 L 2 *", "at 00:00 on the last day of February", "每年 2 月最后一天 00:00"},
    {"0 12 * 11 4#4", "at 12:00 on the fourth Thursday of November", "每年 11 月第四个周四 12:00"},
    {"0 0 1 1 * 2040", "at 00:00 on the 1st of January, in 2040", "2040 年 1 月 1 日 00:00"},
    {"0 0 1 1 * 2026-2030", "at 00:00 on the 1st of January, from 2026 to 2030",
     "2026 至 2030 年 1 月 1 日 00:00"},
    {"0 0 * * * 2026,2028", "at 00:00 every day, in 2026 and 2028", "2026、2028 年 每天 00:00"},
    {"0 0 * * * */2", "at 00:00 every day, every 2 years from 1970 to 2098",
     "1970 至 2098 年每 2 年 每天 00:00"},
    {"0 0 29 2 * 2023", "at 00:00 on the 29th of February, in 2023 (no such day exists)",
     "2023 年 2 月 29 日 00:00（没有这样的日期）"},
    {"15 * * * * * *", "at second 15 of every minute", "每分钟的第 15 秒"},
    {"15 30 3 * * * *", "at 03:30:15 every day", "每天 03:30:15"},
    {"0,30 30 3 * * * *", "at 03:30:00 and 03:30:30 every day", "每天 03:30:00、03:30:30"},
    {"*/10 * 9-17 * * * *", "every 10 seconds from 09:00:00 to 17:59:50",
     "09:00:00 至 17:59:50 每 10 秒"},
    {"* 30 3 * * * *", "every second from 03:30:00 to 03:30:59", "03:30:00 至 03:30:59 每秒"},
    {"*/20 10-20 3 * * * *", "every 20 seconds from 03:10:00 to 03:20:40",
     "03:10:00 至 03:20:40 每 20 秒"},
    {"5,6,9 */5 * * * * *", "at seconds 5, 6 and 9 of every 5th minute",
     "每 5 分钟的第 5、6、9 秒"},
    {"* 5,10 * * * * *", "every second of minutes 5 and 10 of every hour",
     "每小时第 5、10 分内每秒"},
    {"10-20 * 8,10,13 * * * *",
     "every second from second 10 to 20 of every minute of hours 08, 10 and 13",
     "8、10、13 时内每分钟的第 10 至 20 秒每秒"},
    {"*/7 * * * * * *", "every 7 seconds from second 0 to 56 of every minute",
     "每分钟的第 0 至 56 秒每 7 秒"},
    {"*/5 */2 * * 1", "every 5 minutes of every 2nd hour on Mondays",
     "每周一 0、2、4、6、8、10、12、14、16、18、20、22 时内每 5 分钟"},
    {"@daily", "at 00:00 every day", "每天 00:00"},
    {"@weekly", "at 00:00 on Sundays", "每周日 00:00"},
    {"@yearly", "at 00:00 on the 1st of January", "每年 1 月 1 日 00:00"},
    {"0 0 1-31 * *", "at 00:00 on the 1st to 31st of every month", "每月 1 日至 31 日 00:00"},
    {"0 0 13,14 * 0-6",
     "at 00:00 on the 13th and 14th of every month, and also on every day of the week",
     "每月 13 日、14 日或每周每天 00:00"},
    {"0 0 * 3-5 1", "at 00:00 on Mondays from March to May", "每年 3 月至 5 月的每周一 00:00"},
    {"30 12 1/3 * *", "at 12:30 on every 3rd day from the 1st to the 31st of every month",
     "每月 1 日起每 3 天至 31 日 12:30"},
    {"0 0 L,LW * *",
     "at 00:00 on the last day and the last weekday (Monday to Friday) of every month",
     "每月最后一天或每月最后一个工作日（周一至周五） 00:00"},
    {"*/30 * * * * * *", "every 30 seconds", "每 30 秒"},
};

TEST(Explain, WorkedExamples) {
  for (const Example& example : kExamples) {
    const auto expression = Parse(example.text);
    ASSERT_TRUE(expression) << example.text << ": " << expression.error().message;
    EXPECT_EQ(Explain(*expression, Language::kEnglish), example.english) << example.text;
    EXPECT_EQ(Explain(*expression, Language::kChinese), example.chinese) << example.text;
  }
}

}  // namespace
}  // namespace gophercron::cron
