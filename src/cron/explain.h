// An expression in plain words, so that a person sees what they wrote.
#ifndef GOPHERCRON_CRON_EXPLAIN_H_
#define GOPHERCRON_CRON_EXPLAIN_H_

#include <string>

#include "cron/expression.h"

namespace gophercron::cron {

enum class Language { kEnglish, kChinese };

// "at 03:30 on weekdays", "每周一至周五 03:30". Follows from what the expression matches, not from
// how it was written: 0-59 is *, and H is the number that it became. One phrase in UTF-8, without a
// full stop. Says so when no day of the calendar matches.
std::string Explain(const Expression& expression, Language language);

}  // namespace gophercron::cron

#endif  // GOPHERCRON_CRON_EXPLAIN_H_
