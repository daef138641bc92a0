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
 *   4. Upload: describe a file with a fio_upload, put it into the queue with fio_upload_start(). The
 *      queue is kept in the store and goes on by itself, also after a restart; FIO_EVENT_UPLOAD and
 *      FIO_EVENT_PROGRESS tell how it goes.
 *
 * Rules that hold everywhere:
 *
 *   - The library starts no thread, prints nothing, does not abort, installs no signal handler, and
 *     reads neither environment variables nor configuration files. (The system's libcurl and its TLS
 *     library read some by themselves. With SSLKEYLOGFILE the keys of TLS sessions are written to a
 *     file, with OPENSSL_CONF code is loaded: do not set them in a product. The bundled libcurl reads
 *     none, AWS-LC which instructions of the processor it may use; the C library reads its own when it
 *     looks up a name. docs/tls.md has the list.)
 *   - Strings are UTF-8 and NUL-terminated. What you pass in is copied before the call returns. What
 *     you are given belongs to the library and is valid as long as the function or callback says;
 *     nothing is ever to be released with free().
 *   - Structs given to you may grow at their end in later versions: do not compare or copy them by
 *     sizeof.
 *   - Callbacks are of two kinds. Completions and events run from fio_drive(), fio_wait() or
 *     fio_client_free(): they may call everything but fio_drive() and fio_wait() on the same client, and
 *     may free it. Data callbacks (log, store, clocks, random numbers, reader) run in the middle of a
 *     call: on the same client they may call only fio_wakeup(), fio_cancel() and fio_client_free(), which
 *     then takes effect when that call ends. What a callback may not call answers FIO_E_REENTRANT. Both
 *     return normally: no exception may leave them, and no longjmp may cross them.
 *   - Memory is bounded (see fio_config_set_parallel_parts() and fio_upload_push()). If the system has
 *     none left, fio_upload_push() answers FIO_E_NOMEM; in any other place the process ends, with one
 *     line on standard error, which is what the Rust runtime does then.
 *   - What nearly every function may return is said here and not at each of them. Every function that
 *     takes a client, config or upload may return FIO_E_NULL or FIO_E_HANDLE, except fio_client_free(),
 *     fio_config_free() and fio_upload_free(), which say all of theirs. FIO_E_NULL: a pointer is NULL that
 *     must not be. FIO_E_HANDLE: a client, config or upload pointer must be one that this library gave and
 *     that was not freed; others are detected where possible, but not everywhere.
 *   - Every function that takes a client may also return FIO_E_REENTRANT, FIO_E_BUSY, FIO_E_FORKED,
 *     FIO_E_CLOSED or FIO_E_POISONED, except fio_client_free(), fio_cancel() and fio_wakeup(), which say
 *     all of theirs. FIO_E_REENTRANT: it was called inside a callback that may not call it. FIO_E_BUSY:
 *     another thread is inside a call on this client. FIO_E_FORKED: this is a forked child, and the client
 *     is the parent's. FIO_E_CLOSED: a callback has freed the client; if the outermost call says so, the
 *     client is gone.
 *   - Every function may return FIO_E_PANIC: a defect in the library was caught. The client then
 *     answers FIO_E_POISONED to everything but fio_client_free().
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
 * The operation was canceled by `fio_cancel`, or its client was freed.
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
 * The file of CA certificates, which was there when it was given, cannot be read now, or has no certificate now.
 */
#define FIO_E_CA_FILE (-72)

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
 * Nothing is known of the device: the service has not told of it since it was paired.
 */
#define FIO_E_DEVICE_UNKNOWN (-123)

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
 * The store directory belongs to another user or can be written by others, or its lock is not a plain file.
 */
#define FIO_E_STORE_UNSAFE (-145)

/**
 * The device's clock is before the earliest time the application declared possible.
 */
#define FIO_E_CLOCK (-160)

/**
 * The file is not there.
 */
#define FIO_E_SOURCE_MISSING (-180)

/**
 * The path leads to a directory or to something else that is not a plain file.
 */
#define FIO_E_SOURCE_KIND (-181)

/**
 * The file is empty; the service takes no empty files.
 */
#define FIO_E_SOURCE_EMPTY (-182)

/**
 * The file cannot be read: no permission, or a reader callback that failed.
 */
#define FIO_E_SOURCE_READ (-183)

/**
 * The file shrank, grew or was changed after it was queued.
 */
#define FIO_E_SOURCE_CHANGED (-184)

/**
 * The source was a descriptor, a callback or pushed data, and the application has not attached it again.
 */
#define FIO_E_SOURCE_NEEDED (-185)

/**
 * No upload with this id is known.
 */
#define FIO_E_UNKNOWN_UPLOAD (-186)

/**
 * The upload was queued for another project than the one the device is connected to now.
 */
#define FIO_E_OTHER_PROJECT (-187)

/**
 * The device was paused when the media was made (HTTP 409 `Channel Paused`): it must not be uploaded.
 */
#define FIO_E_CHANNEL_PAUSED (-188)

/**
 * The upload, or the queue, was paused by the application.
 */
#define FIO_E_UPLOAD_PAUSED (-189)

/**
 * None of the network interfaces that uploads may use is up.
 */
#define FIO_E_NO_INTERFACE (-190)

/**
 * The presigned URL of a part has expired: new ones are needed.
 */
#define FIO_E_URL_EXPIRED (-191)

/**
 * The storage does not know the upload (HTTP 404).
 */
#define FIO_E_UPLOAD_GONE (-192)

/**
 * The storage refused a part for another reason.
 */
#define FIO_E_STORAGE (-193)

/**
 * The storage received other bytes than were sent: the checksums differ.
 */
#define FIO_E_CHECKSUM (-194)

/**
 * The memory for pushed data is full: drive the client and push again.
 */
#define FIO_E_WOULD_BLOCK (-195)

/**
 * Ten assets were made for the file, and none of them was completed; the message says what went wrong last.
 * The upload waits: `fio_upload_retry` allows ten more.
 */
#define FIO_E_TOO_MANY_ASSETS (-196)

/**
 * The storage does not accept the presigned URL of a part (its signature, its rights), although its time is not over.
 */
#define FIO_E_URL_REFUSED (-197)

/**
 * An upload with this tag is in the list, or was sent or canceled before: `fio_upload_start` wrote its id.
 */
#define FIO_E_UPLOAD_EXISTS (-198)

/**
 * The part is larger than the storage, or something on the way, lets through (HTTP 413).
 */
#define FIO_E_PART_TOO_LARGE (-200)

/**
 * The file cannot be read at the moment: a busy, faulty or removed card. It is tried again.
 */
#define FIO_E_SOURCE_BUSY (-201)

/**
 * No operation.
 */
#define FIO_OP_NONE 0

/**
 * No upload.
 */
#define FIO_UPLOAD_NONE 0

/**
 * `fio_error.retry`: the same request will fail again until something else is changed.
 */
#define FIO_RETRY_NEVER 0

/**
 * `fio_error.retry`: try again later, not before `retry_after_ms` if that is not negative. A person may have to
 * act first: `advice` says so.
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
 * `fio_upload_info.state`: it is sent when its turn comes. While a host is left alone for a time, because it
 * has failed or asked for it (`Retry-After`), `reason` and `retry_in_ms` say why, and for how long.
 */
#define FIO_UPLOAD_QUEUED 1

/**
 * `fio_upload_info.state`: it is being sent.
 */
#define FIO_UPLOAD_UPLOADING 2

/**
 * `fio_upload_info.state`: something has to happen first: `reason` says what, and whether it is the
 * library's business (`retry_in_ms` is not negative), the application's (`FIO_E_UPLOAD_PAUSED`,
 * `FIO_E_SOURCE_NEEDED`), or a person's (`FIO_E_OTHER_PROJECT`, `FIO_E_NOT_AUTHORIZED`,
 * `FIO_E_TOO_MANY_ASSETS`).
 */
#define FIO_UPLOAD_WAITING 3

/**
 * `fio_upload_info.state`: over: the service has the whole file.
 */
#define FIO_UPLOAD_DONE 4

/**
 * `fio_upload_info.state`: over: `reason` says why. `fio_upload_retry` begins again.
 */
#define FIO_UPLOAD_FAILED 5

/**
 * `fio_upload_info.state`: over: it was made while a user had the device paused
 * (`FIO_E_CHANNEL_PAUSED`), so that the service does not take it.
 */
#define FIO_UPLOAD_SKIPPED 6

/**
 * `fio_upload_info.state`: over: the application canceled it.
 */
#define FIO_UPLOAD_CANCELED 7

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
 * nothing is renewed until `fio_refresh` is called or the client made again.
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
 * `fio_event.kind`: the device is in another project now (`device`, `previous_project_id`). What was
 * queued for the previous one waits (`FIO_E_OTHER_PROJECT`): see `fio_upload_move_to_project`.
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
 * `fio_event.kind`: an upload changed its state (`upload`: `state` and `reason`).
 */
#define FIO_EVENT_UPLOAD 12

/**
 * `fio_event.kind`: how far the uploads are (`totals`; `upload` is the one that `totals.current` names,
 * NULL if none is under way). Comes at the pace of `fio_config_set_progress_interval` while something
 * is under way, and once more when the last upload is over.
 */
#define FIO_EVENT_PROGRESS 13

/**
 * `fio_event.kind`: the device is paired, and this is what was last known of it, in an earlier life (`device`,
 * with its `age_seconds`). Comes once after the start, network or not; `FIO_EVENT_DEVICE` follows when the
 * service has been asked.
 */
#define FIO_EVENT_DEVICE_CACHED 14

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
 * Hybrid, and after a handshake that ended in silence without the post-quantum share. The default.
 */
#define FIO_KEY_EXCHANGE_AUTOMATIC 0

/**
 * Always with the share of X25519MLKEM768 first, where the TLS library knows it.
 */
#define FIO_KEY_EXCHANGE_HYBRID 1

/**
 * Elliptic curves alone (X25519, P-256, P-384): a ClientHello that fits into one packet.
 */
#define FIO_KEY_EXCHANGE_CLASSICAL 2

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
 * What one upload is to be: its source, its name, and so on. Opaque. Not to be used by two threads at
 * once; belongs to no client.
 *
 * Set at least a source, then start it. `fio_upload_start` copies it: it may be changed and started
 * again, for the next file, or freed.
 */
typedef struct fio_upload fio_upload;

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
 * Runs once when the library will not use `user` any more. A data callback, but without a client of its
 * own to name it may run inside any call.
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
     * Size of this struct in the library; it may grow at its end.
     */
    uint32_t struct_size;
    /**
     * A `FIO_PRESENCE_…`.
     */
    int32_t presence;
    /**
     * Number of the channel; 0 is the device's own.
     */
    uint32_t index;
    /**
     * 0.
     */
    int32_t reserved;
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
     * Identity of the project: compare this one. Never NULL; empty where the service names no project.
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
    /**
     * Seconds since the service told it: 0 for what has just come, -1 if the clock could not tell. Only
     * `fio_device_cached` and `FIO_EVENT_DEVICE_CACHED` give what is older.
     */
    int64_t age_seconds;
} fio_device;

/**
 * One upload, for ever: on one store ids are never reused, also not after a restart. 0
 * (`FIO_UPLOAD_NONE`) is no upload.
 */
typedef uint64_t fio_upload_id;

/**
 * One upload as it stands. New states may appear.
 */
typedef struct fio_upload_info {
    /**
     * Size of this struct in the library; it may grow at its end.
     */
    uint32_t struct_size;
    /**
     * A `FIO_UPLOAD_…`.
     */
    int32_t state;
    /**
     * The upload.
     */
    fio_upload_id id;
    /**
     * Bytes in all; for a recording that goes on, those known so far.
     */
    uint64_t size;
    /**
     * Bytes the storage has confirmed: these are safe. They become 0 again if it has to start over.
     */
    uint64_t confirmed;
    /**
     * Bytes handed to the network beyond those: `confirmed + in_flight` is for a smooth bar.
     */
    uint64_t in_flight;
    /**
     * Milliseconds until the next attempt while it waits for one, or is queued and its host is left alone for
     * a time; -1 otherwise.
     */
    int64_t retry_in_ms;
    /**
     * Higher goes first.
     */
    int32_t priority;
    /**
     * 1 while it is a recording that goes on, otherwise 0.
     */
    int32_t is_recording;
    /**
     * Why it waits, is queued for a host that is left alone, failed or was skipped; NULL if there is no reason.
     */
    const struct fio_error *reason;
    /**
     * The service's name for it. Never NULL; empty for a recording that has none yet.
     */
    const char *name;
    /**
     * For example `video/mp4`. Never NULL.
     */
    const char *media_type;
    /**
     * The path it is read from, as it was given: not necessarily UTF-8. NULL if the source is no path.
     */
    const char *path;
    /**
     * What `fio_upload_set_tag` gave, and a NUL behind it that does not count; NULL if there is none.
     */
    const uint8_t *tag;
    /**
     * Its id at the service, once it is there; otherwise NULL. `fio_comment` takes it.
     */
    const char *asset_id;
    /**
     * The project it was queued for; NULL as long as none is known.
     */
    const char *project_id;
    /**
     * Lengths of the above in bytes, 0 for NULL.
     */
    size_t name_length;
    size_t media_type_length;
    size_t path_length;
    size_t tag_length;
    size_t asset_id_length;
    size_t project_id_length;
    /**
     * Its parts that are on their way.
     */
    size_t parts_in_flight;
    /**
     * Bytes a second over the last minute, less what was lost when a connection broke; 0 if nothing of it was on its
     * way.
     */
    uint64_t minute_bytes_per_second;
    /**
     * Milliseconds until the next of its parts is safe, if the link goes on as it does; -1 while none is on its way, or
     * not enough is known of the link.
     */
    int64_t part_safe_in_ms;
    /**
     * Attempts that failed since something of it last went well.
     */
    uint32_t failed_attempts;
    /**
     * 1 while the link breaks again and again before a part of that size is through, otherwise 0: nothing of it will
     * arrive until the link is better, or `fio_upload_set_parts` asks for more and smaller parts next time.
     */
    int32_t is_link_too_weak;
} fio_upload_info;

/**
 * What is left to do, for the screen.
 */
typedef struct fio_totals {
    /**
     * Size of this struct in the library; it may grow at its end.
     */
    uint32_t struct_size;
    /**
     * 1 while the whole queue is paused (`fio_queue_pause`), otherwise 0.
     */
    int32_t is_paused;
    /**
     * The upload that is furthest ahead in the queue and under way; `FIO_UPLOAD_NONE` if there is none.
     */
    fio_upload_id current;
    /**
     * Uploads that are queued, uploading or waiting.
     */
    uint64_t files_left;
    /**
     * What they still have to send, in bytes.
     */
    uint64_t bytes_left;
    /**
     * How many uploads are in each state; of those that are done or canceled, the ones still remembered
     * (`fio_config_set_history`).
     */
    uint64_t queued;
    uint64_t uploading;
    uint64_t waiting;
    uint64_t done;
    uint64_t failed;
    uint64_t skipped;
    uint64_t canceled;
    /**
     * What leaves, smoothed over some seconds; 0 while nothing moves.
     */
    uint64_t bytes_per_second;
    /**
     * `bytes_left` at the rate at which whole parts arrived lately, breaks of the network included: what is on its way when
     * it breaks is sent again. Before the first part, by the bytes that the other end has received. -1 while
     * nothing moves, or no part gets through.
     */
    int64_t seconds_left;
    /**
     * Bytes a second over the last minute, less what was lost when a connection broke; 0 if nothing was on its way.
     */
    uint64_t minute_bytes_per_second;
    /**
     * Milliseconds until the next part is safe, if the link goes on as it does: power or network had better stay that
     * long. -1 while none is on its way, or not enough is known of the link.
     */
    int64_t part_safe_in_ms;
    /**
     * Parts on their way, of all uploads.
     */
    uint32_t parts_in_flight;
    /**
     * 1 while uploads are left and the link breaks again and again before even one of the smallest parts (5 MiB) is
     * through, otherwise 0. Nothing but a better link helps.
     */
    int32_t is_link_too_weak;
} fio_totals;

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
    /**
     * Or NULL.
     */
    const struct fio_upload_info *upload;
    /**
     * Or NULL.
     */
    const struct fio_totals *totals;
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
 * Fills all of `buffer` with `length` random bytes that nobody can predict. Return 0, or a negative value for
 * a failure; 0 with a buffer that was not filled is `FIO_E_ENTROPY`. A data callback.
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

/**
 * Reads at most `length` bytes of an upload from `offset` on into `buffer`. Return how many it were
 * (fewer than asked for is no failure: the library asks again), 0 if there are none at this offset, or a
 * negative value for a failure (`FIO_E_SOURCE_READ`). Bytes may be asked for several times, in any
 * order: answer the same each time. A data callback, and a quick one: the network waits for it.
 */
typedef int64_t (*fio_read_cb)(void *user,
                               uint64_t offset,
                               uint8_t *buffer,
                               size_t length);

/**
 * One upload of the list that `fio_queue_list` shows, from inside that call. `info` is valid during the
 * callback. It may call what a completion may call.
 */
typedef void (*fio_upload_cb)(void *user,
                              const struct fio_upload_info *info);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a configuration with the default of every setting.
 *
 * @param config  [out] set to NULL first, to the configuration on `FIO_OK`; free it with
 *                `fio_config_free`
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL`
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
 * Returns:   `FIO_OK` | `FIO_E_HANDLE`
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
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8`
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
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8`
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
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8` |
 *            `FIO_E_VERSION`
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
 * The parts of uploads go, without the token and by https, to the presigned URLs that the service hands out.
 * Their host is the service's choice and none is refused: it may be one in the device's own network or
 * the device itself, in each spelling that libcurl knows (`0x7f.1` is 127.0.0.1). What protects such hosts
 * is that they need a certificate for that name from the CA. A URL with a user's name or password in
 * it is refused (`FIO_E_URL`).
 *
 * @param config  the configuration
 * @param url     `https://host` or `https://host:port`, at most 255 bytes, without user, path or
 *                query (one final `/` is allowed); copied
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8` | `FIO_E_URL`
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
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8` | `FIO_E_CA`
 *            (missing, unreadable, not PEM) | `FIO_E_NOMEM` (no descriptors)
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
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (impossible length) | `FIO_E_CA` (not PEM)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_ca_pem(struct fio_config *config,
                                 const char *pem,
                                 size_t length);

/**
 * Keeps the authorization and the queue in a directory: one file per record (a small one for each
 * upload), readable by the owner only, replaced atomically (temporary file, fsync, rename, fsync of the
 * directory). One client at a time: a second one on the same directory, in any process, is refused by
 * `fio_client_new`, until the first is freed or its process ends, also if a forked child lives on. Without
 * this and without `fio_config_set_store`, everything is forgotten with the client.
 *
 * Who else can put files there could plant records: the directory must belong to the user of the process or
 * to root, and must not be writable by every user, nor by a group other than the process's own (or root's).
 * Else `fio_client_new` answers `FIO_E_STORE_UNSAFE`. File systems that keep neither owners nor modes (FAT,
 * exFAT, NTFS, CIFS, FUSE) are not asked: there, anybody who can write to the card can change records that no
 * key seals (`fio_config_set_store_key`), so that the library sends other files of this device, or to other
 * hosts. The last part of the path may be a link if it belongs to the same user or to root; below the
 * directory no link is followed, and only plain files are read or replaced.
 *
 * A file system without locks (some NFS and FUSE): a second client is noticed on the same machine only. One
 * that cannot synchronize: a power cut may cost what was just written. Either is logged once, as a warning.
 *
 * @param config  the configuration
 * @param path    the directory, at most 4095 bytes, on a file system that keeps what fsync wrote; it
 *                is made (mode 0700) if its parent exists; copied
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8`
 * Callbacks: none
 * Blocking:  never (the directory is opened by `fio_client_new`)
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_store_dir(struct fio_config *config,
                                    const char *path);

/**
 * Keeps the authorization and the queue with the application's own functions, for devices without a file
 * system. There is one record for each upload (and a second one for the presigned URLs of its parts, if they
 * are many), saved when it is started and whenever a part of it is begun or has arrived: what a save
 * costs does not depend on the length of the queue.
 *
 * @param config   the configuration
 * @param load     reads a record; must not be NULL
 * @param save     replaces a record atomically; must not be NULL
 * @param erase    erases a record; must not be NULL
 * @param list     lists the keys; must not be NULL
 * @param user     passed to all four; may be NULL
 * @param destroy  called when `user` is not needed any more; may be NULL
 *
 * Returns:   `FIO_OK`. On failure `destroy` is not called.
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
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (another length)
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
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (unknown level). On failure `destroy` is not called.
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
 * failing, retries; and of how uploads go.
 *
 * @param config   the configuration
 * @param callback receives the events; NULL means none
 * @param user     passed to the callback; may be NULL
 * @param destroy  called when `user` is not needed any more; may be NULL
 *
 * Returns:   `FIO_OK`. On failure `destroy` is not called.
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
 * Forces one encoding on all auth requests. By default an endpoint that answers the first use of the documented one
 * with `invalid_request` is asked once more in the other one, which is remembered if it is understood.
 *
 * @param config    the configuration
 * @param encoding  a `FIO_ENCODING_…`
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (unknown encoding)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_encoding(struct fio_config *config,
                                   int32_t encoding);

/**
 * Says which key exchange connections begin with. A hybrid one (X25519MLKEM768) is safe from the quantum computers of
 * later, but its ClientHello is larger than one packet, and some networks (PPPoE, VPN, LTE) swallow large packets: a
 * connection is made there, its handshake gets no answer and ends with `FIO_E_TIMEOUT`. By default the next connection
 * then goes without the post-quantum share, and so do those after it as long as that works and until
 * `fio_network_changed`. The bundled library knows X25519MLKEM768; with the system's libcurl, OpenSSL 3.5 or newer does.
 * With another TLS library than these this has no effect.
 *
 * @param config    the configuration
 * @param exchange  a `FIO_KEY_EXCHANGE_…`
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (unknown key exchange)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_key_exchange(struct fio_config *config,
                                       int32_t exchange);

/**
 * Says whether the device can show a link or a QR. On by default; off for devices that show digits
 * only.
 *
 * @param config   the configuration
 * @param enabled  0 or 1
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (neither 0 nor 1)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_url_pairing(struct fio_config *config,
                                      int32_t enabled);

/**
 * Sets how long requests may take. (Parts of uploads take as long as they need:
 * `fio_config_set_stall_timeout`.)
 *
 * @param config      the configuration
 * @param connect_ms  until the connection stands, name lookup and TLS included: 1 to 600,000, default
 *                    10,000
 * @param request_ms  for a whole request: 1 to 600,000, default 40,000 (the service itself gives up
 *                    after 30 s and says so)
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (outside the range)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_timeouts(struct fio_config *config,
                                   int32_t connect_ms,
                                   int32_t request_ms);

/**
 * Sets how long a part of an upload may go without any progress before its connection is given up and the
 * part is sent again. There is no limit to a part as a whole: a slow network is no failure.
 *
 * @param config    the configuration
 * @param stall_ms  1000 to 600,000, default 60,000
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (outside the range)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_stall_timeout(struct fio_config *config,
                                        int32_t stall_ms);

/**
 * Sets the address of a host by hand instead of asking DNS. May be called for several hosts; the
 * certificate is checked against the host's name all the same.
 *
 * @param config   the configuration
 * @param host     the name, at most 253 bytes; copied
 * @param port     1 to 65535
 * @param address  an IPv4 or IPv6 address; copied
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (no such port, not an address, empty, too long, control characters)
 *            | `FIO_E_UTF8`
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
 * Sets whether the library notices by itself that the network is another one, or there again: while there are uploads,
 * it listens to the kernel for interfaces, addresses and default routes that come and go (rtnetlink), and then does what
 * `fio_network_changed` does. That takes one more descriptor for that time. Where a process may not use netlink, with
 * `FIO_POLLER_PORTABLE`, and on other systems than Linux, nothing is listened to, and a lost network is tried again
 * as without it.
 *
 * @param config   the configuration
 * @param enabled  1 to notice it, the default; 0 for an application that calls `fio_network_changed` itself, or must
 *                 not use netlink
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (neither 0 nor 1)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_network_watch(struct fio_config *config,
                                        int32_t enabled);

/**
 * Sets how the library waits; see `fio_fd`.
 *
 * @param config  the configuration
 * @param poller  a `FIO_POLLER_…`
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (unknown poller)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_poller(struct fio_config *config,
                                 int32_t poller);

/**
 * Sets how many parts travel side by side, of one upload or of several. More of them fill a fast line
 * with a long way (each has a connection of its own); fewer leave more of a slow one to others. Memory
 * depends on this and not on the size of files, but for the presigned URLs of the parts: some hundred bytes each,
 * while the upload is at work.
 *
 * @param config  the configuration
 * @param parts   1 to 32, default 5
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (outside the range)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_parallel_parts(struct fio_config *config,
                                         uint32_t parts);

/**
 * Sets how often `FIO_EVENT_PROGRESS` comes while something is being sent.
 *
 * @param config       the configuration
 * @param interval_ms  100 to 60,000, default 1000; 0 turns it off
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (outside the range)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_progress_interval(struct fio_config *config,
                                            int32_t interval_ms);

/**
 * Sets how many uploads that are done or canceled are remembered, also across restarts; of more than
 * these the oldest are forgotten. Each takes a small record in the store. What failed or was skipped
 * needs a person and is always remembered: until `fio_upload_retry` or `fio_upload_remove`. This is about the
 * list; that a clip was sent is known longer, by its tag (`fio_config_set_tag_memory`).
 *
 * @param config   the configuration
 * @param uploads  0 to 10,000, default 100. With 0, `FIO_EVENT_UPLOAD` is the only trace of a good end.
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (outside the range)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_history(struct fio_config *config,
                                  uint32_t uploads);

/**
 * Sets how many tags are remembered of uploads that were sent or canceled and are not in the list any more
 * (`fio_config_set_history`, `fio_upload_remove`), so that `fio_upload_start` sends no clip twice. Also across
 * restarts; until `fio_queue_forget_tags`.
 *
 * A tag costs 24 bytes in memory and in the store, however long it is: 2.4 MB for 100,000 of them, once so many
 * were sent. They are in records of at most 48 KiB. So many are remembered at least, and up to 2,176 more; of
 * more the oldest are forgotten.
 *
 * @param config  the configuration
 * @param tags    0 to 1,000,000, default 100,000. With 0, only the tags of uploads in the list are known, and
 *                what the store remembers of others is forgotten.
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (outside the range)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_tag_memory(struct fio_config *config,
                                     uint32_t tags);

/**
 * Sets the limit a client begins with; see `fio_queue_set_bandwidth`.
 *
 * @param config            the configuration
 * @param bytes_per_second  for all uploads together; 0 means no limit (the default)
 *
 * Returns:   `FIO_OK`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_bandwidth(struct fio_config *config,
                                    uint64_t bytes_per_second);

/**
 * Sets the interfaces a client begins with; see `fio_queue_set_interfaces`.
 *
 * @param config  the configuration
 * @param names   such as `wlan0`, the preferred first: up to 16, each 1 to 15 visible ASCII characters
 *                without `/` and `!`; copied. NULL with count 0 allows all (the default).
 * @param count   how many
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` (also one of the names) | `FIO_E_ARGUMENT` (no such name, or more than
 *            16) | `FIO_E_UTF8`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_config_set_interfaces(struct fio_config *config,
                                     const char *const *names,
                                     size_t count);

/**
 * Declares the earliest time that can be true, for example when the firmware was built. While the
 * device's clock is before it, operations that need the network answer `FIO_E_CLOCK`, since TLS would
 * fail for a reason that sounds like something else.
 *
 * @param config   the configuration
 * @param earliest seconds since 1970-01-01 UTC; 0 or less takes the declaration away (the default)
 *
 * Returns:   `FIO_OK`
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
 * Returns:   `FIO_OK`. On failure `destroy` is not called.
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
 * Adds a source of random numbers (nonces of sealed records, jitter of retries), for devices with a hardware
 * generator. Its numbers are mixed with those of the operating system, if that has any.
 *
 * @param config   the configuration
 * @param fill     or NULL for the operating system's
 * @param user     passed to `fill`; may be NULL
 * @param destroy  called when `user` is not needed any more; may be NULL
 *
 * Returns:   `FIO_OK`. On failure `destroy` is not called.
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
 * Reads the store and takes up the authorization and the queue it holds. Sends nothing: a refresh that is
 * due leaves with the first `fio_drive`, and so do uploads: each goes on where it was, files being
 * opened again by their path. Those whose source was a descriptor, a reader or pushed data wait until
 * the application attaches it (`fio_upload_attach`; find them with `fio_queue_list`), and recordings
 * until it goes on with them or finishes them.
 *
 * A record that cannot be trusted is kept aside and reported with the first events; it does not prevent
 * the start. Nor does a directory that cannot be written now: the library goes on in memory, tells
 * (`FIO_EVENT_STORE_FAILED`), and keeps trying.
 *
 * @param config  what to use; copied, may be freed or changed afterwards. On failure
 *                `fio_config_error(config)` has the details.
 * @param client  [out] set to NULL first, to the client on `FIO_OK`; free it with `fio_client_free`
 *
 * Returns:   `FIO_OK` | `FIO_E_INCOMPLETE` (no client id or secret) | `FIO_E_CA` (none given and none found)
 *            | `FIO_E_STORE`, `FIO_E_STORE_FULL`, `FIO_E_STORE_READ_ONLY` (the directory is not there and
 *            cannot be made, or cannot be read) | `FIO_E_STORE_LOCKED` (in use) | `FIO_E_STORE_UNSAFE`
 *            (others can write to it: the message says who) | `FIO_E_NOMEM` (no descriptors) |
 *            `FIO_E_ENTROPY`
 * Callbacks: store, clock, entropy and log callbacks, if set
 * Blocking:  reads the store, may write to it and open the files of uploads; no network
 * Threads:   the config must not be in use by another thread
 * Since:     0.1.0
 */
FIO_API
fio_status fio_client_new(struct fio_config *config,
                          struct fio_client **client);

/**
 * Frees a client. Every operation that is still running completes with `FIO_E_CANCELED` before this
 * returns; no event comes any more. Uploads are broken off, not canceled: they are in the store, and the
 * next client on it goes on with them. (Without a store they are forgotten.)
 *
 * Allowed inside every callback of the same client: the callback goes on undisturbed, the client goes
 * away when the outermost call ends, and that call returns `FIO_E_CLOSED`. Calls in between answer
 * `FIO_E_CLOSED` too.
 *
 * @param client  NULL is allowed and does nothing
 *
 * Returns:   `FIO_OK` | `FIO_E_HANDLE` | `FIO_E_BUSY` (another thread is inside a call: nothing was freed)
 * Callbacks: the completions of running operations; store, clock, entropy and log callbacks, if set; the
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
 *                    soon as a callback was made, or would have been made for an event if one were
 *                    set; as `fio_wakeup` or `fio_cancel` was called; or a signal handler ran.
 *
 * Returns:   `FIO_OK` | `FIO_E_REENTRANT` (inside a callback) | `FIO_E_CLOSED` (freed by one of its
 *            callbacks: do not use the pointer any more) | `FIO_E_NOMEM` | `FIO_E_NETWORK`
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
 *            names), or, if the wait itself failed: `FIO_E_UNKNOWN_OP` | `FIO_E_REENTRANT` (inside a callback)
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
 * Returns:   the descriptor, 0 or more | `FIO_E_UNSUPPORTED` (no epoll: use `fio_timeout_ms` and
 *            `fio_drive`)
 * Callbacks: none
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
int32_t fio_fd(struct fio_client *client);

/**
 * How long a loop of the application's own may sleep before it calls `fio_drive`, if it watches no
 * descriptor. With the default poller this speaks of timers only, and `fio_fd` (which has the timer in it)
 * says what arrives: a loop that only sleeps sets `FIO_POLLER_PORTABLE`, with which the time is short while
 * answers are awaited.
 *
 * @param client      the client
 * @param timeout_ms  [out] milliseconds, 0 for now, -1 for no need at all
 *
 * Returns:   `FIO_OK`
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
 * one is woken), unless it ends by itself before that. Canceling `fio_poll` keeps its code: a new
 * `fio_poll` goes on at the server's pace. Canceling `fio_pair` abandons its code; if the user
 * approves it all the same, the tokens are given back to the service.
 *
 * @param client  the client
 * @param op      the operation
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_FORKED` | `FIO_E_UNKNOWN_OP` (not running)
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
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_FORKED`
 * Callbacks: none
 * Blocking:  never
 * Threads:   any, at any time, also inside every callback; not from a signal handler
 * Since:     0.1.0
 */
FIO_API
fio_status fio_wakeup(struct fio_client *client);

/**
 * Says that the network is another one now, or there again: parts of uploads that stand still are started over, and
 * what waits for the network is tried at once. What a server has asked for is kept. Without this call the library
 * tries a lost network every second or two, and less often the longer it has been away; on Linux it notices most changes
 * itself (`fio_config_set_network_watch`). Whether a large ClientHello gets
 * through (`fio_config_set_key_exchange`) is found out again.
 *
 * @param client  the client
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_FORKED` | `FIO_E_PANIC`
 * Callbacks: none before it returns
 * Blocking:  never
 * Threads:   any, at any time, also inside every callback; not from a signal handler
 * Since:     0.1.0
 */
FIO_API
fio_status fio_network_changed(struct fio_client *client);

/**
 * Asks the service for a pairing code (`POST /v2/auth/device/code`, RFC 8628 section 3.1; where that
 * answers 404, the older `/v2/device/code`, which is then remembered; as is the encoding, see
 * `fio_config_set_encoding`). Show the code, then call `fio_poll`. A code that is there already is given up.
 *
 * @param client  the client
 * @param done    receives the code or the error; must not be NULL
 * @param user    passed to `done`; may be NULL
 * @param op      [out] the operation; may be NULL
 *
 * Returns:   `FIO_OK` (started) | `FIO_E_IN_PROGRESS` (another pairing call is running) | `FIO_E_CLOCK`
 * Ends with: the code, or `FIO_E_CANCELED`; a network error (`FIO_E_DNS` to `FIO_E_CA_FILE`, `FIO_E_CA`,
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
 * pace: the interval belongs to the code, so canceling and calling again does not make it faster;
 * `slow_down` is obeyed. A network that fails, a TLS failure, and an answer that is not the service's decision
 * (a captive portal's page, a proxy's refusal, half a body) are polled on after, more slowly, for as long as the
 * code lives, with a `FIO_EVENT_RETRYING` each time. On success the tokens are stored before `done` runs, and
 * device information is fetched (`FIO_EVENT_DEVICE`).
 *
 * @param client  the client
 * @param done    called when it is over; may be NULL
 * @param user    passed to `done`; may be NULL
 * @param op      [out] the operation; may be NULL
 *
 * Returns:   `FIO_OK` (started) | `FIO_E_NO_CODE` (call `fio_request_code` first) | `FIO_E_IN_PROGRESS` |
 *            `FIO_E_CLOCK`
 * Ends with: `FIO_OK` (authorized) | `FIO_E_ACCESS_DENIED` | `FIO_E_EXPIRED_TOKEN` (the code ran out) |
 *            `FIO_E_INVALID_GRANT` | `FIO_E_INVALID_CLIENT` | `FIO_E_INVALID_REQUEST` |
 *            `FIO_E_INVALID_SCOPE` | `FIO_E_UNAUTHORIZED_CLIENT` | `FIO_E_UNSUPPORTED_GRANT_TYPE` |
 *            `FIO_E_CANCELED`. All but the last are the service's own words (HTTP 400 or 401), or the end of
 *            the code's life. After those that do not end the code itself, `fio_poll` may be called again.
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
 * call a camera needs. Where no code can be had because there is no network, or because something answers in
 * place of the service (a captive portal), it asks again by itself until `fio_cancel`, with a
 * `FIO_EVENT_RETRYING` each time, whose `error` says what a person can do.
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
 * Returns:   `FIO_OK` (started) | `FIO_E_ARGUMENT` (max_codes) | `FIO_E_IN_PROGRESS` | `FIO_E_CLOCK`
 * Ends with: the device; any error that `fio_poll` and `fio_device_info` name; of those that `fio_request_code`
 *            names, the service's refusals: the OAuth errors, `FIO_E_BAD_REQUEST`, `FIO_E_UNAUTHORIZED`,
 *            `FIO_E_CONFLICT`, `FIO_E_UNPROCESSABLE`; `FIO_E_EXPIRED_TOKEN` when the last code ran out. If the error came after the approval
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
 * Returns:   `FIO_OK` (started) | `FIO_E_NOT_AUTHORIZED` | `FIO_E_STATE` (the service gave no refresh token)
 *            | `FIO_E_CLOCK`
 * Ends with: `FIO_OK` | `FIO_E_AUTHORIZATION_LOST` (a clear refusal: pair again; also
 *            `FIO_EVENT_AUTHORIZATION_LOST`) | `FIO_E_INVALID_CLIENT`, `FIO_E_UNAUTHORIZED_CLIENT` (the
 *            service refuses the client secret; the pairing is kept) | `FIO_E_NOT_AUTHORIZED` (revoked
 *            meanwhile) | `FIO_E_CANCELED` | a network error (`FIO_E_DNS` to `FIO_E_CA_FILE`, `FIO_E_CA`,
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
 * Returns:   `FIO_OK` (started) | `FIO_E_NOT_AUTHORIZED` | `FIO_E_CLOCK`
 * Ends with: `FIO_OK` | `FIO_E_CANCELED` | a network error (`FIO_E_DNS` to `FIO_E_CA_FILE`, `FIO_E_CA`,
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
 * Returns:   a `FIO_AUTH_…`
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
 * good until the next refresh; on a 401 call `fio_refresh` and read it again.
 *
 * @param client    the client
 * @param buffer    [out] receives the token without a terminating NUL; NULL with capacity 0 asks for
 *                  the length
 * @param capacity  size of `buffer` in bytes
 * @param length    [out] the token's length; also written with `FIO_E_BUFFER`
 *
 * Returns:   `FIO_OK` | `FIO_E_BUFFER` (too small; nothing copied) | `FIO_E_NOT_AUTHORIZED` |
 *            `FIO_E_TOKEN_EXPIRED`
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
 * Returns:   `FIO_OK` (started) | `FIO_E_NOT_AUTHORIZED` | `FIO_E_CLOCK`
 * Ends with: the device | `FIO_E_CANCELED` | `FIO_E_UNAUTHORIZED` (401 in spite of a new token) |
 *            `FIO_E_AUTHORIZATION_LOST`, `FIO_E_NOT_AUTHORIZED`, `FIO_E_TOKEN_EXPIRED` (no token could be
 *            had) | `FIO_E_INVALID_CLIENT` | a network error (`FIO_E_DNS` to `FIO_E_CA_FILE`, `FIO_E_CA`,
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
 * Gives device information as it was last known, without asking anybody: also right after `fio_client_new`,
 * where there is no network. It is kept with the tokens. A new pairing and `fio_revoke` forget it; an
 * authorization that the service has ended does not, so that the project can still be named.
 *
 * @param client  the client
 * @param device  [out] set to NULL first, to the device on `FIO_OK`; its `age_seconds` says how old it is. Valid
 *                until the next `fio_device_cached` on this client, or until it is freed
 *
 * Returns:   `FIO_OK` | `FIO_E_DEVICE_UNKNOWN` (the service has not told of it since the pairing, or there
 *            is none)
 * Callbacks: none
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_device_cached(struct fio_client *client,
                             const struct fio_device **device);

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
 * Returns:   `FIO_OK` (started) | `FIO_E_NOT_AUTHORIZED` | `FIO_E_CLOCK`
 * Ends with: `FIO_OK` | `FIO_E_CANCELED` | `FIO_E_UNAUTHORIZED` (401 in spite of a new token) |
 *            `FIO_E_AUTHORIZATION_LOST`, `FIO_E_NOT_AUTHORIZED`, `FIO_E_TOKEN_EXPIRED` (no token could be
 *            had) | `FIO_E_INVALID_CLIENT` | a network error (`FIO_E_DNS` to `FIO_E_CA_FILE`, `FIO_E_CA`,
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
 * successful call to the API (uploads to storage hosts do not count), never more than one a minute, over restarts
 * too: if one would come too soon after a start, device information is asked for instead. It takes effect while the device is paired, now or later; it is forgotten with the client. A heartbeat
 * that fails is tried again after a minute and told as `FIO_EVENT_RETRYING`. Send none with `fio_heartbeat`
 * beside it: that one keeps no distance, and the service wants no two within a minute.
 *
 * @param client  the client
 * @param online  1 to be visible, 0 to stop (the default); the service shows the device as offline 300
 *                seconds after the last call
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (neither 0 nor 1)
 * Callbacks: none
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_set_online(struct fio_client *client,
                          int32_t online);

/**
 * Makes the description of an upload, with the default of every setting and without a source.
 *
 * @param upload  [out] set to NULL first, to the description on `FIO_OK`; free it with
 *                `fio_upload_free`
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_new(struct fio_upload **upload);

/**
 * Frees the description. Uploads started from it are not affected: they go on.
 *
 * @param upload  NULL is allowed and does nothing
 *
 * Returns:   `FIO_OK` | `FIO_E_HANDLE`
 * Callbacks: `destroy` of a reader that no upload uses
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_free(struct fio_upload *upload);

/**
 * The error of the last setter that failed on this description. (`fio_upload_start` and
 * `fio_upload_attach` leave theirs at the client: `fio_client_error`.)
 *
 * @param upload  NULL gives NULL
 *
 * Returns:   the error, valid until the next setter on this description fails or it is freed; NULL if
 *            none failed
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
const struct fio_error *fio_upload_error(const struct fio_upload *upload);

/**
 * Takes the bytes from a file, by its path. It is opened by `fio_upload_start`, read while it is sent,
 * and opened again by itself after a restart: the source that needs the least. Replaces another source.
 *
 * The file must stay as it is until the upload is over: the library looks before and after each part,
 * and one that was changed meanwhile fails with `FIO_E_SOURCE_CHANGED` rather than arriving mixed; one
 * that is gone, with its card for example, fails with `FIO_E_SOURCE_MISSING`. `fio_upload_retry` takes it
 * up again. (A recording may grow; see `fio_upload_set_recording`.)
 *
 * @param upload  the description
 * @param path    1 to 4096 bytes, in whatever encoding the system's paths have: it need not be UTF-8;
 *                copied. Let it be absolute: a relative one is looked up from the working directory
 *                each time, also after a restart. The file need not exist before `fio_upload_start`.
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long)
 * Callbacks: `destroy` of an earlier reader that no upload uses
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_path(struct fio_upload *upload,
                               const char *path);

/**
 * Takes the bytes from an open file, for files without a name or beyond a sandbox. Replaces another
 * source. Give the upload a name as well (`fio_upload_set_name`): a descriptor has none.
 *
 * A descriptor does not outlive the process: after a restart the upload waits with
 * `FIO_E_SOURCE_NEEDED` until `fio_upload_attach`. The file must stay as it is until the upload is
 * over, as with `fio_upload_set_path`.
 *
 * @param upload  the description
 * @param fd      a plain file, open for reading; duplicated (close-on-exec), so that it may be closed
 *                afterwards. It is read at offsets: its own position does not matter and is not moved.
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (negative, or not open) | `FIO_E_SOURCE_KIND` (a pipe, a socket, a
 *            directory, a device) | `FIO_E_SOURCE_READ` (not open for reading) | `FIO_E_NOMEM` (no
 *            descriptors)
 * Callbacks: `destroy` of an earlier reader that no upload uses
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_descriptor(struct fio_upload *upload,
                                     int32_t fd);

/**
 * Takes the bytes from a function of the application, for media that is no file: raw flash, a block
 * device, a proxy made on the fly. Replaces another source. Give the upload a name as well
 * (`fio_upload_set_name`).
 *
 * The library reads at any offset, several parts side by side, and the same bytes again after a
 * failure: the function must answer the same each time. After a restart the upload waits with
 * `FIO_E_SOURCE_NEEDED` until `fio_upload_attach`.
 *
 * One registration serves all uploads started from this description: `destroy` runs when the last of
 * them is over and the description is freed or has another source. It may run inside any call.
 *
 * @param upload  the description
 * @param size    how many bytes there are, 1 or more. For a recording: how many there can be at most, up
 *                to 5,497,558,138,880 (5 TiB); `fio_upload_advance` says how many there are, and
 *                `fio_upload_finish` how many there were.
 * @param read    the function; must not be NULL
 * @param user    passed to `read`; may be NULL
 * @param destroy called when `user` is not needed any more; may be NULL
 *
 * Returns:   `FIO_OK`. On failure `destroy` is not called.
 * Callbacks: `destroy` of an earlier reader that no upload uses
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_reader(struct fio_upload *upload,
                                 uint64_t size,
                                 fio_read_cb read,
                                 void *user,
                                 fio_destroy_cb destroy);

/**
 * Takes the bytes from `fio_upload_push`, for encoders that write to no file. For recordings only
 * (`fio_upload_set_recording`). Replaces another source. Give the upload a name or an extension as well.
 *
 * What was pushed stays in memory until the part it belongs to has arrived, so that it can be sent
 * again. After a restart the upload waits with `FIO_E_SOURCE_NEEDED`; see `fio_upload_push`. It cannot be
 * started over, since its first bytes are nowhere any more: where another upload would, it fails.
 *
 * @param upload  the description
 *
 * Returns:   `FIO_OK`
 * Callbacks: `destroy` of an earlier reader that no upload uses
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_pushed(struct fio_upload *upload);

/**
 * Names the asset at the service.
 *
 * @param upload  the description
 * @param name    1 to 255 bytes of UTF-8 without control characters, not only spaces; copied. It need
 *                not be the file's own, and may contain what a file's name cannot. NULL means the
 *                file's own name, the last part of its path (the default); other sources have none, so
 *                they need this, or for a recording an extension.
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_name(struct fio_upload *upload,
                               const char *name);

/**
 * Says how the name of a recording will end, where the name itself is known only when it stops
 * (`fio_upload_finish`). Until then the service shows a placeholder with this extension. Ignored if a
 * name is set, and for uploads that are no recordings.
 *
 * @param upload     the description
 * @param extension  with its dot, such as `.mp4`: 2 to 32 bytes of UTF-8 without control characters,
 *                   slashes and further dots; copied. NULL means none (the default).
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (no dot at the beginning, too short, too long, control characters,
 *            slashes, further dots) | `FIO_E_UTF8`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_extension(struct fio_upload *upload,
                                    const char *extension);

/**
 * Says what kind of media it is (MIME, RFC 9110 section 8.3.1). The storage keeps it with the file.
 *
 * @param upload      the description
 * @param media_type  such as `video/mp4`: 3 to 127 bytes, without parameters; copied. NULL means the
 *                    one that belongs to the name's extension, `application/octet-stream` if it is not
 *                    known (the default).
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (not a type, a slash and a subtype, or too long) | `FIO_E_UTF8`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_media_type(struct fio_upload *upload,
                                     const char *media_type);

/**
 * Says which channel of the device it comes from. The service files and pauses channels separately.
 *
 * @param upload   the description
 * @param channel  the number of the channel (`fio_channel.index`); 0, the device's own, is the default
 *
 * Returns:   `FIO_OK`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_channel(struct fio_upload *upload,
                                  uint32_t channel);

/**
 * Says when the media was made. Two things depend on it: the folder by date it is filed in, and whether
 * it may be sent at all: a user can pause the device at the service, and what is made during a pause
 * must not be uploaded, not even later, while what was made before it may. The service decides by the
 * age in seconds that the library tells it, as it is at each attempt.
 *
 * The age is the difference to the device's clock at `fio_upload_start`, so that a clock that is wrong
 * but runs does no harm; from then on it is counted on a clock that does not jump (after a restart on the
 * device's clock again). A moment in the future counts as now. Give the moment the recording began: what
 * was begun before a pause may be sent.
 *
 * @param upload   the description
 * @param seconds  since 1970-01-01 UTC on the device's clock. 0 or less means what the file says (the
 *                 default): when it was made, where the file system knows that, otherwise when it was
 *                 last changed. For a recording, and with a reader, the default is the moment of
 *                 `fio_upload_start`.
 *
 * Returns:   `FIO_OK`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_created(struct fio_upload *upload,
                                  int64_t seconds);

/**
 * Gives the upload a mark of the application's own, kept with it and shown in `fio_upload_info.tag`. Not sent
 * to the service.
 *
 * A tag stands for one clip: `fio_upload_start` takes no second one with the tag of an upload that is in the
 * list, or was sent or canceled before (`FIO_E_UPLOAD_EXISTS`). So an application may start an upload for
 * every file on a card, as often as it likes: each is sent once. What a tag is made of must therefore be
 * another for another clip: an id from the clip's own metadata, or the card's id, the file's name and the
 * time of its making. A name alone comes again after a card was formatted, and its clip would not be sent;
 * where there is nothing better, say when that happens (`fio_queue_forget_tags`).
 *
 * It is also how an application finds its uploads again after a restart (`fio_upload_find`,
 * `fio_queue_list`), above all those whose source it has to attach.
 *
 * @param upload  the description
 * @param tag     up to 1024 bytes of any kind; copied. NULL with length 0 means none (the default).
 * @param length  how many
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (too long)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_tag(struct fio_upload *upload,
                              const uint8_t *tag,
                              size_t length);

/**
 * Says that it is to be sent although an upload with its tag is known: because a person wants a clip once
 * more, for example in another project. Both have the tag then, and `fio_upload_find` finds the newer one.
 *
 * @param upload   the description
 * @param enabled  0 (the default) or 1
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (neither 0 nor 1)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_again(struct fio_upload *upload,
                                int32_t enabled);

/**
 * Says how urgent it is. Uploads of the same priority are sent in the order in which they were started.
 *
 * @param upload    the description
 * @param priority  higher goes first; 0 is the default
 *
 * Returns:   `FIO_OK`
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_priority(struct fio_upload *upload,
                                   int32_t priority);

/**
 * Asks the service for so many parts. What is lost when a connection breaks is one part at most, and
 * parts travel side by side; but each one costs a request. Fewer are asked for where parts would become
 * smaller than the storage takes (5 MiB), and the service has the last word. Not for recordings.
 *
 * @param upload  the description
 * @param parts   1 to 10,000; 0 lets the library choose by what it knows of the link, or leave it to the service on a
 *                fast one (the default)
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (more than 10,000)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_parts(struct fio_upload *upload,
                                uint32_t parts);

/**
 * Compares the checksum (MD5) of every part with the one the storage made of what it received, where it
 * tells one, and sends a part again if they differ (`FIO_E_CHECKSUM`). TLS protects what is on its way
 * already; this is against faults of memory and drivers, and costs the time to compute it.
 *
 * @param upload   the description
 * @param enabled  0 (the default) or 1
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (neither 0 nor 1)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_verify(struct fio_upload *upload,
                                 int32_t enabled);

/**
 * Makes it a recording: it is sent while it is still being written, and can be played at the service
 * seconds after it ends. Works with every source; pushed data is always a recording.
 *
 * Nothing is sent that was not called stable by `fio_upload_advance` (or pushed), and
 * `fio_upload_finish` ends it. Parts are sent as they become complete: they begin with about 2 seconds
 * of media (5 MiB to 256 MiB), so that little is left to send when the recording stops, and grow slowly
 * enough that the 10,000 parts the storage takes reach 5 TiB, the largest file it takes.
 *
 * Many formats have a header that is written again when the recording stops (MP4 and QuickTime: the
 * size of `mdat`, or `moov` itself). Such bytes at the beginning are held back and sent last. Whatever
 * else was called stable must not change any more.
 *
 * A recording that is cut off, by a crash or a power cut, is not lost. After the restart one with a path
 * is taken as finished when its file has not grown for 10 seconds (counted from the first `fio_drive`),
 * unless the application calls `fio_upload_advance` before that; if it has no name yet it gets the
 * file's. Others wait until their source is attached, then for the application to go on, finish or
 * cancel.
 *
 * @param upload           the description; it cannot be made an ordinary upload again
 * @param bytes_per_second the expected data rate; 0 if it is not known: then parts begin with 5 MiB
 * @param held_head        how many bytes at the beginning are written again at the end: 0 (none) to
 *                         268,435,456 (256 MiB). The whole first part, which holds at least these, is
 *                         then sent last.
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (held_head)
 * Callbacks: none
 * Blocking:  never
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_set_recording(struct fio_upload *upload,
                                    uint64_t bytes_per_second,
                                    uint64_t held_head);

/**
 * Puts an upload into the queue. It is written to the store before anything is sent, so that from here
 * on neither a crash nor a power cut loses it; a store that fails does not refuse it, though: the queue
 * then goes on in memory, and `FIO_EVENT_STORE_FAILED` tells. It is sent when its turn comes and the
 * device is paired, online, in the project it was queued for, and nothing is paused: until then it
 * waits, for as long as it takes. Nothing is sent by this call itself.
 *
 * Failures of the network and of the service are tried again by themselves, more and more slowly, and
 * told as the `reason` of `FIO_EVENT_UPLOAD`; what the storage has confirmed is not sent again. The
 * upload ends as done, as failed (the file is gone or was changed, the service refuses it), as skipped
 * (it was made while a user had the device paused), or as canceled.
 *
 * The project is the one the device is in now; if it is not paired, the one of the next pairing. When the
 * device is moved to another project, an upload that the service does not know yet waits with
 * `FIO_E_OTHER_PROJECT`, rather than showing one client's material to another, until the device is back
 * or `fio_upload_move_to_project` is called. One that was begun goes on where it was begun.
 *
 * No clip is sent twice: one whose tag (`fio_upload_set_tag`) is known is not taken, whatever its source is now.
 * The tag of an upload is known while it is in the list, in whatever state (one that failed can be retried with
 * `fio_upload_retry`, one that is paused resumed), and of one that was sent or canceled for as long as
 * `fio_config_set_tag_memory` says. `fio_upload_set_again` sends it all the same. What a store holds that could
 * not be read at the start is known once it was read.
 *
 * @param client  the client
 * @param upload  what to send; copied, may be changed, started again or freed afterwards
 * @param id      [out] the upload; with `FIO_E_UPLOAD_EXISTS` the one that is known (`fio_upload_get` knows it
 *                as long as it is in the list); may be NULL
 *
 * Returns:   `FIO_OK` (in the queue) | `FIO_E_UPLOAD_EXISTS` (an upload with this tag is known;
 *            `fio_client_error` says how it stands) | `FIO_E_ARGUMENT` (no source; no name, or one that
 *            cannot be used, where none was set: an upload needs one, a recording one or an extension;
 *            pushed data without `fio_upload_set_recording`; more than 5 TiB) | `FIO_E_UTF8` (the file's
 *            name, where none was set) | `FIO_E_SOURCE_MISSING` | `FIO_E_SOURCE_KIND` (a directory, a pipe,
 *            a device) | `FIO_E_SOURCE_EMPTY` (not for recordings) | `FIO_E_SOURCE_READ`. `fio_client_error`
 *            has the details.
 * Callbacks: store, clock, entropy and log callbacks, if set; `FIO_EVENT_UPLOAD` later, from `fio_drive`
 * Blocking:  opens the file, writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_start(struct fio_client *client,
                            const struct fio_upload *upload,
                            fio_upload_id *id);

/**
 * Finds the upload of a clip by its tag: the newest one, as `fio_upload_start` knows it.
 *
 * @param client  the client
 * @param tag     what `fio_upload_set_tag` gave
 * @param length  how many bytes
 * @param id      [out] set to `FIO_UPLOAD_NONE` first, to the upload on `FIO_OK`; may be NULL
 * @param state   [out] a `FIO_UPLOAD_…` on `FIO_OK`; may be NULL. One that is done or canceled may not be in the
 *                list any more, so that `fio_upload_get` does not know it.
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` (also a tag that is NULL with a length) | `FIO_E_UNKNOWN_UPLOAD` (none
 *            has this tag; none has an empty one) | `FIO_E_ARGUMENT` (an impossible length)
 * Callbacks: none
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_find(struct fio_client *client,
                           const uint8_t *tag,
                           size_t length,
                           fio_upload_id *id,
                           int32_t *state);

/**
 * Gives an upload its bytes again, where its source was a descriptor, a reader or pushed data: after a
 * restart, or after `fio_upload_retry` (`FIO_E_SOURCE_NEEDED`). Also gives another source to an upload
 * that is not over or has failed: a file that was moved, for example (one that failed is then retried
 * with `fio_upload_retry`). What has arrived already is not sent again. The bytes must be the same; the
 * length at least is compared.
 *
 * @param client  the client
 * @param id      an upload that is not over, or has failed
 * @param upload  a description with the source, of which nothing else is used; copied
 *
 * Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (done, skipped or canceled; or pushed data
 *            for what is no recording, or a finished one) | `FIO_E_ARGUMENT` (no source) |
 *            `FIO_E_SOURCE_MISSING` | `FIO_E_SOURCE_KIND` | `FIO_E_SOURCE_READ` | `FIO_E_SOURCE_CHANGED`
 *            (not the same length)
 * Callbacks: store, clock, entropy and log callbacks, if set; `destroy` of an earlier reader that is not used any
 *            more; `FIO_EVENT_UPLOAD` later, from `fio_drive`
 * Blocking:  opens the file, writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_attach(struct fio_client *client,
                             fio_upload_id id,
                             const struct fio_upload *upload);

/**
 * Shows how an upload stands.
 *
 * @param client  the client
 * @param id      the upload; one that is done or canceled is known for as long as
 *                `fio_config_set_history` says
 * @param info    [out] set to NULL first, to the upload on `FIO_OK`; valid until the next
 *                `fio_upload_get` on this client, or until it is freed
 *
 * Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD`
 * Callbacks: none
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_get(struct fio_client *client,
                          fio_upload_id id,
                          const struct fio_upload_info **info);

/**
 * Hands over bytes of a recording whose source is pushed (`fio_upload_set_pushed`). They are stable at
 * once; `fio_upload_advance` is not needed. All of it is taken, or nothing.
 *
 * The library keeps them in memory until the parts they belong to have arrived. When it has as much as
 * it keeps (64 MiB, more for fast or very long recordings, and the held head) it takes no more
 * (`FIO_E_WOULD_BLOCK`): drive the client and push the same bytes again. A network slower than the
 * recording shows itself here, so have a place to put the rest meanwhile, and push less than 64 MiB at
 * once.
 *
 * After a restart what was only in memory is gone. If the application still has the bytes it goes on:
 * attach a pushed source (`fio_upload_attach`), push from `fio_upload_info.size` on, which is then where
 * the storage has everything before, and push the beginning once more: the held head, and at least the
 * whole first part (5 MiB, or two seconds of the expected data rate if that is more); what is pushed beyond
 * it is not kept. Otherwise cancel the upload.
 *
 * @param client  the client
 * @param id      the recording
 * @param offset  where the bytes belong: at the end of what was pushed so far; or, to write over what
 *                was pushed before, wholly within the held head
 * @param data    the bytes; copied
 * @param length  how many
 *
 * Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (not pushed, or not attached since the
 *            restart; finished or over) | `FIO_E_ARGUMENT` (neither at the end nor within the held head;
 *            beyond 5 TiB) | `FIO_E_WOULD_BLOCK` (nothing was taken) | `FIO_E_NOMEM` (nothing was taken)
 * Callbacks: store, clock, entropy and log callbacks, if set
 * Blocking:  may write to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_push(struct fio_client *client,
                           fio_upload_id id,
                           uint64_t offset,
                           const uint8_t *data,
                           size_t length);

/**
 * Says how much of a recording is stable: written, and not to change any more (except the held head).
 * Call it as often as it suits, every second for example; parts are sent as they become complete.
 *
 * @param client  the client
 * @param id      the recording; its source is a file, a descriptor or a reader
 * @param stable  so many bytes from the beginning; less than before changes nothing
 *
 * Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (no recording, pushed, finished or over) |
 *            `FIO_E_ARGUMENT` (beyond 5 TiB)
 * Callbacks: store, clock, entropy and log callbacks, if set
 * Blocking:  may write to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_advance(struct fio_client *client,
                              fio_upload_id id,
                              uint64_t stable);

/**
 * Ends a recording: all of its bytes are there and will not change any more, the head included. What is
 * left is sent, the last part and the held head among it; then the upload is done. An empty one fails at
 * once (`FIO_E_SOURCE_EMPTY`, told by `FIO_EVENT_UPLOAD`).
 *
 * @param client  the client
 * @param id      the recording
 * @param size    how many bytes it has in all; -1 for as many as the file has now, or were pushed (with
 *                a reader it stands for the reader's size: give the real one). Fewer than were called
 *                stable are a waste: what has been sent of such a recording is given up, and it begins
 *                again, or fails if it was pushed.
 * @param name    its name: 1 to 255 bytes of UTF-8 without control characters, with the extension it was
 *                started with; copied. Needed if it was started with an extension only. NULL means the
 *                name that was set, or the file's; one that the service has already stays.
 *
 * Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (no recording, finished or over; a held head
 *            of pushed data that was not pushed again since a restart) | `FIO_E_ARGUMENT` (less than -1,
 *            more than there is, beyond 5 TiB; no name yet, or one that cannot be used) | `FIO_E_UTF8` |
 *            `FIO_E_SOURCE_MISSING`, `FIO_E_SOURCE_KIND`, `FIO_E_SOURCE_READ` (the file is not to be had) |
 *            `FIO_E_SOURCE_NEEDED` (not attached since the restart)
 * Callbacks: store, clock, entropy and log callbacks, if set; `FIO_EVENT_UPLOAD` later, from `fio_drive`
 * Blocking:  looks at the file, writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_finish(struct fio_client *client,
                             fio_upload_id id,
                             int64_t size,
                             const char *name);

/**
 * Ends an upload for good. What is under way is broken off; an asset that the service has begun already
 * stays there, unfinished. It is remembered as canceled, and so is its tag: it is sent only if it is started
 * with `fio_upload_set_again`.
 *
 * @param client  the client
 * @param id      an upload that is not over
 *
 * Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (over already)
 * Callbacks: store, clock, entropy and log callbacks, if set; `destroy` of a reader that is not used any more, here
 *            or, where parts of it are on their way, in the next `fio_drive`;
 *            `FIO_EVENT_UPLOAD` later, from `fio_drive`
 * Blocking:  writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_cancel(struct fio_client *client,
                             fio_upload_id id);

/**
 * Puts an upload into the queue again that failed or was skipped, or lets one that waits be tried at once.
 *
 * One that failed or was skipped: the file is sent as it is now; if it was changed, it starts over, otherwise
 * what has arrived already is not sent again. A source that was no path has to be attached again
 * (`fio_upload_attach`). What was skipped is still as old as it is, so that the service will skip it again
 * unless it has changed its mind.
 *
 * One that waits for its next attempt, for what a host has asked for (`Retry-After`), or with
 * `FIO_E_TOO_MANY_ASSETS`: it does not wait any longer, and neither do the others that wait for that host.
 *
 * Both may have ten more assets. For a person who asks for it, not for a timer: each asset that is not completed
 * stays at the service.
 *
 * @param client  the client
 * @param id      an upload that failed, was skipped, or waits by itself
 *
 * Returns:   `FIO_OK` (also for one that is being sent) | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (done,
 *            canceled, or waiting for something else, such as `fio_upload_resume` or `fio_upload_attach`) |
 *            `FIO_E_SOURCE_MISSING`, `FIO_E_SOURCE_KIND`, `FIO_E_SOURCE_EMPTY`, `FIO_E_SOURCE_READ`,
 *            `FIO_E_SOURCE_BUSY`, `FIO_E_NOMEM` (the file is not to be had now)
 * Callbacks: store, clock, entropy and log callbacks, if set; `FIO_EVENT_UPLOAD` later, from `fio_drive`
 * Blocking:  opens the file, writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_retry(struct fio_client *client,
                            fio_upload_id id);

/**
 * Pauses an upload: it waits with `FIO_E_UPLOAD_PAUSED` until `fio_upload_resume`, also across restarts,
 * and the queue goes on with the others. Parts under way are broken off and sent again later; a
 * recording keeps taking bytes. One that is paused already stays so.
 *
 * @param client  the client
 * @param id      an upload that is not over
 *
 * Returns:   as `fio_upload_cancel`
 * Callbacks: store, clock, entropy and log callbacks, if set; `FIO_EVENT_UPLOAD` later, from `fio_drive`
 * Blocking:  writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_pause(struct fio_client *client,
                            fio_upload_id id);

/**
 * Lets a paused upload go on, at its old place in the queue. Also one that began paused because of
 * `fio_queue_set_auto_start`. One that waits for its next attempt, or for what a host has asked for
 * (`Retry-After`), is tried at once; its assets stay counted (`FIO_E_TOO_MANY_ASSETS`). Any other that is not
 * paused stays as it is.
 *
 * @param client  the client
 * @param id      an upload that is not over
 *
 * Returns:   as `fio_upload_cancel`
 * Callbacks: store, clock, entropy and log callbacks, if set; `FIO_EVENT_UPLOAD` later, from `fio_drive`
 * Blocking:  writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_resume(struct fio_client *client,
                             fio_upload_id id);

/**
 * Sends an upload to the project the device is in when its turn comes, although it was queued for another
 * one. Ask a person first: the other project may be another client's.
 *
 * @param client  the client
 * @param id      an upload that waits with `FIO_E_OTHER_PROJECT`
 *
 * Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (it does not wait for that)
 * Callbacks: store, clock, entropy and log callbacks, if set; `FIO_EVENT_UPLOAD` later, from `fio_drive`
 * Blocking:  writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_move_to_project(struct fio_client *client,
                                      fio_upload_id id);

/**
 * Takes an upload that is over off the list: one that failed or was skipped, when the person has seen it, or
 * another one before its time (`fio_config_set_history`). Tells no event. The tag of one that is done or
 * canceled stays known (`fio_config_set_tag_memory`); that of another is forgotten with it, so that the same
 * clip may be started again.
 *
 * @param client  the client
 * @param id      an upload that is over: done, failed, skipped or canceled
 *
 * Returns:   `FIO_OK` | `FIO_E_UNKNOWN_UPLOAD` | `FIO_E_STATE` (not over: cancel it first)
 * Callbacks: store, clock, entropy and log callbacks, if set; `destroy` of a reader that is not used any more
 * Blocking:  writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_remove(struct fio_client *client,
                             fio_upload_id id);

/**
 * Moves an upload ahead of others, or behind them. Parts that are under way are sent to the end; then
 * the one with the higher priority has its turn.
 *
 * @param client    the client
 * @param id        an upload that is not over
 * @param priority  higher goes first; among equals the one that was started first
 *
 * Returns:   as `fio_upload_cancel`
 * Callbacks: store, clock, entropy and log callbacks, if set
 * Blocking:  writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_upload_prioritize(struct fio_client *client,
                                 fio_upload_id id,
                                 int32_t priority);

/**
 * Shows every upload: first those that are not over, in the order in which they are sent, then those
 * that are, as far as they are remembered, oldest first.
 *
 * The callback is called from inside this call, with nothing of the library in the middle of anything:
 * it may call every function except `fio_drive` and `fio_wait`. It may cancel and remove uploads: those
 * that are gone when their turn comes are left out. New ones are not shown.
 *
 * @param client  the client
 * @param each    called once for each upload; must not be NULL
 * @param user    passed to `each`; may be NULL
 *
 * Returns:   `FIO_OK` (none is no error) | `FIO_E_CLOSED` (freed by the callback: do not use the pointer any
 *            more)
 * Callbacks: `each`
 * Blocking:  never, apart from the callback
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_queue_list(struct fio_client *client,
                          fio_upload_cb each,
                          void *user);

/**
 * Shows what is left to do.
 *
 * @param client  the client
 * @param totals  [out] set to NULL first, to the totals on `FIO_OK`; valid until the next
 *                `fio_queue_totals` on this client, or until it is freed
 *
 * Returns:   `FIO_OK`
 * Callbacks: none
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_queue_totals(struct fio_client *client,
                            const struct fio_totals **totals);

/**
 * Pauses all uploads, until `fio_queue_resume`, also across restarts: for a shoot that needs the network
 * or the battery itself. Parts under way are broken off and sent again later. New uploads can be
 * started and recordings go on taking bytes; they wait. Everything else (refresh, heartbeat, comments)
 * goes on. All of them are shown as waiting with `FIO_E_UPLOAD_PAUSED`, and `fio_totals.is_paused` says
 * so; there is no event for each.
 *
 * @param client  the client
 *
 * Returns:   `FIO_OK`
 * Callbacks: store, clock, entropy and log callbacks, if set
 * Blocking:  writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_queue_pause(struct fio_client *client);

/**
 * Ends the pause of the queue. Uploads that were paused one by one stay paused. Those that wait for their next
 * attempt, or for what a host has asked for (`Retry-After`), are tried at once, also where the queue was not
 * paused.
 *
 * @param client  the client
 *
 * Returns:   `FIO_OK`
 * Callbacks: store, clock, entropy and log callbacks, if set
 * Blocking:  writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_queue_resume(struct fio_client *client);

/**
 * Cancels every upload that is not over, recordings included; see `fio_upload_cancel`.
 *
 * @param client  the client
 *
 * Returns:   `FIO_OK`
 * Callbacks: store, clock, entropy and log callbacks, if set; `destroy` of readers that are not used any more;
 *            events later, from `fio_drive`
 * Blocking:  writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_queue_cancel_all(struct fio_client *client);

/**
 * Says whether new uploads are sent by themselves. Kept in the store, so that it is the person's setting
 * and holds after a restart. Uploads that are in the queue already are not affected.
 *
 * @param client   the client
 * @param enabled  1 (the default): they are. 0: they begin paused (`FIO_E_UPLOAD_PAUSED`) until a person
 *                 picks them (`fio_upload_resume`).
 *
 * Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (neither 0 nor 1)
 * Callbacks: store, clock, entropy and log callbacks, if set
 * Blocking:  writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_queue_set_auto_start(struct fio_client *client,
                                    int32_t enabled);

/**
 * Forgets which tags were sent or canceled: after a card was formatted, where the names of its clips are the
 * tags and come again. Uploads that are done or canceled stay in the list, but `fio_upload_start` does not
 * know their tags any more, and `fio_upload_find` neither; those that are not over, failed or were skipped are
 * known as before. All of it is one write: after a power cut either all are forgotten or none.
 *
 * @param client  the client
 *
 * Returns:   `FIO_OK` | `FIO_E_STORE` (what the store remembers could not be read yet: try again after
 *            `FIO_EVENT_STORE_RECOVERED`)
 * Callbacks: store, clock, entropy and log callbacks, if set
 * Blocking:  writes to the store
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_queue_forget_tags(struct fio_client *client);

/**
 * Limits what all uploads together send, to leave some of the network to others. At once, also for what
 * is under way. Not kept: the next client begins with `fio_config_set_bandwidth`.
 *
 * @param client            the client
 * @param bytes_per_second  0 means no limit. Calls to the service itself are small and not counted.
 *
 * Returns:   `FIO_OK`
 * Callbacks: clock and log callbacks, if set
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_queue_set_bandwidth(struct fio_client *client,
                                   uint64_t bytes_per_second);

/**
 * Says which network interfaces uploads may use, to keep them off a mobile connection, for example. Each
 * part takes the first one named that is up and has an address. While there is none, uploads wait with
 * `FIO_E_NO_INTERFACE`. Calls to the service itself (pairing, refresh, heartbeat) are small and use
 * whatever the system routes them through. Not kept: the next client begins with
 * `fio_config_set_interfaces`.
 *
 * @param client  the client
 * @param names   such as `wlan0`, the preferred first: up to 16, each 1 to 15 visible ASCII characters
 *                without `/` and `!`; copied. NULL with count 0 allows all.
 * @param count   how many
 *
 * Returns:   `FIO_OK` | `FIO_E_NULL` (also one of the names) | `FIO_E_ARGUMENT` (no such name, or more than
 *            16) | `FIO_E_UTF8`
 * Callbacks: clock and log callbacks, if set
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_queue_set_interfaces(struct fio_client *client,
                                    const char *const *names,
                                    size_t count);

/**
 * Makes a comment on an uploaded asset (`POST /v2/devices/assets/{id}/comments`): a marker set on the
 * camera, for example. A 401 is answered by one refresh and one repetition; otherwise it is sent once. It
 * is not queued: offline it fails, and a lost answer (`FIO_E_TIMEOUT`, `FIO_E_RESET`) leaves open
 * whether the comment was made.
 *
 * @param client    the client
 * @param asset_id  `fio_upload_info.asset_id`: 1 to 64 letters, digits and hyphens; copied
 * @param text      1 to 10,000 bytes of UTF-8; line breaks and tabs are allowed, other control
 *                  characters are not; copied
 * @param frame     the frame it is about, counted from 0 and rounded to a whole one (the service keeps no
 *                  fractions); negative for a comment on the whole asset
 * @param done      called when it is over; may be NULL
 * @param user      passed to `done`; may be NULL
 * @param op        [out] the operation; may be NULL
 *
 * Returns:   `FIO_OK` (started) | `FIO_E_ARGUMENT` (no such id; empty, too long, control characters; a frame
 *            that is no number) | `FIO_E_UTF8` | `FIO_E_NOT_AUTHORIZED` | `FIO_E_CLOCK`
 * Ends with: `FIO_OK` | `FIO_E_NOT_FOUND` (the service does not know the asset) | `FIO_E_CANCELED`
 *            (it may have been made all the same) | `FIO_E_UNAUTHORIZED` (401 in spite of a new token) |
 *            `FIO_E_AUTHORIZATION_LOST`, `FIO_E_NOT_AUTHORIZED`, `FIO_E_TOKEN_EXPIRED` (no token could be
 *            had) | `FIO_E_INVALID_CLIENT` | a network error (`FIO_E_DNS` to `FIO_E_CA_FILE`, `FIO_E_CA`,
 *            `FIO_E_CLOCK`) | an answer's error (`FIO_E_PROTOCOL` to `FIO_E_PLAN_LIMIT`)
 * Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
 * Blocking:  never
 * Threads:   one at a time
 * Since:     0.1.0
 */
FIO_API
fio_status fio_comment(struct fio_client *client,
                       const char *asset_id,
                       const char *text,
                       double frame,
                       fio_done_cb done,
                       void *user,
                       fio_op *op);

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
 * Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8`
 *            | `FIO_E_BUFFER` (too small; nothing drawn)
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
 * The library and what is inside it or what it runs with, for a diagnosis screen and to tell which reports of holes
 * concern a device. Names and versions are separated by spaces or slashes:
 * `fio-c2c/0.1.0 libcurl/8.22.0-DEV rustls-ffi/0.15.7/rustls/0.23.46/aws-lc-rs zlib/1.3.2 AWS-LC/5.12.0` where they
 * are bundled (curl-sys marks its libcurl so; it is the release),
 * `fio-c2c/0.1.0 libcurl/7.88.1 OpenSSL/3.0.17 zlib/1.2.13` and more with the system's libcurl, as that one says.
 *
 * Returns:   a string that stays valid for ever. Never NULL.
 * Callbacks: none
 * Blocking:  never
 * Threads:   any
 * Since:     0.1.0
 */
FIO_API
const char *fio_version_details(void);

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
