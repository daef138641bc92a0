/*
 * Very many clients in one process: one thread drives them all, through one epoll set.
 *
 *     ours_crowd URL CA_FILE CLIENT_SECRET COUNT
 *
 * Each line of standard input is done by all of them at once and answered by a line of JSON; between two of
 * them they rest, so that anybody who asks can look at the process from outside. The end of input ends it.
 *
 *     pair                  they ask for a code and poll until the person has decided
 *     rest MILLISECONDS     they have nothing to do; tells how often a descriptor was ready all the same
 *     heartbeat ROUNDS      each sends so many, one after the other; callgrind sees this and nothing else
 *     upload FILE PACE_MS   each sends the file; every PACE_MS the next one sends a heartbeat besides
 */

#include "ours.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <valgrind/callgrind.h>

enum {
    TURN_EVENTS = 64,
    LONGEST_LINE = 4096,
    LONGEST_ID = 32
};

struct crowd;

struct member {
    struct crowd *crowd;
    fio_client *client;
    double heartbeat_sent_at;
    long heartbeats_left;
};

struct crowd {
    int epoll_fd;
    long count;
    struct member *members;
    struct ended uploads;
    /* Operations that are over, and how. */
    long done;
    long failed;
    double slowest;
};

static void over(struct crowd *crowd, const fio_error *error)
{
    crowd->done++;
    if (error == NULL)
        return;
    crowd->failed++;
    (void)fprintf(stderr, "%s: %s\n", error->name, error->message);
}

static void on_paired(void *user, const fio_error *error, const fio_device *device)
{
    (void)device;
    over(((struct member *)user)->crowd, error);
}

static void send_heartbeat(struct member *member);

static void on_heartbeat(void *user, const fio_error *error)
{
    struct member *member = user;
    const double took = now_seconds() - member->heartbeat_sent_at;

    if (took > member->crowd->slowest)
        member->crowd->slowest = took;
    over(member->crowd, error);
    if (member->heartbeats_left > 0)
        send_heartbeat(member);
}

static void send_heartbeat(struct member *member)
{
    member->heartbeats_left--;
    member->heartbeat_sent_at = now_seconds();
    check(fio_heartbeat(member->client, on_heartbeat, member, NULL), "heartbeat", fio_client_error(member->client));
}

/* Waits at most so long and drives who is ready; returns how many were. */
static int turn(struct crowd *crowd, int timeout_ms)
{
    struct epoll_event events[TURN_EVENTS];
    const int ready = epoll_wait(crowd->epoll_fd, events, TURN_EVENTS, timeout_ms);
    int i;

    for (i = 0; i < ready; i++) {
        struct member *member = events[i].data.ptr;

        check(fio_drive(member->client, 0), "drive", fio_client_error(member->client));
    }
    return ready;
}

static void turn_until_done(struct crowd *crowd, long operations)
{
    while (crowd->done < operations)
        (void)turn(crowd, -1);
}

static void begin(struct crowd *crowd)
{
    crowd->done = crowd->failed = 0;
    crowd->slowest = 0;
}

static void pair_all(struct crowd *crowd)
{
    const double begun = now_seconds();
    long i;

    begin(crowd);
    for (i = 0; i < crowd->count; i++) {
        struct member *member = &crowd->members[i];

        check(fio_pair(member->client, 1, ignore_code, on_paired, member, NULL), "pairing",
              fio_client_error(member->client));
    }
    turn_until_done(crowd, crowd->count);
    (void)printf("{\"seconds\": %.3f, \"failed\": %ld}\n", now_seconds() - begun, crowd->failed);
}

static void rest(struct crowd *crowd, long milliseconds)
{
    const double until = now_seconds() + (double)milliseconds / 1000;
    long ready = 0;

    while (now_seconds() < until)
        ready += turn(crowd, (int)((until - now_seconds()) * 1000) + 1);
    (void)printf("{\"ready\": %ld}\n", ready);
}

static void heartbeat_all(struct crowd *crowd, long rounds)
{
    const double begun = now_seconds();
    long i;

    begin(crowd);
    CALLGRIND_START_INSTRUMENTATION;
    for (i = 0; i < crowd->count; i++) {
        crowd->members[i].heartbeats_left = rounds;
        send_heartbeat(&crowd->members[i]);
    }
    turn_until_done(crowd, crowd->count * rounds);
    CALLGRIND_STOP_INSTRUMENTATION;
    (void)printf("{\"seconds\": %.3f, \"failed\": %ld, \"slowest\": %.3f}\n", now_seconds() - begun, crowd->failed,
                 crowd->slowest);
}

static void upload_all(struct crowd *crowd, const char *file, long pace_ms)
{
    const double begun = now_seconds();
    const double pace = (double)pace_ms / 1000;
    fio_upload *upload = NULL;
    double seconds;
    long i, sent = 0;

    begin(crowd);
    crowd->uploads.done = crowd->uploads.otherwise = 0;
    check(fio_upload_new(&upload), "upload", NULL);
    check(fio_upload_set_path(upload, file), "path", fio_upload_error(upload));
    for (i = 0; i < crowd->count; i++)
        check(fio_upload_start(crowd->members[i].client, upload, NULL), "start",
              fio_client_error(crowd->members[i].client));
    (void)fio_upload_free(upload);
    while (crowd->uploads.done + crowd->uploads.otherwise < crowd->count) {
        (void)turn(crowd, (int)pace_ms);
        while (sent < crowd->count && now_seconds() - begun >= (double)(sent + 1) * pace)
            send_heartbeat(&crowd->members[sent++]);
    }
    seconds = now_seconds() - begun;
    turn_until_done(crowd, sent);
    (void)printf("{\"seconds\": %.3f, \"uploaded\": %ld, \"heartbeats\": %ld, \"failed\": %ld, \"slowest\": %.3f}\n",
                 seconds, crowd->uploads.done, sent, crowd->failed, crowd->slowest);
}

/* arguments: URL CA_FILE CLIENT_SECRET */
static void join(struct crowd *crowd, char **arguments, long number)
{
    struct member *member = &crowd->members[number];
    char id[LONGEST_ID];
    char *identity[4];
    struct epoll_event event;

    (void)snprintf(id, sizeof id, "crowd-%04ld", number);
    identity[0] = arguments[0];
    identity[1] = arguments[1];
    identity[2] = id;
    identity[3] = arguments[2];
    member->crowd = crowd;
    member->client = client_of(forgetful_configuration(identity, &crowd->uploads));
    memset(&event, 0, sizeof event);
    event.events = EPOLLIN;
    event.data.ptr = member;
    if (epoll_ctl(crowd->epoll_fd, EPOLL_CTL_ADD, fio_fd(member->client), &event) != 0) {
        perror("epoll_ctl");
        exit(1);
    }
}

/* Each of them holds five descriptors or more: a process is given few of them at first. */
static void allow_many_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int obey(struct crowd *crowd, char *line)
{
    char file[LONGEST_LINE];
    long number;

    if (strcmp(line, "pair\n") == 0)
        pair_all(crowd);
    else if (sscanf(line, "rest %ld", &number) == 1)
        rest(crowd, number);
    else if (sscanf(line, "heartbeat %ld", &number) == 1)
        heartbeat_all(crowd, number);
    else if (sscanf(line, "upload %4095s %ld", file, &number) == 2)
        upload_all(crowd, file, number);
    else
        return -1;
    return fflush(stdout);
}

int main(int argc, char **argv)
{
    struct crowd crowd;
    char line[LONGEST_LINE];
    int failed = 0;
    long i;

    if (argc != 5) {
        (void)fprintf(stderr, "usage: %s URL CA_FILE CLIENT_SECRET COUNT\n", argv[0]);
        return 2;
    }
    memset(&crowd, 0, sizeof crowd);
    crowd.count = strtol(argv[4], NULL, 10);
    crowd.members = calloc((size_t)crowd.count, sizeof *crowd.members);
    crowd.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (crowd.members == NULL || crowd.epoll_fd < 0) {
        perror("crowd");
        return 2;
    }
    allow_many_descriptors();
    for (i = 0; i < crowd.count; i++)
        join(&crowd, argv + 1, i);
    (void)printf("{\"clients\": %ld}\n", crowd.count);
    (void)fflush(stdout);
    while (!failed && fgets(line, sizeof line, stdin) != NULL)
        failed = obey(&crowd, line) != 0;
    for (i = 0; i < crowd.count; i++)
        (void)fio_client_free(crowd.members[i].client);
    free(crowd.members);
    return failed;
}
