#include <cstdio>

int main() {
  std::puts("gophercron");
  return 0;
}
