// The small page at /admin/, embedded: it redeems a one-time code, sets a password, signs in, and
// shows projects, tasks and runs as they happen.
#ifndef GOPHERCRON_HTTP_ADMIN_PAGE_H_
#define GOPHERCRON_HTTP_ADMIN_PAGE_H_

#include <string_view>

namespace gophercron::http {

extern const std::string_view kAdminHtml;
extern const std::string_view kAdminJs;
extern const std::string_view kAdminCss;

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_ADMIN_PAGE_H_
