/* Loading the library at run time: it changes nothing in the host, and stays. Not linked against it. */
#include "check.h"

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

extern char **environ;

#define THREADS 4

static const char *library;

static char *environment(void)
{
    size_t length = 1;
    char *all;
    for (char **variable = environ; *variable != NULL; ++variable)
        length += strlen(*variable) + 1;
    all = calloc(length, 1);
    CHECK(all != NULL);
    for (char **variable = environ; *variable != NULL; ++variable) {
        strcat(all, *variable);
        strcat(all, "\n");
    }
    return all;
}

static int entries_of(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    CHECK(folder != NULL);
    while (readdir(folder) != NULL)
        ++count;
    closedir(folder);
    return count;
}

static const char *version_through(void *handle)
{
    const char *(*version)(void);
    *(void **)&version = dlsym(handle, "fio_version");
    CHECK(version != NULL);
    return version();
}

static void loading_changes_nothing(void)
{
    char path[] = "/tmp/fio-load-XXXXXX";
    struct stat said;
    char *before = environment();
    char *after;
    int threads = entries_of("/proc/self/task");
    int descriptors = entries_of("/proc/self/fd");
    int out = dup(STDOUT_FILENO);
    int err = dup(STDERR_FILENO);
    int file = mkstemp(path);
    void *handle;
    CHECK(file >= 0 && out >= 0 && err >= 0);
    CHECK_EQUAL(unlink(path), 0);
    CHECK(dup2(file, STDOUT_FILENO) >= 0 && dup2(file, STDERR_FILENO) >= 0);
    handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    CHECK(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
    CHECK(handle != NULL);
    CHECK_EQUAL(fstat(file, &said), 0);
    CHECK_EQUAL(said.st_size, 0);
    close(file);
    close(out);
    close(err);
    after = environment();
    CHECK(strcmp(before, after) == 0);
    CHECK_EQUAL(entries_of("/proc/self/task"), threads);
    CHECK_EQUAL(entries_of("/proc/self/fd"), descriptors);
    free(before);
    free(after);
    CHECK(strchr(version_through(handle), '.') != NULL);
    /* RTLD_LOCAL: nothing of it is visible to others. */
    CHECK(dlsym(RTLD_DEFAULT, "fio_version") == NULL);
    CHECK(dlsym(handle, "fio_version_number") != NULL);
    CHECK_EQUAL(dlclose(handle), 0);
}

static void it_stays_when_closed(void)
{
    const char *version;
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    CHECK(handle != NULL);
    version = version_through(handle);
    CHECK_EQUAL(dlclose(handle), 0);
    CHECK_EQUAL(dlclose(dlopen(library, RTLD_NOW | RTLD_NOLOAD)), 0);
    CHECK(strchr(version, '.') != NULL);
}

static void *open_and_close(void *argument)
{
    (void)argument;
    for (int i = 0; i < 20; ++i) {
        void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
        CHECK(handle != NULL);
        CHECK(strchr(version_through(handle), '.') != NULL);
        CHECK_EQUAL(dlclose(handle), 0);
    }
    return NULL;
}

/* The first load happens while other threads run, in several of them at once. */
static void a_host_with_threads_may_load_it(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; ++i)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, open_and_close, NULL), 0);
    for (int i = 0; i < THREADS; ++i)
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
}

int main(int argc, char **argv)
{
    CHECK(argc >= 6);
    library = argv[4];
    if (strcmp(argv[5], "threaded") == 0)
        a_host_with_threads_may_load_it();
    loading_changes_nothing();
    it_stays_when_closed();
    return 0;
}
