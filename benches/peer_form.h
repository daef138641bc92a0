/* What the programs by hand that speak to the auth endpoints share: a form, escaped by libcurl, and how it is sent. */

#ifndef PEER_FORM_H
#define PEER_FORM_H

#include "peer.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static inline void append_field(CURL *easy, char *body, size_t room, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(easy, value, 0);
    size_t used = strlen(body);

    if (escaped != NULL)
        (void)snprintf(body + used, room - used, "%s%s=%s", used > 0 ? "&" : "", name, escaped);
    curl_free(escaped);
}

/* Everything is set once; only what a device needs. */
static void prepare(CURL *easy, const char *url, const char *ca_file, struct curl_slist *headers, const char *body,
                    struct buffer *answer)
{
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "by-hand/0.1.0");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
}

#endif
