/*
 * The yardstick of a network that breaks: parts sent with a fixed setting, as a good C programmer would by hand on
 * libcurl. So many are on their way at once, whatever the network is like; what failed is sent again after a
 * second, from the beginning; a connection on which nothing is confirmed for ten seconds is given up.
 *
 *     peer_parts CA_FILE AT_ONCE PARTS     a line of PARTS: URL OFFSET LENGTH FILE
 */
#define _FILE_OFFSET_BITS 64
#define _DEFAULT_SOURCE

#include "bench.h"
#include "peer.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_AT_ONCE = 16,
    UPLOAD_BUFFER = 64 << 10,
    PAUSE_MS = 1000,
    SILENCE_MS = 10000,
    LONGEST_LINE = 8192
};

struct part {
    char *url;
    char *path;
    curl_off_t offset;
    curl_off_t length;
    double not_before;
    int is_in_flight;
    int is_stored;
};

struct handle {
    CURL *easy;
    struct part *part;
    int file;
    curl_off_t sent;
};

static double now_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t fill(char *data, size_t size, size_t count, void *user)
{
    struct handle *handle = user;
    curl_off_t left = handle->part->length - handle->sent;
    size_t room = size * count;
    ssize_t got =
        pread(handle->file, data, (curl_off_t)room < left ? room : (size_t)left, handle->part->offset + handle->sent);

    if (got < 0 || (got == 0 && left > 0))
        return CURL_READFUNC_ABORT;
    handle->sent += got;
    return (size_t)got;
}

static int rewind_part(void *user, curl_off_t offset, int origin)
{
    struct handle *handle = user;

    if (origin != SEEK_SET || offset > handle->part->length)
        return CURL_SEEKFUNC_FAIL;
    handle->sent = offset;
    return CURL_SEEKFUNC_OK;
}

static int give_up_in_silence(void *user, curl_socket_t descriptor, curlsocktype purpose)
{
    unsigned int milliseconds = SILENCE_MS;

    (void)user;
    (void)purpose;
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
    return CURL_SOCKOPT_OK;
}

/* How many parts there are; 0 if the list is not what it should be. */
static size_t read_parts(const char *path, struct part **parts)
{
    FILE *list = fopen(path, "r");
    char url[LONGEST_LINE], file[LONGEST_LINE];
    long long offset, length;
    size_t count = 0;

    if (list == NULL)
        return 0;
    while (fscanf(list, "%8191s %lld %lld %8191s", url, &offset, &length, file) == 4) {
        struct part *grown = realloc(*parts, (count + 1) * sizeof **parts);

        if (grown == NULL)
            break;
        *parts = grown;
        grown[count++] = (struct part){strdup(url), strdup(file), offset, length, 0, 0, 0};
    }
    (void)fclose(list);
    return count;
}

static CURL *new_easy(struct handle *handle, const char *ca_file, struct curl_slist *headers)
{
    CURL *easy = curl_easy_init();

    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)SILENCE_MS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, fill);
    curl_easy_setopt(easy, CURLOPT_READDATA, handle);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_part);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, handle);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, give_up_in_silence);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, handle);
    return easy;
}

static struct part *next_part(struct part *parts, size_t count, double now)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (!parts[i].is_in_flight && !parts[i].is_stored && parts[i].not_before <= now)
            return &parts[i];
    return NULL;
}

static int begin(CURLM *multi, struct handle *handle, struct part *part)
{
    handle->file = open(part->path, O_RDONLY);
    if (handle->file < 0)
        return 0;
    handle->part = part;
    handle->sent = 0;
    part->is_in_flight = 1;
    curl_easy_setopt(handle->easy, CURLOPT_URL, part->url);
    curl_easy_setopt(handle->easy, CURLOPT_INFILESIZE_LARGE, part->length);
    return curl_multi_add_handle(multi, handle->easy) == CURLM_OK;
}

/* Whether the part was stored. */
static int end(CURLM *multi, struct handle *handle, CURLcode result)
{
    struct part *part = handle->part;
    long status = 0;

    curl_easy_getinfo(handle->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(multi, handle->easy);
    (void)close(handle->file);
    handle->part = NULL;
    part->is_in_flight = 0;
    part->is_stored = result == CURLE_OK && status == 200;
    part->not_before = now_seconds() + PAUSE_MS / 1e3;
    return part->is_stored;
}

int main(int argc, char **argv)
{
    static struct handle handles[MOST_AT_ONCE];
    struct part *parts = NULL, *next;
    struct curl_slist *headers = NULL;
    int at_once = argc == 4 ? atoi(argv[2]) : 0, i, running, left;
    size_t count, stored = 0;
    CURLMsg *message;
    CURLM *multi;

    if (at_once < 1 || at_once > MOST_AT_ONCE) {
        (void)fprintf(stderr, "usage: %s CA_FILE AT_ONCE PARTS\n", argv[0]);
        return 2;
    }
    count = read_parts(argv[3], &parts);
    if (count == 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return 2;
    multi = curl_multi_init();
    headers = curl_slist_append(headers, "Content-Type: video/quicktime");
    headers = curl_slist_append(headers, "x-amz-acl: private");
    headers = curl_slist_append(headers, "Expect:");
    for (i = 0; i < at_once; i++)
        handles[i].easy = new_easy(&handles[i], argv[1], headers);

    while (stored < count) {
        for (i = 0; i < at_once; i++)
            if (handles[i].part == NULL && (next = next_part(parts, count, now_seconds())) != NULL
                && !begin(multi, &handles[i], next))
                return 1;
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            return 1;
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            struct handle *handle = NULL;

            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&handle);
            stored += (size_t)end(multi, handle, message->data.result);
        }
        if (stored < count && curl_multi_poll(multi, NULL, 0, 100, NULL) != CURLM_OK)
            return 1;
    }
    (void)printf("{\"peak_kib\": %ld}\n", peak_memory_kib());
    return 0;
}
