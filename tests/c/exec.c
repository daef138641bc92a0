/* No descriptor of the library survives an exec: not connections, nor the poller, nor the store's lock.
 *
 * An exception with a name: older versions of libcurl make the pair of sockets or the pipe with which they
 * wake themselves without close-on-exec (curl issue 13618), and offer no way to change that.
 * FIO_TEST_WAKE_PAIR=1 says that this may be such a libcurl. */
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MOST 256

static int is_open_at_start[MOST];

static int is_of_a_pair(int fd)
{
    int domain = 0;
    socklen_t length = sizeof domain;
    struct stat info;
    if (fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode))
        return 1;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_UNIX;
}

/* Says of each open descriptor what it is; returns how many there are that were not there at the start. */
static int unknown_descriptors(const char *known)
{
    int count = 0, of_pairs = 0;
    struct dirent *entry;
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || fd == dirfd(folder) || fd >= MOST)
            continue;
        if (known == NULL) {
            is_open_at_start[fd] = 1;
        } else if (known[fd] != 'x') {
            char path[64], target[256] = "";
            snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
            CHECK(readlink(path, target, sizeof target - 1) > 0);
            if (is_of_a_pair(fd) && ++of_pairs <= 2 && getenv("FIO_TEST_WAKE_PAIR") != NULL)
                continue;
            fprintf(stderr, "descriptor %d came along: %s\n", fd, target);
            ++count;
        }
    }
    closedir(folder);
    return count;
}

static void no_descriptor_comes_along(const char *self)
{
    int status;
    char known[MOST + 1] = {0};
    pid_t child;
    for (int fd = 0; fd < MOST; ++fd)
        known[fd] = is_open_at_start[fd] ? 'x' : '-';
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        execl(self, self, "descriptors", known, (char *)NULL);
        _exit(9);
    }
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void with_poller(const char *self, int32_t poller)
{
    fio_op op;
    fio_client *client;
    fio_config *config = new_config("exec");
    CHECK_STATUS(fio_config_set_store_dir(config, test_folder), FIO_OK);
    CHECK_STATUS(fio_config_set_poller(config, poller), FIO_OK);
    client = new_client(config);
    no_descriptor_comes_along(self);
    pair(client);
    no_descriptor_comes_along(self);
    fault("{\"endpoint\":\"heartbeat\",\"fault\":{\"kind\":\"stall\"}}");
    CHECK_STATUS(fio_heartbeat(client, NULL, NULL, &op), FIO_OK);
    CHECK_STATUS(fio_drive(client, 20), FIO_OK);
    no_descriptor_comes_along(self);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
    steer("DELETE", "/emulator/faults", NULL);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "descriptors") == 0)
        return unknown_descriptors(argv[2]) == 0 ? 0 : 1;
    unknown_descriptors(NULL);
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    with_poller(argv[0], FIO_POLLER_DEFAULT);
    with_poller(argv[0], FIO_POLLER_PORTABLE);
    return 0;
}
