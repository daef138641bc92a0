/* Checks for the test programs: a failed one says where and ends the program. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                  \
            fflush(stderr);                                                                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

#define CHECK_EQUAL(is, should)                                                                                        \
    do {                                                                                                               \
        long long is_ = (long long)(is);                                                                               \
        long long should_ = (long long)(should);                                                                       \
        if (is_ != should_) {                                                                                          \
            fprintf(stderr, "%s:%d: %s is %lld, should be %lld (%s)\n", __FILE__, __LINE__, #is, is_, should_,         \
                    #should);                                                                                          \
            fflush(stderr);                                                                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

#endif
