/* Every started operation completes exactly once: by itself, by a cancellation, or by fio_client_free. */
#include "support.h"

#define MANY 30

struct ending {
    int count;
    fio_status status;
    fio_op op;
};

static void note(struct ending *ending, const fio_error *error)
{
    ++ending->count;
    ending->status = error == NULL ? FIO_OK : error->status;
    CHECK(error == NULL || error->op == ending->op);
}

static void on_done(void *user, const fio_error *error)
{
    note(user, error);
}

static void on_device(void *user, const fio_error *error, const fio_device *device)
{
    CHECK((error == NULL) != (device == NULL));
    note(user, error);
}

static void start(fio_client *client, struct ending *ending, int which)
{
    ending->count = 0;
    switch (which % 3) {
    case 0: CHECK_STATUS(fio_device_info(client, on_device, ending, &ending->op), FIO_OK); break;
    case 1: CHECK_STATUS(fio_heartbeat(client, on_done, ending, &ending->op), FIO_OK); break;
    default: CHECK_STATUS(fio_refresh(client, on_done, ending, &ending->op), FIO_OK); break;
    }
}

static void some_end_some_are_canceled(fio_client *client)
{
    struct ending endings[MANY];
    for (int i = 0; i < MANY; ++i)
        start(client, &endings[i], i);
    for (int i = 0; i < MANY; i += 2) {
        CHECK_STATUS(fio_cancel(client, endings[i].op), FIO_OK);
        CHECK_STATUS(fio_cancel(client, endings[i].op), FIO_OK);
    }
    for (int i = 0; i < MANY; ++i)
        CHECK_EQUAL(endings[i].count, 0);
    for (int i = 0; i < MANY; ++i) {
        fio_status status = fio_wait(client, endings[i].op);
        CHECK_EQUAL(status, i % 2 == 0 ? FIO_E_CANCELED : FIO_OK);
        CHECK_EQUAL(endings[i].status, status);
    }
    for (int i = 0; i < MANY; ++i) {
        CHECK_STATUS(fio_cancel(client, endings[i].op), FIO_E_UNKNOWN_OP);
        CHECK_EQUAL(endings[i].count, 1);
    }
}

static void waiting_for_what_is_over(fio_client *client)
{
    fio_op first;
    fio_op op = FIO_OP_NONE;
    CHECK_STATUS(fio_heartbeat(client, NULL, NULL, &first), FIO_OK);
    CHECK_STATUS(fio_wait(client, first), FIO_OK);
    CHECK_STATUS(fio_wait(client, first), FIO_OK);
    CHECK_STATUS(fio_wait(client, FIO_OP_NONE), FIO_E_UNKNOWN_OP);
    CHECK_STATUS(fio_wait(client, first + 1000), FIO_E_UNKNOWN_OP);
    CHECK_STATUS(fio_cancel(client, FIO_OP_NONE), FIO_E_UNKNOWN_OP);
    CHECK_STATUS(fio_cancel(client, first + 1000), FIO_E_UNKNOWN_OP);
    /* The last 64 are remembered, the 65th is not. */
    for (int i = 0; i < 63; ++i) {
        CHECK_STATUS(fio_device_info(client, NULL, NULL, &op), FIO_OK);
        CHECK_STATUS(fio_cancel(client, op), FIO_OK);
        CHECK_STATUS(fio_wait(client, op), FIO_E_CANCELED);
    }
    CHECK_STATUS(fio_wait(client, first), FIO_OK);
    CHECK_STATUS(fio_device_info(client, NULL, NULL, &op), FIO_OK);
    CHECK_STATUS(fio_cancel(client, op), FIO_OK);
    CHECK_STATUS(fio_wait(client, op), FIO_E_CANCELED);
    CHECK_STATUS(fio_wait(client, first), FIO_E_UNKNOWN_OP);
}

static void freeing_cancels_the_rest(fio_client *client)
{
    struct ending endings[MANY];
    fault("{\"endpoint\":\"any\",\"times\":100,\"fault\":{\"kind\":\"stall\"}}");
    for (int i = 0; i < MANY; ++i)
        start(client, &endings[i], i);
    for (int i = 0; i < 3; ++i)
        CHECK_STATUS(fio_drive(client, 1), FIO_OK);
    CHECK_STATUS(fio_cancel(client, endings[0].op), FIO_OK);
    CHECK_STATUS(fio_client_free(client), FIO_OK);
    for (int i = 0; i < MANY; ++i) {
        CHECK_EQUAL(endings[i].count, 1);
        CHECK_EQUAL(endings[i].status, FIO_E_CANCELED);
    }
    steer("DELETE", "/emulator/faults", NULL);
}

static void a_pairing_is_canceled_at_every_stage(void)
{
    struct ending ending;
    steer("POST", "/emulator/person", "{\"decision\":\"ignore\"}");
    for (int drives = 0; drives < 12; ++drives) {
        fio_client *client = new_client(new_config("completion-pair"));
        ending.count = 0;
        CHECK_STATUS(fio_pair(client, 1, ignore_code, on_device, &ending, &ending.op), FIO_OK);
        for (int i = 0; i < drives; ++i)
            CHECK_STATUS(fio_drive(client, 20), FIO_OK);
        if (drives % 2 == 0) {
            CHECK_STATUS(fio_cancel(client, ending.op), FIO_OK);
            CHECK_STATUS(fio_wait(client, ending.op), FIO_E_CANCELED);
        }
        CHECK_STATUS(fio_client_free(client), FIO_OK);
        CHECK_EQUAL(ending.count, 1);
        CHECK_EQUAL(ending.status, FIO_E_CANCELED);
    }
}

int main(int argc, char **argv)
{
    fio_client *client;
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    client = new_client(new_config("completion"));
    pair(client);
    some_end_some_are_canceled(client);
    waiting_for_what_is_over(client);
    freeing_cancels_the_rest(client);
    a_pairing_is_canceled_at_every_stage();
    return 0;
}
