#include "heap_watch.h"
#include "check.h"
#include "secrets.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/* glibc's own, under the names it keeps for this purpose. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

#define MOST_RECORDS ((size_t)4 << 20)
#define MOST_BYTES ((size_t)2 << 30)
#define CHUNK ((size_t)1 << 20)
#define NOT_KEPT SIZE_MAX

struct record {
    uintptr_t block;
    size_t size;
    uintptr_t caller;
    /* Where its bytes are kept, if it was freed with something in it. */
    size_t kept;
    int is_free;
};

static struct record *records;
static unsigned char *kept;
static unsigned char *chunk;
static size_t record_count, kept_count;
static int is_on;

static void *reserve(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    return memory;
}

void heap_watch_start(void)
{
    records = reserve(MOST_RECORDS * sizeof *records);
    kept = reserve(MOST_BYTES);
    chunk = reserve(CHUNK);
    __atomic_store_n(&is_on, 1, __ATOMIC_RELEASE);
}

void heap_watch_stop(void)
{
    __atomic_store_n(&is_on, 0, __ATOMIC_RELEASE);
}

static struct record *record(const void *block, size_t size, const void *caller, int is_free)
{
    size_t index = __atomic_fetch_add(&record_count, 1, __ATOMIC_RELAXED);
    CHECK(index < MOST_RECORDS);
    records[index] = (struct record){(uintptr_t)block, size, (uintptr_t)caller, NOT_KEPT, is_free};
    return &records[index];
}

/* What somebody else has left in it has been seen when it was freed: the next owner is not to be blamed. */
static void *allocated(void *block, const void *caller)
{
    if (block != NULL && __atomic_load_n(&is_on, __ATOMIC_ACQUIRE)) {
        memset(block, 0, malloc_usable_size(block));
        record(block, malloc_usable_size(block), caller, 0);
    }
    return block;
}

static void freed(const void *block, const void *caller)
{
    size_t size = malloc_usable_size((void *)(uintptr_t)block);
    const unsigned char *bytes = block;
    struct record *own = record(block, size, caller, 1);
    size_t used = 0;
    for (size_t i = 0; i < size; ++i)
        used = bytes[i] != 0 ? i + 1 : used;
    if (used >= SECRETS_PIECE) {
        own->size = size;
        own->kept = __atomic_fetch_add(&kept_count, size, __ATOMIC_RELAXED);
        CHECK(own->kept + size <= MOST_BYTES);
        for (size_t i = 0; i < size; ++i)
            kept[own->kept + i] = bytes[i] ^ SECRETS_MASK;
    }
}

static void release(void *block, const void *caller)
{
    if (block != NULL && __atomic_load_n(&is_on, __ATOMIC_ACQUIRE))
        freed(block, caller);
    __libc_free(block);
}

void *malloc(size_t size)
{
    return allocated(__libc_malloc(size), __builtin_return_address(0));
}

void *calloc(size_t count, size_t size)
{
    return allocated(__libc_calloc(count, size), __builtin_return_address(0));
}

void free(void *block)
{
    release(block, __builtin_return_address(0));
}

/* Moves whenever glibc might: what an old place keeps is then seen. */
void *realloc(void *block, size_t size)
{
    const void *caller = __builtin_return_address(0);
    void *moved;
    if (block != NULL && size != 0 && malloc_usable_size(block) >= size)
        return block;
    moved = allocated(__libc_malloc(size), caller);
    if (moved == NULL || block == NULL)
        return moved;
    memcpy(moved, block, malloc_usable_size(block) < size ? malloc_usable_size(block) : size);
    release(block, caller);
    return moved;
}

void *memalign(size_t alignment, size_t size)
{
    return allocated(__libc_memalign(alignment, size), __builtin_return_address(0));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return allocated(__libc_memalign(alignment, size), __builtin_return_address(0));
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = allocated(__libc_memalign(alignment, size), __builtin_return_address(0));
    return *block == NULL ? ENOMEM : 0;
}

/* `MODULE OFFSET` of a code address. */
static void print_place(uintptr_t code)
{
    Dl_info info;
    const char *name;
    if (code == 0 || dladdr((void *)code, &info) == 0) {
        printf("- 0\n");
        return;
    }
    name = strrchr(info.dli_fname, '/');
    printf("%s %lx\n", name == NULL ? info.dli_fname : name + 1, (unsigned long)(code - (uintptr_t)info.dli_fbase));
}

void heap_watch_report_freed(void)
{
    size_t blocks = 0;
    for (size_t i = 0; i < record_count; ++i) {
        const struct record *own = &records[i];
        const char *name;
        if (!own->is_free)
            continue;
        ++blocks;
        if (own->kept == NOT_KEPT)
            continue;
        name = secrets_find(kept + own->kept, own->size, SECRETS_MASK, NULL);
        if (name != NULL) {
            printf("freed %s %zu ", name, own->size);
            print_place(own->caller);
        }
    }
    printf("watched %zu blocks\n", blocks);
}

/* The last thing that happened to the block around an address. */
static const struct record *last_record_of(uintptr_t address)
{
    for (size_t i = record_count; i-- > 0;) {
        if (address >= records[i].block && address < records[i].block + records[i].size)
            return &records[i];
    }
    return NULL;
}

static void report(const char *name, uintptr_t address, const char *region)
{
    const struct record *own = last_record_of(address);
    const char *how = own == NULL ? "-" : own->is_free ? "freed" : "held";
    printf("left %s %s %s %zu ", name, region, how, own == NULL ? 0 : own->size);
    print_place(own == NULL ? 0 : own->caller);
}

static int is_ours(uintptr_t address)
{
    return (address >= (uintptr_t)records && address < (uintptr_t)(records + MOST_RECORDS))
           || (address >= (uintptr_t)kept && address < (uintptr_t)kept + MOST_BYTES)
           || (address >= (uintptr_t)chunk && address < (uintptr_t)chunk + CHUNK);
}

static void search(int memory, uintptr_t from, uintptr_t to, const char *region)
{
    while (from < to) {
        size_t want = to - from < CHUNK ? to - from : CHUNK;
        ssize_t got = pread(memory, chunk, want, (off_t)from);
        size_t at = 0, begin = 0;
        const char *name;
        if (got <= 0)
            return;
        while ((name = secrets_find(chunk + begin, (size_t)got - begin, 0, &at)) != NULL) {
            report(name, from + begin + at, region);
            begin += at + SECRETS_PIECE;
        }
        /* A piece may lie across the border of two chunks. */
        from += (size_t)got < want || from + (size_t)got == to ? (size_t)got : (size_t)got - SECRETS_PIECE;
    }
}

void heap_watch_report_left(void)
{
    static char line[1024];
    unsigned long long bytes = 0;
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(memory >= 0 && maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        char access[8];
        const char *region = strrchr(line, ' ') + 1;
        CHECK_EQUAL(sscanf(line, "%lx-%lx %7s", &from, &to, access), 3);
        if (access[0] != 'r' || is_ours(from) || strstr(region, "[v") != NULL)
            continue;
        line[strcspn(line, "\n")] = '\0';
        region = *region == '\0' ? "anonymous" : strrchr(region, '/') != NULL ? strrchr(region, '/') + 1 : region;
        search(memory, from, to, region);
        bytes += to - from;
    }
    fclose(maps);
    close(memory);
    printf("searched %llu bytes\n", bytes);
}

__attribute__((noinline)) void heap_watch_report_stack(const char *where)
{
    /* The search itself uses a little of it. */
    enum {
        OWN_USE = 512,
        DEEPEST = 250000
    };
    const unsigned char *top = (const unsigned char *)__builtin_frame_address(0) - OWN_USE;
    const unsigned char *from = top - DEEPEST;
    const char *name;
    size_t at;
    while ((name = secrets_find(from, (size_t)(top - from), 0, &at)) != NULL) {
        from += at + SECRETS_PIECE;
        printf("stack %s %s %ld\n", name, where, (long)(top - from));
    }
}
