//! The world outside: libcurl and the poller, behind the engine's `Transport`.
