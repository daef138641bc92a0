/*
 * The yardstick: what a good C programmer writes by hand to upload a file, on libcurl and cJSON. The asset
 * is created, then its parts go to their addresses, five side by side, each on a handle and a connection
 * that are kept, with a large buffer that is filled straight from the file. No queue, no store, no retries.
 *
 *     peer_upload URL CA_FILE ACCESS_TOKEN FILE
 */
#define _FILE_OFFSET_BITS 64

#include "bench.h"
#include "peer.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PARALLEL = 5,
    UPLOAD_BUFFER = 512 << 10
};

#define MEDIA_TYPE "video/quicktime"

/* One place on the network, and the part that is there. */
struct lane {
    CURL *easy;
    int file;
    curl_off_t offset;
    curl_off_t length;
    curl_off_t sent;
};

static size_t fill(char *data, size_t size, size_t count, void *user)
{
    struct lane *lane = user;
    curl_off_t left = lane->length - lane->sent;
    size_t room = size * count;
    ssize_t got = pread(lane->file, data, (curl_off_t)room < left ? room : (size_t)left, lane->offset + lane->sent);

    if (got < 0 || (got == 0 && left > 0))
        return CURL_READFUNC_ABORT;
    lane->sent += got;
    return (size_t)got;
}

static int rewind_part(void *user, curl_off_t offset, int origin)
{
    struct lane *lane = user;

    if (origin != SEEK_SET || offset > lane->length)
        return CURL_SEEKFUNC_FAIL;
    lane->sent = offset;
    return CURL_SEEKFUNC_OK;
}

static void set_common(CURL *easy, const char *ca_file)
{
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "by-hand/0.1.0");
}

/* Creates the asset; the answer as JSON, NULL if there is none. */
static cJSON *create_asset(const char *url, const char *ca_file, const char *token, double size)
{
    struct buffer answer = {NULL, 0, 0};
    struct curl_slist *headers = NULL;
    cJSON *request = cJSON_CreateObject(), *asset = NULL;
    CURL *easy = curl_easy_init();
    char endpoint[512], authorization[2048];
    long status = 0;
    char *body;

    (void)snprintf(endpoint, sizeof endpoint, "%s/v2/devices/assets", url);
    (void)snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", token);
    cJSON_AddStringToObject(request, "name", "clip.mov");
    cJSON_AddStringToObject(request, "filetype", MEDIA_TYPE);
    cJSON_AddNumberToObject(request, "filesize", size);
    cJSON_AddNumberToObject(request, "offset", 0);
    body = cJSON_PrintUnformatted(request);
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "x-client-version: 1.0.0");
    headers = curl_slist_append(headers, authorization);
    set_common(easy, ca_file);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(easy, CURLOPT_URL, endpoint);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
    if (curl_easy_perform(easy) == CURLE_OK) {
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (status == 201 || status == 200)
            asset = cJSON_ParseWithLength(answer.bytes, answer.length);
    }
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    cJSON_free(body);
    cJSON_Delete(request);
    free(answer.bytes);
    return asset;
}

static void send_next(CURLM *multi, struct lane *lane, const cJSON *url, int part, curl_off_t part_size,
                      curl_off_t size)
{
    lane->offset = part * part_size;
    lane->length = size - lane->offset < part_size ? size - lane->offset : part_size;
    lane->sent = 0;
    curl_easy_setopt(lane->easy, CURLOPT_URL, cJSON_GetStringValue(url));
    curl_easy_setopt(lane->easy, CURLOPT_INFILESIZE_LARGE, lane->length);
    curl_multi_add_handle(multi, lane->easy);
}

/* Whether every part arrived. */
static int send_parts(const cJSON *urls, const char *ca_file, int file, curl_off_t size)
{
    struct lane lanes[PARALLEL];
    struct curl_slist *headers = NULL;
    CURLM *multi = curl_multi_init();
    const cJSON *next = urls->child;
    int count = cJSON_GetArraySize(urls), started = 0, arrived = 0, failed = 0, running = 0, i;
    curl_off_t part_size = (size + count - 1) / count;

    headers = curl_slist_append(headers, "Content-Type: " MEDIA_TYPE);
    headers = curl_slist_append(headers, "x-amz-acl: private");
    headers = curl_slist_append(headers, "Expect:");
    for (i = 0; i < PARALLEL; i++) {
        CURL *easy = curl_easy_init();

        lanes[i].easy = easy;
        lanes[i].file = file;
        set_common(easy, ca_file);
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, 60L);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, fill);
        curl_easy_setopt(easy, CURLOPT_READDATA, &lanes[i]);
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_part);
        curl_easy_setopt(easy, CURLOPT_SEEKDATA, &lanes[i]);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
        curl_easy_setopt(easy, CURLOPT_PRIVATE, &lanes[i]);
    }
    for (i = 0; i < PARALLEL && next != NULL; i++, next = next->next)
        send_next(multi, &lanes[i], next, started++, part_size, size);

    while (arrived < started && !failed) {
        CURLMsg *message;
        int left;

        failed = curl_multi_perform(multi, &running) != CURLM_OK;
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            struct lane *lane = NULL;
            long status = 0;

            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&lane);
            curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
            failed |= message->data.result != CURLE_OK || status != 200;
            arrived++;
            curl_multi_remove_handle(multi, lane->easy);
            if (next != NULL && !failed) {
                send_next(multi, lane, next, started++, part_size, size);
                next = next->next;
                running++;
            }
        }
        if (running > 0 && !failed)
            failed = curl_multi_poll(multi, NULL, 0, 1000, NULL) != CURLM_OK;
    }
    for (i = 0; i < PARALLEL; i++) {
        curl_multi_remove_handle(multi, lanes[i].easy);
        curl_easy_cleanup(lanes[i].easy);
    }
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    return !failed && arrived == count;
}

int main(int argc, char **argv)
{
    const cJSON *urls;
    struct stat status;
    cJSON *asset;
    int file, is_sent;

    if (argc != 5) {
        (void)fprintf(stderr, "usage: %s URL CA_FILE ACCESS_TOKEN FILE\n", argv[0]);
        return 2;
    }
    file = open(argv[4], O_RDONLY);
    if (file < 0 || fstat(file, &status) != 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return 2;
    asset = create_asset(argv[1], argv[2], argv[3], (double)status.st_size);
    urls = cJSON_GetObjectItemCaseSensitive(asset, "upload_urls");
    is_sent = cJSON_GetArraySize(urls) > 0 && send_parts(urls, argv[2], file, status.st_size);
    (void)printf("{\"peak_kib\": %ld}\n", peak_memory_kib());

    cJSON_Delete(asset);
    curl_global_cleanup();
    (void)close(file);
    return !is_sent;
}
