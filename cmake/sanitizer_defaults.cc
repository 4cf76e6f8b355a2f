// Linked into our programs (not into unit tests) where they are built with sanitizers: the search for leaks needs
// ptrace on itself, which a confined process has given up. ASAN_OPTIONS overrides.

extern "C" const char* __asan_default_options();  // NOLINT(bugprone-reserved-identifier): the sanitizer's name

extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
