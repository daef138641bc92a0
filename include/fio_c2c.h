/*
 * fio_c2c.h - the device side of Frame.io Camera-to-Cloud as a C library.
 *
 * SPDX-License-Identifier: MIT
 *
 * The picture in short:
 *
 *   1. Make a fio_config, set what is known (client id, client secret, where to keep the tokens), make
 *      a fio_client from it, free the config.
 *   2. Start operations: fio_pair(), fio_refresh(), fio_device_info() ... Each returns at once and
 *      completes exactly once by its callback.
 *   3. Drive: all network work and all callbacks happen inside fio_drive() (or fio_wait()) on the
 *      calling thread. Watch fio_fd() in an event loop of your own, or call fio_drive() in a loop.
 *
 * Rules that hold everywhere:
 *
 *   - The library starts no thread, prints nothing, never aborts, installs no signal handler, and
 *     reads neither environment variables nor configuration files. (libcurl reads one variable by
 *     itself, SSLKEYLOGFILE, and writes TLS session keys to that file: do not set it in a product.)
 *   - Strings are UTF-8 and NUL-terminated. What you pass in is copied before the call returns. What
 *     you are given belongs to the library and is valid as long as the function or callback says;
 *     nothing is ever to be released with free().
 *   - Structs given to you may grow at their end in later versions: do not compare or copy them by
 *     sizeof.
 *   - Every function may return FIO_E_PANIC: a defect in the library was caught. The client then
 *     answers FIO_E_POISONED to everything but fio_client_free().
 *   - A client or config pointer must be one that this library gave and that was not freed. Others are
 *     detected where possible (FIO_E_HANDLE), but not everywhere.
 *   - Secrets are never logged. They are overwritten before their memory is given back: the library's
 *     own, libcurl's (it is given an allocator that wipes, unless the application initialised libcurl
 *     before this library was loaded; a shared libcurl then uses it for the application's transfers
 *     too), and that of TLS where it is rustls. OpenSSL does not wipe its read buffers: they keep the
 *     last answers it deciphered. In a forked child the connections' memory is left as it is.
 *   - Link or load the library before the program starts threads: libcurl is initialised when the
 *     library is loaded. It must not be unloaded (dlclose has no effect).
 */


#ifndef FIO_C2C_H
#define FIO_C2C_H

/* Made from the Rust sources by `make header`. Do not edit. */

#include <stddef.h>
#include <stdint.h>

/** Version of this header; see fio_version() for the library's. */
#define FIO_VERSION "0.1.0"
#define FIO_VERSION_MAJOR 0
#define FIO_VERSION_MINOR 1
#define FIO_VERSION_PATCH 0
/** major * 65536 + minor * 256 + patch; see fio_version_number(). */
#define FIO_VERSION_NUMBER 256

#if defined(_WIN32)
#define FIO_API __declspec(dllimport)
#elif defined(__GNUC__) || defined(__clang__)
#define FIO_API __attribute__((visibility("default")))
#else
#define FIO_API
#endif

/**
 * The operation went well.
 */
#define FIO_OK 0

/**
 * A pointer that must not be NULL is NULL.
 */
#define FIO_E_NULL (-1)

/**
 * An argument is outside its range, empty, or too long.
 */
#define FIO_E_ARGUMENT (-2)

/**
 * A string is not valid UTF-8.
 */
#define FIO_E_UTF8 (-3)

/**
 * The version is not a semantic version (semver.org), such as `2.16.4`.
 */
#define FIO_E_VERSION (-4)

/**
 * The URL is not `https://host[:port]`. Plain HTTP is refused everywhere, loopback included.
 */
#define FIO_E_URL (-5)

/**
 * The CA certificates are missing, unreadable, or not PEM.
 */
#define FIO_E_CA (-6)

/**
 * The call does not fit the state the client is in.
 */
#define FIO_E_STATE (-7)

/**
 * `fio_poll` was called without a code: call `fio_request_code` first.
 */
#define FIO_E_NO_CODE (-8)

/**
 * An operation of this kind is already running on this client.
 */
#define FIO_E_IN_PROGRESS (-9)

/**
 * Called from inside a callback that may not make this call.
 */
#define FIO_E_REENTRANT (-10)

/**
 * Another thread is inside a call on this client.
 */
#define FIO_E_BUSY (-11)

/**
 * The process has forked since the client was made: in the child only `fio_client_free` works.
 */
#define FIO_E_FORKED (-12)

/**
 * The client was freed inside one of its own callbacks.
 */
#define FIO_E_CLOSED (-13)

/**
 * An earlier call failed inside the library (`FIO_E_PANIC`): only `fio_client_free` works.
 */
#define FIO_E_POISONED (-14)

/**
 * A defect in the library was caught at the boundary.
 */
#define FIO_E_PANIC (-15)

/**
 * The operating system refused memory or descriptors.
 */
#define FIO_E_NOMEM (-16)

/**
 * Not available in this build or on this platform.
 */
#define FIO_E_UNSUPPORTED (-17)

/**
 * The caller's buffer is too small; the needed length was written.
 */
#define FIO_E_BUFFER (-18)

/**
 * No operation with this id is known.
 */
#define FIO_E_UNKNOWN_OP (-19)

/**
 * A callback of the application reported a failure.
 */
#define FIO_E_CALLBACK (-20)

/**
 * The pointer is not a live handle of the expected kind.
 */
#define FIO_E_HANDLE (-21)

/**
 * The configuration lacks something required (client id or client secret).
 */
#define FIO_E_INCOMPLETE (-22)

/**
 * There are no random numbers to be had.
 */
#define FIO_E_ENTROPY (-23)

/**
 * The operation was cancelled by `fio_cancel`, or its client was freed.
 */
#define FIO_E_CANCELED (-40)

/**
 * The host name could not be resolved.
 */
#define FIO_E_DNS (-60)

/**
 * No connection could be made: refused, unreachable.
 */
#define FIO_E_CONNECT (-61)

/**
 * The connection broke before the whole answer was there.
 */
#define FIO_E_RESET (-62)

/**
 * No answer in time.
 */
#define FIO_E_TIMEOUT (-63)

/**
 * The TLS handshake failed for a reason without a status of its own.
 */
#define FIO_E_TLS (-64)

/**
 * The server's certificate has expired, or the device's clock runs ahead.
 */
#define FIO_E_TLS_EXPIRED (-65)

/**
 * The server's certificate is not valid yet, or the device's clock is behind.
 */
#define FIO_E_TLS_NOT_YET_VALID (-66)

/**
 * The server's certificate is for another host.
 */
#define FIO_E_TLS_HOST (-67)

/**
 * The server's certificate does not lead to one of the CA certificates given.
 */
#define FIO_E_TLS_UNTRUSTED (-68)

/**
 * The server offers only TLS versions older than 1.2.
 */
#define FIO_E_TLS_VERSION (-69)

/**
 * The server answered with a redirect; redirects are never followed.
 */
#define FIO_E_REDIRECT (-70)

/**
 * The transfer failed in another way; `curl_code` says which.
 */
#define FIO_E_NETWORK (-71)

/**
 * The answer could not be understood: not from the service, or cut short.
 */
#define FIO_E_PROTOCOL (-80)

/**
 * The answer is larger than any answer of the service.
 */
#define FIO_E_TOO_LARGE (-81)

/**
 * HTTP 400 without an OAuth error.
 */
#define FIO_E_BAD_REQUEST (-82)

/**
 * HTTP 401, and a new access token did not help.
 */
#define FIO_E_UNAUTHORIZED (-83)

/**
 * HTTP 403.
 */
#define FIO_E_FORBIDDEN (-84)

/**
 * HTTP 404.
 */
#define FIO_E_NOT_FOUND (-85)

/**
 * HTTP 409.
 */
#define FIO_E_CONFLICT (-86)

/**
 * HTTP 422.
 */
#define FIO_E_UNPROCESSABLE (-87)

/**
 * HTTP 429: too many requests.
 */
#define FIO_E_RATE_LIMITED (-88)

/**
 * HTTP 5xx.
 */
#define FIO_E_SERVER (-89)

/**
 * Any other HTTP status the library does not expect.
 */
#define FIO_E_HTTP (-90)

/**
 * HTTP 402: the account's plan does not allow it.
 */
#define FIO_E_PLAN_LIMIT (-91)

/**
 * The user has not decided yet. Seen in events and logs only: `fio_poll` goes on by itself.
 */
#define FIO_E_AUTHORIZATION_PENDING (-100)

/**
 * Polling was too fast. Seen in events and logs only: `fio_poll` slows down by itself.
 */
#define FIO_E_SLOW_DOWN (-101)

/**
 * The user refused the pairing.
 */
#define FIO_E_ACCESS_DENIED (-102)

/**
 * The code ran out before the user entered it.
 */
#define FIO_E_EXPIRED_TOKEN (-103)

/**
 * The service does not know this code or token, or it was used before.
 */
#define FIO_E_INVALID_GRANT (-104)

/**
 * The service does not know this client secret (or its model).
 */
#define FIO_E_INVALID_CLIENT (-105)

/**
 * The service calls the request malformed.
 */
#define FIO_E_INVALID_REQUEST (-106)

/**
 * The service refuses the scope.
 */
#define FIO_E_INVALID_SCOPE (-107)

/**
 * The service does not allow this client this grant.
 */
#define FIO_E_UNAUTHORIZED_CLIENT (-108)

/**
 * The service does not know this grant type.
 */
#define FIO_E_UNSUPPORTED_GRANT_TYPE (-109)

/**
 * An OAuth error without a status of its own; `oauth_error` has its name.
 */
#define FIO_E_OAUTH (-110)

/**
 * The device is not paired.
 */
#define FIO_E_NOT_AUTHORIZED (-120)

/**
 * The service ended the authorization: pair again. What is queued is kept.
 */
#define FIO_E_AUTHORIZATION_LOST (-121)

/**
 * The access token has expired and no new one could be had yet.
 */
#define FIO_E_TOKEN_EXPIRED (-122)

/**
 * Reading or writing the store failed.
 */
#define FIO_E_STORE (-140)

/**
 * The store's disk is full.
 */
#define FIO_E_STORE_FULL (-141)

/**
 * The store cannot be written: read-only, or no permission.
 */
#define FIO_E_STORE_READ_ONLY (-142)

/**
 * A stored record was truncated, foreign, tampered with, or sealed with another key.
 */
#define FIO_E_STORE_DAMAGED (-143)

/**
 * Another process, or another client of this one, uses the same store.
 */
#define FIO_E_STORE_LOCKED (-144)

/**
 * The device's clock is before the earliest time the application declared possible.
 */
#define FIO_E_CLOCK (-160)

/**
 * No operation.
 */
#define FIO_OP_NONE 0

/**
 * `fio_error.retry`: the same request will fail again until something else is changed.
 */
#define FIO_RETRY_NEVER 0

/**
 * `fio_error.retry`: try again later, not before `retry_after_ms` if that is not negative.
 */
#define FIO_RETRY_LATER 1

/**
 * `fio_error.retry`: only a new pairing helps.
 */
#define FIO_RETRY_AFTER_PAIRING 2

/**
 * `fio_device.presence`: a word this version does not know, or none.
 */
#define FIO_PRESENCE_UNKNOWN 0

/**
 * `fio_device.presence`: seen by the service within the last 300 seconds.
 */
#define FIO_PRESENCE_ONLINE 1

/**
 * `fio_device.presence`: not seen by the service for 300 seconds.
 */
#define FIO_PRESENCE_OFFLINE 2

/**
 * `fio_device.presence`: paused by the user: what is recorded now must not be uploaded.
 */
#define FIO_PRESENCE_PAUSED 3

/**
 * `fio_event.kind`: a new pairing is stored.
 */
#define FIO_EVENT_AUTHORIZED 1

/**
 * `fio_event.kind`: a new token pair is stored; nothing to do.
 */
#define FIO_EVENT_REFRESHED 2

/**
 * `fio_event.kind`: the authorization is over, `error` says why: pair again. What is queued is kept.
 */
#define FIO_EVENT_AUTHORIZATION_LOST 3

/**
 * `fio_event.kind`: the service refuses this device's client secret (`error`): the pairing is kept, but
 * nothing is renewed until `fio_refresh` is called or the client made anew.
 */
#define FIO_EVENT_REFRESH_REFUSED 4

/**
 * `fio_event.kind`: device information came in without being asked for (`device`).
 */
#define FIO_EVENT_DEVICE 5

/**
 * `fio_event.kind`: device information could not be had after a pairing or a refresh (`error`); the
 * authorization itself is good.
 */
#define FIO_EVENT_DEVICE_UNKNOWN 6

/**
 * `fio_event.kind`: the device is in another project now (`device`, `previous_project_id`).
 */
#define FIO_EVENT_PROJECT_CHANGED 7

/**
 * `fio_event.kind`: the store fails (`error`). The library goes on in memory and keeps trying.
 */
#define FIO_EVENT_STORE_FAILED 8

/**
 * `fio_event.kind`: the store works again and is up to date.
 */
#define FIO_EVENT_STORE_RECOVERED 9

/**
 * `fio_event.kind`: a stored record could not be trusted and was kept aside (`error`).
 */
#define FIO_EVENT_STORE_DAMAGED 10

/**
 * `fio_event.kind`: something failed (`error`) and is tried again by itself in `wait_ms`.
 */
#define FIO_EVENT_RETRYING 11

/**
 * A load callback's answer: there is no such record.
 */
#define FIO_STORE_NOT_FOUND 1

/**
 * What any data callback returns to report a failure; every negative value does.
 */
#define FIO_CB_ABORT (-1)

/**
 * Encode each auth request as the service documents it: multipart for the code, url-encoded for
 * tokens. The default.
 */
#define FIO_ENCODING_AS_DOCUMENTED 0

/**
 * `application/x-www-form-urlencoded` for every auth request.
 */
#define FIO_ENCODING_FORM 1

/**
 * `multipart/form-data` for every auth request.
 */
#define FIO_ENCODING_MULTIPART 2

/**
 * Wait with epoll where there is one, with `curl_multi_poll` elsewhere. The default.
 */
#define FIO_POLLER_DEFAULT 0

/**
 * Wait with `curl_multi_poll` everywhere; `fio_fd` is then not available.
 */
#define FIO_POLLER_PORTABLE 1

/**
 * No log lines.
 */
#define FIO_LOG_OFF 0

/**
 * What needs a person.
 */
#define FIO_LOG_ERROR 1

/**
 * What may need a person soon.
 */
#define FIO_LOG_WARN 2

/**
 * What a person asked for, and failures that are tried again.
 */
#define FIO_LOG_INFO 3

/**
 * Each request and operation.
 */
#define FIO_LOG_DEBUG 4

/**
 * libcurl's own trace as well, without bodies and with secret headers masked.
 */
#define FIO_LOG_TRACE 5

/**
 * `fio_auth_state`: not paired.
 */
#define FIO_AUTH_UNPAIRED 0

/**
 * `fio_auth_state`: not paired, and a code is waiting for the user.
 */
#define FIO_AUTH_PENDING 1

/**
 * `fio_auth_state`: paired.
 */
#define FIO_AUTH_AUTHORIZED 2

/**
 * `fio_auth_state`: paired, but the access token has ended and the network has not let a new one
 * through yet. Nothing to do: the library keeps trying.
 */
#define FIO_AUTH_EXPIRED 3

/**
 * One physical device: its authorization, its operations, its connections. Opaque.
 *
 * A client is used by one thread at a time; a call while another thread is inside one answers
 * `FIO_E_BUSY` and does nothing. `fio_cancel` and `fio_wakeup` are the exceptions: any thread, any
 * time. Different clients are independent. After `fork` the child may call only `fio_client_free`,
 * which then gives back memory and touches no connection of the parent; everything else answers
 * `FIO_E_FORKED`.
 *
 * The library starts no thread of its own. libcurl, where it was built with its threaded resolver
 * (it usually is), runs one short-lived thread for each name it looks up; that thread calls nothing
 * of the application, and `fio_client_free` may have to wait for it.
 */
typedef struct fio_client fio_client;

/**
 * Settings for clients. Opaque. Not to be used by two threads at once.
 */
typedef struct fio_config fio_config;

/**
 * What a function returns: `FIO_OK` (0) or a negative `FIO_E_…`. New values may appear: treat an
 * unknown negative value as a failure.
 */
typedef int32_t fio_status;

/**
 * One started operation. Ids are never reused; 0 (`FIO_OP_NONE`) is no operation.
 */
typedef uint64_t fio_op;

/**
 * What went wrong. Contains no secrets: it may be shown and logged.
 */
typedef struct fio_error {
    /**
     * Size of this struct in the library; it may grow at its end.
     */
    uint32_t struct_size;
    /**
     * A `FIO_E_…`.
     */
    int32_t status;
    /**
     * A `FIO_RETRY_…`.
     */
    int32_t retry;
    /**
     * HTTP status of the answer, 0 if there was none.
     */
    int32_t http_status;
    /**
     * libcurl's result (a `CURLcode`), 0 if libcurl did not fail.
     */
    int32_t curl_code;
    /**
     * Zero.
     */
    int32_t reserved;
    /**
     * How long the server asked to wait, in milliseconds; -1 if it did not.
     */
    int64_t retry_after_ms;
    /**
     * The operation that failed, `FIO_OP_NONE` if there was none.
     */
    fio_op op;
    /**
     * Name of the status, for example `FIO_E_DNS`. Never NULL.
     */
    const char *name;
    /**
     * What happened: one sentence in English. Never NULL.
     */
    const char *message;
    /**
     * Length of `message` in bytes.
     */
    size_t message_length;
    /**
     * What a person can do: one sentence in English. Never NULL.
     */
    const char *advice;
    /**
     * `error` of an OAuth answer (RFC 6749 section 5.2, RFC 8628 section 3.5), or NULL.
     */
    const char *oauth_error;
    /**
     * Lengths of the strings above in bytes, 0 for NULL.
     */
    size_t name_length;
    size_t advice_length;
    size_t oauth_error_length;
} fio_error;

/**
 * Reads a record into `buffer`: write at most `capacity` bytes, and the record's whole length to
 * `length`. If that is more than `capacity`, the library calls again with a larger buffer. Return 0,
 * `FIO_STORE_NOT_FOUND` (1), or a negative value for a failure. A data callback.
 */
typedef int32_t (*fio_store_load_cb)(void *user,
                                     const char *key,
                                     uint8_t *buffer,
                                     size_t capacity,
                                     size_t *length);

/**
 * Replaces a record, atomically: after a power cut at any instant the old or the new one must be
 * there, whole, and after a return of 0 the new one. Keys are 1 to 64 characters of
 * `a-z 0-9 . _ -`. Return 0, or a negative value for a failure. A data callback.
 */
typedef int32_t (*fio_store_save_cb)(void *user,
                                     const char *key,
                                     const uint8_t *value,
                                     size_t length);

/**
 * Erases a record; one that is not there is a success. Return 0, or a negative value for a failure.
 * A data callback.
 */
typedef int32_t (*fio_store_erase_cb)(void *user,
                                      const char *key);

/**
 * Call it once for each key, with the `context` that came with it.
 */
typedef void (*fio_store_key_cb)(void *context,
                                 const char *key);

/**
 * Lists all keys by calling `each` for every one. Return 0, or a negative value for a failure. A
 * data callback.
 */
typedef int32_t (*fio_store_list_cb)(void *user,
                                     fio_store_key_cb each,
                                     void *context);

/**
 * Runs once when the library will not use `user` any more.
 */
typedef void (*fio_destroy_cb)(void *user);

/**
 * One log line of `length` bytes, NUL-terminated, without a line break. A data callback.
 */
typedef void (*fio_log_cb)(void *user,
                           int32_t level,
                           const char *line,
                           size_t length);

/**
 * A part of the device that uploads under its own name.
 */
typedef struct fio_channel {
    /**
     * Never NULL.
     */
    const char *id;
    /**
     * Or NULL.
     */
    const char *name;
    /**
     * `video`, `audio`, `data`, something newer, or NULL.
     */
    const char *asset_type;
    /**
     * Number of the channel; 0 is the device's own.
     */
    uint32_t index;
    /**
     * A `FIO_PRESENCE_…`.
     */
    int32_t presence;
    /**
     * Lengths of the strings above in bytes, 0 for NULL.
     */
    size_t id_length;
    size_t name_length;
    size_t asset_type_length;
} fio_channel;

/**
 * The device as the service knows it (`GET /v2/devices/me`).
 */
typedef struct fio_device {
    /**
     * Size of this struct in the library; it may grow at its end.
     */
    uint32_t struct_size;
    /**
     * A `FIO_PRESENCE_…`.
     */
    int32_t presence;
    /**
     * The operation that asked, or `FIO_OP_NONE`.
     */
    fio_op op;
    /**
     * Identity of the project: compare this one. Never NULL.
     */
    const char *project_id;
    /**
     * Name of the project for the screen, or NULL. It may change.
     */
    const char *project_name;
    /**
     * Or NULL.
     */
    const char *id;
    /**
     * Or NULL.
     */
    const char *name;
    /**
     * `video`, `audio`, `data`, something newer, or NULL.
     */
    const char *asset_type;
    /**
     * Or NULL.
     */
    const char *timezone;
    /**
     * The person who connected the device, or NULL.
     */
    const char *creator_name;
    /**
     * `channel_count` pointers, or NULL if there are none.
     */
    const struct fio_channel *const *channels;
    size_t channel_count;
    /**
     * Lengths of the strings above in bytes, 0 for NULL.
     */
    size_t project_id_length;
    size_t project_name_length;
    size_t id_length;
    size_t name_length;
    size_t asset_type_length;
    size_t timezone_length;
    size_t creator_name_length;
} fio_device;

/**
 * Something nobody asked for but somebody should know.
 */
typedef struct fio_event {
    /**
     * Size of this struct in the library; it may grow at its end.
     */
    uint32_t struct_size;
    /**
     * A `FIO_EVENT_…`. Ignore kinds you do not know.
     */
    int32_t kind;
    /**
     * Milliseconds until the next attempt, -1 where that has no meaning.
     */
    int64_t wait_ms;
    /**
     * Or NULL.
     */
    const struct fio_error *error;
    /**
     * Or NULL.
     */
    const struct fio_device *device;
    /**
     * Or NULL.
     */
    const char *previous_project_id;
    /**
     * Length of `previous_project_id` in bytes, 0 for NULL.
     */
    size_t previous_project_id_length;
} fio_event;

/**
 * Something nobody asked for: see `fio_event`, which is valid during the callback. Ignore kinds you
 * do not know.
 */
typedef void (*fio_event_cb)(void *user,
                             const struct fio_event *event);

/**
 * Milliseconds on a clock that never goes back and goes on while the device sleeps. A data callback.
 */
typedef uint64_t (*fio_monotonic_cb)(void *user);

/**
 * Seconds since 1970-01-01 UTC, as the device believes. A data callback.
 */
typedef int64_t (*fio_wall_clock_cb)(void *user);

/**
 * Fills `buffer` with `length` random bytes that nobody can predict. Return 0, or a negative value for
 * a failure. A data callback.
 */
typedef int32_t (*fio_entropy_cb)(void *user,
                                  uint8_t *buffer,
                                  size_t length);

/**
 * A code for the person to enter. The device code stays inside the library.
 */
typedef struct fio_code {
    /**
     * Size of this struct in the library; it may grow at its end.
     */
    uint32_t struct_size;
    /**
     * 1 for the first code of an operation, 2 for the one that replaces it, and so on.
     */
    uint32_t number;
    /**
     * The operation the code belongs to.
     */
    fio_op op;
    /**
     * Milliseconds until it runs out, counted from this callback. Counts on while the device sleeps.
     */
    int64_t expires_in_ms;
    /**
     * The server's pace for polls in milliseconds; the library keeps it by itself.
     */
    int64_t interval_ms;
    /**
     * Six digits, as a string: they may begin with 0. Never NULL.
     */
    const char *user_code;
    /**
     * The page where the code is entered, or NULL.
     */
    const char *verification_uri;
    /**
     * The page with the code filled in, for a QR (`fio_qr_encode`), or NULL.
     */
    const char *verification_uri_complete;
    /**
     * The device's name at the service, or NULL.
     */
    const char *device_name;
    /**
     * Lengths of the strings above in bytes, 0 for NULL.
     */
    size_t user_code_length;
    size_t verification_uri_length;
    size_t verification_uri_complete_length;
    size_t device_name_length;
} fio_code;

/**
 * A code has been granted, or not: exactly one of `error` and `code` is non-NULL. Both are valid
 * during the callback.
 */
typedef void (*fio_code_cb)(void *user,
                            const struct fio_error *error,
                            const struct fio_code *code);

/**
 * An operation without a result is over: `error` is NULL if it went well. Runs exactly once for
 * each started operation. `error` is valid during the callback.
 */
typedef void (*fio_done_cb)(void *user,
                            const struct fio_error *error);

/**
 * `fio_pair` has a code for the person: show it, and its QR where `verification_uri_complete` is not
 * NULL. Runs once for each code; `code` is valid during the callback.
 */
typedef void (*fio_show_code_cb)(void *user,
                                 const struct fio_code *code);

/**
 * Device information has arrived, or not: exactly one of `error` and `device` is non-NULL. Both are
 * valid during the callback.
 */
typedef void (*fio_device_cb)(void *user,
                              const struct fio_error *error,
                              const struct fio_device *device);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a configuration with the default of every setting.
 *
 * @param config  [out] set to NULL first, to the configuration on `FIO_OK`; free it with
 *                `fio_config_free`
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_new(struct fio_config **config);

/**
 * Frees a configuration and wipes the secrets in it. Clients made from it are not affected.
 *
 * @param config  NULL is allowed and does nothing
 *
 * Returns:   `FIO_OK` | `FIO_E_HANDLE` | `FIO_E_PANIC`
 * Callbacks: the `destroy` callbacks whose user data no client uses
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_free(struct fio_config *config);

/**
 * The error of the last setter, or of `fio_client_new`, that failed on this configuration.
 *
 * @param config  NULL gives NULL
 *
 * Returns:   the error, valid until the next call on this configuration fails or it is freed; NULL
 *            if none failed
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
const struct fio_error *fio_config_error(struct fio_config *config);

/**
 * Sets the identity of this physical unit: a serial number, or a random UUID stored once. Required.
 * Must stay the same for ever, and must not be a MAC address, an e-mail address, or anything else
 * about a person.
 *
 * @param config     the configuration
 * @param client_id  1 to 255 bytes of UTF-8 without control characters; copied
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (empty, too long, control
 *            characters) | `FIO_E_UTF8` | `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_client_id(struct fio_config *config,
                                    const char *client_id);

/**
 * Sets the secret that the service issued for this device model. Required. It is never logged, and
 * wiped when the configuration and the clients made from it are freed.
 *
 * @param config         the configuration
 * @param client_secret  1 to 1023 bytes of UTF-8 without control characters; copied
 * @param length         its length in bytes, without a terminating NUL
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (empty, too long, control
 *            characters) | `FIO_E_UTF8` | `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_client_secret(struct fio_config *config,
                                        const char *client_secret,
                                        size_t length);

/**
 * Sets the firmware version, sent with every request as `x-client-version`. The service chooses the
 * device model's configuration by it. Default `0.0.0`, which certification does not accept.
 *
 * @param config   the configuration
 * @param version  a semantic version (semver.org) of at most 127 bytes, such as `2.16.4`; copied
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (empty, too long, control
 *            characters) | `FIO_E_UTF8` | `FIO_E_VERSION` | `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_client_version(struct fio_config *config,
                                         const char *version);

/**
 * Sets where the service is. Default `https://api.frame.io`. The access token is sent to this origin
 * only. Plain HTTP is refused, loopback included; a test rig brings its own CA instead.
 *
 * @param config  the configuration
 * @param url     `https://host` or `https://host:port`, at most 255 bytes, without user, path or
 *                query (one final `/` is allowed); copied
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (empty, too long, control
 *            characters) | `FIO_E_UTF8` | `FIO_E_URL` | `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_base_url(struct fio_config *config,
                                   const char *url);

/**
 * Sets the trusted certificates by file. Without this and without `fio_config_set_ca_pem`, the bundle
 * in the usual places of a Linux system is used; there is no store inside the library.
 *
 * @param config  the configuration
 * @param path    a file with at least one PEM certificate, at most 4095 bytes; copied. The file is
 *                checked now and read again when connections are made.
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (empty, too long, control
 *            characters) | `FIO_E_UTF8` | `FIO_E_CA` (missing, unreadable, not PEM) | `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  reads the file
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_ca_file(struct fio_config *config,
                                  const char *path);

/**
 * Sets the trusted certificates by content, for devices that keep them in flash or in the firmware.
 *
 * @param config  the configuration
 * @param pem     at least one PEM certificate; copied
 * @param length  its length in bytes
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (impossible length) |
 *            `FIO_E_CA` (not PEM) | `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_ca_pem(struct fio_config *config,
                                 const char *pem,
                                 size_t length);

/**
 * Keeps the authorization in a directory: one file per record, readable by the owner only, replaced
 * atomically (temporary file, fsync, rename, fsync of the directory). One client at a time: a second
 * one on the same directory, in any process, is refused by `fio_client_new`. Without this and without
 * `fio_config_set_store`, everything is forgotten with the client.
 *
 * @param config  the configuration
 * @param path    the directory, at most 4095 bytes, on a file system that keeps what fsync wrote; it
 *                is made (mode 0700) if its parent exists; copied
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (empty, too long, control
 *            characters) | `FIO_E_UTF8` | `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never (the directory is opened by `fio_client_new`)
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_store_dir(struct fio_config *config,
                                    const char *path);

/**
 * Keeps the authorization with the application's own functions, for devices without a file system.
 *
 * @param config   the configuration
 * @param load     reads a record; must not be NULL
 * @param save     replaces a record atomically; must not be NULL
 * @param erase    erases a record; must not be NULL
 * @param list     lists the keys; must not be NULL
 * @param user     passed to all four; may be NULL
 * @param destroy  called when `user` is not needed any more; may be NULL
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_PANIC`. On failure `destroy` is not
 *            called.
 * Callbacks: `destroy` of an earlier store that no client uses
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_store(struct fio_config *config,
                                fio_store_load_cb load,
                                fio_store_save_cb save,
                                fio_store_erase_cb erase,
                                fio_store_list_cb list,
                                void *user,
                                fio_destroy_cb destroy);

/**
 * Seals every record with XChaCha20-Poly1305 under this key, whichever store holds it. With a key,
 * records that are not sealed, or sealed with another key, are not trusted: they are kept aside and
 * reported. Keep the key where the user cannot read it, for example derived from a fuse.
 *
 * @param config  the configuration
 * @param key     32 random bytes; copied, and wiped when no longer needed. NULL with length 0 takes
 *                the key away again.
 * @param length  32 (or 0)
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (another length) |
 *            `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_store_key(struct fio_config *config,
                                    const uint8_t *key,
                                    size_t length);

/**
 * Sets who receives log lines. There is no other output: nothing is ever printed. Lines contain no
 * secrets, whatever the level. A fault that repeats is cut to 1,000 lines in 10 seconds.
 *
 * @param config   the configuration
 * @param level    `FIO_LOG_OFF` to `FIO_LOG_TRACE`
 * @param callback receives lines of this level and above; NULL means no log
 * @param user     passed to the callback; may be NULL
 * @param destroy  called when `user` is not needed any more; may be NULL
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (unknown level) |
 *            `FIO_E_PANIC`. On failure `destroy` is not called.
 * Callbacks: `destroy` of an earlier log that no client uses
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_log(struct fio_config *config,
                              int32_t level,
                              fio_log_cb callback,
                              void *user,
                              fio_destroy_cb destroy);

/**
 * Sets who hears of what nobody asked for: authorization renewed or lost, project changed, storage
 * failing, retries.
 *
 * @param config   the configuration
 * @param callback receives the events; NULL means none
 * @param user     passed to the callback; may be NULL
 * @param destroy  called when `user` is not needed any more; may be NULL
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_PANIC`. On failure `destroy` is not
 *            called.
 * Callbacks: `destroy` of an earlier registration that no client uses
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_event(struct fio_config *config,
                                fio_event_cb callback,
                                void *user,
                                fio_destroy_cb destroy);

/**
 * Forces one encoding on all auth requests, for servers that accept only one.
 *
 * @param config    the configuration
 * @param encoding  a `FIO_ENCODING_…`
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (unknown encoding) |
 *            `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_encoding(struct fio_config *config,
                                   int32_t encoding);

/**
 * Says whether the device can show a link or a QR. On by default; off for devices that show digits
 * only.
 *
 * @param config   the configuration
 * @param enabled  0 or 1
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (neither 0 nor 1) |
 *            `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_url_pairing(struct fio_config *config,
                                      int32_t enabled);

/**
 * Sets how long requests may take.
 *
 * @param config      the configuration
 * @param connect_ms  until the connection stands, name lookup and TLS included: 1 to 600,000, default
 *                    10,000
 * @param request_ms  for a whole request: 1 to 600,000, default 40,000 (the service itself gives up
 *                    after 30 s and says so)
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (outside the range) |
 *            `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_timeouts(struct fio_config *config,
                                   int32_t connect_ms,
                                   int32_t request_ms);

/**
 * Sets the address of a host by hand instead of asking DNS. May be called for several hosts; the
 * certificate is checked against the host's name all the same.
 *
 * @param config   the configuration
 * @param host     the name, at most 253 bytes; copied
 * @param port     1 to 65535
 * @param address  an IPv4 or IPv6 address; copied
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (no such port, not an
 *            address, empty, too long, control characters) | `FIO_E_UTF8` | `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_resolve(struct fio_config *config,
                                  const char *host,
                                  int32_t port,
                                  const char *address);

/**
 * Sets how the library waits; see `fio_fd`.
 *
 * @param config  the configuration
 * @param poller  a `FIO_POLLER_…`
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (unknown poller) |
 *            `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_poller(struct fio_config *config,
                                 int32_t poller);

/**
 * Declares the earliest time that can be true, for example when the firmware was built. While the
 * device's clock is before it, operations that need the network answer `FIO_E_CLOCK`, since TLS would
 * fail for a reason that sounds like something else.
 *
 * @param config   the configuration
 * @param earliest seconds since 1970-01-01 UTC; 0 or less takes the declaration away (the default)
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_clock_floor(struct fio_config *config,
                                      int64_t earliest);

/**
 * Replaces the clocks, for platforms with better ones and for tests that move time. Waiting itself
 * still happens in real time: after moving a clock, call `fio_drive(client, 0)`.
 *
 * @param config     the configuration
 * @param monotonic  or NULL for the system's
 * @param wall       or NULL for the system's
 * @param user       passed to both; may be NULL
 * @param destroy    called when `user` is not needed any more; may be NULL
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_PANIC`. On failure `destroy` is not
 *            called.
 * Callbacks: `destroy` of earlier clocks that no client uses
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_clock(struct fio_config *config,
                                fio_monotonic_cb monotonic,
                                fio_wall_clock_cb wall,
                                void *user,
                                fio_destroy_cb destroy);

/**
 * Replaces the source of random numbers (nonces of sealed records, jitter of retries), for devices with
 * a hardware generator.
 *
 * @param config   the configuration
 * @param fill     or NULL for the operating system's
 * @param user     passed to `fill`; may be NULL
 * @param destroy  called when `user` is not needed any more; may be NULL
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_PANIC`. On failure `destroy` is not
 *            called.
 * Callbacks: `destroy` of an earlier source that no client uses
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_entropy(struct fio_config *config,
                                  fio_entropy_cb fill,
                                  void *user,
                                  fio_destroy_cb destroy);

/**
 * Makes a client from a configuration.
 *
 * Reads the store and takes up the authorization it holds. Sends nothing: a refresh that is due
 * leaves with the first `fio_drive`. A record that cannot be trusted is kept aside and reported with
 * the first events; it does not prevent the start.
 *
 * @param config  what to use; copied, may be freed or changed afterwards. On failure
 *                `fio_config_error(config)` has the details.
 * @param client  [out] set to NULL first, to the client on `FIO_OK`; free it with `fio_client_free`
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_INCOMPLETE` (no client id or secret) |
 *            `FIO_E_CA` (none given and none found) | `FIO_E_STORE`, `FIO_E_STORE_FULL`,
 *            `FIO_E_STORE_READ_ONLY`, `FIO_E_STORE_LOCKED` (the directory cannot be used) |
 *            `FIO_E_NOMEM` (no descriptors) | `FIO_E_ENTROPY` | `FIO_E_PANIC`
 * Callbacks: store, clock, entropy and log callbacks, if set
 * Blocking:  reads the store; no network
 * Threads:   the config must not be in use by another thread
 * Since:     0.1.0
 */
FIO_API
fio_status fio_client_new(struct fio_config *config,
                          struct fio_client **client);

/**
 * Frees a client. Every operation that is still running completes with `FIO_E_CANCELED` before this
 * returns; no event comes any more.
 *
 * Allowed inside every callback of the same client: the callback goes on undisturbed, the client goes
 * away when the outermost call ends, and that call returns `FIO_E_CLOSED`. Calls in between answer
 * `FIO_E_CLOSED` too.
 *
 * @param client  NULL is allowed and does nothing
 *
 * Returns:   `FIO_OK` | `FIO_E_HANDLE` | `FIO_E_BUSY` (another thread is inside a call: nothing was
 *            freed) | `FIO_E_PANIC`
 * Callbacks: the completions of running operations; store, clock and log callbacks, if set; the
 *            `destroy` callbacks (none of them in a forked child)
 * Blocking:  closes connections; may wait for a name lookup that libcurl has under way, and up to 3
 *            seconds for the answer to a refresh, because without it the pairing could be over
 * Threads:   as every call; nobody may use the client afterwards, `fio_wakeup` included
 * Since:     0.1.0
 */
FIO_API
fio_status fio_client_free(struct fio_client *client);

/**
 * The error of the last call on this client that returned one, for calls that fail at once.
 * (Operations that fail later bring their error to their callback.)
 *
 * @param client  NULL gives NULL
 *
 * Returns:   the error, valid until the next call on this client fails or the client is freed; NULL
 *            if there was none, or if the client cannot be used by this thread or process
 * Callbacks: none
 * Blocking:  never
 * Threads:   as every call
 * Since:     0.1.0
 */
FIO_API
const struct fio_error *fio_client_error(const struct fio_client *client);

/**
 * Does all work of the client: network, timers, callbacks, on the calling thread.
 *
 * @param client      the client
 * @param timeout_ms  0: do what can be done without waiting. Positive: wait at most so long for
 *                    something to happen. Negative: wait until something happens. Waiting ends as
 *                    soon as a callback was made, `fio_wakeup` or `fio_cancel` was called, or a
 *                    signal handler ran.
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_REENTRANT` (inside a callback) |
 *            `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED` (freed by one of its callbacks: do not
 *            use the pointer any more) | `FIO_E_POISONED` | `FIO_E_NOMEM` | `FIO_E_NETWORK` |
 *            `FIO_E_PANIC`
 * Callbacks: all kinds
 * Blocking:  up to timeout_ms, plus the callbacks, plus writes of the store
 * Signals:   SIGPIPE is blocked for the calling thread during the call; no handler is changed
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_drive(struct fio_client *client,
                     int32_t timeout_ms);

/**
 * Drives the client until an operation is over: the blocking way, over the same engine.
 *
 * @param client  the client
 * @param op      an operation of this client that is running, or one of the last 64 that ended
 *
 * Returns:   the status the operation ended with (`FIO_OK` or any status its starting function
 *            names), or, if the wait itself failed: `FIO_E_NULL` | `FIO_E_HANDLE` |
 *            `FIO_E_UNKNOWN_OP` | `FIO_E_REENTRANT` (inside a callback) | `FIO_E_BUSY` |
 *            `FIO_E_FORKED` | `FIO_E_CLOSED` | `FIO_E_POISONED` | `FIO_E_PANIC`
 * Callbacks: all kinds, the operation's own among them
 * Blocking:  until the operation is over; cancel it from another thread or a callback to end it
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_wait(struct fio_client *client,
                    fio_op op);

/**
 * The one descriptor to watch for reading (`epoll`, `poll`, `select`, any event loop): when it is
 * readable, call `fio_drive(client, 0)`. It is an epoll set that holds the connections, a timer and
 * an eventfd; it stays the same for the life of the client and belongs to the library: do not read,
 * write or close it. An idle client makes it readable for nothing.
 *
 * @param client  the client
 *
 * Returns:   the descriptor, 0 or more | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_BUSY` |
 *            `FIO_E_FORKED` | `FIO_E_REENTRANT` | `FIO_E_CLOSED` | `FIO_E_POISONED` |
 *            `FIO_E_UNSUPPORTED` (no epoll: use `fio_timeout_ms` and `fio_drive`) | `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
int32_t fio_fd(struct fio_client *client);

/**
 * How long a loop of the application's own may sleep before it calls `fio_drive`, if it does not
 * watch `fio_fd`. (With `fio_fd` it is not needed: the descriptor has the timer in it.)
 *
 * @param client      the client
 * @param timeout_ms  [out] milliseconds, 0 for now, -1 for no need at all
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_BUSY` | `FIO_E_FORKED` |
 *            `FIO_E_REENTRANT` (inside a data callback) | `FIO_E_CLOSED` | `FIO_E_POISONED` |
 *            `FIO_E_PANIC`
 * Callbacks: the clock callback, if set
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_timeout_ms(struct fio_client *client,
                          int64_t *timeout_ms);

/**
 * Asks an operation to end. It completes with `FIO_E_CANCELED` from the next `fio_drive` (a waiting
 * one is woken), unless it ends by itself before that. Cancelling `fio_poll` keeps its code: a new
 * `fio_poll` goes on at the server's pace. Cancelling `fio_pair` abandons its code; if the user
 * approves it all the same, the tokens are given back to the service.
 *
 * @param client  the client
 * @param op      the operation
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_FORKED` | `FIO_E_UNKNOWN_OP` (not
 *            running) | `FIO_E_PANIC`
 * Callbacks: none before it returns
 * Blocking:  never
 * Threads:   any, at any time, also inside every callback
 * Since:     0.1.0
 */
FIO_API
fio_status fio_cancel(struct fio_client *client,
                      fio_op op);

/**
 * Makes a waiting `fio_drive` return, or the next one if none is waiting.
 *
 * @param client  the client
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_FORKED` | `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Threads:   any, at any time, also inside every callback; not from a signal handler
 * Since:     0.1.0
 */
FIO_API
fio_status fio_wakeup(struct fio_client *client);

/**
 * Asks the service for a pairing code (`POST /v2/auth/device/code`, RFC 8628 section 3.1; where that
 * answers 404, the older `/v2/device/code`, which is then remembered). Show the code, then call
 * `fio_poll`. A code that is there already is given up.
 *
 * @param client  the client
 * @param done    receives the code or the error; must not be NULL
 * @param user    passed to `done`; may be NULL
 * @param op      [out] the operation; may be NULL
 *
 * Returns:   `FIO_OK` (started) | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_IN_PROGRESS` (another
 *            pairing call is running) | `FIO_E_CLOCK` | `FIO_E_REENTRANT` (inside a data callback) |
 *            `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED` | `FIO_E_POISONED` | `FIO_E_PANIC`
 * Ends with: the code, or `FIO_E_CANCELED`; a network error (`FIO_E_DNS` to `FIO_E_NETWORK`, `FIO_E_CA`,
 *            `FIO_E_CLOCK`); an answer's error (`FIO_E_PROTOCOL` to `FIO_E_PLAN_LIMIT`); an OAuth error
 *            (`FIO_E_INVALID_CLIENT` for a wrong client secret, `FIO_E_INVALID_REQUEST`,
 *            `FIO_E_INVALID_SCOPE`, `FIO_E_OAUTH`, …). It is not repeated by itself.
 * Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_request_code(struct fio_client *client,
                            fio_code_cb done,
                            void *user,
                            fio_op *op);

/**
 * Asks the token endpoint until the user has decided (RFC 8628 sections 3.4 and 3.5), at the server's
 * pace: the interval belongs to the code, so cancelling and calling again does not make it faster;
 * `slow_down` is obeyed; a network that fails is tried again more slowly for as long as the code
 * lives, with a `FIO_EVENT_RETRYING` each time. A TLS failure is told at once. On success the tokens
 * are stored before `done` runs, and device information is fetched (`FIO_EVENT_DEVICE`).
 *
 * @param client  the client
 * @param done    called when it is over; may be NULL
 * @param user    passed to `done`; may be NULL
 * @param op      [out] the operation; may be NULL
 *
 * Returns:   `FIO_OK` (started) | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_NO_CODE` (call
 *            `fio_request_code` first) | `FIO_E_IN_PROGRESS` | `FIO_E_CLOCK` | `FIO_E_REENTRANT` |
 *            `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED` | `FIO_E_POISONED` | `FIO_E_PANIC`
 * Ends with: `FIO_OK` (authorized) | `FIO_E_ACCESS_DENIED` | `FIO_E_EXPIRED_TOKEN` (the code ran out) |
 *            `FIO_E_INVALID_GRANT` | `FIO_E_INVALID_CLIENT` | `FIO_E_INVALID_REQUEST` and the other
 *            OAuth errors | `FIO_E_CANCELED` | a TLS error (`FIO_E_TLS…`, `FIO_E_CA`, `FIO_E_CLOCK`) |
 *            `FIO_E_REDIRECT`, `FIO_E_PROTOCOL`, `FIO_E_TOO_LARGE` (not the service) | an HTTP error
 *            that is not a passing one. After errors that do not end the code itself, `fio_poll` may
 *            be called again.
 * Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_poll(struct fio_client *client,
                    fio_done_cb done,
                    void *user,
                    fio_op *op);

/**
 * Does a whole pairing: a code, polls, a new code when one runs out, and device information. The one
 * call a camera needs.
 *
 * @param client     the client
 * @param max_codes  how many codes at most, 1 to 1000: with 1 it ends when the first runs out. (RFC
 *                   8628 section 3.5 wants a person's action before a new code: use more than 1 only
 *                   while somebody is in front of the screen.)
 * @param show       called for each code; must not be NULL
 * @param done       called when it is over; may be NULL
 * @param user       passed to both; may be NULL
 * @param op         [out] the operation; may be NULL
 *
 * Returns:   `FIO_OK` (started) | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (max_codes) |
 *            `FIO_E_IN_PROGRESS` | `FIO_E_CLOCK` | `FIO_E_REENTRANT` | `FIO_E_BUSY` | `FIO_E_FORKED` |
 *            `FIO_E_CLOSED` | `FIO_E_POISONED` | `FIO_E_PANIC`
 * Ends with: the device, or any error that `fio_request_code`, `fio_poll` and `fio_device_info` name;
 *            `FIO_E_EXPIRED_TOKEN` when the last code ran out. If the error came after the approval
 *            (device information could not be had), `fio_auth_state` says so.
 * Callbacks: none before it returns; `show` once for each code, `done` exactly once, from `fio_drive`
 *            or `fio_client_free`
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_pair(struct fio_client *client,
                    int32_t max_codes,
                    fio_show_code_cb show,
                    fio_device_cb done,
                    void *user,
                    fio_op *op);

/**
 * Renews the tokens now (RFC 6749 section 6). The library does so by itself ahead of expiry, on a
 * 401, and at start when the stored token is old; this is for tests and for people who want to see
 * it. Several calls at once share one request. A lost answer is tried again with the same refresh
 * token, three times before the operation is told; the library itself goes on trying. The new pair
 * is stored before `done` runs, and device information is fetched (`FIO_EVENT_DEVICE`).
 *
 * @param client  the client
 * @param done    called when it is over; may be NULL
 * @param user    passed to `done`; may be NULL
 * @param op      [out] the operation; may be NULL
 *
 * Returns:   `FIO_OK` (started) | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_NOT_AUTHORIZED` |
 *            `FIO_E_STATE` (the service gave no refresh token) | `FIO_E_CLOCK` | `FIO_E_REENTRANT` |
 *            `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED` | `FIO_E_POISONED` | `FIO_E_PANIC`
 * Ends with: `FIO_OK` | `FIO_E_AUTHORIZATION_LOST` (a clear refusal: pair again; also
 *            `FIO_EVENT_AUTHORIZATION_LOST`) | `FIO_E_INVALID_CLIENT`, `FIO_E_UNAUTHORIZED_CLIENT` (the
 *            service refuses the client secret; the pairing is kept) | `FIO_E_NOT_AUTHORIZED` (revoked
 *            meanwhile) | `FIO_E_CANCELED` | a network error (`FIO_E_DNS` to `FIO_E_NETWORK`, `FIO_E_CA`,
 *            `FIO_E_CLOCK`) | an answer's error (`FIO_E_PROTOCOL` to `FIO_E_PLAN_LIMIT`)
 * Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_refresh(struct fio_client *client,
                       fio_done_cb done,
                       void *user,
                       fio_op *op);

/**
 * Ends the authorization, for the user's "disconnect" (RFC 7009). The tokens on this device are gone
 * when the call returns, whatever the network says; then the service is told, up to three times.
 * Operations that need the authorization end with `FIO_E_NOT_AUTHORIZED`.
 *
 * @param client  the client
 * @param done    called when the service was told, or could not be; may be NULL
 * @param user    passed to `done`; may be NULL
 * @param op      [out] the operation; may be NULL
 *
 * Returns:   `FIO_OK` (started) | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_NOT_AUTHORIZED` |
 *            `FIO_E_CLOCK` | `FIO_E_REENTRANT` | `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED` |
 *            `FIO_E_POISONED` | `FIO_E_PANIC`
 * Ends with: `FIO_OK` | `FIO_E_CANCELED` | a network error (`FIO_E_DNS` to `FIO_E_NETWORK`, `FIO_E_CA`,
 *            `FIO_E_CLOCK`) | an answer's error (`FIO_E_PROTOCOL` to `FIO_E_PLAN_LIMIT`, or an OAuth
 *            error): the tokens are gone from this device all the same
 * Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
 * Blocking:  writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_revoke(struct fio_client *client,
                      fio_done_cb done,
                      void *user,
                      fio_op *op);

/**
 * Where the authorization stands.
 *
 * @param client  the client
 *
 * Returns:   a `FIO_AUTH_…` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_REENTRANT` | `FIO_E_BUSY` |
 *            `FIO_E_FORKED` | `FIO_E_CLOSED` | `FIO_E_POISONED` | `FIO_E_PANIC`
 * Callbacks: the clock callback, if set
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
int32_t fio_auth_state(struct fio_client *client);

/**
 * Copies the access token, for an application that calls other endpoints of the service itself. Send
 * it to the service's origin only, as `Authorization: Bearer …`, and wipe the buffer afterwards. It is
 * good until the next refresh; on a 401 call `fio_refresh` and read it anew.
 *
 * @param client    the client
 * @param buffer    [out] receives the token without a terminating NUL; NULL with capacity 0 asks for
 *                  the length
 * @param capacity  size of `buffer` in bytes
 * @param length    [out] the token's length; also written with `FIO_E_BUFFER`
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_BUFFER` (too small; nothing copied) |
 *            `FIO_E_NOT_AUTHORIZED` | `FIO_E_TOKEN_EXPIRED` | `FIO_E_REENTRANT` | `FIO_E_BUSY` |
 *            `FIO_E_FORKED` | `FIO_E_CLOSED` | `FIO_E_POISONED` | `FIO_E_PANIC`
 * Callbacks: the clock callback, if set
 * Blocking:  never
 * Threads:   one at a time
 * Secrets:   the buffer holds one afterwards
 * Since:     0.1.0
 */
FIO_API
fio_status fio_access_token(struct fio_client *client,
                            char *buffer,
                            size_t capacity,
                            size_t *length);

/**
 * Fetches device information (`GET /v2/devices/me`): the project, its name, the channels, whether the
 * device is paused. A 401 is answered by one refresh and one repetition. The library fetches it by
 * itself after every pairing and refresh.
 *
 * @param client  the client
 * @param done    receives the device or the error; may be NULL
 * @param user    passed to `done`; may be NULL
 * @param op      [out] the operation; may be NULL
 *
 * Returns:   `FIO_OK` (started) | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_NOT_AUTHORIZED` |
 *            `FIO_E_CLOCK` | `FIO_E_REENTRANT` | `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED` |
 *            `FIO_E_POISONED` | `FIO_E_PANIC`
 * Ends with: the device | `FIO_E_CANCELED` | `FIO_E_UNAUTHORIZED` (401 in spite of a new token) |
 *            `FIO_E_AUTHORIZATION_LOST`, `FIO_E_NOT_AUTHORIZED`, `FIO_E_TOKEN_EXPIRED` (no token could be
 *            had) | `FIO_E_INVALID_CLIENT` | a network error (`FIO_E_DNS` to `FIO_E_NETWORK`, `FIO_E_CA`,
 *            `FIO_E_CLOCK`) | an answer's error (`FIO_E_PROTOCOL` to `FIO_E_PLAN_LIMIT`)
 * Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_device_info(struct fio_client *client,
                           fio_device_cb done,
                           void *user,
                           fio_op *op);

/**
 * Tells the service once that the device is there (`POST /v2/devices/heartbeat`). The service wants
 * one at least every 300 seconds and at most every 60, 120 being its recommendation; every other call
 * to the API counts too. The pace of this function is the caller's.
 *
 * @param client  the client
 * @param done    called when it is over; may be NULL
 * @param user    passed to `done`; may be NULL
 * @param op      [out] the operation; may be NULL
 *
 * Returns:   `FIO_OK` (started) | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_NOT_AUTHORIZED` |
 *            `FIO_E_CLOCK` | `FIO_E_REENTRANT` | `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED` |
 *            `FIO_E_POISONED` | `FIO_E_PANIC`
 * Ends with: `FIO_OK` | `FIO_E_CANCELED` | `FIO_E_UNAUTHORIZED` (401 in spite of a new token) |
 *            `FIO_E_AUTHORIZATION_LOST`, `FIO_E_NOT_AUTHORIZED`, `FIO_E_TOKEN_EXPIRED` (no token could be
 *            had) | `FIO_E_INVALID_CLIENT` | a network error (`FIO_E_DNS` to `FIO_E_NETWORK`, `FIO_E_CA`,
 *            `FIO_E_CLOCK`) | an answer's error (`FIO_E_PROTOCOL` to `FIO_E_PLAN_LIMIT`)
 * Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_heartbeat(struct fio_client *client,
                         fio_done_cb done,
                         void *user,
                         fio_op *op);

/**
 * Keeps the device visible as online by itself: a heartbeat whenever 120 seconds have passed without a
 * successful call to the API (uploads to storage hosts do not count), never more than one a minute. It
 * takes effect while the device is paired, now or later; it is forgotten with the client. A heartbeat
 * that fails is tried again after a minute and told as `FIO_EVENT_RETRYING`.
 *
 * @param client  the client
 * @param online  1 to be visible, 0 to stop (the default); the service shows the device as offline 300
 *                seconds after the last call
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (neither 0 nor 1) |
 *            `FIO_E_REENTRANT` | `FIO_E_BUSY` | `FIO_E_FORKED` | `FIO_E_CLOSED` | `FIO_E_POISONED` |
 *            `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_set_online(struct fio_client *client,
                          int32_t online);

/**
 * Makes a QR code (ISO/IEC 18004, error correction level M) as a square of modules. Draw a quiet
 * zone of four light modules around it.
 *
 * @param text      what it says, usually `fio_code.verification_uri_complete`: 1 to 1023 bytes of UTF-8
 * @param modules   [out] receives side × side bytes, row by row from the top left, 1 for dark and 0
 *                  for light; NULL with capacity 0 asks for the side
 * @param capacity  size of `modules` in bytes; 31,329 (177 × 177) is always enough
 * @param side      [out] modules along one edge, 21 to 177; also written with `FIO_E_BUFFER`
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_ARGUMENT` (empty, too long, control characters) |
 *            `FIO_E_UTF8` | `FIO_E_BUFFER` (too small; nothing drawn) | `FIO_E_PANIC`
 * Callbacks: none
 * Blocking:  never
 * Threads:   any
 * Since:     0.1.0
 */
FIO_API
fio_status fio_qr_encode(const char *text,
                         uint8_t *modules,
                         size_t capacity,
                         int32_t *side);

/**
 * The name of a status, such as `FIO_E_DNS`.
 *
 * @param status  any value
 *
 * Returns:   a string that stays valid for ever; `FIO_E_UNKNOWN` for a value this version does not
 *            know. Never NULL.
 * Callbacks: none
 * Blocking:  never
 * Threads:   any
 * Since:     0.1.0
 */
FIO_API
const char *fio_status_name(fio_status status);

/**
 * What a status means in general, as one sentence in English without a final stop. The message of a
 * `fio_error` says more, where there is one.
 *
 * @param status  any value
 *
 * Returns:   a string that stays valid for ever. Never NULL.
 * Callbacks: none
 * Blocking:  never
 * Threads:   any
 * Since:     0.1.0
 */
FIO_API
const char *fio_status_message(fio_status status);

/**
 * What a person can do about a status, as one sentence in English.
 *
 * @param status  any value
 *
 * Returns:   a string that stays valid for ever. Never NULL.
 * Callbacks: none
 * Blocking:  never
 * Threads:   any
 * Since:     0.1.0
 */
FIO_API
const char *fio_status_advice(fio_status status);

/**
 * The version of the library, such as `0.1.0`. Compare with `FIO_VERSION`, the header's.
 *
 * Returns:   a string that stays valid for ever. Never NULL.
 * Callbacks: none
 * Blocking:  never
 * Threads:   any
 * Since:     0.1.0
 */
FIO_API
const char *fio_version(void);

/**
 * The version of the library as a number: major × 65536 + minor × 256 + patch. Compare with
 * `FIO_VERSION_NUMBER`, the header's.
 *
 * Returns:   the number
 * Callbacks: none
 * Blocking:  never
 * Threads:   any
 * Since:     0.1.0
 */
FIO_API
uint32_t fio_version_number(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FIO_C2C_H */
