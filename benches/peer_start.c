/*
 * The yardstick for a cold start: what a good C programmer writes to ask for a pairing code and show it, on
 * libcurl and cJSON. One request, and the process ends.
 *
 *     peer_start URL CA_FILE CLIENT_ID CLIENT_SECRET
 */

#include "bench.h"
#include "peer.h"
#include "peer_form.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdlib.h>

static int show(long status, const struct buffer *answer)
{
    cJSON *json = cJSON_ParseWithLength(answer->bytes, answer->length);
    const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "user_code"));
    int shown = status == 200 && code != NULL;

    if (shown)
        (void)printf("{\"user_code\": \"%s\", \"peak_kib\": %ld}\n", code, peak_memory_kib());
    cJSON_Delete(json);
    return shown;
}

int main(int argc, char **argv)
{
    struct buffer answer = {NULL, 0, 0};
    struct curl_slist *headers = NULL;
    char url[256], body[2048] = "";
    long status = 0;
    int shown = 0;
    CURL *easy;

    if (argc != 5) {
        (void)fprintf(stderr, "usage: %s URL CA_FILE CLIENT_ID CLIENT_SECRET\n", argv[0]);
        return 2;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || (easy = curl_easy_init()) == NULL)
        return 2;
    (void)snprintf(url, sizeof url, "%s/v2/auth/device/code", argv[1]);
    append_field(easy, body, sizeof body, "client_id", argv[3]);
    append_field(easy, body, sizeof body, "client_secret", argv[4]);
    append_field(easy, body, sizeof body, "scope", "asset_create offline");
    headers = curl_slist_append(headers, "x-client-version: 1.0.0");
    prepare(easy, url, argv[2], headers, body, &answer);

    if (curl_easy_perform(easy) == CURLE_OK) {
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        shown = show(status, &answer);
    }

    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    free(answer.bytes);
    curl_global_cleanup();
    return !shown;
}
