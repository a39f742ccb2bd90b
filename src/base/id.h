// Ids that nobody has to hand out.
#ifndef GOPHERCRON_BASE_ID_H_
#define GOPHERCRON_BASE_ID_H_

#include <string>

#include "base/random.h"
#include "base/time.h"

namespace gophercron {

// 26 characters of Crockford base 32 in lower case, a ULID: 48 bits of milliseconds, then 80 random
// bits. Sorts by the time it was made. Used for runs, nodes and requests.
std::string NewId(Instant now, Random& random);

// What every NewId of `at` or later sorts at or after, and every earlier one before.
std::string FirstIdAt(Instant at);

// A positive decimal number of 19 digits at most that fits a signed 64-bit column, as GopherCron v1
// makes for tasks: 41 bits of milliseconds since 2018-05-07T15:05:33Z, then 22 random bits where v1
// has worker and sequence.
std::string NewNumericId(Instant now, Random& random);

}  // namespace gophercron

#endif  // GOPHERCRON_BASE_ID_H_
