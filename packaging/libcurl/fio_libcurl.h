/* Included before everything else by every C file that cargo compiles; it is about libcurl's. See README.md. */
#if defined(BUILDING_LIBCURL) && !defined(FIO_LIBCURL_H)
#define FIO_LIBCURL_H

/* Settings that libcurl's own configure finds out and curl-sys leaves out. Where curl-sys begins to set one, the
 * line here has to go. */
#if defined(__linux__)
#if defined(HAVE_POLL) || defined(HAVE_GETIFADDRS) || defined(HAVE_IFADDRS_H) || defined(HAVE_NET_IF_H) || \
    defined(HAVE_SYS_IOCTL_H)
#error "curl-sys sets by itself what packaging/libcurl/fio_libcurl.h sets: take that line away"
#endif

/* Without it libcurl takes select(), which knows no descriptor above 1023. */
#define HAVE_POLL 1

/* To find an interface's address where a socket may not be bound to the interface (SO_BINDTODEVICE). */
#define HAVE_GETIFADDRS 1
#define HAVE_IFADDRS_H 1
#define HAVE_NET_IF_H 1
#define HAVE_SYS_IOCTL_H 1
#endif

/* libcurl reads no environment variable: src/net/environment.rs says why. The system's header declares the function
 * under this name too. */
#define getenv fio_libcurl_getenv

/* What libcurl asks rustls goes through src/net/rustls.rs, which says why. */
#define rustls_connection_read fio_rustls_connection_read
#define rustls_connection_read_tls fio_rustls_connection_read_tls
#define rustls_connection_process_new_packets fio_rustls_connection_process_new_packets

#endif
