/*
 * The yardstick for many devices in one process: what each costs a good C programmer on libcurl, with a handle
 * and a connection that is kept for each device, served one after the other.
 *
 *     peer_crowd URL CA_FILE ACCESS_TOKEN COUNT
 *
 * A line `heartbeat ROUNDS` on standard input lets each send so many, which callgrind sees and nothing else; it
 * is answered by a line of JSON. The end of input ends it.
 */

#include "peer.h"
#include "peer_form.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

enum {
    LONGEST_LINE = 256
};

struct device {
    CURL *easy;
    struct curl_slist *headers;
    struct buffer answer;
};

static int join(struct device *device, const char *url, const char *ca_file, const char *authorization)
{
    device->easy = curl_easy_init();
    if (device->easy == NULL)
        return -1;
    device->headers = curl_slist_append(device->headers, "x-client-version: 1.0.0");
    device->headers = curl_slist_append(device->headers, authorization);
    prepare(device->easy, url, ca_file, device->headers, "", &device->answer);
    return 0;
}

/* 0 if the service has taken it. */
static int send_heartbeat(struct device *device)
{
    long status = 0;

    device->answer.length = 0;
    if (curl_easy_perform(device->easy) != CURLE_OK)
        return -1;
    curl_easy_getinfo(device->easy, CURLINFO_RESPONSE_CODE, &status);
    return status == 204 ? 0 : -1;
}

static void heartbeat_all(struct device *devices, long count, long rounds)
{
    long failed = 0, i, round;

    CALLGRIND_START_INSTRUMENTATION;
    for (round = 0; round < rounds; round++)
        for (i = 0; i < count; i++)
            failed += send_heartbeat(&devices[i]) != 0;
    CALLGRIND_STOP_INSTRUMENTATION;
    (void)printf("{\"failed\": %ld}\n", failed);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    char url[256], authorization[512], line[LONGEST_LINE];
    struct device *devices;
    long count, rounds, i;

    if (argc != 5) {
        (void)fprintf(stderr, "usage: %s URL CA_FILE ACCESS_TOKEN COUNT\n", argv[0]);
        return 2;
    }
    count = strtol(argv[4], NULL, 10);
    devices = calloc((size_t)count, sizeof *devices);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || devices == NULL)
        return 2;
    (void)snprintf(url, sizeof url, "%s/v2/devices/heartbeat", argv[1]);
    (void)snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", argv[3]);
    for (i = 0; i < count; i++)
        if (join(&devices[i], url, argv[2], authorization) != 0)
            return 2;
    (void)printf("{\"clients\": %ld}\n", count);
    (void)fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL)
        if (sscanf(line, "heartbeat %ld", &rounds) == 1)
            heartbeat_all(devices, count, rounds);

    for (i = 0; i < count; i++) {
        curl_easy_cleanup(devices[i].easy);
        curl_slist_free_all(devices[i].headers);
        free(devices[i].answer.bytes);
    }
    free(devices);
    curl_global_cleanup();
    return 0;
}
