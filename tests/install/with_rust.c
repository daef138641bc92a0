/* A program with a second library made with Rust in it: pair.c, with that library at work before and after. */
#include <stdio.h>

#define main pair
#include "pair.c"
#undef main

int neighbour_works(void);
int neighbour_catches(void);

int main(int argc, char **argv)
{
    for (int round = 0; round < 2; ++round) {
        int paired = pair(argc, argv);
        if (neighbour_works() != 0 || neighbour_catches() != 0) {
            fprintf(stderr, "the other library does not work\n");
            return 1;
        }
        if (paired != 0)
            return paired;
    }
    return 0;
}
