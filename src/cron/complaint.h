// What is wrong with an expression, and the sentence that tells a person so.
#ifndef GOPHERCRON_CRON_COMPLAINT_H_
#define GOPHERCRON_CRON_COMPLAINT_H_

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "cron/field.h"

namespace gophercron::cron {

struct Complaint {
  enum class What {
    kTooLong,
    kTooFewFields,  // count = how many there are
    kMacro,         // a word with @ that is no macro
    kEmptyField,
    kBadItem,  // none of the forms; looked at more closely for the sentence
    kOutOfRange,
    kReversed,
    kBadStep,
    kHashWithoutId,
    kHashInYear,
    kHashOutOfRange,
  };
  What what = What::kBadItem;
  Field field = Field::kMinute;
  // The bytes of the text that are wrong, and the list item they belong to.
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string_view item = {};
  std::size_t count = 0;
};

Error ErrorOf(const Complaint& complaint, std::string_view text);

}  // namespace gophercron::cron

#endif  // GOPHERCRON_CRON_COMPLAINT_H_
