/* Included before everything else by every C file that cargo compiles. See README.md. */

/* Calls of the C library are checked against the sizes of their buffers, also in AWS-LC and zlib. Without optimization
 * the C library cannot, and says so. */
#if defined(__OPTIMIZE__) && !defined(_FORTIFY_SOURCE)
#define _FORTIFY_SOURCE 2
#endif

/* The rest is about libcurl's. */
#if defined(BUILDING_LIBCURL) && !defined(FIO_LIBCURL_H)
#define FIO_LIBCURL_H

/* Settings that libcurl's own configure finds out and curl-sys leaves out. Where curl-sys begins to set one, the
 * line here has to go. */
#if defined(__linux__)
#if defined(HAVE_POLL) || defined(HAVE_GETIFADDRS) || defined(HAVE_IFADDRS_H) || defined(HAVE_NET_IF_H) || \
    defined(HAVE_SYS_IOCTL_H) || defined(HAVE_EVENTFD) || defined(HAVE_SYS_EVENTFD_H)
#error "curl-sys sets by itself what packaging/libcurl/fio_libcurl.h sets: take that line away"
#endif

/* Without it libcurl takes select(), which knows no descriptor above 1023. */
#define HAVE_POLL 1

/* To find an interface's address where a socket may not be bound to the interface (SO_BINDTODEVICE). */
#define HAVE_GETIFADDRS 1
#define HAVE_IFADDRS_H 1
#define HAVE_NET_IF_H 1
#define HAVE_SYS_IOCTL_H 1

/* A client has two of these to be woken, instead of two pairs of sockets. */
#define HAVE_EVENTFD 1
#define HAVE_SYS_EVENTFD_H 1
#endif

/* Tables that each client has: libcurl's are for thousands of connections, and rustls keeps its sessions by itself. A
 * client has forty connections to a few servers at most. */
#define CURL_SOCKET_HASH_TABLE_SIZE 31
#define CURL_CONNECTION_HASH_SIZE 7
#define CURL_DNS_HASH_SIZE 7
#define CURL_TLS_SESSION_SIZE 1

/* The least that a handle's buffer for what it sends may be, and the most of an answer that comes at once. A request to
 * the service is a quarter of this. */
#define CURL_MAX_WRITE_SIZE 4096

/* libcurl reads no environment variable: src/net/environment.rs says why. The system's header declares the function
 * under this name too. */
#define getenv fio_libcurl_getenv

/* What libcurl asks rustls goes through src/net/rustls.rs, which says why. */
#define rustls_root_cert_store_builder_load_roots_from_file fio_rustls_root_cert_store_builder_load_roots_from_file
#define rustls_web_pki_server_cert_verifier_builder_build fio_rustls_web_pki_server_cert_verifier_builder_build
#define rustls_client_config_builder_build fio_rustls_client_config_builder_build
#define rustls_client_connection_new fio_rustls_client_connection_new
#define rustls_connection_free fio_rustls_connection_free
#define rustls_connection_read fio_rustls_connection_read
#define rustls_connection_read_tls fio_rustls_connection_read_tls
#define rustls_connection_process_new_packets fio_rustls_connection_process_new_packets

#endif
