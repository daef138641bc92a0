"""The constants of fio_c2c.h, with the same names and values.

Made from include/fio_c2c.json by `make header`. Listed rather than read at run time, so that the module works where only
the library is installed."""

#: The operation went well.
FIO_OK = 0

#: A pointer that must not be NULL is NULL.
FIO_E_NULL = -1

#: An argument is outside its range, empty, or too long.
FIO_E_ARGUMENT = -2

#: A string is not valid UTF-8.
FIO_E_UTF8 = -3

#: The version is not a semantic version (semver.org), such as `2.16.4`.
FIO_E_VERSION = -4

#: The URL is not `https://host[:port]`. Plain HTTP is refused everywhere, loopback included.
FIO_E_URL = -5

#: The CA certificates are missing, unreadable, or not PEM.
FIO_E_CA = -6

#: The call does not fit the state the client is in.
FIO_E_STATE = -7

#: `fio_poll` was called without a code: call `fio_request_code` first.
FIO_E_NO_CODE = -8

#: An operation of this kind is already running on this client.
FIO_E_IN_PROGRESS = -9

#: Called from inside a callback that may not make this call.
FIO_E_REENTRANT = -10

#: Another thread is inside a call on this client.
FIO_E_BUSY = -11

#: The process has forked since the client was made: in the child only `fio_client_free` works.
FIO_E_FORKED = -12

#: The client was freed inside one of its own callbacks.
FIO_E_CLOSED = -13

#: An earlier call failed inside the library (`FIO_E_PANIC`): only `fio_client_free` works.
FIO_E_POISONED = -14

#: A defect in the library was caught at the boundary.
FIO_E_PANIC = -15

#: The operating system refused memory or descriptors.
FIO_E_NOMEM = -16

#: Not available in this build or on this platform.
FIO_E_UNSUPPORTED = -17

#: The caller's buffer is too small; the needed length was written.
FIO_E_BUFFER = -18

#: No operation with this id is known.
FIO_E_UNKNOWN_OP = -19

#: The pointer is not a live handle of the expected kind.
FIO_E_HANDLE = -21

#: The configuration lacks something required (client id or client secret).
FIO_E_INCOMPLETE = -22

#: There are no random numbers to be had.
FIO_E_ENTROPY = -23

#: The operation was canceled by `fio_cancel`, or its client was freed.
FIO_E_CANCELED = -40

#: The host name could not be resolved.
FIO_E_DNS = -60

#: No connection could be made: refused, unreachable.
FIO_E_CONNECT = -61

#: The connection broke before the whole answer was there.
FIO_E_RESET = -62

#: No answer in time.
FIO_E_TIMEOUT = -63

#: The TLS handshake failed for a reason without a status of its own.
FIO_E_TLS = -64

#: The server's certificate has expired, or the device's clock runs ahead.
FIO_E_TLS_EXPIRED = -65

#: The server's certificate is not valid yet, or the device's clock is behind.
FIO_E_TLS_NOT_YET_VALID = -66

#: The server's certificate is for another host.
FIO_E_TLS_HOST = -67

#: The server's certificate does not lead to one of the CA certificates given.
FIO_E_TLS_UNTRUSTED = -68

#: The server offers only TLS versions older than 1.2.
FIO_E_TLS_VERSION = -69

#: The server answered with a redirect; redirects are never followed.
FIO_E_REDIRECT = -70

#: The transfer failed in another way; `curl_code` says which.
FIO_E_NETWORK = -71

#: The file of CA certificates, which was there when it was given, cannot be read now, or has no certificate now.
FIO_E_CA_FILE = -72

#: The answer could not be understood: not from the service, or cut short.
FIO_E_PROTOCOL = -80

#: The answer is larger than any answer of the service.
FIO_E_TOO_LARGE = -81

#: HTTP 400 without an OAuth error.
FIO_E_BAD_REQUEST = -82

#: HTTP 401, and a new access token did not help.
FIO_E_UNAUTHORIZED = -83

#: HTTP 403.
FIO_E_FORBIDDEN = -84

#: HTTP 404.
FIO_E_NOT_FOUND = -85

#: HTTP 409.
FIO_E_CONFLICT = -86

#: HTTP 422.
FIO_E_UNPROCESSABLE = -87

#: HTTP 429: too many requests.
FIO_E_RATE_LIMITED = -88

#: HTTP 5xx.
FIO_E_SERVER = -89

#: Any other HTTP status the library does not expect.
FIO_E_HTTP = -90

#: HTTP 402: the account's plan does not allow it.
FIO_E_PLAN_LIMIT = -91

#: The user has not decided yet. Seen in events and logs only: `fio_poll` goes on by itself.
FIO_E_AUTHORIZATION_PENDING = -100

#: Polling was too fast. Seen in events and logs only: `fio_poll` slows down by itself.
FIO_E_SLOW_DOWN = -101

#: The user refused the pairing.
FIO_E_ACCESS_DENIED = -102

#: The code ran out before the user entered it.
FIO_E_EXPIRED_TOKEN = -103

#: The service does not know this code or token, or it was used before.
FIO_E_INVALID_GRANT = -104

#: The service does not know this client secret (or its model).
FIO_E_INVALID_CLIENT = -105

#: The service calls the request malformed.
FIO_E_INVALID_REQUEST = -106

#: The service refuses the scope.
FIO_E_INVALID_SCOPE = -107

#: The service does not allow this client this grant.
FIO_E_UNAUTHORIZED_CLIENT = -108

#: The service does not know this grant type.
FIO_E_UNSUPPORTED_GRANT_TYPE = -109

#: An OAuth error without a status of its own; `oauth_error` has its name.
FIO_E_OAUTH = -110

#: The device is not paired.
FIO_E_NOT_AUTHORIZED = -120

#: The service ended the authorization: pair again. What is queued is kept.
FIO_E_AUTHORIZATION_LOST = -121

#: The access token has expired and no new one could be had yet.
FIO_E_TOKEN_EXPIRED = -122

#: Nothing is known of the device: the service has not told of it since it was paired.
FIO_E_DEVICE_UNKNOWN = -123

#: Reading or writing the store failed.
FIO_E_STORE = -140

#: The store's disk is full.
FIO_E_STORE_FULL = -141

#: The store cannot be written: read-only, or no permission.
FIO_E_STORE_READ_ONLY = -142

#: A stored record was truncated, foreign, tampered with, or sealed with another key.
FIO_E_STORE_DAMAGED = -143

#: Another process, or another client of this one, uses the same store.
FIO_E_STORE_LOCKED = -144

#: The store directory belongs to another user or can be written by others, or its lock is not a plain file.
FIO_E_STORE_UNSAFE = -145

#: The device's clock is before the earliest time the application declared possible.
FIO_E_CLOCK = -160

#: The file is not there.
FIO_E_SOURCE_MISSING = -180

#: The path leads to a directory or to something else that is not a plain file.
FIO_E_SOURCE_KIND = -181

#: The file is empty; the service takes no empty files.
FIO_E_SOURCE_EMPTY = -182

#: The file cannot be read: no permission, or a reader callback that failed.
FIO_E_SOURCE_READ = -183

#: The file shrank, grew or was changed after it was queued.
FIO_E_SOURCE_CHANGED = -184

#: The source was a descriptor, a callback or pushed data, and the application has not attached it again.
FIO_E_SOURCE_NEEDED = -185

#: No upload with this id is known.
FIO_E_UNKNOWN_UPLOAD = -186

#: The upload was queued for another project than the one the device is connected to now.
FIO_E_OTHER_PROJECT = -187

#: The device was paused when the media was made (HTTP 409 `Channel Paused`): it must not be uploaded.
FIO_E_CHANNEL_PAUSED = -188

#: The upload, or the queue, was paused by the application.
FIO_E_UPLOAD_PAUSED = -189

#: None of the network interfaces that uploads may use is up.
FIO_E_NO_INTERFACE = -190

#: The presigned URL of a part has expired: new ones are needed.
FIO_E_URL_EXPIRED = -191

#: The storage does not know the upload (HTTP 404).
FIO_E_UPLOAD_GONE = -192

#: The storage refused a part for another reason.
FIO_E_STORAGE = -193

#: The storage received other bytes than were sent: the checksums differ.
FIO_E_CHECKSUM = -194

#: The memory for pushed data is full: drive the client and push again.
FIO_E_WOULD_BLOCK = -195

#: Ten assets were made for the file, and none of them was completed; the message says what went wrong last. The
#: upload waits: `fio_upload_retry` allows ten more.
FIO_E_TOO_MANY_ASSETS = -196

#: The storage does not accept the presigned URL of a part (its signature, its rights), although its time is not
#: over.
FIO_E_URL_REFUSED = -197

#: An upload with this tag is in the list, or was sent or canceled before: `fio_upload_start` wrote its id.
FIO_E_UPLOAD_EXISTS = -198

#: The part is larger than the storage, or something on the way, lets through (HTTP 413).
FIO_E_PART_TOO_LARGE = -200

#: The file cannot be read at the moment: a busy, faulty or removed card. It is tried again.
FIO_E_SOURCE_BUSY = -201

#: No operation.
FIO_OP_NONE = 0

#: No upload.
FIO_UPLOAD_NONE = 0

#: `fio_error.retry`: the same request will fail again until something else is changed.
FIO_RETRY_NEVER = 0

#: `fio_error.retry`: try again later, not before `retry_after_ms` if that is not negative. A person may have to
#: act first: `advice` says so.
FIO_RETRY_LATER = 1

#: `fio_error.retry`: only a new pairing helps.
FIO_RETRY_AFTER_PAIRING = 2

#: `fio_device.presence`: a word this version does not know, or none.
FIO_PRESENCE_UNKNOWN = 0

#: `fio_device.presence`: seen by the service within the last 300 seconds.
FIO_PRESENCE_ONLINE = 1

#: `fio_device.presence`: not seen by the service for 300 seconds.
FIO_PRESENCE_OFFLINE = 2

#: `fio_device.presence`: paused by the user: what is recorded now must not be uploaded.
FIO_PRESENCE_PAUSED = 3

#: `fio_upload_info.state`: it is sent when its turn comes. While a host is left alone for a time, because it has
#: failed or asked for it (`Retry-After`), `reason` and `retry_in_ms` say why, and for how long.
FIO_UPLOAD_QUEUED = 1

#: `fio_upload_info.state`: it is being sent.
FIO_UPLOAD_UPLOADING = 2

#: `fio_upload_info.state`: something has to happen first: `reason` says what, and whether it is the library's
#: business (`retry_in_ms` is not negative), the application's (`FIO_E_UPLOAD_PAUSED`, `FIO_E_SOURCE_NEEDED`), or a
#: person's (`FIO_E_OTHER_PROJECT`, `FIO_E_NOT_AUTHORIZED`, `FIO_E_TOO_MANY_ASSETS`).
FIO_UPLOAD_WAITING = 3

#: `fio_upload_info.state`: over: the service has the whole file.
FIO_UPLOAD_DONE = 4

#: `fio_upload_info.state`: over: `reason` says why. `fio_upload_retry` begins again.
FIO_UPLOAD_FAILED = 5

#: `fio_upload_info.state`: over: it was made while a user had the device paused (`FIO_E_CHANNEL_PAUSED`), so that
#: the service does not take it.
FIO_UPLOAD_SKIPPED = 6

#: `fio_upload_info.state`: over: the application canceled it.
FIO_UPLOAD_CANCELED = 7

#: `fio_event.kind`: a new pairing is stored.
FIO_EVENT_AUTHORIZED = 1

#: `fio_event.kind`: a new token pair is stored; nothing to do.
FIO_EVENT_REFRESHED = 2

#: `fio_event.kind`: the authorization is over, `error` says why: pair again. What is queued is kept.
FIO_EVENT_AUTHORIZATION_LOST = 3

#: `fio_event.kind`: the service refuses this device's client secret (`error`): the pairing is kept, but nothing is
#: renewed until `fio_refresh` is called or the client made again.
FIO_EVENT_REFRESH_REFUSED = 4

#: `fio_event.kind`: device information came in without being asked for (`device`).
FIO_EVENT_DEVICE = 5

#: `fio_event.kind`: device information could not be had after a pairing or a refresh (`error`); the authorization
#: itself is good.
FIO_EVENT_DEVICE_UNKNOWN = 6

#: `fio_event.kind`: the device is in another project now (`device`, `previous_project_id`). What was queued for
#: the previous one waits (`FIO_E_OTHER_PROJECT`): see `fio_upload_move_to_project`.
FIO_EVENT_PROJECT_CHANGED = 7

#: `fio_event.kind`: the store fails (`error`). The library goes on in memory and keeps trying.
FIO_EVENT_STORE_FAILED = 8

#: `fio_event.kind`: the store works again and is up to date.
FIO_EVENT_STORE_RECOVERED = 9

#: `fio_event.kind`: a stored record could not be trusted and was kept aside (`error`).
FIO_EVENT_STORE_DAMAGED = 10

#: `fio_event.kind`: something failed (`error`) and is tried again by itself in `wait_ms`.
FIO_EVENT_RETRYING = 11

#: `fio_event.kind`: an upload changed its state (`upload`: `state` and `reason`).
FIO_EVENT_UPLOAD = 12

#: `fio_event.kind`: how far the uploads are (`totals`; `upload` is the one that `totals.current` names, NULL if
#: none is under way). Comes at the pace of `fio_config_set_progress_interval` while something is under way, and
#: once more when the last upload is over.
FIO_EVENT_PROGRESS = 13

#: `fio_event.kind`: the device is paired, and this is what was last known of it, in an earlier life (`device`,
#: with its `age_seconds`). Comes once after the start, network or not; `FIO_EVENT_DEVICE` follows when the service
#: has been asked.
FIO_EVENT_DEVICE_CACHED = 14

#: A load callback's answer: there is no such record.
FIO_STORE_NOT_FOUND = 1

#: What any data callback returns to report a failure; every negative value does.
FIO_CB_ABORT = -1

#: Encode each auth request as the service documents it: multipart for the code, url-encoded for tokens. The
#: default.
FIO_ENCODING_AS_DOCUMENTED = 0

#: `application/x-www-form-urlencoded` for every auth request.
FIO_ENCODING_FORM = 1

#: `multipart/form-data` for every auth request.
FIO_ENCODING_MULTIPART = 2

#: Hybrid, and after a handshake that ended in silence without the post-quantum share. The default.
FIO_KEY_EXCHANGE_AUTOMATIC = 0

#: Always with the share of X25519MLKEM768 first, where the TLS library knows it.
FIO_KEY_EXCHANGE_HYBRID = 1

#: Elliptic curves alone (X25519, P-256, P-384): a ClientHello that fits into one packet.
FIO_KEY_EXCHANGE_CLASSICAL = 2

#: Wait with epoll where there is one, with `curl_multi_poll` elsewhere. The default.
FIO_POLLER_DEFAULT = 0

#: Wait with `curl_multi_poll` everywhere; `fio_fd` is then not available.
FIO_POLLER_PORTABLE = 1

#: No log lines.
FIO_LOG_OFF = 0

#: What needs a person.
FIO_LOG_ERROR = 1

#: What may need a person soon.
FIO_LOG_WARN = 2

#: What a person asked for, and failures that are tried again.
FIO_LOG_INFO = 3

#: Each request and operation.
FIO_LOG_DEBUG = 4

#: libcurl's own trace as well, without bodies and with secret headers masked.
FIO_LOG_TRACE = 5

#: `fio_auth_state`: not paired.
FIO_AUTH_UNPAIRED = 0

#: `fio_auth_state`: not paired, and a code is waiting for the user.
FIO_AUTH_PENDING = 1

#: `fio_auth_state`: paired.
FIO_AUTH_AUTHORIZED = 2

#: `fio_auth_state`: paired, but the access token has ended and the network has not let a new one through yet.
#: Nothing to do: the library keeps trying.
FIO_AUTH_EXPIRED = 3
