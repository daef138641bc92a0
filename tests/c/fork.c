/* What a forked child may do, and that it does not disturb the parent. */
#include "uploading.h"

#include <signal.h>
#include <sys/wait.h>

static int destroyed, completed;

static void on_event(void *user, const fio_event *event)
{
    (void)user, (void)event;
}

static void on_destroy(void *user)
{
    (void)user;
    ++destroyed;
}

static void on_done(void *user, const fio_error *error)
{
    (void)user, (void)error;
    ++completed;
}

/* The connection number of the newest request in the emulator's log. */
static long last_connection(void)
{
    const char *found = NULL;
    const char *next = steer("GET", "/emulator/requests?since=0", NULL);
    while ((next = strstr(next, "\"connection\":")) != NULL) {
        next += strlen("\"connection\":");
        found = next;
    }
    CHECK(found != NULL);
    return strtol(found, NULL, 10);
}

static void heartbeat(fio_client *client)
{
    fio_op op;
    CHECK_STATUS(fio_heartbeat(client, NULL, NULL, &op), FIO_OK);
    CHECK_STATUS(fio_wait(client, op), FIO_OK);
}

/* Ends a child, for the parent to see. Under valgrind, whose leak check finds the connections that the
 * child must leave alone, it ends by a signal instead. */
static void end_child(void)
{
    if (getenv("FIO_TEST_SLOWNESS") != NULL)
        kill(getpid(), SIGKILL);
    _exit(7);
}

static void child_ended_well(pid_t child)
{
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    if (getenv("FIO_TEST_SLOWNESS") != NULL)
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    else
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void in_the_child(fio_client *client, fio_op running, int frees)
{
    everything_answers(client, FIO_E_FORKED);
    CHECK_STATUS(fio_cancel(client, running), FIO_E_FORKED);
    CHECK_STATUS(fio_wakeup(client), FIO_E_FORKED);
    CHECK(fio_client_error(client) == NULL);
    if (frees)
        CHECK_STATUS(fio_client_free(client), FIO_OK);
    CHECK_EQUAL(destroyed, 0);
    CHECK_EQUAL(completed, 0);
    end_child();
}

static fio_client *prepared(fio_config **config)
{
    fio_client *client;
    *config = new_config("fork");
    CHECK_STATUS(fio_config_set_event(*config, on_event, NULL, on_destroy), FIO_OK);
    CHECK_STATUS(fio_config_set_store_dir(*config, test_folder), FIO_OK);
    CHECK_STATUS(fio_client_new(*config, &client), FIO_OK);
    return client;
}

static void the_parents_connection_goes_on(int frees)
{
    fio_config *config;
    fio_client *client = prepared(&config);
    long connection;
    pid_t child;
    pair(client);
    heartbeat(client);
    connection = last_connection();
    child = fork();
    CHECK(child >= 0);
    if (child == 0)
        in_the_child(client, 0, frees);
    child_ended_well(child);
    heartbeat(client);
    CHECK_EQUAL(last_connection(), connection);
    /* The store is still locked by the parent. */
    {
        fio_client *second;
        CHECK_STATUS(fio_client_new(config, &second), FIO_E_STORE_LOCKED);
    }
    CHECK_STATUS(fio_config_free(config), FIO_OK);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
    CHECK_EQUAL(destroyed, 1);
    destroyed = 0;
}

static void a_request_under_way_goes_on(void)
{
    fio_config *config;
    fio_client *client = prepared(&config);
    fio_op op;
    pid_t child;
    pair(client);
    fault("{\"endpoint\":\"heartbeat\",\"fault\":{\"kind\":\"delay\",\"ms\":300}}");
    CHECK_STATUS(fio_heartbeat(client, on_done, NULL, &op), FIO_OK);
    CHECK_STATUS(fio_drive(client, 20), FIO_OK);
    CHECK_EQUAL(completed, 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0)
        in_the_child(client, op, 1);
    child_ended_well(child);
    CHECK_STATUS(fio_wait(client, op), FIO_OK);
    CHECK_EQUAL(completed, 1);
    completed = 0;
    CHECK_STATUS(fio_config_free(config), FIO_OK);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
    destroyed = 0;
}

static void a_config_is_only_memory(void)
{
    fio_config *config = new_config("fork");
    pid_t child;
    CHECK_STATUS(fio_config_set_event(config, on_event, NULL, on_destroy), FIO_OK);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        /* A child may start over, but `destroy` belongs to the parent. */
        fio_client *client;
        CHECK_STATUS(fio_client_new(config, &client), FIO_OK);
        CHECK_STATUS(fio_drive(client, 0), FIO_OK);
        CHECK_STATUS(fio_client_free(client), FIO_OK);
        CHECK_STATUS(fio_config_free(config), FIO_OK);
        CHECK_EQUAL(destroyed, 0);
        end_child();
    }
    child_ended_well(child);
    CHECK_STATUS(fio_config_free(config), FIO_OK);
    CHECK_EQUAL(destroyed, 1);
    destroyed = 0;
}

/* A child has uploads of its own, if it likes. */
static void upload_in_the_child(const char *path)
{
    struct told told;
    fio_client *client = new_uploader("fork-child", &told);
    drive_to(client, start(client, new_path_upload(path)), FIO_UPLOAD_DONE);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

static void uploads_under_way_go_on(void)
{
    enum {
        SIZE = 250000
    };
    char path[512];
    struct told told;
    struct reader reader = {.size = SIZE};
    fio_upload *upload = new_upload("fork-reader.mov");
    fio_client *client = new_uploader("fork-uploads", &told);
    fio_upload_id ids[2];
    pid_t child;
    snprintf(path, sizeof path, "%s", make_file("fork-path.mov", SIZE));
    part_bytes(SIZE / 2);
    steer("DELETE", "/emulator/uploads", NULL);
    fault("{\"endpoint\":\"part\",\"times\":4,\"fault\":{\"kind\":\"delay\",\"ms\":1000}}");
    CHECK_STATUS(fio_upload_set_reader(upload, SIZE, reader_read, &reader, on_destroy), FIO_OK);
    CHECK_STATUS(fio_upload_start(client, upload, &ids[0]), FIO_OK);
    ids[1] = start(client, new_path_upload(path));
    while (info_of(client, ids[0])->in_flight == 0 || info_of(client, ids[1])->in_flight == 0)
        CHECK_STATUS(fio_drive(client, -1), FIO_OK);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK_STATUS(fio_upload_start(client, upload, NULL), FIO_E_FORKED);
        CHECK_STATUS(fio_upload_free(upload), FIO_OK);
        upload_in_the_child(path);
        in_the_child(client, 0, 1);
    }
    child_ended_well(child);
    drive_to(client, ids[0], FIO_UPLOAD_DONE);
    drive_to(client, ids[1], FIO_UPLOAD_DONE);
    CHECK_EQUAL(told.done, 2);
    CHECK_EQUAL(destroyed, 0);
    CHECK_STATUS(fio_upload_free(upload), FIO_OK);
    CHECK_EQUAL(destroyed, 1);
    destroyed = 0;
    check_arrived("fork-path.mov", path);
    check_arrived("fork-reader.mov", path);
    /* On their connections: no part was sent twice. */
    CHECK(strstr(steer("GET", "/emulator/uploads", NULL), "\"times_started\": 2") == NULL);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
}

int main(int argc, char **argv)
{
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    RUN(the_parents_connection_goes_on(1));
    RUN(the_parents_connection_goes_on(0));
    RUN(a_request_under_way_goes_on());
    RUN(a_config_is_only_memory());
    RUN(uploads_under_way_go_on());
    return 0;
}
