/* What the programs of the benchmarks share: how they tell what they used. */

#ifndef BENCH_H
#define BENCH_H

#include <stdio.h>

/* The most memory this program ever had resident, in KiB; -1 if the system does not say. (Not from
   getrusage: that begins with what the parent had before exec.) */
static long peak_memory_kib(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long peak = -1;

    if (status == NULL)
        return -1;
    while (peak < 0 && fgets(line, sizeof line, status) != NULL)
        (void)sscanf(line, "VmHWM: %ld kB", &peak);
    (void)fclose(status);
    return peak;
}

#endif
