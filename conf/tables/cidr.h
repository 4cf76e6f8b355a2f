// cidr: tables' patterns: an IPv4 or IPv6 address, or a network "address/bits" without bits of a host. A key that is no
// address matches none.
#pragma once

#include "conf/tables/pattern_table.h"

namespace outpost::conf {

sys::Result<CompiledPattern> TakeNetwork(std::string_view* text);

}  // namespace outpost::conf
