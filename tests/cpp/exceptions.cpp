/* Exceptions that leave callbacks: they come out of the call that drives, and do not cross the library. */
#include "support.hpp"

#include <stdexcept>

using namespace std::chrono_literals;

/* Not derived from anything: any type may be thrown. */
struct Thrown {
    int number;
};

/* What a call throws; 0 for nothing. */
template <class Call>
int thrown_by(Call&& call)
{
    try {
        call();
        return 0;
    } catch (const Thrown& thrown) {
        return thrown.number;
    }
}

static void what_completions_throw_comes_out_of_wait()
{
    fio::Client client = MUST(fio::Client::create(emulator_config("cpp-throw")));
    int ended = 0;
    const fio::Op op = MUST(client.pair(
        1, [](fio::CodeView) { throw Thrown{1}; },
        [&](const fio::Result<fio::DeviceView>&) {
            ++ended;
            throw Thrown{2};
        }));
    CHECK_EQUAL(thrown_by([&] { MUST(client.wait(op)); }), 1);
    // The pairing went on, and nothing is thrown twice.
    CHECK_EQUAL(ended, 1);
    CHECK_EQUAL(thrown_by([&] { MUST(client.wait(op)); }), 0);
    MUST(client.heartbeat([](const fio::Result<void>&) { throw std::runtime_error("a text"); }));
    try {
        for (;;)
            MUST(client.drive());
    } catch (const std::runtime_error& error) {
        CHECK(std::string(error.what()) == "a text");
    }
    // Each of these stays one's own.
    fio::Client other = MUST(fio::Client::create(emulator_config("cpp-throw-other")));
    MUST(client.device_info([](const fio::Result<fio::DeviceView>&) { throw Thrown{3}; }));
    CHECK_EQUAL(thrown_by([&] { MUST(other.drive(0ms)); }), 0);
    CHECK_EQUAL(thrown_by([&] {
                    for (;;)
                        MUST(client.drive());
                }),
                3);
}

static void only_the_first_is_kept()
{
    int logged = 0;
    bool is_armed = false;
    fio::Config config = emulator_config("cpp-first");
    config.set_log(fio::LogLevel::debug, [&](fio::LogLevel, std::string_view) {
        if (is_armed)
            throw Thrown{++logged};
    });
    fio::Client client = paired_client(config);
    is_armed = true;
    // A call that starts something does not throw: its result would be lost.
    MUST(client.heartbeat());
    CHECK(logged > 0);
    const fio::Op op = MUST(client.device_info());
    // What is kept is thrown before anything else happens ...
    const int before = logged;
    CHECK_EQUAL(thrown_by([&] { MUST(client.drive()); }), 1);
    CHECK_EQUAL(logged, before);
    // ... and then the first of those that follow.
    CHECK_EQUAL(thrown_by([&] { MUST(client.wait(op)); }), before + 1);
    CHECK(logged > before + 1);
    is_armed = false;
    CHECK_EQUAL(thrown_by([&] { MUST(client.wait(op)); }), 0);
}

static void events_throw_too()
{
    fio::Config config = emulator_config("cpp-event");
    config.set_event([](fio::EventView event) { throw Thrown{static_cast<int>(event.kind())}; });
    fio::Client client = MUST(fio::Client::create(config));
    const fio::Op op = MUST(client.pair(1, [](fio::CodeView) {}));
    CHECK_EQUAL(thrown_by([&] { MUST(client.wait(op)); }), FIO_EVENT_AUTHORIZED);
}

static void a_store_that_throws_has_failed()
{
    fio::Store store = MemoryStore().functions();
    store.load = [](std::string_view, const fio::RecordBuffer&) -> fio::Load { throw Thrown{1}; };
    store.save = [](std::string_view, fio::Bytes) -> bool { throw Thrown{2}; };
    store.erase = [](std::string_view) -> bool { throw Thrown{3}; };
    store.list = [](const fio::KeyList&) -> bool { throw Thrown{4}; };
    bool has_failed = false;
    fio::Config config = emulator_config("cpp-store");
    config.set_store(store).set_event(
        [&](fio::EventView event) { has_failed = has_failed || event.kind() == fio::EventKind::store_failed; });
    // It does not prevent the start, so that the first drive tells.
    fio::Client deaf = MUST(fio::Client::create(config));
    CHECK(thrown_by([&] { MUST(deaf.drive(0ms)); }) > 0);
    MUST(deaf.drive(0ms));
    CHECK(has_failed);
    has_failed = false;
    store.load = [](std::string_view, const fio::RecordBuffer&) { return fio::Load::not_found; };
    store.list = [](const fio::KeyList&) { return true; };
    config.set_store(store);
    fio::Client client = MUST(fio::Client::create(config));
    const fio::Op op = MUST(client.pair(1, [](fio::CodeView) {}));
    CHECK(thrown_by([&] { MUST(client.wait(op)); }) > 0);
    CHECK(has_failed);
    MUST(client.revoke());
    CHECK(thrown_by([&] { MUST(client.drive(0ms)); }) > 0);
}

static void random_numbers_and_clocks_throw()
{
    fio::Config config = emulator_config("cpp-clock");
    config.set_entropy([](fio::MutableBytes) -> bool { throw Thrown{5}; });
    CHECK_EQUAL(thrown_by([&] { MUST(fio::Client::create(config)); }), 5);
    bool is_broken = false;
    const auto now = [&] {
        if (is_broken)
            throw Thrown{6};
    };
    config.set_clock_floor(std::chrono::system_clock::now() - 24h)
        .set_entropy({})
        .set_clock(
            [&] {
                now();
                return std::chrono::duration_cast<std::chrono::milliseconds>(
                    std::chrono::steady_clock::now().time_since_epoch());
            },
            [&] {
                now();
                return std::chrono::system_clock::now();
            });
    fio::Client client = paired_client(config);
    is_broken = true;
    // They stand still: if they fell to 0, it would be before the firmware was built.
    const fio::Op op = MUST(client.heartbeat());
    CHECK_EQUAL(thrown_by([&] { MUST(client.wait(op)); }), 6);
    CHECK(MUST(client.auth_state()) == fio::AuthState::authorized);
    is_broken = false;
    CHECK_EQUAL(thrown_by([&] { MUST(client.drive(0ms)); }), 6);
    MUST(client.wait(op));
}

static void a_reader_that_throws_has_failed()
{
    fio::Client client = paired_client(emulator_config("cpp-reader"));
    fio::Upload upload;
    upload.set_name("broken.mov").set_reader(1000, [](std::uint64_t, fio::MutableBytes) -> std::int64_t {
        throw Thrown{7};
    });
    const fio::UploadId id = MUST(client.upload_start(upload));
    const auto drive_to_the_end = [&] {
        while (MUST(client.upload_get(id)).state() != fio::UploadState::failed)
            MUST(client.drive());
    };
    CHECK_EQUAL(thrown_by(drive_to_the_end), 7);
    while (thrown_by(drive_to_the_end) != 0)
        continue;
    CHECK(MUST(client.upload_get(id)).reason()->status() == fio::errc::source_read);
}

static void a_visitor_that_throws_sees_no_more()
{
    fio::Client client = paired_client(emulator_config("cpp-visitor"));
    MUST(client.queue_pause());
    fio::Upload upload;
    upload.set_path(test_ca);
    for (int i = 0; i < 3; ++i)
        MUST(client.upload_start(upload));
    int seen = 0;
    const auto list = [&] {
        MUST(client.queue_list([&](fio::UploadInfoView) {
            if (++seen == 2)
                throw Thrown{8};
        }));
    };
    CHECK_EQUAL(thrown_by(list), 8);
    CHECK_EQUAL(seen, 2);
    // Inside a callback it is the callback's to catch, or goes on to who drives.
    seen = 0;
    const fio::Op op = MUST(client.heartbeat([&](const fio::Result<void>&) {
        CHECK_EQUAL(thrown_by(list), 8);
        seen = 1;
        list();
    }));
    CHECK_EQUAL(thrown_by([&] { MUST(client.wait(op)); }), 8);
    CHECK_EQUAL(seen, 2);
}

static void a_client_that_goes_away_takes_nothing_with_it_but_what_comes_then()
{
    std::optional<fio::Client> client = paired_client(emulator_config("cpp-away"));
    // Destroyed, and then thrown.
    const fio::Op op = MUST(client->heartbeat([&](const fio::Result<void>&) {
        client.reset();
        throw Thrown{9};
    }));
    CHECK_EQUAL(thrown_by([&] { client->wait(op).code(); }), 9);
    CHECK(!client.has_value());
    stall_everything();
    // close() throws, when everything has been freed, ...
    int ended = 0;
    const auto start = [&] {
        client = MUST(fio::Client::create(emulator_config("cpp-away")));
        MUST(client->request_code([&](const fio::Result<fio::CodeView>& code) {
            FAILS(code, canceled);
            ++ended;
            throw Thrown{10};
        }));
    };
    start();
    CHECK_EQUAL(thrown_by([&] { MUST(client->close()); }), 10);
    CHECK(!*client && ended == 1);
    // ... and the destructor does not, nor the assignment of another.
    start();
    client.reset();
    start();
    *client = fio::Client();
    CHECK_EQUAL(ended, 3);
    clear_faults();
}

static void through_C_they_are_dropped()
{
    fio::Client client = paired_client(emulator_config("cpp-through-c"));
    bool is_over = false;
    MUST(client.heartbeat([&](const fio::Result<void>&) {
        is_over = true;
        throw Thrown{11};
    }));
    while (!is_over)
        CHECK_STATUS(fio_drive(client.native_handle(), -1), FIO_OK);
    CHECK_EQUAL(thrown_by([&] { MUST(client.drive(0ms)); }), 0);
}

int main(int argc, char** argv)
{
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    RUN(what_completions_throw_comes_out_of_wait());
    RUN(only_the_first_is_kept());
    RUN(events_throw_too());
    RUN(a_store_that_throws_has_failed());
    RUN(random_numbers_and_clocks_throw());
    RUN(a_reader_that_throws_has_failed());
    RUN(a_visitor_that_throws_sees_no_more());
    RUN(a_client_that_goes_away_takes_nothing_with_it_but_what_comes_then());
    RUN(through_C_they_are_dropped());
    return 0;
}
