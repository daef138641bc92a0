/*
 * fio_c2c.hpp - fio-c2c for C++17 and later: a header over fio_c2c.h, nothing to link beside it.
 *
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * The manual is fio_c2c.h: every method here is named after the C function it calls (`Client::drive` calls
 * `fio_drive`, `Config::set_base_url` calls `fio_config_set_base_url`), and what that function's
 * documentation says of ranges, ends, blocking and threads holds. Below is only what is different in C++.
 *
 * @code{.cpp}
 * #include <fio_c2c.hpp>
 * #include <cstdio>
 *
 * static int complain(const fio::Error& error)
 * {
 *     std::fprintf(stderr, "%s: %s.\n%s\n", error.name(), error.message().c_str(), error.advice().c_str());
 *     return 1;
 * }
 *
 * int main(int argc, char** argv)
 * {
 *     if (argc != 4)
 *         return 2;
 *     fio::Config config;
 *     config.set_base_url(argv[1]).set_ca_file(argv[2]).set_client_secret(argv[3])
 *           .set_client_id("SERIAL-NUMBER-1").set_client_version("1.0.0");
 *     auto client = fio::Client::create(config);
 *     if (!client)
 *         return complain(client.error());
 *     auto op = client->pair(5, [](fio::CodeView code) {
 *         std::printf("Enter %s\n", code.user_code().data());
 *     }, [](const fio::Result<fio::DeviceView>& device) {
 *         if (device)
 *             std::printf("Paired with project %s\n", device->project_name().value_or(device->project_id()).data());
 *     });
 *     if (!op)
 *         return complain(op.error());
 *     auto paired = client->wait(*op);
 *     return paired ? 0 : complain(paired.error());
 * }
 * @endcode
 *
 * **Handles** (`Config`, `Client`, `Upload`) are move-only and free what they hold. What the library keeps of
 * them lives on the heap: they may be moved while operations run.
 *
 * **Results.** What can fail returns a `Result`: a value, or an `Error` with the sentence, the advice and
 * whether a retry is worth it; `Error::code` is a `std::error_code` that compares with `fio::errc` and, where
 * there is a counterpart, with `std::errc`. Nothing here throws by itself (but what the standard library
 * throws when memory runs out), and all of it works with `-fno-exceptions -fno-rtti`.
 *
 * **Callbacks** are `std::function`s. They are kept for exactly as long as the library may call them: those of
 * an operation until it has completed, which it does once, at the latest when the client is destroyed; those
 * of a `Config` or an `Upload` until the last client or upload that was made from it is gone. They run on
 * the thread that is inside a call, and may do what fio_c2c.h says of their kind: completions and events
 * everything but `drive` and `wait`, data callbacks (log, store, clocks, entropy, reader) only `wakeup` and
 * `cancel`. Every callback may destroy the client, or move it.
 *
 * **Views** (`CodeView`, `DeviceView`, ...) are pointers into what the library owns: valid during the
 * callback. `Code`, `Device`, `Error`, ... are copies to keep, made from a view by their constructor. A
 * `std::string_view` that a view gives is followed by a NUL: its `data()` may be given to C.
 *
 * **Exceptions** do not cross the library. One that leaves a callback is caught, kept by the client that was
 * being called, and thrown again by the next of these to end: `drive`, `wait`, `queue_list` and
 * `Client::close`; and by `Client::create` if that fails. Only the first is kept until then, others are
 * dropped, and so is one that comes while a client is destroyed. Where the library waits for an answer, it
 * gets a failure: a store, a reader or a source of random numbers that throws has failed; a clock that
 * throws stands still.
 *
 * **Threads.** One at a time for each handle. For other threads there is `Remote`.
 *
 * A program may be made of parts that were compiled with and without exceptions, or with different versions of
 * this header. Their classes are not the same ones, so that nothing is to be handed from one to the other.
 */

#ifndef FIO_C2C_HPP
#define FIO_C2C_HPP

#if !defined(__cplusplus) || __cplusplus < 201703L
#error "fio_c2c.hpp needs C++17 or later"
#endif

#include "fio_c2c.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#if defined(__cpp_exceptions)
#include <exception>
#define FIO_CPP_MODE throwing
#else
#define FIO_CPP_MODE not_throwing
#endif

#define FIO_CPP_JOIN_(one, two) one##two
#define FIO_CPP_JOIN(one, two) FIO_CPP_JOIN_(one, two)
#define FIO_CPP_VERSION FIO_CPP_JOIN(version_, FIO_VERSION_NUMBER)

namespace fio {

// Two versions of this header in one process are two sets of classes.
inline namespace FIO_CPP_VERSION {

/* ---- Status codes ------------------------------------------------------------------------------------ */

/** The statuses of fio_c2c.h. Values this version does not know may appear: they are failures. */
enum class errc : int {
    ok = FIO_OK,
    null = FIO_E_NULL,
    argument = FIO_E_ARGUMENT,
    utf8 = FIO_E_UTF8,
    version = FIO_E_VERSION,
    url = FIO_E_URL,
    ca = FIO_E_CA,
    state = FIO_E_STATE,
    no_code = FIO_E_NO_CODE,
    in_progress = FIO_E_IN_PROGRESS,
    reentrant = FIO_E_REENTRANT,
    busy = FIO_E_BUSY,
    forked = FIO_E_FORKED,
    closed = FIO_E_CLOSED,
    poisoned = FIO_E_POISONED,
    panic = FIO_E_PANIC,
    nomem = FIO_E_NOMEM,
    unsupported = FIO_E_UNSUPPORTED,
    buffer = FIO_E_BUFFER,
    unknown_op = FIO_E_UNKNOWN_OP,
    handle = FIO_E_HANDLE,
    incomplete = FIO_E_INCOMPLETE,
    entropy = FIO_E_ENTROPY,
    canceled = FIO_E_CANCELED,
    dns = FIO_E_DNS,
    connect = FIO_E_CONNECT,
    reset = FIO_E_RESET,
    timeout = FIO_E_TIMEOUT,
    tls = FIO_E_TLS,
    tls_expired = FIO_E_TLS_EXPIRED,
    tls_not_yet_valid = FIO_E_TLS_NOT_YET_VALID,
    tls_host = FIO_E_TLS_HOST,
    tls_untrusted = FIO_E_TLS_UNTRUSTED,
    tls_version = FIO_E_TLS_VERSION,
    redirect = FIO_E_REDIRECT,
    network = FIO_E_NETWORK,
    ca_file = FIO_E_CA_FILE,
    protocol = FIO_E_PROTOCOL,
    too_large = FIO_E_TOO_LARGE,
    bad_request = FIO_E_BAD_REQUEST,
    unauthorized = FIO_E_UNAUTHORIZED,
    forbidden = FIO_E_FORBIDDEN,
    not_found = FIO_E_NOT_FOUND,
    conflict = FIO_E_CONFLICT,
    unprocessable = FIO_E_UNPROCESSABLE,
    rate_limited = FIO_E_RATE_LIMITED,
    server = FIO_E_SERVER,
    http = FIO_E_HTTP,
    plan_limit = FIO_E_PLAN_LIMIT,
    authorization_pending = FIO_E_AUTHORIZATION_PENDING,
    slow_down = FIO_E_SLOW_DOWN,
    access_denied = FIO_E_ACCESS_DENIED,
    expired_token = FIO_E_EXPIRED_TOKEN,
    invalid_grant = FIO_E_INVALID_GRANT,
    invalid_client = FIO_E_INVALID_CLIENT,
    invalid_request = FIO_E_INVALID_REQUEST,
    invalid_scope = FIO_E_INVALID_SCOPE,
    unauthorized_client = FIO_E_UNAUTHORIZED_CLIENT,
    unsupported_grant_type = FIO_E_UNSUPPORTED_GRANT_TYPE,
    oauth = FIO_E_OAUTH,
    not_authorized = FIO_E_NOT_AUTHORIZED,
    authorization_lost = FIO_E_AUTHORIZATION_LOST,
    token_expired = FIO_E_TOKEN_EXPIRED,
    device_unknown = FIO_E_DEVICE_UNKNOWN,
    store = FIO_E_STORE,
    store_full = FIO_E_STORE_FULL,
    store_read_only = FIO_E_STORE_READ_ONLY,
    store_damaged = FIO_E_STORE_DAMAGED,
    store_locked = FIO_E_STORE_LOCKED,
    store_unsafe = FIO_E_STORE_UNSAFE,
    clock = FIO_E_CLOCK,
    source_missing = FIO_E_SOURCE_MISSING,
    source_kind = FIO_E_SOURCE_KIND,
    source_empty = FIO_E_SOURCE_EMPTY,
    source_read = FIO_E_SOURCE_READ,
    source_changed = FIO_E_SOURCE_CHANGED,
    source_needed = FIO_E_SOURCE_NEEDED,
    unknown_upload = FIO_E_UNKNOWN_UPLOAD,
    other_project = FIO_E_OTHER_PROJECT,
    channel_paused = FIO_E_CHANNEL_PAUSED,
    upload_paused = FIO_E_UPLOAD_PAUSED,
    no_interface = FIO_E_NO_INTERFACE,
    url_expired = FIO_E_URL_EXPIRED,
    upload_gone = FIO_E_UPLOAD_GONE,
    storage = FIO_E_STORAGE,
    checksum = FIO_E_CHECKSUM,
    would_block = FIO_E_WOULD_BLOCK,
    too_many_assets = FIO_E_TOO_MANY_ASSETS,
    url_refused = FIO_E_URL_REFUSED,
    upload_exists = FIO_E_UPLOAD_EXISTS,
    part_too_large = FIO_E_PART_TOO_LARGE,
    source_busy = FIO_E_SOURCE_BUSY
};

namespace detail {

class Category final : public std::error_category {
public:
    const char* name() const noexcept override { return "fio-c2c"; }
    std::string message(int status) const override { return fio_status_message(status); }

    std::error_condition default_error_condition(int status) const noexcept override
    {
        switch (status) {
        case FIO_E_NULL:
        case FIO_E_ARGUMENT:
        case FIO_E_UTF8:
        case FIO_E_VERSION:
        case FIO_E_URL:
        case FIO_E_HANDLE: return std::errc::invalid_argument;
        case FIO_E_IN_PROGRESS: return std::errc::operation_in_progress;
        case FIO_E_REENTRANT: return std::errc::resource_deadlock_would_occur;
        case FIO_E_BUSY:
        case FIO_E_STORE_LOCKED:
        case FIO_E_SOURCE_BUSY: return std::errc::device_or_resource_busy;
        case FIO_E_NOMEM: return std::errc::not_enough_memory;
        case FIO_E_UNSUPPORTED: return std::errc::not_supported;
        case FIO_E_CANCELED: return std::errc::operation_canceled;
        case FIO_E_RESET: return std::errc::connection_reset;
        case FIO_E_TIMEOUT: return std::errc::timed_out;
        case FIO_E_PROTOCOL: return std::errc::protocol_error;
        case FIO_E_UNAUTHORIZED:
        case FIO_E_FORBIDDEN:
        case FIO_E_ACCESS_DENIED:
        case FIO_E_STORE_UNSAFE: return std::errc::permission_denied;
        case FIO_E_STORE:
        case FIO_E_SOURCE_READ: return std::errc::io_error;
        case FIO_E_STORE_FULL: return std::errc::no_space_on_device;
        case FIO_E_STORE_READ_ONLY: return std::errc::read_only_file_system;
        case FIO_E_SOURCE_MISSING: return std::errc::no_such_file_or_directory;
        case FIO_E_NO_INTERFACE: return std::errc::network_down;
        case FIO_E_UPLOAD_EXISTS: return std::errc::file_exists;
        case FIO_E_WOULD_BLOCK: return std::errc::resource_unavailable_try_again;
        default: return std::error_condition(status, *this);
        }
    }
};

// Not destroyed at exit: a client that is destroyed there still tells of its operations.
union KeptCategory {
    Category category;
    KeptCategory() noexcept : category() {}
    ~KeptCategory() {}
};

}  // namespace detail

/** The category of `fio::errc`. Any thread, also while static objects are being destroyed. */
inline const std::error_category& category() noexcept
{
    static const detail::KeptCategory kept;
    return kept.category;
}

inline std::error_code make_error_code(errc status) noexcept
{
    return std::error_code(static_cast<int>(status), category());
}

/** See `fio_status_name`. */
inline const char* status_name(errc status) noexcept
{
    return fio_status_name(static_cast<fio_status>(status));
}

/** See `fio_status_message`. */
inline const char* status_message(errc status) noexcept
{
    return fio_status_message(static_cast<fio_status>(status));
}

/** See `fio_status_advice`. */
inline const char* status_advice(errc status) noexcept
{
    return fio_status_advice(static_cast<fio_status>(status));
}

/** The library's version, such as `0.1.0`; `FIO_VERSION` is the header's. See `fio_version`. */
inline const char* version() noexcept
{
    return fio_version();
}

/** The library and the versions of what is inside it or it runs with. See `fio_version_details`. */
inline const char* version_details() noexcept
{
    return fio_version_details();
}

/** The library's version as a number; `FIO_VERSION_NUMBER` is the header's. See `fio_version_number`. */
inline std::uint32_t version_number() noexcept
{
    return fio_version_number();
}

inline namespace FIO_CPP_MODE {

/* ---- Words ------------------------------------------------------------------------------------------- */

/** One started operation (`fio_op`). */
enum class Op : std::uint64_t {
    none = FIO_OP_NONE
};

/** One upload, for ever (`fio_upload_id`). */
enum class UploadId : std::uint64_t {
    none = FIO_UPLOAD_NONE
};

/** Whether a retry is worth it: `FIO_RETRY_...`. */
enum class Retry : std::int32_t {
    never = FIO_RETRY_NEVER,
    later = FIO_RETRY_LATER,
    after_pairing = FIO_RETRY_AFTER_PAIRING
};

/** `FIO_PRESENCE_...`. */
enum class Presence : std::int32_t {
    unknown = FIO_PRESENCE_UNKNOWN,
    online = FIO_PRESENCE_ONLINE,
    offline = FIO_PRESENCE_OFFLINE,
    paused = FIO_PRESENCE_PAUSED
};

/** `FIO_UPLOAD_...`; new ones may appear. */
enum class UploadState : std::int32_t {
    queued = FIO_UPLOAD_QUEUED,
    uploading = FIO_UPLOAD_UPLOADING,
    waiting = FIO_UPLOAD_WAITING,
    done = FIO_UPLOAD_DONE,
    failed = FIO_UPLOAD_FAILED,
    skipped = FIO_UPLOAD_SKIPPED,
    canceled = FIO_UPLOAD_CANCELED
};

/** `FIO_EVENT_...`; ignore those you do not know. */
enum class EventKind : std::int32_t {
    authorized = FIO_EVENT_AUTHORIZED,
    refreshed = FIO_EVENT_REFRESHED,
    authorization_lost = FIO_EVENT_AUTHORIZATION_LOST,
    refresh_refused = FIO_EVENT_REFRESH_REFUSED,
    device = FIO_EVENT_DEVICE,
    device_unknown = FIO_EVENT_DEVICE_UNKNOWN,
    project_changed = FIO_EVENT_PROJECT_CHANGED,
    store_failed = FIO_EVENT_STORE_FAILED,
    store_recovered = FIO_EVENT_STORE_RECOVERED,
    store_damaged = FIO_EVENT_STORE_DAMAGED,
    retrying = FIO_EVENT_RETRYING,
    upload = FIO_EVENT_UPLOAD,
    progress = FIO_EVENT_PROGRESS,
    device_cached = FIO_EVENT_DEVICE_CACHED
};

/** `FIO_AUTH_...`. */
enum class AuthState : std::int32_t {
    unpaired = FIO_AUTH_UNPAIRED,
    pending = FIO_AUTH_PENDING,
    authorized = FIO_AUTH_AUTHORIZED,
    expired = FIO_AUTH_EXPIRED
};

/** `FIO_ENCODING_...`. */
enum class Encoding : std::int32_t {
    as_documented = FIO_ENCODING_AS_DOCUMENTED,
    form = FIO_ENCODING_FORM,
    multipart = FIO_ENCODING_MULTIPART
};

/** `FIO_KEY_EXCHANGE_...`. */
enum class KeyExchange : std::int32_t {
    automatic = FIO_KEY_EXCHANGE_AUTOMATIC,
    hybrid = FIO_KEY_EXCHANGE_HYBRID,
    classical = FIO_KEY_EXCHANGE_CLASSICAL
};

/** `FIO_POLLER_...`; `standard` is `FIO_POLLER_DEFAULT`. */
enum class Poller : std::int32_t {
    standard = FIO_POLLER_DEFAULT,
    portable = FIO_POLLER_PORTABLE
};

/** `FIO_LOG_...`. */
enum class LogLevel : std::int32_t {
    off = FIO_LOG_OFF,
    error = FIO_LOG_ERROR,
    warn = FIO_LOG_WARN,
    info = FIO_LOG_INFO,
    debug = FIO_LOG_DEBUG,
    trace = FIO_LOG_TRACE
};

namespace detail {

using Milliseconds = std::chrono::milliseconds;

inline std::string_view text(const char* text, std::size_t length) noexcept
{
    return text == nullptr ? std::string_view() : std::string_view(text, length);
}

inline std::optional<std::string_view> optional_text(const char* text, std::size_t length) noexcept
{
    if (text == nullptr)
        return std::nullopt;
    return std::string_view(text, length);
}

inline std::optional<std::string> copy(const std::optional<std::string_view>& text)
{
    if (!text)
        return std::nullopt;
    return std::string(*text);
}

template <class Copy, class View>
std::optional<Copy> copy_as(const std::optional<View>& view)
{
    if (!view)
        return std::nullopt;
    return Copy(*view);
}

template <class View, class Raw>
std::optional<View> optional_view(const Raw* raw) noexcept
{
    if (raw == nullptr)
        return std::nullopt;
    return View(raw);
}

/** C says -1 for a duration that is not there. */
template <class Duration>
std::optional<Duration> optional_duration(std::int64_t count) noexcept
{
    if (count < 0)
        return std::nullopt;
    return Duration(static_cast<typename Duration::rep>(count));
}

/** What does not fit C's 32 bits is outside every range there. */
inline std::int32_t milliseconds_32(Milliseconds duration) noexcept
{
    const Milliseconds::rep least = std::numeric_limits<std::int32_t>::min();
    const Milliseconds::rep most = std::numeric_limits<std::int32_t>::max();
    return static_cast<std::int32_t>(std::clamp<Milliseconds::rep>(duration.count(), least, most));
}

inline std::int64_t seconds_since_1970(std::chrono::system_clock::time_point moment) noexcept
{
    return static_cast<std::int64_t>(std::chrono::floor<std::chrono::seconds>(moment.time_since_epoch()).count());
}

}  // namespace detail

/* ---- Arguments --------------------------------------------------------------------------------------- */

/**
 * A string for C, made from any kind of string where one is asked for. A `std::string_view` is copied, since
 * it need not end with a NUL; others are pointed to, for as long as the call lasts. `nullptr` is C's NULL. A
 * string with a NUL inside is refused with `errc::argument` rather than cut short.
 */
class Text {
public:
    Text(std::nullptr_t) noexcept : pointer_(nullptr) {}
    Text(const char* text) noexcept : pointer_(text) {}
    Text(const std::string& text) noexcept : pointer_(text.c_str()), is_whole_(is_one(text)) {}
    Text(std::string_view text) : copy_(text), pointer_(copy_.c_str()), is_whole_(is_one(text)) {}
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;
    ~Text() = default;

    const char* c_str() const noexcept { return pointer_; }
    /** Whether C sees all of it. */
    bool is_whole() const noexcept { return is_whole_; }

private:
    static bool is_one(std::string_view text) noexcept { return text.find('\0') == std::string_view::npos; }

    std::string copy_;
    const char* pointer_;
    bool is_whole_ = true;
};

/** Bytes to read: a pointer and a length. Made from anything with `data()` and `size()` in bytes. */
class Bytes {
public:
    constexpr Bytes() noexcept = default;
    constexpr Bytes(const std::uint8_t* data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <class Container, class Element = std::remove_pointer_t<decltype(std::declval<const Container&>().data())>,
              class = std::enable_if_t<sizeof(Element) == 1 && std::is_trivially_copyable_v<Element>>>
    Bytes(const Container& bytes) noexcept
        : data_(static_cast<const std::uint8_t*>(static_cast<const void*>(bytes.data()))), size_(bytes.size())
    {
    }

    constexpr const std::uint8_t* data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr const std::uint8_t* begin() const noexcept { return data_; }
    constexpr const std::uint8_t* end() const noexcept { return data_ + size_; }
    /** The same bytes as a text. */
    std::string_view text() const noexcept
    {
        return std::string_view(static_cast<const char*>(static_cast<const void*>(data_)), size_);
    }

private:
    const std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

/** Room to write to: a pointer and a length. */
class MutableBytes {
public:
    constexpr MutableBytes(std::uint8_t* data, std::size_t size) noexcept : data_(data), size_(size) {}

    constexpr std::uint8_t* data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr std::uint8_t* begin() const noexcept { return data_; }
    constexpr std::uint8_t* end() const noexcept { return data_ + size_; }

private:
    std::uint8_t* data_;
    std::size_t size_;
};

/* ---- Errors and results ------------------------------------------------------------------------------ */

/** A `fio_error`, valid during the callback that shows it. */
class ErrorView {
public:
    explicit ErrorView(const fio_error* raw) noexcept : raw_(raw) {}

    std::error_code code() const noexcept { return make_error_code(status()); }
    errc status() const noexcept { return static_cast<errc>(raw_->status); }
    /** Such as `FIO_E_DNS`. */
    const char* name() const noexcept { return raw_->name; }
    /** What happened: one sentence. */
    std::string_view message() const noexcept { return detail::text(raw_->message, raw_->message_length); }
    /** What a person can do: one sentence. */
    std::string_view advice() const noexcept { return detail::text(raw_->advice, raw_->advice_length); }
    /** `error` of an OAuth answer. */
    std::optional<std::string_view> oauth_error() const noexcept
    {
        return detail::optional_text(raw_->oauth_error, raw_->oauth_error_length);
    }
    Retry retry() const noexcept { return static_cast<Retry>(raw_->retry); }
    /** How long the server asked to wait. */
    std::optional<std::chrono::milliseconds> retry_after() const noexcept
    {
        return detail::optional_duration<std::chrono::milliseconds>(raw_->retry_after_ms);
    }
    /** 0 if there was no answer. */
    int http_status() const noexcept { return raw_->http_status; }
    /** libcurl's result, 0 if it did not fail. */
    int curl_code() const noexcept { return raw_->curl_code; }
    Op op() const noexcept { return static_cast<Op>(raw_->op); }
    const fio_error* raw() const noexcept { return raw_; }

private:
    const fio_error* raw_;
};

/**
 * An error to keep: what a `fio_error` says, copied. It contains no secrets and may be shown and logged. A copy
 * of it costs a counter.
 */
class Error {
public:
    /** What a status means in general. */
    explicit Error(errc status) : details_(std::make_shared<const Details>(status)) {}
    explicit Error(ErrorView error) : details_(std::make_shared<const Details>(error)) {}
    // One that was moved from is still one.
    Error(const Error&) noexcept = default;
    Error& operator=(const Error&) noexcept = default;
    ~Error() = default;

    std::error_code code() const noexcept { return make_error_code(status()); }
    errc status() const noexcept { return details_->status; }
    /** Such as `FIO_E_DNS`. */
    const char* name() const noexcept { return status_name(status()); }
    /** What happened: one sentence. */
    const std::string& message() const noexcept { return details_->message; }
    /** What a person can do: one sentence. */
    const std::string& advice() const noexcept { return details_->advice; }
    /** `error` of an OAuth answer. */
    const std::optional<std::string>& oauth_error() const noexcept { return details_->oauth_error; }
    Retry retry() const noexcept { return details_->retry; }
    /** How long the server asked to wait. */
    std::optional<std::chrono::milliseconds> retry_after() const noexcept { return details_->retry_after; }
    /** 0 if there was no answer. */
    int http_status() const noexcept { return details_->http_status; }
    /** libcurl's result, 0 if it did not fail. */
    int curl_code() const noexcept { return details_->curl_code; }
    /** The operation that failed, `Op::none` if there was none. */
    Op op() const noexcept { return details_->op; }

private:
    /// @cond
    struct Details {
        explicit Details(errc code) : status(code), message(status_message(code)), advice(status_advice(code)) {}
        explicit Details(ErrorView error)
            : status(error.status()), retry(error.retry()), http_status(error.http_status()),
              curl_code(error.curl_code()), retry_after(error.retry_after()), op(error.op()), message(error.message()),
              advice(error.advice()), oauth_error(detail::copy(error.oauth_error()))
        {
        }

        errc status;
        Retry retry = Retry::never;
        int http_status = 0;
        int curl_code = 0;
        std::optional<std::chrono::milliseconds> retry_after;
        Op op = Op::none;
        std::string message;
        std::string advice;
        std::optional<std::string> oauth_error;
    };
    /// @endcond

    std::shared_ptr<const Details> details_;
};

/**
 * A value, or the error that is there instead: as `std::expected` will be. `*` and `->` want a value,
 * `error()` an error: ask first.
 */
template <class Value>
class [[nodiscard]] Result {
public:
    Result(Value value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    Value& operator*() & noexcept { return *std::get_if<0>(&state_); }
    const Value& operator*() const& noexcept { return *std::get_if<0>(&state_); }
    Value&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
    Value* operator->() noexcept { return std::get_if<0>(&state_); }
    const Value* operator->() const noexcept { return std::get_if<0>(&state_); }
    template <class Other>
    Value value_or(Other&& other) const&
    {
        return has_value() ? **this : static_cast<Value>(std::forward<Other>(other));
    }

    const Error& error() const noexcept { return *std::get_if<1>(&state_); }
    /** The error's code, one that is false if there is a value. */
    std::error_code code() const noexcept { return has_value() ? std::error_code() : error().code(); }

private:
    std::variant<Value, Error> state_;
};

/** Success, or the error that is there instead. */
template <>
class [[nodiscard]] Result<void> {
public:
    Result() noexcept = default;
    Result(Error error) : error_(std::move(error)) {}

    bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    const Error& error() const noexcept { return *error_; }
    /** The error's code, one that is false if all went well. */
    std::error_code code() const noexcept { return error_ ? error_->code() : std::error_code(); }

private:
    std::optional<Error> error_;
};

/* ---- What the library shows: views, and copies to keep ------------------------------------------------ */

/** A `fio_code`, valid during the callback. */
class CodeView {
public:
    explicit CodeView(const fio_code* raw) noexcept : raw_(raw) {}

    /** 1 for the first code of an operation, and so on. */
    std::uint32_t number() const noexcept { return raw_->number; }
    Op op() const noexcept { return static_cast<Op>(raw_->op); }
    /** Counted from the callback. */
    std::chrono::milliseconds expires_in() const noexcept { return detail::Milliseconds(raw_->expires_in_ms); }
    std::chrono::milliseconds interval() const noexcept { return detail::Milliseconds(raw_->interval_ms); }
    /** Six digits. */
    std::string_view user_code() const noexcept { return detail::text(raw_->user_code, raw_->user_code_length); }
    std::optional<std::string_view> verification_uri() const noexcept
    {
        return detail::optional_text(raw_->verification_uri, raw_->verification_uri_length);
    }
    /** For a QR: see `qr_encode`. */
    std::optional<std::string_view> verification_uri_complete() const noexcept
    {
        return detail::optional_text(raw_->verification_uri_complete, raw_->verification_uri_complete_length);
    }
    std::optional<std::string_view> device_name() const noexcept
    {
        return detail::optional_text(raw_->device_name, raw_->device_name_length);
    }
    const fio_code* raw() const noexcept { return raw_; }

private:
    const fio_code* raw_;
};

/** A code to keep. */
struct Code {
    Code() = default;
    explicit Code(CodeView code)
        : number(code.number()), op(code.op()), expires_in(code.expires_in()), interval(code.interval()),
          user_code(code.user_code()), verification_uri(detail::copy(code.verification_uri())),
          verification_uri_complete(detail::copy(code.verification_uri_complete())),
          device_name(detail::copy(code.device_name()))
    {
    }

    std::uint32_t number = 0;
    Op op = Op::none;
    /** Counted from the callback it came with. */
    std::chrono::milliseconds expires_in{0};
    std::chrono::milliseconds interval{0};
    std::string user_code;
    std::optional<std::string> verification_uri;
    std::optional<std::string> verification_uri_complete;
    std::optional<std::string> device_name;
};

/** A `fio_channel`, valid during the callback. */
class ChannelView {
public:
    explicit ChannelView(const fio_channel* raw) noexcept : raw_(raw) {}

    std::string_view id() const noexcept { return detail::text(raw_->id, raw_->id_length); }
    std::optional<std::string_view> name() const noexcept
    {
        return detail::optional_text(raw_->name, raw_->name_length);
    }
    std::optional<std::string_view> asset_type() const noexcept
    {
        return detail::optional_text(raw_->asset_type, raw_->asset_type_length);
    }
    /** 0 is the device's own; `Upload::set_channel` takes it. */
    std::uint32_t index() const noexcept { return raw_->index; }
    Presence presence() const noexcept { return static_cast<Presence>(raw_->presence); }
    const fio_channel* raw() const noexcept { return raw_; }

private:
    const fio_channel* raw_;
};

/** A channel to keep. */
struct Channel {
    Channel() = default;
    explicit Channel(ChannelView channel)
        : id(channel.id()), name(detail::copy(channel.name())), asset_type(detail::copy(channel.asset_type())),
          index(channel.index()), presence(channel.presence())
    {
    }

    std::string id;
    std::optional<std::string> name;
    std::optional<std::string> asset_type;
    std::uint32_t index = 0;
    Presence presence = Presence::unknown;
};

/** The channels of a `DeviceView`, for a `for`. */
class ChannelsView {
public:
    class iterator {
    public:
        explicit iterator(const fio_channel* const* at) noexcept : at_(at) {}
        ChannelView operator*() const noexcept { return ChannelView(*at_); }
        iterator& operator++() noexcept
        {
            ++at_;
            return *this;
        }
        bool operator==(const iterator& other) const noexcept { return at_ == other.at_; }
        bool operator!=(const iterator& other) const noexcept { return at_ != other.at_; }

    private:
        const fio_channel* const* at_;
    };

    ChannelsView(const fio_channel* const* first, std::size_t count) noexcept : first_(first), count_(count) {}

    std::size_t size() const noexcept { return count_; }
    ChannelView operator[](std::size_t index) const noexcept { return ChannelView(first_[index]); }
    iterator begin() const noexcept { return iterator(first_); }
    iterator end() const noexcept { return iterator(first_ + count_); }

private:
    const fio_channel* const* first_;
    std::size_t count_;
};

/** A `fio_device`, valid during the callback. */
class DeviceView {
public:
    explicit DeviceView(const fio_device* raw) noexcept : raw_(raw) {}

    Presence presence() const noexcept { return static_cast<Presence>(raw_->presence); }
    /** The operation that asked, or `Op::none`. */
    Op op() const noexcept { return static_cast<Op>(raw_->op); }
    /** Identity of the project: compare this one. Empty where the service names no project. */
    std::string_view project_id() const noexcept { return detail::text(raw_->project_id, raw_->project_id_length); }
    /** For the screen; it may change. */
    std::optional<std::string_view> project_name() const noexcept
    {
        return detail::optional_text(raw_->project_name, raw_->project_name_length);
    }
    std::optional<std::string_view> id() const noexcept { return detail::optional_text(raw_->id, raw_->id_length); }
    std::optional<std::string_view> name() const noexcept
    {
        return detail::optional_text(raw_->name, raw_->name_length);
    }
    std::optional<std::string_view> asset_type() const noexcept
    {
        return detail::optional_text(raw_->asset_type, raw_->asset_type_length);
    }
    std::optional<std::string_view> timezone() const noexcept
    {
        return detail::optional_text(raw_->timezone, raw_->timezone_length);
    }
    /** The person who connected the device. */
    std::optional<std::string_view> creator_name() const noexcept
    {
        return detail::optional_text(raw_->creator_name, raw_->creator_name_length);
    }
    ChannelsView channels() const noexcept { return ChannelsView(raw_->channels, raw_->channel_count); }
    /** Since the service told it; nothing if the clock could not tell. */
    std::optional<std::chrono::seconds> age() const noexcept
    {
        if (raw_->age_seconds < 0)
            return std::nullopt;
        return std::chrono::seconds(raw_->age_seconds);
    }
    const fio_device* raw() const noexcept { return raw_; }

private:
    const fio_device* raw_;
};

/** Device information to keep. */
struct Device {
    Device() = default;
    explicit Device(DeviceView device)
        : presence(device.presence()), op(device.op()), project_id(device.project_id()),
          project_name(detail::copy(device.project_name())), id(detail::copy(device.id())),
          name(detail::copy(device.name())), asset_type(detail::copy(device.asset_type())),
          timezone(detail::copy(device.timezone())), creator_name(detail::copy(device.creator_name())),
          age(device.age())
    {
        for (const ChannelView channel : device.channels())
            channels.emplace_back(channel);
    }

    Presence presence = Presence::unknown;
    Op op = Op::none;
    std::string project_id;
    std::optional<std::string> project_name;
    std::optional<std::string> id;
    std::optional<std::string> name;
    std::optional<std::string> asset_type;
    std::optional<std::string> timezone;
    std::optional<std::string> creator_name;
    std::vector<Channel> channels;
    /** When it was copied: since the service told it; nothing if the clock could not tell. */
    std::optional<std::chrono::seconds> age;
};

/** A `fio_upload_info`, valid during the callback; that of `Client::upload_get` until the next such call. */
class UploadInfoView {
public:
    explicit UploadInfoView(const fio_upload_info* raw) noexcept : raw_(raw) {}

    UploadId id() const noexcept { return static_cast<UploadId>(raw_->id); }
    UploadState state() const noexcept { return static_cast<UploadState>(raw_->state); }
    /** Bytes in all; for a recording that goes on, those known so far. */
    std::uint64_t size() const noexcept { return raw_->size; }
    /** Bytes the storage has confirmed. */
    std::uint64_t confirmed() const noexcept { return raw_->confirmed; }
    /** Bytes on their way beyond those. */
    std::uint64_t in_flight() const noexcept { return raw_->in_flight; }
    /** Until the next attempt, while it waits for one. */
    std::optional<std::chrono::milliseconds> retry_in() const noexcept
    {
        return detail::optional_duration<std::chrono::milliseconds>(raw_->retry_in_ms);
    }
    /** Higher goes first. */
    std::int32_t priority() const noexcept { return raw_->priority; }
    bool is_recording() const noexcept { return raw_->is_recording != 0; }
    /** Why it waits, failed or was skipped. */
    std::optional<ErrorView> reason() const noexcept { return detail::optional_view<ErrorView>(raw_->reason); }
    /** The service's name for it; empty for a recording that has none yet. */
    std::string_view name() const noexcept { return detail::text(raw_->name, raw_->name_length); }
    std::string_view media_type() const noexcept { return detail::text(raw_->media_type, raw_->media_type_length); }
    /** As it was given: not necessarily UTF-8. */
    std::optional<std::string_view> path() const noexcept
    {
        return detail::optional_text(raw_->path, raw_->path_length);
    }
    /** What `Upload::set_tag` gave; empty if there is none. */
    Bytes tag() const noexcept { return Bytes(raw_->tag, raw_->tag_length); }
    /** Its id at the service; `Client::comment` takes it. */
    std::optional<std::string_view> asset_id() const noexcept
    {
        return detail::optional_text(raw_->asset_id, raw_->asset_id_length);
    }
    std::optional<std::string_view> project_id() const noexcept
    {
        return detail::optional_text(raw_->project_id, raw_->project_id_length);
    }
    std::size_t parts_in_flight() const noexcept { return raw_->parts_in_flight; }
    /** Bytes a second over the last minute, less what was lost. */
    std::uint64_t minute_bytes_per_second() const noexcept { return raw_->minute_bytes_per_second; }
    /** Until the next of its parts is safe. */
    std::optional<std::chrono::milliseconds> part_safe_in() const noexcept
    {
        return detail::optional_duration<std::chrono::milliseconds>(raw_->part_safe_in_ms);
    }
    std::uint32_t failed_attempts() const noexcept { return raw_->failed_attempts; }
    /** The link breaks again and again before one of its parts is through. */
    bool is_link_too_weak() const noexcept { return raw_->is_link_too_weak != 0; }
    const fio_upload_info* raw() const noexcept { return raw_; }

private:
    const fio_upload_info* raw_;
};

/** How an upload stood, to keep. */
struct UploadInfo {
    UploadInfo() = default;
    explicit UploadInfo(UploadInfoView info)
        : id(info.id()), state(info.state()), size(info.size()), confirmed(info.confirmed()),
          in_flight(info.in_flight()), retry_in(info.retry_in()), priority(info.priority()),
          is_recording(info.is_recording()), reason(detail::copy_as<Error>(info.reason())), name(info.name()),
          media_type(info.media_type()), path(detail::copy(info.path())), tag(info.tag().begin(), info.tag().end()),
          asset_id(detail::copy(info.asset_id())), project_id(detail::copy(info.project_id())),
          parts_in_flight(info.parts_in_flight()), minute_bytes_per_second(info.minute_bytes_per_second()),
          part_safe_in(info.part_safe_in()), failed_attempts(info.failed_attempts()),
          is_link_too_weak(info.is_link_too_weak())
    {
    }

    UploadId id = UploadId::none;
    UploadState state = UploadState::queued;
    std::uint64_t size = 0;
    std::uint64_t confirmed = 0;
    std::uint64_t in_flight = 0;
    std::optional<std::chrono::milliseconds> retry_in;
    std::int32_t priority = 0;
    bool is_recording = false;
    std::optional<Error> reason;
    std::string name;
    std::string media_type;
    std::optional<std::string> path;
    std::vector<std::uint8_t> tag;
    std::optional<std::string> asset_id;
    std::optional<std::string> project_id;
    std::size_t parts_in_flight = 0;
    std::uint64_t minute_bytes_per_second = 0;
    std::optional<std::chrono::milliseconds> part_safe_in;
    std::uint32_t failed_attempts = 0;
    bool is_link_too_weak = false;
};

/** The upload of a tag. One that is done or canceled may not be in the list any more. */
struct KnownUpload {
    UploadId id = UploadId::none;
    UploadState state = UploadState::queued;
};

/** What is left to do: `fio_totals`, copied. */
struct Totals {
    Totals() = default;
    explicit Totals(const fio_totals* totals) noexcept
        : is_paused(totals->is_paused != 0), current(static_cast<UploadId>(totals->current)),
          files_left(totals->files_left), bytes_left(totals->bytes_left), queued(totals->queued),
          uploading(totals->uploading), waiting(totals->waiting), done(totals->done), failed(totals->failed),
          skipped(totals->skipped), canceled(totals->canceled), bytes_per_second(totals->bytes_per_second),
          time_left(detail::optional_duration<std::chrono::seconds>(totals->seconds_left)),
          minute_bytes_per_second(totals->minute_bytes_per_second),
          part_safe_in(detail::optional_duration<std::chrono::milliseconds>(totals->part_safe_in_ms)),
          parts_in_flight(totals->parts_in_flight), is_link_too_weak(totals->is_link_too_weak != 0)
    {
    }

    bool is_paused = false;
    UploadId current = UploadId::none;
    std::uint64_t files_left = 0;
    std::uint64_t bytes_left = 0;
    std::uint64_t queued = 0;
    std::uint64_t uploading = 0;
    std::uint64_t waiting = 0;
    std::uint64_t done = 0;
    std::uint64_t failed = 0;
    std::uint64_t skipped = 0;
    std::uint64_t canceled = 0;
    std::uint64_t bytes_per_second = 0;
    /** At the rate at which parts arrive; none while nothing moves, or no part gets through. */
    std::optional<std::chrono::seconds> time_left;
    std::uint64_t minute_bytes_per_second = 0;
    /** Until the next part is safe. */
    std::optional<std::chrono::milliseconds> part_safe_in;
    std::uint32_t parts_in_flight = 0;
    /** The link breaks again and again before even one of the smallest parts is through. */
    bool is_link_too_weak = false;
};

/** A `fio_event`, valid during the callback. */
class EventView {
public:
    explicit EventView(const fio_event* raw) noexcept : raw_(raw) {}

    EventKind kind() const noexcept { return static_cast<EventKind>(raw_->kind); }
    /** Until the next attempt. */
    std::optional<std::chrono::milliseconds> wait() const noexcept
    {
        return detail::optional_duration<std::chrono::milliseconds>(raw_->wait_ms);
    }
    std::optional<ErrorView> error() const noexcept { return detail::optional_view<ErrorView>(raw_->error); }
    std::optional<DeviceView> device() const noexcept { return detail::optional_view<DeviceView>(raw_->device); }
    std::optional<std::string_view> previous_project_id() const noexcept
    {
        return detail::optional_text(raw_->previous_project_id, raw_->previous_project_id_length);
    }
    std::optional<UploadInfoView> upload() const noexcept
    {
        return detail::optional_view<UploadInfoView>(raw_->upload);
    }
    std::optional<Totals> totals() const noexcept { return detail::optional_view<Totals>(raw_->totals); }
    const fio_event* raw() const noexcept { return raw_; }

private:
    const fio_event* raw_;
};

/** An event to keep, for another thread for example. */
struct Event {
    Event() = default;
    explicit Event(EventView event)
        : kind(event.kind()), wait(event.wait()), error(detail::copy_as<Error>(event.error())),
          device(detail::copy_as<Device>(event.device())),
          previous_project_id(detail::copy(event.previous_project_id())),
          upload(detail::copy_as<UploadInfo>(event.upload())), totals(event.totals())
    {
    }

    EventKind kind{};
    std::optional<std::chrono::milliseconds> wait;
    std::optional<Error> error;
    std::optional<Device> device;
    std::optional<std::string> previous_project_id;
    std::optional<UploadInfo> upload;
    std::optional<Totals> totals;
};

/* ---- Callbacks --------------------------------------------------------------------------------------- */

/** An operation without a result is over. See `fio_done_cb`. */
using DoneCallback = std::function<void(const Result<void>&)>;
/** A code has been granted, or not. See `fio_code_cb`. */
using CodeCallback = std::function<void(const Result<CodeView>&)>;
/** Show this code. See `fio_show_code_cb`. */
using ShowCallback = std::function<void(CodeView)>;
/** Device information has arrived, or not. See `fio_device_cb`. */
using DeviceCallback = std::function<void(const Result<DeviceView>&)>;
/** Something nobody asked for. See `fio_event_cb`. */
using EventCallback = std::function<void(EventView)>;
/** One log line, without a line break. A data callback. See `fio_log_cb`. */
using LogCallback = std::function<void(LogLevel, std::string_view)>;
/** Milliseconds on a clock that never goes back. A data callback. See `fio_monotonic_cb`. */
using MonotonicCallback = std::function<std::chrono::milliseconds()>;
/** The time, as the device believes. A data callback. See `fio_wall_clock_cb`. */
using WallClockCallback = std::function<std::chrono::system_clock::time_point()>;
/** Fills the buffer with random bytes; returns whether it could. A data callback. See `fio_entropy_cb`. */
using EntropyCallback = std::function<bool(MutableBytes)>;
/**
 * Reads bytes of an upload from this offset on into the buffer; returns how many it were, or a negative value
 * for a failure. A data callback. See `fio_read_cb`.
 */
using ReadCallback = std::function<std::int64_t(std::uint64_t offset, MutableBytes buffer)>;

/** What a store's `load` found. */
enum class Load : std::int32_t {
    found = 0,
    not_found = FIO_STORE_NOT_FOUND,
    failed = FIO_CB_ABORT
};

/** Where a store's `load` puts the record. Valid during the callback. */
class RecordBuffer {
public:
    RecordBuffer(MutableBytes space, std::size_t* length) noexcept : space_(space), length_(length) {}

    /** Copies a record. One that is too long for the space is asked for again, with more. */
    void assign(Bytes record) const noexcept
    {
        *length_ = record.size();
        if (!record.empty() && record.size() <= space_.size())
            std::memcpy(space_.data(), record.data(), record.size());
    }
    /** The space itself, for those who read a record straight into it; then say how long it is. */
    MutableBytes space() const noexcept { return space_; }
    /** The record's whole length, also where it is more than the space. */
    void set_length(std::size_t length) const noexcept { *length_ = length; }

private:
    MutableBytes space_;
    std::size_t* length_;
};

/** Where a store's `list` puts the keys: call it once for each. Valid during the callback. */
class KeyList {
public:
    KeyList(fio_store_key_cb each, void* context) noexcept : each_(each), context_(context) {}

    void operator()(std::string_view key) const noexcept
    {
        // What is no key of the library's is not shown to it.
        char text[65];
        if (key.size() >= sizeof text || key.find('\0') != std::string_view::npos)
            return;
        key.copy(text, key.size());
        text[key.size()] = '\0';
        each_(context_, text);
    }

private:
    fio_store_key_cb each_;
    void* context_;
};

/**
 * A store of the application's own: four data callbacks, all of them needed. See `fio_config_set_store` for
 * what they promise; above all `save` replaces a record atomically.
 */
struct Store {
    std::function<Load(std::string_view key, const RecordBuffer& record)> load;
    /** Returns whether the record is safe. */
    std::function<bool(std::string_view key, Bytes record)> save;
    /** Returns whether the record is gone; one that was not there is. */
    std::function<bool(std::string_view key)> erase;
    /** Calls the list with every key; returns whether these were all. */
    std::function<bool(const KeyList& list)> list;
};

/* ---- How C is called --------------------------------------------------------------------------------- */

namespace detail {

/** What a call into C brings back besides its status: one for each call under way on this thread. */
class Call {
public:
    explicit Call(Op awaited = Op::none) noexcept : outer_(innermost()), awaited_(awaited) { innermost() = this; }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() { innermost() = outer_; }

    /** An operation has failed: the call may be the one that waits for it. */
    static void note_end(const fio_error* error)
    {
        Call* const frame = innermost();
        if (frame != nullptr && frame->awaited_ != Op::none && frame->awaited_ == static_cast<Op>(error->op))
            frame->ended_.emplace(ErrorView(error));
    }

    /** How the operation ended that was waited for, if this was seen and is what the status says. */
    const Error* ended_with(fio_status status) const noexcept
    {
        return ended_ && ended_->status() == static_cast<errc>(status) ? &*ended_ : nullptr;
    }

#if defined(__cpp_exceptions)
    /** In a `catch`: keeps the first exception for when C has returned. */
    static void note_exception() noexcept
    {
        Call* const frame = innermost();
        if (frame != nullptr && frame->thrown_ == nullptr)
            frame->thrown_ = std::current_exception();
    }
    std::exception_ptr thrown() const noexcept { return thrown_; }
    void rethrow() const
    {
        if (thrown_ != nullptr)
            std::rethrow_exception(thrown_);
    }

private:
    std::exception_ptr thrown_;
#else
    void rethrow() const noexcept {}
#endif

private:
    static Call*& innermost() noexcept
    {
        static thread_local Call* frame = nullptr;
        return frame;
    }

    Call* outer_;
    Op awaited_;
    std::optional<Error> ended_;
};

/** Runs what a callback is about; returns whether it returned. Nothing leaves it. */
template <class Body>
bool guarded(Body&& body) noexcept
{
#if defined(__cpp_exceptions)
    try {
        body();
        return true;
    } catch (...) {
        Call::note_exception();
        return false;
    }
#else
    body();
    return true;
#endif
}

/**
 * What C holds by a `user` pointer. It belongs to C and to the call that hands it over, so that this call can
 * tell afterwards whether C has given it back already.
 */
class Kept {
public:
    Kept() noexcept = default;
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;

    template <class State>
    static void let_go(State* state) noexcept
    {
        if (state->holders_.fetch_sub(1) == 1)
            delete state;
    }
    /** C will not use it any more. */
    template <class State>
    static void give_back(State* state) noexcept
    {
        state->is_given_back_.store(true);
        let_go(state);
    }
    /** A `fio_destroy_cb`. */
    template <class State>
    static void destroy(void* user) noexcept
    {
        give_back(static_cast<State*>(user));
    }
    bool is_given_back() const noexcept { return is_given_back_.load(); }

protected:
    ~Kept() = default;

private:
    std::atomic<int> holders_{2};
    std::atomic<bool> is_given_back_{false};
};

template <class State, class... Arguments>
std::unique_ptr<State> keep(Arguments&&... arguments)
{
    return std::unique_ptr<State>(new (std::nothrow) State(std::forward<Arguments>(arguments)...));
}

/** Calls a function of C that keeps this state if it returns `FIO_OK`. */
template <class State, class Function>
fio_status hand_over(std::unique_ptr<State> kept, Function&& function)
{
    if (kept == nullptr)
        return FIO_E_NOMEM;
    State* const state = kept.release();
    const fio_status status = function(state);
    // A client that is freed inside the call has completed the operation, although it was not started.
    if (status != FIO_OK && !state->is_given_back())
        Kept::let_go(state);
    Kept::let_go(state);
    return status;
}

/* Each state has the functions that C calls with it. */

struct DoneState : Kept {
    explicit DoneState(DoneCallback callback) noexcept : done(std::move(callback)) {}

    static void on_done(void* user, const fio_error* error) noexcept
    {
        auto* const state = static_cast<DoneState*>(user);
        guarded([&] {
            if (error != nullptr)
                Call::note_end(error);
            if (state->done)
                state->done(error != nullptr ? Result<void>(Error(ErrorView(error))) : Result<void>());
        });
        give_back(state);
    }

    DoneCallback done;
};

template <class View, class Callback, class Raw>
void tell(const Callback& callback, const fio_error* error, const Raw* raw)
{
    if (error != nullptr)
        Call::note_end(error);
    if (callback)
        callback(error != nullptr ? Result<View>(Error(ErrorView(error))) : Result<View>(View(raw)));
}

struct CodeState : Kept {
    explicit CodeState(CodeCallback callback) noexcept : done(std::move(callback)) {}

    static void on_code(void* user, const fio_error* error, const fio_code* code) noexcept
    {
        auto* const state = static_cast<CodeState*>(user);
        guarded([&] { tell<CodeView>(state->done, error, code); });
        give_back(state);
    }

    CodeCallback done;
};

struct DeviceState : Kept {
    explicit DeviceState(DeviceCallback callback, ShowCallback shower = {}) noexcept
        : done(std::move(callback)), show(std::move(shower))
    {
    }

    static void on_show(void* user, const fio_code* code) noexcept
    {
        guarded([&] { static_cast<DeviceState*>(user)->show(CodeView(code)); });
    }

    static void on_device(void* user, const fio_error* error, const fio_device* device) noexcept
    {
        auto* const state = static_cast<DeviceState*>(user);
        guarded([&] { tell<DeviceView>(state->done, error, device); });
        give_back(state);
    }

    DeviceCallback done;
    ShowCallback show;
};

struct EventState : Kept {
    explicit EventState(EventCallback callback) noexcept : told(std::move(callback)) {}

    static void on_event(void* user, const fio_event* event) noexcept
    {
        guarded([&] { static_cast<EventState*>(user)->told(EventView(event)); });
    }

    EventCallback told;
};

struct LogState : Kept {
    explicit LogState(LogCallback callback) noexcept : write(std::move(callback)) {}

    static void on_log(void* user, std::int32_t level, const char* line, std::size_t length) noexcept
    {
        guarded([&] { static_cast<LogState*>(user)->write(static_cast<LogLevel>(level), text(line, length)); });
    }

    LogCallback write;
};

struct StoreState : Kept {
    explicit StoreState(Store functions) noexcept : store(std::move(functions)) {}

    static std::int32_t on_load(void* user, const char* key, std::uint8_t* buffer, std::size_t capacity,
                                std::size_t* length) noexcept
    {
        Load found = Load::failed;
        guarded([&] {
            const RecordBuffer record(MutableBytes(buffer, capacity), length);
            found = static_cast<StoreState*>(user)->store.load(key, record);
        });
        return static_cast<std::int32_t>(found);
    }

    static std::int32_t on_save(void* user, const char* key, const std::uint8_t* value, std::size_t length) noexcept
    {
        return answer([&] { return static_cast<StoreState*>(user)->store.save(key, Bytes(value, length)); });
    }

    static std::int32_t on_erase(void* user, const char* key) noexcept
    {
        return answer([&] { return static_cast<StoreState*>(user)->store.erase(key); });
    }

    static std::int32_t on_list(void* user, fio_store_key_cb each, void* context) noexcept
    {
        return answer([&] { return static_cast<StoreState*>(user)->store.list(KeyList(each, context)); });
    }

    /** What a callback that says whether it worked answers to C. */
    template <class Body>
    static std::int32_t answer(Body&& body) noexcept
    {
        bool worked = false;
        guarded([&] { worked = body(); });
        return worked ? FIO_OK : FIO_CB_ABORT;
    }

    Store store;
};

struct EntropyState : Kept {
    explicit EntropyState(EntropyCallback callback) noexcept : fill(std::move(callback)) {}

    static std::int32_t on_entropy(void* user, std::uint8_t* buffer, std::size_t length) noexcept
    {
        return StoreState::answer([&] { return static_cast<EntropyState*>(user)->fill(MutableBytes(buffer, length)); });
    }

    EntropyCallback fill;
};

struct ReadState : Kept {
    explicit ReadState(ReadCallback callback) noexcept : read(std::move(callback)) {}

    static std::int64_t on_read(void* user, std::uint64_t offset, std::uint8_t* buffer, std::size_t length) noexcept
    {
        std::int64_t count = FIO_CB_ABORT;
        guarded([&] { count = static_cast<ReadState*>(user)->read(offset, MutableBytes(buffer, length)); });
        return count;
    }

    ReadCallback read;
};

/** Two clocks, and what they said last, for when they throw: a clock must not go back. */
struct ClockState : Kept {
    ClockState(MonotonicCallback first, WallClockCallback second) noexcept
        : monotonic(std::move(first)), wall(std::move(second))
    {
    }

    static std::uint64_t on_monotonic(void* user) noexcept
    {
        auto* const state = static_cast<ClockState*>(user);
        return state->ask(state->last_monotonic, [&] {
            const auto now = state->monotonic().count();
            return now < 0 ? std::uint64_t{0} : static_cast<std::uint64_t>(now);
        });
    }

    static std::int64_t on_wall(void* user) noexcept
    {
        auto* const state = static_cast<ClockState*>(user);
        return state->ask(state->last_wall, [&] { return seconds_since_1970(state->wall()); });
    }

    template <class Time, class Clock>
    Time ask(Time& last, Clock&& clock) noexcept
    {
        Time now{};
        const bool is_told = guarded([&] { now = clock(); });
        // Clients in several threads may share a clock.
        const std::lock_guard<std::mutex> lock(guard);
        if (is_told)
            last = now;
        return last;
    }

    MonotonicCallback monotonic;
    WallClockCallback wall;
    std::mutex guard;
    std::uint64_t last_monotonic = 0;
    std::int64_t last_wall = 0;
};

/** Shows the uploads of a list to a visitor, until it throws. */
template <class Each>
struct Visitor {
    static void on_upload(void* user, const fio_upload_info* info) noexcept
    {
        auto* const visitor = static_cast<Visitor*>(user);
        if (visitor->is_welcome)
            visitor->is_welcome = guarded([&] { visitor->each(UploadInfoView(info)); });
    }

    Each& each;
    bool is_welcome = true;
};

/** Names for C. */
class NameList {
public:
    explicit NameList(const std::vector<std::string>& names)
    {
        for (const std::string& name : names) {
            const Text text(name);
            is_whole_ = is_whole_ && text.is_whole();
            names_.push_back(name.c_str());
        }
    }
    bool is_whole() const noexcept { return is_whole_; }
    const char* const* data() const noexcept { return names_.empty() ? nullptr : names_.data(); }
    std::size_t size() const noexcept { return names_.size(); }

private:
    std::vector<const char*> names_;
    bool is_whole_ = true;
};

inline void wipe(char* bytes, std::size_t size) noexcept
{
    // Memory that is not read again may otherwise be left as it is.
    for (volatile char* byte = bytes; size > 0; --size)
        *byte++ = 0;
}

struct ConfigTraits {
    using Handle = fio_config;
    static fio_status make(fio_config** config) noexcept { return fio_config_new(config); }
    static void free(fio_config* config) noexcept { fio_config_free(config); }
    static const fio_error* error(fio_config* config) noexcept { return fio_config_error(config); }
};

struct UploadTraits {
    using Handle = fio_upload;
    static fio_status make(fio_upload** upload) noexcept { return fio_upload_new(upload); }
    static void free(fio_upload* upload) noexcept { fio_upload_free(upload); }
    static const fio_error* error(fio_upload* upload) noexcept { return fio_upload_error(upload); }
};

}  // namespace detail

/* ---- Settings ---------------------------------------------------------------------------------------- */

/** What `Config` and `Upload` have in common: settings, of which the first that is refused is remembered. */
template <class Traits>
class Builder {
public:
    using Handle = typename Traits::Handle;

    Builder(Builder&& other) noexcept
        : handle_(std::exchange(other.handle_, nullptr)), error_(std::exchange(other.error_, std::nullopt))
    {
    }
    Builder& operator=(Builder&& other) noexcept
    {
        std::swap(handle_, other.handle_);
        std::swap(error_, other.error_);
        return *this;
    }

    /** The first setting that was refused, if any. */
    const std::optional<Error>& error() const noexcept { return error_; }
    /** Forgets it, so that what was set can be used all the same. */
    void clear_error() noexcept { error_.reset(); }
    /** For calls of your own into C. It stays with this object; null if that was moved from. */
    Handle* native_handle() const noexcept { return handle_; }

protected:
    Builder()
    {
        const fio_status status = Traits::make(&handle_);
        if (status != FIO_OK)
            error_.emplace(static_cast<errc>(status));
    }
    ~Builder() { Traits::free(handle_); }

    /** The details of a failure that C has just reported. */
    Error last_error(fio_status status) const
    {
        const fio_error* const error = Traits::error(handle_);
        if (error != nullptr && error->status == status)
            return Error(ErrorView(error));
        return Error(static_cast<errc>(status));
    }

    /** Calls a setter of C. */
    template <class Setter>
    void set(Setter&& setter)
    {
        const fio_status status = setter(handle_);
        if (status != FIO_OK && !error_)
            error_.emplace(last_error(status));
    }
    /** As `set`, for one that takes strings. */
    template <class Setter>
    void set_text(const Text& text, Setter&& setter)
    {
        if (text.is_whole())
            set([&](Handle* handle) { return setter(handle, text.c_str()); });
        else if (!error_)
            error_.emplace(errc::argument);
    }

private:
    Handle* handle_ = nullptr;
    std::optional<Error> error_;
};

/**
 * Settings for clients (`fio_config`). Each setter is `fio_config_set_...` of the same name and returns the
 * configuration, so that they can be written one after the other. One that is refused leaves its setting as it
 * was; the first refusal is kept in `error()`, and `Client::create` fails with it.
 *
 * Move-only. One thread at a time. Clients made from it do not need it any more. One that was moved from can
 * only be destroyed or assigned to.
 */
class Config : public Builder<detail::ConfigTraits> {
public:
    Config() = default;

    /** Required. See `fio_config_set_client_id`. */
    Config& set_client_id(const Text& client_id) { return with(client_id, fio_config_set_client_id); }

    /** Required; wiped when nobody uses it any more. See `fio_config_set_client_secret`. */
    Config& set_client_secret(std::string_view client_secret)
    {
        return with([&](fio_config* config) {
            return fio_config_set_client_secret(config, client_secret.data(), client_secret.size());
        });
    }

    /** See `fio_config_set_client_version`. */
    Config& set_client_version(const Text& version) { return with(version, fio_config_set_client_version); }

    /** See `fio_config_set_base_url`. */
    Config& set_base_url(const Text& url) { return with(url, fio_config_set_base_url); }

    /** See `fio_config_set_ca_file`. */
    Config& set_ca_file(const Text& path) { return with(path, fio_config_set_ca_file); }

    /** See `fio_config_set_ca_pem`. */
    Config& set_ca_pem(std::string_view pem)
    {
        return with([&](fio_config* config) { return fio_config_set_ca_pem(config, pem.data(), pem.size()); });
    }

    /** See `fio_config_set_store_dir`. */
    Config& set_store_dir(const Text& path) { return with(path, fio_config_set_store_dir); }

    /** See `fio_config_set_store`; one whose functions are not all there is refused. */
    Config& set_store(Store store)
    {
        using State = detail::StoreState;
        auto state = detail::keep<State>(std::move(store));
        return with([&](fio_config* config) {
            return detail::hand_over(std::move(state), [&](State* kept) {
                const Store& functions = kept->store;
                return fio_config_set_store(
                    config, functions.load ? State::on_load : nullptr, functions.save ? State::on_save : nullptr,
                    functions.erase ? State::on_erase : nullptr, functions.list ? State::on_list : nullptr, kept,
                    detail::Kept::destroy<State>);
            });
        });
    }

    /** 32 bytes, or none to take the key away. See `fio_config_set_store_key`. */
    Config& set_store_key(Bytes key)
    {
        return with([&](fio_config* config) {
            return fio_config_set_store_key(config, key.empty() ? nullptr : key.data(), key.size());
        });
    }

    /** Without a callback there is no log. See `fio_config_set_log`. */
    Config& set_log(LogLevel level, LogCallback callback)
    {
        using State = detail::LogState;
        if (!callback) {
            return with([&](fio_config* config) {
                return fio_config_set_log(config, static_cast<std::int32_t>(level), nullptr, nullptr, nullptr);
            });
        }
        auto state = detail::keep<State>(std::move(callback));
        return with([&](fio_config* config) {
            return detail::hand_over(std::move(state), [&](State* kept) {
                return fio_config_set_log(config, static_cast<std::int32_t>(level), State::on_log, kept,
                                          detail::Kept::destroy<State>);
            });
        });
    }

    /** Without a callback nobody hears of events. See `fio_config_set_event`. */
    Config& set_event(EventCallback callback)
    {
        using State = detail::EventState;
        if (!callback)
            return with([&](fio_config* config) { return fio_config_set_event(config, nullptr, nullptr, nullptr); });
        auto state = detail::keep<State>(std::move(callback));
        return with([&](fio_config* config) {
            return detail::hand_over(std::move(state), [&](State* kept) {
                return fio_config_set_event(config, State::on_event, kept, detail::Kept::destroy<State>);
            });
        });
    }

    /** See `fio_config_set_encoding`. */
    Config& set_encoding(Encoding encoding)
    {
        return with(
            [&](fio_config* config) { return fio_config_set_encoding(config, static_cast<std::int32_t>(encoding)); });
    }

    /** See `fio_config_set_key_exchange`. */
    Config& set_key_exchange(KeyExchange exchange)
    {
        return with([&](fio_config* config) {
            return fio_config_set_key_exchange(config, static_cast<std::int32_t>(exchange));
        });
    }

    /** See `fio_config_set_url_pairing`. */
    Config& set_url_pairing(bool enabled)
    {
        return with([&](fio_config* config) { return fio_config_set_url_pairing(config, enabled ? 1 : 0); });
    }

    /** See `fio_config_set_network_watch`. */
    Config& set_network_watch(bool enabled)
    {
        return with([&](fio_config* config) { return fio_config_set_network_watch(config, enabled ? 1 : 0); });
    }

    /** See `fio_config_set_timeouts`. */
    Config& set_timeouts(std::chrono::milliseconds connect, std::chrono::milliseconds request)
    {
        return with([&](fio_config* config) {
            return fio_config_set_timeouts(config, detail::milliseconds_32(connect), detail::milliseconds_32(request));
        });
    }

    /** See `fio_config_set_stall_timeout`. */
    Config& set_stall_timeout(std::chrono::milliseconds stall)
    {
        return with(
            [&](fio_config* config) { return fio_config_set_stall_timeout(config, detail::milliseconds_32(stall)); });
    }

    /** See `fio_config_set_resolve`. */
    Config& set_resolve(const Text& host, std::int32_t port, const Text& address)
    {
        return with(host, [&](fio_config* config, const char* name) {
            return address.is_whole() ? fio_config_set_resolve(config, name, port, address.c_str()) : FIO_E_ARGUMENT;
        });
    }

    /** See `fio_config_set_poller`. */
    Config& set_poller(Poller poller)
    {
        return with(
            [&](fio_config* config) { return fio_config_set_poller(config, static_cast<std::int32_t>(poller)); });
    }

    /** See `fio_config_set_parallel_parts`. */
    Config& set_parallel_parts(std::uint32_t parts)
    {
        return with([&](fio_config* config) { return fio_config_set_parallel_parts(config, parts); });
    }

    /** 0 turns it off. See `fio_config_set_progress_interval`. */
    Config& set_progress_interval(std::chrono::milliseconds interval)
    {
        return with([&](fio_config* config) {
            return fio_config_set_progress_interval(config, detail::milliseconds_32(interval));
        });
    }

    /** See `fio_config_set_tag_memory`. */
    Config& set_tag_memory(std::uint32_t tags)
    {
        return with([&](fio_config* config) { return fio_config_set_tag_memory(config, tags); });
    }

    /** See `fio_config_set_history`. */
    Config& set_history(std::uint32_t uploads)
    {
        return with([&](fio_config* config) { return fio_config_set_history(config, uploads); });
    }

    /** 0 means no limit. See `fio_config_set_bandwidth`. */
    Config& set_bandwidth(std::uint64_t bytes_per_second)
    {
        return with([&](fio_config* config) { return fio_config_set_bandwidth(config, bytes_per_second); });
    }

    /** None allows all. See `fio_config_set_interfaces`. */
    Config& set_interfaces(const std::vector<std::string>& names)
    {
        const detail::NameList list(names);
        return with([&](fio_config* config) {
            return list.is_whole() ? fio_config_set_interfaces(config, list.data(), list.size()) : FIO_E_ARGUMENT;
        });
    }

    /** A moment of 1970 or before takes the declaration away. See `fio_config_set_clock_floor`. */
    Config& set_clock_floor(std::chrono::system_clock::time_point earliest)
    {
        return with([&](fio_config* config) {
            return fio_config_set_clock_floor(config, detail::seconds_since_1970(earliest));
        });
    }

    /** A clock that is not given is the system's. See `fio_config_set_clock`. */
    Config& set_clock(MonotonicCallback monotonic, WallClockCallback wall)
    {
        using State = detail::ClockState;
        auto state = detail::keep<State>(std::move(monotonic), std::move(wall));
        return with([&](fio_config* config) {
            return detail::hand_over(std::move(state), [&](State* kept) {
                return fio_config_set_clock(config, kept->monotonic ? State::on_monotonic : nullptr,
                                            kept->wall ? State::on_wall : nullptr, kept, detail::Kept::destroy<State>);
            });
        });
    }

    /** Without a callback they are the operating system's. See `fio_config_set_entropy`. */
    Config& set_entropy(EntropyCallback callback)
    {
        using State = detail::EntropyState;
        if (!callback)
            return with([&](fio_config* config) { return fio_config_set_entropy(config, nullptr, nullptr, nullptr); });
        auto state = detail::keep<State>(std::move(callback));
        return with([&](fio_config* config) {
            return detail::hand_over(std::move(state), [&](State* kept) {
                return fio_config_set_entropy(config, State::on_entropy, kept, detail::Kept::destroy<State>);
            });
        });
    }

private:
    friend class Client;

    template <class Setter>
    Config& with(Setter&& setter)
    {
        set(std::forward<Setter>(setter));
        return *this;
    }
    template <class Setter>
    Config& with(const Text& text, Setter&& setter)
    {
        set_text(text, std::forward<Setter>(setter));
        return *this;
    }
};

/**
 * What one upload is to be (`fio_upload`). Each setter is `fio_upload_set_...` of the same name and returns the
 * description. One that is refused leaves its setting as it was; the first refusal is kept in `error()`, and
 * `Client::upload_start` and `Client::upload_attach` fail with it.
 *
 * Move-only. One thread at a time; belongs to no client. It may be changed and started again. One that was
 * moved from can only be destroyed or assigned to.
 */
class Upload : public Builder<detail::UploadTraits> {
public:
    Upload() = default;

    /** Not necessarily UTF-8; let it be absolute. See `fio_upload_set_path`. */
    Upload& set_path(const Text& path) { return with(path, fio_upload_set_path); }

    /** Duplicated. See `fio_upload_set_descriptor`. */
    Upload& set_descriptor(int fd)
    {
        return with([&](fio_upload* upload) { return fio_upload_set_descriptor(upload, fd); });
    }

    /** `size` in bytes. See `fio_upload_set_reader`. */
    Upload& set_reader(std::uint64_t size, ReadCallback read)
    {
        using State = detail::ReadState;
        auto state = detail::keep<State>(std::move(read));
        return with([&](fio_upload* upload) {
            return detail::hand_over(std::move(state), [&](State* kept) {
                return fio_upload_set_reader(upload, size, kept->read ? State::on_read : nullptr, kept,
                                             detail::Kept::destroy<State>);
            });
        });
    }

    /** The bytes come by `Client::upload_push`. See `fio_upload_set_pushed`. */
    Upload& set_pushed() { return with(fio_upload_set_pushed); }

    /** `nullptr` means the file's own. See `fio_upload_set_name`. */
    Upload& set_name(const Text& name) { return with(name, fio_upload_set_name); }

    /** With its dot; `nullptr` means none. See `fio_upload_set_extension`. */
    Upload& set_extension(const Text& extension) { return with(extension, fio_upload_set_extension); }

    /** `nullptr` means that of the name. See `fio_upload_set_media_type`. */
    Upload& set_media_type(const Text& media_type) { return with(media_type, fio_upload_set_media_type); }

    /** See `fio_upload_set_channel`. */
    Upload& set_channel(std::uint32_t channel)
    {
        return with([&](fio_upload* upload) { return fio_upload_set_channel(upload, channel); });
    }

    /** By the device's clock; a moment of 1970 or before means what the file says. See `fio_upload_set_created`. */
    Upload& set_created(std::chrono::system_clock::time_point created)
    {
        return with(
            [&](fio_upload* upload) { return fio_upload_set_created(upload, detail::seconds_since_1970(created)); });
    }

    /** Up to 1024 bytes of any kind; none takes it away. See `fio_upload_set_tag`. */
    Upload& set_tag(Bytes tag)
    {
        return with([&](fio_upload* upload) {
            return fio_upload_set_tag(upload, tag.empty() ? nullptr : tag.data(), tag.size());
        });
    }

    /** See `fio_upload_set_again`. */
    Upload& set_again(bool enabled)
    {
        return with([&](fio_upload* upload) { return fio_upload_set_again(upload, enabled ? 1 : 0); });
    }

    /** Higher goes first. See `fio_upload_set_priority`. */
    Upload& set_priority(std::int32_t priority)
    {
        return with([&](fio_upload* upload) { return fio_upload_set_priority(upload, priority); });
    }

    /** 0 lets the library choose. See `fio_upload_set_parts`. */
    Upload& set_parts(std::uint32_t parts)
    {
        return with([&](fio_upload* upload) { return fio_upload_set_parts(upload, parts); });
    }

    /** See `fio_upload_set_verify`. */
    Upload& set_verify(bool enabled)
    {
        return with([&](fio_upload* upload) { return fio_upload_set_verify(upload, enabled ? 1 : 0); });
    }

    /** Both in bytes, 0 for not known and none. See `fio_upload_set_recording`. */
    Upload& set_recording(std::uint64_t bytes_per_second = 0, std::uint64_t held_head = 0)
    {
        return with([&](fio_upload* upload) { return fio_upload_set_recording(upload, bytes_per_second, held_head); });
    }

private:
    template <class Setter>
    Upload& with(Setter&& setter)
    {
        set(std::forward<Setter>(setter));
        return *this;
    }
    template <class Setter>
    Upload& with(const Text& text, Setter&& setter)
    {
        set_text(text, std::forward<Setter>(setter));
        return *this;
    }
};

/* ---- The client -------------------------------------------------------------------------------------- */

namespace detail {

/** What a `Client` stands for. On the heap: the client may be moved or destroyed while a call is under way. */
class ClientState {
public:
    fio_client* handle() const noexcept { return handle_.load(); }

    void open(fio_client* handle) noexcept { handle_.store(handle); }

    /** Takes the client away from everybody; the rest belongs to the caller. */
    fio_client* take() noexcept
    {
        // Not while another thread is inside `remotely`.
        const std::lock_guard<std::mutex> lock(guard_);
        return handle_.exchange(nullptr);
    }

    /** Makes a call that any thread may make, unless the client is gone. */
    template <class Function>
    std::error_code remotely(Function&& function) noexcept
    {
        const std::lock_guard<std::mutex> lock(guard_);
        fio_client* const client = handle_.load();
        const fio_status status = client == nullptr ? FIO_E_CLOSED : function(client);
        return status == FIO_OK ? std::error_code() : make_error_code(static_cast<errc>(status));
    }

    /** The details of a failure that C has just reported. */
    Error error_of(fio_client* client, fio_status status) const
    {
        // One that another thread is using, or that is gone, cannot be asked.
        if (status != FIO_E_BUSY && status != FIO_E_CLOSED && handle() == client) {
            const fio_error* const error = fio_client_error(client);
            if (error != nullptr && error->status == status)
                return Error(ErrorView(error));
        }
        return Error(static_cast<errc>(status));
    }

#if defined(__cpp_exceptions)
    void keep(const Call& call) noexcept
    {
        const std::lock_guard<std::mutex> lock(guard_);
        if (thrown_ == nullptr)
            thrown_ = call.thrown();
    }
    void rethrow()
    {
        std::exception_ptr thrown;
        {
            const std::lock_guard<std::mutex> lock(guard_);
            thrown_.swap(thrown);
        }
        if (thrown != nullptr)
            std::rethrow_exception(thrown);
    }

private:
    std::exception_ptr thrown_;
#else
    void keep(const Call&) noexcept {}
    void rethrow() noexcept {}
#endif

private:
    std::mutex guard_;
    std::atomic<fio_client*> handle_{nullptr};
};

/** Whether a call throws what callbacks threw, or leaves it to the next one that does. */
enum class Exceptions {
    kept,
    thrown
};

/** A call of C about a client, and what has to be done before and after it. */
class ClientCall {
public:
    ClientCall(const std::shared_ptr<ClientState>& state, Exceptions exceptions, Op awaited)
        : state_(state), exceptions_(exceptions), frame_(awaited)
    {
        if (state_ != nullptr && exceptions_ == Exceptions::thrown)
            state_->rethrow();
        client_ = state_ == nullptr ? nullptr : state_->handle();
    }

    /** Null if there is none. */
    fio_client* client() const noexcept { return client_; }

    /** What C's answer means: a status, or a value that is not negative. */
    Result<void> end(fio_status status)
    {
        state_->keep(frame_);
        if (exceptions_ == Exceptions::thrown)
            state_->rethrow();
        if (const Error* const ended = frame_.ended_with(status))
            return *ended;
        if (status < 0)
            return state_->error_of(client_, status);
        return {};
    }

private:
    // A copy: a callback may destroy the Client that this belongs to.
    const std::shared_ptr<ClientState> state_;
    const Exceptions exceptions_;
    Call frame_;
    fio_client* client_ = nullptr;
};

/** Calls a function of C that takes the client. */
template <class Function>
Result<void> call(const std::shared_ptr<ClientState>& state, Function&& function,
                  Exceptions exceptions = Exceptions::kept, Op awaited = Op::none)
{
    ClientCall under_way(state, exceptions, awaited);
    if (under_way.client() == nullptr)
        return Error(errc::closed);
    return under_way.end(function(under_way.client()));
}

}  // namespace detail

/**
 * What other threads may do with a client: wake it and cancel its operations. Any thread, any time, also inside
 * every callback, and also when the client is gone (`errc::closed`). Copyable, and may outlive the client.
 */
class Remote {
public:
    Remote() noexcept = default;

    /** See `fio_wakeup`. */
    std::error_code wakeup() const noexcept { return with(fio_wakeup); }

    /** See `fio_network_changed`. */
    std::error_code network_changed() const noexcept { return with(fio_network_changed); }

    /** See `fio_cancel`. */
    std::error_code cancel(Op op) const noexcept
    {
        return with([op](fio_client* client) { return fio_cancel(client, static_cast<fio_op>(op)); });
    }

private:
    friend class Client;
    explicit Remote(std::shared_ptr<detail::ClientState> state) noexcept : state_(std::move(state)) {}

    template <class Function>
    std::error_code with(Function&& function) const noexcept
    {
        return state_ == nullptr ? make_error_code(errc::closed) : state_->remotely(function);
    }

    std::shared_ptr<detail::ClientState> state_;
};

/** A secret of `size()` bytes, wiped when it is destroyed. Move-only. */
class Secret {
public:
    Secret() noexcept = default;
    explicit Secret(std::size_t size) : bytes_(new char[size]()), size_(size) {}
    Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
    Secret& operator=(Secret&& other) noexcept
    {
        bytes_.swap(other.bytes_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~Secret() { detail::wipe(bytes_.get(), size_); }

    char* data() noexcept { return bytes_.get(); }
    std::size_t size() const noexcept { return size_; }
    /** Not followed by a NUL. */
    std::string_view view() const noexcept { return std::string_view(bytes_.get(), size_); }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
};

/**
 * One physical device (`fio_client`): its authorization, its operations, its connections.
 *
 * Move-only. One thread at a time; a call while another thread is inside one answers `errc::busy`. `remote()`
 * is for the others. One without a client (made by default, moved from, closed) answers `errc::closed`.
 *
 * The destructor is `fio_client_free`: operations that still run complete with `errc::canceled` before it
 * returns, and it may wait for the network as that function says. Inside one of the client's own callbacks it
 * returns at once, the client goes away when the outermost call ends, and that call answers `errc::closed`.
 * It must not run while another thread is inside a call: it then frees nothing, now or later.
 *
 * Methods that start an operation return its id at once; their callback may be left out, and is otherwise
 * called exactly once, from `drive`, `wait` or the destructor. One that could not be started calls nothing.
 */
class Client {
public:
    /** No client. */
    Client() noexcept = default;
    Client(Client&&) noexcept = default;
    /** Destroys the client that was here first. */
    Client& operator=(Client&& other) noexcept
    {
        if (this != &other) {
            const Client before(std::move(*this));
            state_ = std::move(other.state_);
        }
        return *this;
    }
    ~Client() { release(state_); }

    /**
     * Makes a client. Fails with `config.error()` if a setting was refused. An exception of a callback is thrown
     * by this if it fails, otherwise by the first `drive`. See `fio_client_new`.
     */
    static Result<Client> create(const Config& config)
    {
        if (config.error())
            return *config.error();
        auto state = std::make_shared<detail::ClientState>();
        detail::Call frame;
        fio_client* client = nullptr;
        const fio_status status = fio_client_new(config.native_handle(), &client);
        if (status != FIO_OK) {
            frame.rethrow();
            return config.last_error(status);
        }
        state->open(client);
        state->keep(frame);
        return Client(std::move(state));
    }

    /** Whether there is a client. */
    explicit operator bool() const noexcept { return native_handle() != nullptr; }

    /** For calls of your own into C. It stays with this object; exceptions of callbacks are then dropped. */
    fio_client* native_handle() const noexcept { return state_ == nullptr ? nullptr : state_->handle(); }

    /** For other threads. */
    Remote remote() const noexcept { return Remote(state_); }

    /**
     * As the destructor, for those who want to know: `errc::busy` means that another thread is inside a call, and
     * nothing was freed. Closing what is closed does nothing. See `fio_client_free`.
     */
    Result<void> close()
    {
        const std::shared_ptr<detail::ClientState> state = state_;
        const fio_status status = release(state);
        if (state != nullptr)
            state->rethrow();
        return status == FIO_OK ? Result<void>() : Error(static_cast<errc>(status));
    }

    /* Driving */

    /** Waits until something happens. See `fio_drive` with a negative time. */
    Result<void> drive() { return drive_for(-1); }

    /** Waits at most so long for something to happen; not at all if the time is 0 or less. See `fio_drive`. */
    Result<void> drive(std::chrono::milliseconds timeout)
    {
        return drive_for(std::max<std::int32_t>(0, detail::milliseconds_32(timeout)));
    }

    /**
     * Drives until an operation is over; its error is then the one its callback gets, or the general one of its
     * status if it was over before. An exception of a callback comes when the operation is over. See `fio_wait`.
     */
    Result<void> wait(Op op)
    {
        return detail::call(
            state_, [&](fio_client* client) { return fio_wait(client, static_cast<fio_op>(op)); },
            detail::Exceptions::thrown, op);
    }

    /** The descriptor to watch for reading; then call `drive(0ms)`. See `fio_fd`. */
    Result<int> fd() const { return value<int>(fio_fd); }

    /** How long a loop that does not watch `fd` may sleep; none: for ever. See `fio_timeout_ms`. */
    Result<std::optional<std::chrono::milliseconds>> timeout() const
    {
        std::int64_t milliseconds = -1;
        const auto called = call([&](fio_client* client) { return fio_timeout_ms(client, &milliseconds); });
        if (!called)
            return called.error();
        return detail::optional_duration<std::chrono::milliseconds>(milliseconds);
    }

    /** As `Remote::cancel`, for as long as this object stays where it is. See `fio_cancel`. */
    std::error_code cancel(Op op) const noexcept { return remote().cancel(op); }

    /** As `Remote::wakeup`, for as long as this object stays where it is. See `fio_wakeup`. */
    std::error_code wakeup() const noexcept { return remote().wakeup(); }

    /** As `Remote::network_changed`, for as long as this object stays where it is. See `fio_network_changed`. */
    std::error_code network_changed() const noexcept { return remote().network_changed(); }

    /* Pairing and authorization */

    /** `done` must be there. See `fio_request_code`. */
    Result<Op> request_code(CodeCallback done)
    {
        const auto on_code = done ? detail::CodeState::on_code : nullptr;
        return start(detail::keep<detail::CodeState>(std::move(done)), [&](auto* client, auto* state, fio_op* op) {
            return fio_request_code(client, on_code, state, op);
        });
    }

    /** See `fio_poll`. */
    Result<Op> poll(DoneCallback done = {}) { return start_simple(fio_poll, std::move(done)); }

    /** `show` must be there. See `fio_pair`. */
    Result<Op> pair(std::int32_t max_codes, ShowCallback show, DeviceCallback done = {})
    {
        using State = detail::DeviceState;
        const auto on_show = show ? State::on_show : nullptr;
        return start(detail::keep<State>(std::move(done), std::move(show)), [&](auto* client, auto* state, fio_op* op) {
            return fio_pair(client, max_codes, on_show, State::on_device, state, op);
        });
    }

    /** See `fio_refresh`. */
    Result<Op> refresh(DoneCallback done = {}) { return start_simple(fio_refresh, std::move(done)); }

    /** See `fio_revoke`. */
    Result<Op> revoke(DoneCallback done = {}) { return start_simple(fio_revoke, std::move(done)); }

    /** See `fio_auth_state`. */
    Result<AuthState> auth_state() const { return value<AuthState>(fio_auth_state); }

    /** See `fio_access_token`. */
    Result<Secret> access_token() const
    {
        Secret token;
        const auto called = call([&](fio_client* client) {
            std::size_t length = 0;
            const fio_status status = fio_access_token(client, nullptr, 0, &length);
            if (status != FIO_E_BUFFER)
                return status;
            token = Secret(length);
            return fio_access_token(client, token.data(), token.size(), &length);
        });
        if (!called)
            return called.error();
        return token;
    }

    /* The device */

    /** See `fio_device_info`. */
    Result<Op> device_info(DeviceCallback done = {})
    {
        using State = detail::DeviceState;
        return start(detail::keep<State>(std::move(done)), [](auto* client, auto* state, fio_op* op) {
            return fio_device_info(client, State::on_device, state, op);
        });
    }

    /** As it was last known, without asking anybody; `errc::device_unknown` if it never was. See `fio_device_cached`. */
    Result<Device> device_cached() const
    {
        const fio_device* device = nullptr;
        const auto called = call([&](fio_client* client) { return fio_device_cached(client, &device); });
        if (!called)
            return called.error();
        return Device(DeviceView(device));
    }

    /** See `fio_heartbeat`. */
    Result<Op> heartbeat(DoneCallback done = {}) { return start_simple(fio_heartbeat, std::move(done)); }

    /** See `fio_set_online`. */
    Result<void> set_online(bool online)
    {
        return call([&](fio_client* client) { return fio_set_online(client, online ? 1 : 0); });
    }

    /** About a frame, counted from 0; without one about the whole asset. See `fio_comment`. */
    Result<Op> comment(const Text& asset_id, const Text& text, std::optional<double> frame = std::nullopt,
                       DoneCallback done = {})
    {
        using State = detail::DoneState;
        if (!asset_id.is_whole() || !text.is_whole())
            return Error(errc::argument);
        return start(detail::keep<State>(std::move(done)), [&](auto* client, auto* state, fio_op* op) {
            return fio_comment(client, asset_id.c_str(), text.c_str(), frame.value_or(-1.0), State::on_done, state, op);
        });
    }

    /* One upload */

    /**
     * Puts an upload into the queue. `errc::upload_exists`: one with its tag is known; `upload_find` says which. See
     * `fio_upload_start`.
     */
    Result<UploadId> upload_start(const Upload& upload)
    {
        if (upload.error())
            return *upload.error();
        fio_upload_id id = FIO_UPLOAD_NONE;
        const auto called =
            call([&](fio_client* client) { return fio_upload_start(client, upload.native_handle(), &id); });
        if (!called)
            return called.error();
        return static_cast<UploadId>(id);
    }

    /** The newest upload of a tag; none if it is not known. See `fio_upload_find`. */
    Result<std::optional<KnownUpload>> upload_find(Bytes tag) const
    {
        fio_upload_id id = FIO_UPLOAD_NONE;
        std::int32_t state = 0;
        const auto called =
            call([&](fio_client* client) { return fio_upload_find(client, tag.data(), tag.size(), &id, &state); });
        if (called)
            return std::optional<KnownUpload>(KnownUpload{static_cast<UploadId>(id), static_cast<UploadState>(state)});
        if (called.error().status() == errc::unknown_upload)
            return std::optional<KnownUpload>();
        return called.error();
    }

    /** Gives an upload its bytes again. See `fio_upload_attach`. */
    Result<void> upload_attach(UploadId id, const Upload& upload)
    {
        if (upload.error())
            return *upload.error();
        return with(id, fio_upload_attach, upload.native_handle());
    }

    /** Valid until the next call of this kind on this client. See `fio_upload_get`. */
    Result<UploadInfoView> upload_get(UploadId id) const
    {
        const fio_upload_info* info = nullptr;
        const auto called = with(id, fio_upload_get, &info);
        if (!called)
            return called.error();
        return UploadInfoView(info);
    }

    /** `errc::would_block`: drive and push again. See `fio_upload_push`. */
    Result<void> upload_push(UploadId id, std::uint64_t offset, Bytes data)
    {
        return with(id, fio_upload_push, offset, data.data(), data.size());
    }

    /** So many bytes from the beginning are stable. See `fio_upload_advance`. */
    Result<void> upload_advance(UploadId id, std::uint64_t stable) { return with(id, fio_upload_advance, stable); }

    /**
     * `size` in bytes; none means as many as there are. `name` may be `nullptr` for the one that was set. See
     * `fio_upload_finish`.
     */
    Result<void> upload_finish(UploadId id, std::optional<std::uint64_t> size = std::nullopt,
                               const Text& name = nullptr)
    {
        if (!name.is_whole())
            return Error(errc::argument);
        const std::uint64_t most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        const std::int64_t bytes = size ? static_cast<std::int64_t>(std::min(*size, most)) : -1;
        return with(id, fio_upload_finish, bytes, name.c_str());
    }

    /** See `fio_upload_cancel`. */
    Result<void> upload_cancel(UploadId id) { return with(id, fio_upload_cancel); }

    /** See `fio_upload_retry`. */
    Result<void> upload_retry(UploadId id) { return with(id, fio_upload_retry); }

    /** See `fio_upload_pause`. */
    Result<void> upload_pause(UploadId id) { return with(id, fio_upload_pause); }

    /** See `fio_upload_resume`. */
    Result<void> upload_resume(UploadId id) { return with(id, fio_upload_resume); }

    /** See `fio_upload_move_to_project`. */
    Result<void> upload_move_to_project(UploadId id) { return with(id, fio_upload_move_to_project); }

    /** See `fio_upload_remove`. */
    Result<void> upload_remove(UploadId id) { return with(id, fio_upload_remove); }

    /** See `fio_upload_prioritize`. */
    Result<void> upload_prioritize(UploadId id, std::int32_t priority)
    {
        return with(id, fio_upload_prioritize, priority);
    }

    /* All uploads */

    /**
     * Calls `each(UploadInfoView)` for every upload, before it returns. If it throws, it is not called for the
     * rest, and this throws the exception. See `fio_queue_list`.
     */
    template <class Each>
    Result<void> queue_list(Each&& each)
    {
        using Visitor = detail::Visitor<std::remove_reference_t<Each>>;
        Visitor visitor{each};
        return detail::call(
            state_, [&](fio_client* client) { return fio_queue_list(client, Visitor::on_upload, &visitor); },
            detail::Exceptions::thrown);
    }

    /** Every upload, copied. See `fio_queue_list`. */
    Result<std::vector<UploadInfo>> queue_list()
    {
        std::vector<UploadInfo> uploads;
        const auto called = queue_list([&](UploadInfoView info) { uploads.emplace_back(info); });
        if (!called)
            return called.error();
        return uploads;
    }

    /** See `fio_queue_totals`. */
    Result<Totals> queue_totals() const
    {
        const fio_totals* totals = nullptr;
        const auto called = call([&](fio_client* client) { return fio_queue_totals(client, &totals); });
        if (!called)
            return called.error();
        return Totals(totals);
    }

    /** See `fio_queue_pause`. */
    Result<void> queue_pause() { return call(fio_queue_pause); }

    /** See `fio_queue_resume`. */
    Result<void> queue_resume() { return call(fio_queue_resume); }

    /** See `fio_queue_cancel_all`. */
    Result<void> queue_cancel_all() { return call(fio_queue_cancel_all); }

    /** See `fio_queue_forget_tags`. */
    Result<void> queue_forget_tags() { return call(fio_queue_forget_tags); }

    /** See `fio_queue_set_auto_start`. */
    Result<void> queue_set_auto_start(bool enabled)
    {
        return call([&](fio_client* client) { return fio_queue_set_auto_start(client, enabled ? 1 : 0); });
    }

    /** 0 means no limit. See `fio_queue_set_bandwidth`. */
    Result<void> queue_set_bandwidth(std::uint64_t bytes_per_second)
    {
        return call([&](fio_client* client) { return fio_queue_set_bandwidth(client, bytes_per_second); });
    }

    /** None allows all. See `fio_queue_set_interfaces`. */
    Result<void> queue_set_interfaces(const std::vector<std::string>& names)
    {
        const detail::NameList list(names);
        if (!list.is_whole())
            return Error(errc::argument);
        return call([&](fio_client* client) { return fio_queue_set_interfaces(client, list.data(), list.size()); });
    }

private:
    explicit Client(std::shared_ptr<detail::ClientState> state) noexcept : state_(std::move(state)) {}

    static fio_status release(const std::shared_ptr<detail::ClientState>& shared) noexcept
    {
        // A copy: a callback may destroy the Client that this belongs to.
        const std::shared_ptr<detail::ClientState> state = shared;
        fio_client* const client = state == nullptr ? nullptr : state->take();
        if (client == nullptr)
            return FIO_OK;
        detail::Call frame;
        const fio_status status = fio_client_free(client);
        state->keep(frame);
        if (status == FIO_E_BUSY)
            state->open(client);
        return status;
    }

    Result<void> drive_for(std::int32_t milliseconds)
    {
        return detail::call(
            state_, [&](fio_client* client) { return fio_drive(client, milliseconds); }, detail::Exceptions::thrown);
    }

    template <class Function>
    Result<void> call(Function&& function) const
    {
        return detail::call(state_, function);
    }

    /** Calls a function about an upload. */
    template <class Function, class... Arguments>
    Result<void> with(UploadId id, Function* function, Arguments... arguments) const
    {
        return call([&](fio_client* client) { return function(client, static_cast<fio_upload_id>(id), arguments...); });
    }

    /** Calls a function that returns a value, or a status if that is negative. */
    template <class Value>
    Result<Value> value(std::int32_t (*function)(fio_client*)) const
    {
        std::int32_t answer = 0;
        const auto called = call([&](fio_client* client) { return answer = function(client); });
        if (!called)
            return called.error();
        return static_cast<Value>(answer);
    }

    template <class State, class Function>
    Result<Op> start(std::unique_ptr<State> state, Function&& function)
    {
        fio_op op = FIO_OP_NONE;
        const auto called = call([&](fio_client* client) {
            return detail::hand_over(std::move(state), [&](State* kept) { return function(client, kept, &op); });
        });
        if (!called)
            return called.error();
        return static_cast<Op>(op);
    }

    Result<Op> start_simple(fio_status (*function)(fio_client*, fio_done_cb, void*, fio_op*), DoneCallback done)
    {
        using State = detail::DoneState;
        return start(detail::keep<State>(std::move(done)), [&](auto* client, auto* state, fio_op* op) {
            return function(client, State::on_done, state, op);
        });
    }

    std::shared_ptr<detail::ClientState> state_;
};

/* ---- The screen -------------------------------------------------------------------------------------- */

/** A QR code: a square of `side` modules along each edge. Draw a quiet zone of four light ones around it. */
struct QrCode {
    std::int32_t side = 0;
    /** Row by row from the top left, 1 for dark and 0 for light. */
    std::vector<std::uint8_t> modules;

    bool is_dark(std::int32_t row, std::int32_t column) const noexcept
    {
        return modules[static_cast<std::size_t>(row) * static_cast<std::size_t>(side)
                       + static_cast<std::size_t>(column)]
               != 0;
    }
};

/** Usually of `CodeView::verification_uri_complete`. Any thread. See `fio_qr_encode`. */
inline Result<QrCode> qr_encode(const Text& text)
{
    QrCode code;
    if (!text.is_whole())
        return Error(errc::argument);
    // Enough for the address of a pairing; more is asked for.
    code.modules.resize(64 * 64);
    fio_status status = fio_qr_encode(text.c_str(), code.modules.data(), code.modules.size(), &code.side);
    const std::size_t count = static_cast<std::size_t>(code.side) * static_cast<std::size_t>(code.side);
    if (status == FIO_OK || status == FIO_E_BUFFER)
        code.modules.resize(count);
    if (status == FIO_E_BUFFER)
        status = fio_qr_encode(text.c_str(), code.modules.data(), code.modules.size(), &code.side);
    if (status != FIO_OK)
        return Error(static_cast<errc>(status));
    return code;
}

}  // namespace FIO_CPP_MODE
}  // namespace FIO_CPP_VERSION
}  // namespace fio

namespace std {

template <>
struct is_error_code_enum<::fio::errc> : true_type {};

}  // namespace std

#undef FIO_CPP_MODE
#undef FIO_CPP_VERSION
#undef FIO_CPP_JOIN
#undef FIO_CPP_JOIN_

#endif /* FIO_C2C_HPP */
