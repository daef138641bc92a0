/*
 * The yardstick: what a good C programmer writes by hand to poll the token endpoint, on libcurl and
 * cJSON. One handle, kept; everything set once; only what a device needs.
 *
 *     peer_poll URL CA_FILE CLIENT_ID CLIENT_SECRET DEVICE_CODE INTERVAL_US POLLS
 */

#include "bench.h"
#include "peer.h"
#include "peer_form.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* 0: the user has not decided yet; 1: anything else. */
static int judge(long status, const struct buffer *answer)
{
    cJSON *json = cJSON_ParseWithLength(answer->bytes, answer->length);
    const char *error = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "error"));
    int decided = status != 400 || error == NULL || strcmp(error, "authorization_pending") != 0;

    cJSON_Delete(json);
    return decided;
}

int main(int argc, char **argv)
{
    struct buffer answer = {NULL, 0, 0};
    struct curl_slist *headers = NULL;
    struct timespec pause = {0, 0};
    char url[256], body[2048] = "";
    long polls, done = 0;
    int failed = 0;
    CURL *easy;

    if (argc != 8) {
        (void)fprintf(stderr, "usage: %s URL CA_FILE CLIENT_ID CLIENT_SECRET DEVICE_CODE INTERVAL_US POLLS\n", argv[0]);
        return 2;
    }
    pause.tv_nsec = strtol(argv[6], NULL, 10) * 1000;
    polls = strtol(argv[7], NULL, 10);

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || (easy = curl_easy_init()) == NULL)
        return 2;
    (void)snprintf(url, sizeof url, "%s/v2/auth/token", argv[1]);
    append_field(easy, body, sizeof body, "grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    append_field(easy, body, sizeof body, "device_code", argv[5]);
    append_field(easy, body, sizeof body, "client_id", argv[3]);
    append_field(easy, body, sizeof body, "client_secret", argv[4]);
    headers = curl_slist_append(headers, "x-client-version: 1.0.0");
    prepare(easy, url, argv[2], headers, body, &answer);

    while (done < polls && !failed) {
        long status = 0;

        nanosleep(&pause, NULL);
        answer.length = 0;
        failed = curl_easy_perform(easy) != CURLE_OK;
        if (!failed) {
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
            failed = judge(status, &answer);
            done++;
        }
    }
    (void)printf("{\"polls\": %ld, \"peak_kib\": %ld}\n", done, peak_memory_kib());

    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    free(answer.bytes);
    curl_global_cleanup();
    return failed;
}
