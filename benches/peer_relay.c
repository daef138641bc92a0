/*
 * A long line in user space: what comes in leaves again after a delay, and no faster than the line is. All connections
 * share the line; what does not fit into its queue is not read, so that senders wait as on a real one. It prints its port.
 *
 *     peer_relay TARGET_PORT BYTES_A_SECOND DELAY_MS       0: as fast as it goes
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_CONNECTIONS = 64,
    CHUNK = 16 << 10,
    /* Milliseconds of the line's rate that wait in front of it at most. */
    QUEUE_MS = 30
};

struct chunk {
    struct chunk *next;
    double due;
    size_t length, sent;
    char bytes[CHUNK];
};

/* One direction of a connection. */
struct stream {
    int in, out;
    int is_ended;
    struct chunk *first, *last;
};

/* One direction of the line. */
struct line {
    double rate, delay;
    /* When it has carried what it was given. */
    double free_at;
};

static struct chunk *spare;

static double now_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int is_full(const struct line *line, double now)
{
    return line->rate > 0 && line->free_at > now + QUEUE_MS / 1e3;
}

static struct chunk *new_chunk(void)
{
    struct chunk *chunk = spare;

    if (chunk == NULL)
        return malloc(sizeof *chunk);
    spare = chunk->next;
    return chunk;
}

/* Takes a chunk in. */
static void take_in(struct stream *stream, struct line *line, double now)
{
    struct chunk *chunk = new_chunk();
    ssize_t got;

    if (chunk == NULL)
        exit(1);
    got = read(stream->in, chunk->bytes, CHUNK);
    if (got <= 0) {
        stream->is_ended = got == 0 || (errno != EAGAIN && errno != EINTR);
        chunk->next = spare;
        spare = chunk;
        return;
    }
    if (line->free_at < now)
        line->free_at = now;
    if (line->rate > 0)
        line->free_at += (double)got / line->rate;
    chunk->due = line->free_at + line->delay;
    chunk->length = (size_t)got;
    chunk->sent = 0;
    chunk->next = NULL;
    if (stream->first == NULL)
        stream->first = chunk;
    else
        stream->last->next = chunk;
    stream->last = chunk;
}

/* Lets out what is due. */
static void let_out(struct stream *stream, double now)
{
    while (stream->first != NULL && stream->first->due <= now) {
        struct chunk *chunk = stream->first;
        ssize_t sent = send(stream->out, chunk->bytes + chunk->sent, chunk->length - chunk->sent, MSG_NOSIGNAL);

        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (sent >= 0)
            chunk->sent += (size_t)sent;
        if (sent >= 0 && chunk->sent < chunk->length)
            return;
        /* Of an end that is gone nothing more is kept. */
        stream->first = chunk->next;
        chunk->next = spare;
        spare = chunk;
    }
}

static int endpoint(int port, int listens)
{
    struct sockaddr_in address;
    int one = 1, socket_ = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket_ < 0)
        return -1;
    (void)setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (listens ? bind(socket_, (struct sockaddr *)&address, sizeof address) != 0 || listen(socket_, 64) != 0
                : connect(socket_, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(socket_);
        return -1;
    }
    if (listens) {
        socklen_t length = sizeof address;

        (void)getsockname(socket_, (struct sockaddr *)&address, &length);
        (void)printf("%d\n", ntohs(address.sin_port));
        (void)fflush(stdout);
    }
    return socket_;
}

int main(int argc, char **argv)
{
    static struct stream streams[2 * MOST_CONNECTIONS];
    struct line lines[2];
    struct pollfd polled[1 + 2 * MOST_CONNECTIONS];
    int listener, count = 0, target, i, turn = 0;

    if (argc != 4) {
        (void)fprintf(stderr, "usage: %s TARGET_PORT BYTES_A_SECOND DELAY_MS\n", argv[0]);
        return 2;
    }
    target = atoi(argv[1]);
    for (i = 0; i < 2; i++)
        lines[i] = (struct line){strtod(argv[2], NULL), strtod(argv[3], NULL) / 2e3, 0};
    listener = endpoint(0, 1);
    if (listener < 0)
        return 1;
    for (;;) {
        double now = now_seconds(), soonest = now + 1;
        struct timespec wait;

        polled[0] = (struct pollfd){count < 2 * MOST_CONNECTIONS ? listener : -1, POLLIN, 0};
        for (i = 0; i < count; i++) {
            struct stream *stream = &streams[i];
            int is_over = stream->is_ended && stream->first == NULL;
            int reads = !stream->is_ended && !is_full(&lines[i % 2], now);

            polled[1 + i] = (struct pollfd){is_over || !reads ? -1 : stream->in, POLLIN, 0};
            if (stream->first != NULL && stream->first->due < soonest)
                soonest = stream->first->due > now ? stream->first->due : now + 0.0005;
            if (!reads && !stream->is_ended && lines[i % 2].free_at - QUEUE_MS / 1e3 < soonest)
                soonest = lines[i % 2].free_at - QUEUE_MS / 1e3;
        }
        if (soonest < now)
            soonest = now;
        wait.tv_sec = (time_t)(soonest - now);
        wait.tv_nsec = (long)((soonest - now - (double)wait.tv_sec) * 1e9);
        if (ppoll(polled, (nfds_t)(1 + count), &wait, NULL) < 0 && errno != EINTR)
            return 1;
        now = now_seconds();
        if (polled[0].revents & POLLIN) {
            int in = accept4(listener, NULL, NULL, SOCK_NONBLOCK), out = endpoint(target, 0);

            if (in >= 0 && out >= 0) {
                int one = 1;

                (void)setsockopt(in, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                (void)fcntl(out, F_SETFL, O_NONBLOCK);
                streams[count++] = (struct stream){in, out, 0, NULL, NULL};
                streams[count++] = (struct stream){out, in, 0, NULL, NULL};
                polled[count - 1] = polled[count] = (struct pollfd){-1, 0, 0};
            }
        }
        /* In turn, so that each has its share. */
        turn++;
        for (i = 0; i < count; i++) {
            int at = (i + turn) % count;
            struct stream *stream = &streams[at];

            if (polled[1 + at].revents != 0 && !stream->is_ended && !is_full(&lines[at % 2], now))
                take_in(stream, &lines[at % 2], now);
            let_out(stream, now);
            if (stream->is_ended && stream->first == NULL && stream->in >= 0) {
                (void)shutdown(stream->out, SHUT_WR);
                stream->is_ended = 2;
            }
        }
        for (i = 0; i < count; i += 2) {
            if (streams[i].is_ended == 2 && streams[i + 1].is_ended == 2) {
                (void)close(streams[i].in);
                (void)close(streams[i].out);
                streams[i] = streams[count - 2];
                streams[i + 1] = streams[count - 1];
                count -= 2;
                break;
            }
        }
    }
}
