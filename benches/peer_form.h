/* What the programs by hand that speak to the auth endpoints share: a form, escaped by libcurl. */

#ifndef PEER_FORM_H
#define PEER_FORM_H

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static void append_field(CURL *easy, char *body, size_t room, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(easy, value, 0);
    size_t used = strlen(body);

    if (escaped != NULL)
        (void)snprintf(body + used, room - used, "%s%s=%s", used > 0 ? "&" : "", name, escaped);
    curl_free(escaped);
}

#endif
