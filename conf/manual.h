// outpost.cf(5), the manual page of main.cf, made from the registry.
#pragma once

#include <string>

namespace outpost::conf {

// The source of the page for scdoc(1): the language, then every parameter that is known by name.
std::string ManualSource();

}  // namespace outpost::conf
