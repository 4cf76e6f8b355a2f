// Tables without a text: static:, fail:, environ:, unix:. Each is a function of the key.
#pragma once

#include <memory>
#include <string_view>

#include "conf/tables/table.h"

namespace outpost::conf {

// Every key has the one value "value", or "{ value with blanks }".
sys::Result<std::unique_ptr<Table>> MakeStaticTable(std::string_view name);
// Every look-up is temporary trouble: to see what happens then.
sys::Result<std::unique_ptr<Table>> MakeFailTable(std::string_view name);
// The environment variable that the key names.
sys::Result<std::unique_ptr<Table>> MakeEnvironTable(std::string_view name);
// "passwd.byname", "group.byname": the user's or group's line.
sys::Result<std::unique_ptr<Table>> MakeUnixTable(std::string_view name);

}  // namespace outpost::conf
