// Randomness, injected: real in the program, seeded in tests and in the simulation.
#ifndef GOPHERCRON_BASE_RANDOM_H_
#define GOPHERCRON_BASE_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace gophercron {

// Threads: externally synchronised, unless the implementation says more.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t Next() = 0;

  // Uniform in [0, bound). Requires bound > 0.
  std::uint64_t Below(std::uint64_t bound);
};

// The kernel's generator: unpredictable, fit for secrets. Any thread.
class SystemRandom final : public Random {
 public:
  std::uint64_t Next() override;
};

// The same seed gives the same numbers.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t Next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

// `bytes` unpredictable bytes from the kernel, as lower-case hex. For secrets.
std::string RandomHex(std::size_t bytes);

}  // namespace gophercron

#endif  // GOPHERCRON_BASE_RANDOM_H_
