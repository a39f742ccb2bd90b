// Contract: holds what a service answers to the OpenAPI document that it serves.
#ifndef GOPHERCRON_TESTS_HTTP_CONTRACT_H_
#define GOPHERCRON_TESTS_HTTP_CONTRACT_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace gophercron::http {

struct Answer;

// Threads: one.
class Contract {
 public:
  // That of the program, with what was seen of it since the test program began.
  static Contract& Served();

  // "GET /api/v2/projects" → the operation.
  const std::map<std::string, const json::object*>& operations() const { return operations_; }

  // What is wrong with this exchange; empty: nothing. `target` may have a query.
  std::vector<std::string> Faults(std::string_view method, std::string_view target,
                                  std::string_view body, const Answer& answer);
  // The same for the whole events in `text`.
  std::vector<std::string> EventFaults(std::string_view method_and_path, std::string_view text);
  // Operations none of whose good answers has been seen.
  std::vector<std::string> Unseen() const;

  // The members of the body of an operation, by name; null when it has none.
  const json::object* BodyMembers(std::string_view method_and_path) const;
  // The schema itself, or the one that it refers to.
  const json::object& Resolved(const json::object& schema) const;

 private:
  Contract();
  const json::object* Find(std::string_view method, std::string_view path, std::string* name) const;
  void CheckRequest(const json::object& operation, std::string_view target, std::string_view body,
                    std::vector<std::string>* faults) const;
  void CheckAnswer(const json::object& operation, const Answer& answer,
                   std::vector<std::string>* faults) const;
  void CheckText(const json::object& schema, std::string_view text, const std::string& at,
                 std::vector<std::string>* faults) const;
  // The subset of JSON Schema that the document uses; another keyword is a fault.
  void Check(const json::object& schema, const json::value& value, const std::string& at,
             std::vector<std::string>* faults) const;
  void CheckObject(const json::object& schema, const json::object& value, const std::string& at,
                   std::vector<std::string>* faults) const;

  const json::object document_;
  std::map<std::string, const json::object*> operations_;
  std::set<std::string> seen_;
};

}  // namespace gophercron::http

#endif  // GOPHERCRON_TESTS_HTTP_CONTRACT_H_
