/* How long callbacks are kept, and what may happen to a client inside them: moved, destroyed, replaced. */
#include "support.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <future>
#include <random>
#include <thread>

using namespace std::chrono_literals;

/* Captured by a callback: counts how many there are of it. */
class Tracked {
public:
    Tracked() { ++alive; }
    Tracked(const Tracked&) { ++alive; }
    Tracked& operator=(const Tracked&) = delete;
    ~Tracked() { --alive; }
    void use() const { CHECK(value_ == 42); }

    static std::atomic<int> alive;

private:
    int value_ = 42;
};

std::atomic<int> Tracked::alive{0};

/* A clock of the application's. */
static std::chrono::milliseconds uptime()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

/* Every operation with a callback that counts how often it ends, and with what. */
struct Ends {
    int count = 0;
    std::error_code code;

    template <class Value>
    std::function<void(const fio::Result<Value>&)> callback()
    {
        return [this, tracked = Tracked()](const fio::Result<Value>& end) {
            tracked.use();
            ++count;
            code = end.code();
        };
    }
};

static fio::ShowCallback shower()
{
    return [tracked = Tracked()](fio::CodeView) { tracked.use(); };
}

static void callbacks_of_operations_are_kept_until_they_end()
{
    Ends ends;
    fio::Client client = MUST(fio::Client::create(emulator_config("cpp-kept")));
    const fio::Op op = MUST(client.pair(1, shower(), ends.callback<fio::DeviceView>()));
    CHECK(Tracked::alive == 2 && ends.count == 0);
    MUST(client.wait(op));
    CHECK(Tracked::alive == 0 && ends.count == 1 && !ends.code);
    MUST(client.refresh(ends.callback<void>()));
    MUST(client.heartbeat(ends.callback<void>()));
    MUST(client.device_info(ends.callback<fio::DeviceView>()));
    MUST(client.comment("00000000-0000", "clap", {}, ends.callback<void>()));
    CHECK(Tracked::alive == 4);
    while (ends.count < 5)
        MUST(client.drive());
    CHECK_EQUAL(Tracked::alive, 0);
}

static void callbacks_of_what_was_not_started_are_freed()
{
    Ends ends;
    fio::Client client = MUST(fio::Client::create(emulator_config("cpp-not-started")));
    FAILS(client.pair(0, shower(), ends.callback<fio::DeviceView>()), argument);
    FAILS(client.pair(1, {}, ends.callback<fio::DeviceView>()), null);
    FAILS(client.poll(ends.callback<void>()), no_code);
    FAILS(client.refresh(ends.callback<void>()), not_authorized);
    MUST(client.request_code([](const auto&) {}));
    FAILS(client.request_code(ends.callback<fio::CodeView>()), in_progress);
    MUST(client.close());
    FAILS(client.request_code(ends.callback<fio::CodeView>()), closed);
    FAILS(fio::Client().heartbeat(ends.callback<void>()), closed);
    CHECK(Tracked::alive == 0 && ends.count == 0);
}

static void a_client_is_destroyed_with_operations_in_flight()
{
    Ends ends;
    {
        fio::Client client = paired_client(emulator_config("cpp-in-flight"));
        stall_everything();
        MUST(client.device_info(ends.callback<fio::DeviceView>()));
        MUST(client.heartbeat(ends.callback<void>()));
        MUST(client.drive(1ms));
        MUST(client.request_code(ends.callback<fio::CodeView>()));
        CHECK(ends.count == 0 && Tracked::alive == 3);
    }
    CHECK(ends.count == 3 && Tracked::alive == 0 && ends.code == fio::errc::canceled);
    clear_faults();
}

static fio::Config tracked_config(const char* client_id)
{
    fio::Store store = MemoryStore().functions();
    store.load = [tracked = Tracked()](std::string_view, const fio::RecordBuffer&) { return fio::Load::not_found; };
    store.save = [tracked = Tracked()](std::string_view, fio::Bytes) { return true; };
    store.erase = [](std::string_view) { return true; };
    store.list = [](const fio::KeyList&) { return true; };
    fio::Config config = emulator_config(client_id);
    config.set_store(std::move(store))
        .set_log(fio::LogLevel::trace, [tracked = Tracked()](fio::LogLevel, std::string_view) { tracked.use(); })
        .set_event([tracked = Tracked()](fio::EventView) { tracked.use(); })
        .set_clock([tracked = Tracked()] { return uptime(); }, {})
        .set_entropy([tracked = Tracked()](fio::MutableBytes bytes) {
            std::random_device random;
            std::generate_n(bytes.data(), bytes.size(), [&] { return static_cast<std::uint8_t>(random()); });
            return true;
        });
    return config;
}

static void callbacks_of_a_config_are_kept_until_nobody_uses_them()
{
    {
        fio::Config config = tracked_config("cpp-config");
        CHECK_EQUAL(Tracked::alive, 6);
        fio::Client one = paired_client(config), two = paired_client(config);
        config = tracked_config("cpp-config-2");
        CHECK_EQUAL(Tracked::alive, 12);
        one = fio::Client();
        MUST(two.wait(MUST(two.heartbeat())));
        CHECK_EQUAL(Tracked::alive, 12);
        two = fio::Client();
        CHECK_EQUAL(Tracked::alive, 6);
        // Replaced, and refused: the one that is in use stays.
        config.set_event([tracked = Tracked()](fio::EventView) {})
            .set_log(static_cast<fio::LogLevel>(77), [tracked = Tracked()](auto&&...) {});
        CHECK(Tracked::alive == 6 && config.error()->status() == fio::errc::argument);
        fio::Store store;
        store.load = [tracked = Tracked()](std::string_view, const fio::RecordBuffer&) { return fio::Load::failed; };
        config.set_store(store);
        store = fio::Store();
        CHECK_EQUAL(Tracked::alive, 6);
        config.set_event({}).set_entropy({});
        CHECK_EQUAL(Tracked::alive, 4);
    }
    CHECK_EQUAL(Tracked::alive, 0);
}

static fio::ReadCallback tracked_reader(std::function<void()> reading = {})
{
    return [reading = std::move(reading), tracked = Tracked()](std::uint64_t offset, fio::MutableBytes buffer) {
        if (reading)
            reading();
        tracked.use();
        material(offset, buffer.data(), buffer.size());
        return static_cast<std::int64_t>(buffer.size());
    };
}

static void a_reader_is_kept_until_the_last_upload_of_it_is_over()
{
    fio::Client client = paired_client(emulator_config("cpp-reader"));
    {
        fio::Upload upload;
        upload.set_name("read.mov").set_reader(1000, tracked_reader());
        MUST(client.queue_pause());
        MUST(client.upload_start(upload));
        MUST(client.upload_start(upload));
        fio::Upload moved = std::move(upload);
        moved.set_reader(2000, tracked_reader());
        CHECK_EQUAL(Tracked::alive, 2);
    }
    CHECK_EQUAL(Tracked::alive, 1);
    MUST(client.queue_resume());
    while (MUST(client.queue_totals()).done < 2)
        MUST(client.drive());
    CHECK_EQUAL(Tracked::alive, 0);
}

/* A client that is destroyed in one of its own callbacks. */
enum class Place {
    show,
    done,
    event,
    log,
    save,
    monotonic,
    wall,
    reader,
    visitor
};

class Scene {
public:
    explicit Scene(Place place) : place_(place)
    {
        fio::Store store = MemoryStore().functions();
        store.load = [](std::string_view, const fio::RecordBuffer&) { return fio::Load::not_found; };
        store.save = [this, tracked = Tracked()](std::string_view, fio::Bytes record) {
            at(Place::save);
            tracked.use();
            return record.size() > 0;
        };
        store.erase = [](std::string_view) { return true; };
        store.list = [](const fio::KeyList&) { return true; };
        fio::Config config = emulator_config("cpp-inside");
        config.set_store(std::move(store))
            .set_event([this, tracked = Tracked()](fio::EventView event) {
                at(Place::event);
                tracked.use();
                CHECK(event.kind() > fio::EventKind{});
            })
            .set_log(fio::LogLevel::debug,
                     [this, tracked = Tracked()](fio::LogLevel, std::string_view line) {
                         at(Place::log);
                         tracked.use();
                         CHECK(!line.empty());
                     })
            .set_clock(
                [this, tracked = Tracked()] {
                    at(Place::monotonic);
                    tracked.use();
                    return uptime();
                },
                [this] {
                    at(Place::wall);
                    return std::chrono::system_clock::now();
                });
        client_ = MUST(fio::Client::create(config));
    }

    fio::Result<void> play()
    {
        if (place_ == Place::reader || place_ == Place::visitor)
            return play_upload();
        const fio::Op op = MUST(client_->pair(
            1,
            [this, tracked = Tracked()](fio::CodeView code) {
                at(Place::show);
                tracked.use();
                CHECK_EQUAL(code.user_code().size(), 6);
            },
            [this, tracked = Tracked()](const fio::Result<fio::DeviceView>& device) {
                at(Place::done);
                tracked.use();
                CHECK(device || device.code() == fio::errc::canceled);
                ++ended;
            }));
        is_armed_ = true;
        return client_->wait(op);
    }

    bool is_destroyed() const { return !client_.has_value(); }

    int ended = 0;

private:
    fio::Result<void> play_upload()
    {
        pair_now(*client_);
        ++ended;
        fio::Upload upload;
        upload.set_name("inside.mov").set_reader(1000, tracked_reader([this] { at(Place::reader); }));
        MUST(client_->upload_start(upload));
        is_armed_ = true;
        if (place_ == Place::visitor) {
            return client_->queue_list([this, tracked = Tracked()](fio::UploadInfoView info) {
                at(Place::visitor);
                tracked.use();
                CHECK(info.name() == "inside.mov");
            });
        }
        for (;;) {
            fio::Result<void> driven = client_->drive();
            if (!driven)
                return driven;
        }
    }

    void at(Place place)
    {
        if (place != place_ || !is_armed_ || is_destroyed())
            return;
        const fio::Remote remote = client_->remote();
        fio::Client& inside = *client_;
        MUST(inside.close());
        CHECK(!inside && inside.native_handle() == nullptr);
        FAILS(inside.drive(), closed);
        FAILS(inside.heartbeat([tracked = Tracked()](const fio::Result<void>&) {}), closed);
        MUST(inside.close());
        client_.reset();
        FAILS(remote.wakeup(), closed);
    }

    const Place place_;
    std::optional<fio::Client> client_;
    bool is_armed_ = false;
};

static void a_client_is_destroyed_inside(Place place)
{
    {
        Scene scene(place);
        FAILS(scene.play(), closed);
        CHECK(scene.is_destroyed() && scene.ended == 1);
    }
    CHECK_EQUAL(Tracked::alive, 0);
}

static void a_client_is_moved_while_operations_run()
{
    Ends ends;
    std::vector<fio::Client> clients;
    clients.push_back(MUST(fio::Client::create(emulator_config("cpp-moved"))));
    const fio::Op op = MUST(clients[0].pair(
        1,
        [&](fio::CodeView) {
            // The vector grows: the client whose call is under way is somewhere else afterwards.
            for (int i = 0; i < 20; ++i)
                clients.emplace_back();
            FAILS(clients[0].drive(0ms), reentrant);
        },
        ends.callback<fio::DeviceView>()));
    fio::Client moved = std::move(clients[0]);
    FAILS(clients[0].wait(op), closed);
    clients[0] = std::move(moved);
    fio::Client& self = clients[0];
    clients[0] = std::move(self);
    MUST(clients[0].wait(op));
    CHECK(ends.count == 1 && Tracked::alive == 0 && clients.size() == 21);
    // Another one takes its place inside a callback: the call under way was still about the first.
    const fio::Op beat = MUST(clients[0].heartbeat(
        [&](const fio::Result<void>&) { clients[0] = MUST(fio::Client::create(emulator_config("cpp-moved-2"))); }));
    FAILS(clients[0].wait(beat), closed);
    CHECK(MUST(clients[0].auth_state()) == fio::AuthState::unpaired);
}

/* Destroyed by the clock when the operation has begun and its start has not returned: it ends, although it was
   refused, and is freed once. */
static void a_client_is_destroyed_while_an_operation_is_started()
{
    int asked = -1000, destroy_at = 0;
    for (destroy_at = 1; destroy_at < 4; ++destroy_at) {
        Ends ends;
        std::optional<fio::Client> client;
        fio::Config config = emulator_config("cpp-started");
        config.set_clock(
            [&] {
                if (++asked == destroy_at)
                    client.reset();
                return uptime();
            },
            {});
        asked = -100000;
        client = paired_client(config);
        MUST(client->set_online(true));
        fault("{\"endpoint\":\"token\",\"fault\":{\"kind\":\"delay\",\"ms\":50}}");
        MUST(client->refresh());
        MUST(client->drive(1ms));
        asked = 0;
        const fio::Result<fio::Op> op = client->refresh(ends.callback<void>());
        CHECK(op.has_value() == client.has_value() && Tracked::alive == (op ? 1 : 0) && ends.count <= 1);
        clear_faults();
        asked = -100000;
        client.reset();
        CHECK(Tracked::alive == 0 && ends.count <= 1);
    }
}

static void one_thread_starts_what_another_one_ends()
{
    const int rounds = test_rounds(2000);
    std::atomic<bool> is_over{false};
    std::promise<void> last;
    int ended = 0;
    fio::Client client = paired_client(emulator_config("cpp-handed-over"));
    stall_everything();
    std::thread driver([&] {
        while (!is_over) {
            const std::error_code code = client.drive(1ms).code();
            CHECK(!code || code == fio::errc::busy);
            std::this_thread::yield();
        }
    });
    for (int started = 0; started < rounds; std::this_thread::yield()) {
        // The other thread may be inside a call: then this one is refused.
        const fio::Result<fio::Op> op = client.heartbeat([&, tracked = Tracked()](const fio::Result<void>&) {
            tracked.use();
            if (++ended == rounds)
                last.set_value();
        });
        if (op) {
            ++started;
            CHECK(!client.cancel(*op));
        } else {
            FAILS(op, busy);
            client.wakeup();
        }
    }
    last.get_future().wait();
    is_over = true;
    driver.join();
    CHECK_EQUAL(Tracked::alive, 0);
    clear_faults();
}

/* Destroyed when the program ends, with an operation in flight: even then its error has a category. */
static fio::Client until_exit;

static void a_client_lives_until_exit()
{
    until_exit = paired_client(emulator_config("cpp-exit"));
    stall_everything();
    MUST(until_exit.heartbeat([](const fio::Result<void>& end) {
        CHECK(end.code() == std::errc::operation_canceled);
        std::printf("at exit: %s\n", end.code().message().c_str());
    }));
}

int main(int argc, char** argv)
{
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    RUN(callbacks_of_operations_are_kept_until_they_end());
    RUN(callbacks_of_what_was_not_started_are_freed());
    RUN(a_client_is_destroyed_with_operations_in_flight());
    RUN(callbacks_of_a_config_are_kept_until_nobody_uses_them());
    RUN(a_reader_is_kept_until_the_last_upload_of_it_is_over());
    for (const Place place : {Place::show, Place::done, Place::event, Place::log, Place::save, Place::monotonic,
                              Place::wall, Place::reader, Place::visitor})
        RUN(a_client_is_destroyed_inside(place));
    RUN(a_client_is_moved_while_operations_run());
    RUN(a_client_is_destroyed_while_an_operation_is_started());
    RUN(one_thread_starts_what_another_one_ends());
    RUN(a_client_lives_until_exit());
    return 0;
}
