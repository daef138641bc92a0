/* A program with a libcurl of its own, which is a poor one: pair.c must not come to use it. */
#include <stdio.h>
#include <stdlib.h>

#define main pair
#include "pair.c"
#undef main

#define NOT_FOR_THE_LIBRARY(name) int name(void) { fprintf(stderr, #name " of the program was called\n"); abort(); }

NOT_FOR_THE_LIBRARY(curl_global_init)
NOT_FOR_THE_LIBRARY(curl_global_init_mem)
NOT_FOR_THE_LIBRARY(curl_easy_setopt)
NOT_FOR_THE_LIBRARY(curl_easy_perform)
NOT_FOR_THE_LIBRARY(curl_easy_getinfo)
NOT_FOR_THE_LIBRARY(curl_easy_cleanup)
NOT_FOR_THE_LIBRARY(curl_slist_append)
NOT_FOR_THE_LIBRARY(curl_multi_init)
NOT_FOR_THE_LIBRARY(curl_multi_add_handle)
NOT_FOR_THE_LIBRARY(curl_multi_setopt)
NOT_FOR_THE_LIBRARY(curl_multi_perform)
NOT_FOR_THE_LIBRARY(curl_multi_socket_action)
NOT_FOR_THE_LIBRARY(Curl_open)
NOT_FOR_THE_LIBRARY(inflate)

static int handles;

void *curl_easy_init(void)
{
    ++handles;
    return &handles;
}

int main(int argc, char **argv)
{
    int paired = curl_easy_init() == &handles ? pair(argc, argv) : 1;
    if (handles != 1) {
        fprintf(stderr, "the library took %d handles from the program\n", handles - 1);
        return 1;
    }
    return paired;
}
