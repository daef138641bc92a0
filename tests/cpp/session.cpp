/* Pairing, authorization, device, errors, driving, logs, stores, clocks: every call that is not about uploads. */
#include "support.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <thread>

using namespace std::chrono_literals;

/* Looks at what a certain block of memory holds when it is given back. */
static const void* watched = nullptr;
static std::size_t watched_size = 0;
static bool is_watched_wiped = false;

void* operator new[](std::size_t size)
{
    return std::malloc(size);
}

void operator delete[](void* block) noexcept
{
    if (block != nullptr && block == watched) {
        const auto* const bytes = static_cast<const unsigned char*>(block);
        is_watched_wiped = std::all_of(bytes, bytes + watched_size, [](unsigned char byte) { return byte == 0; });
    }
    std::free(block);
}

void operator delete[](void* block, std::size_t) noexcept
{
    operator delete[](block);
}

static void pairing_step_by_step()
{
    std::optional<fio::Code> code;
    bool is_over = false;
    fio::Client client = MUST(fio::Client::create(emulator_config("cpp-steps")));
    CHECK(MUST(client.auth_state()) == fio::AuthState::unpaired);
    FAILS(client.poll(), no_code);
    const fio::Op asked = MUST(client.request_code([&](const fio::Result<fio::CodeView>& granted) {
        CHECK(granted.has_value());
        code.emplace(*granted);
        CHECK(granted->raw()->user_code == granted->user_code().data());
    }));
    MUST(client.wait(asked));
    CHECK(code->op == asked && code->number == 1 && code->user_code.size() == 6);
    CHECK(code->expires_in > 100s && code->interval > 0ms && code->verification_uri.has_value());
    CHECK(MUST(client.auth_state()) == fio::AuthState::pending);
    const fio::Op polled = MUST(client.poll([&](const fio::Result<void>& end) { is_over = end.has_value(); }));
    CHECK(polled != asked && polled != fio::Op::none);
    while (!is_over)
        MUST(client.drive());
    CHECK(MUST(client.auth_state()) == fio::AuthState::authorized);
}

static void pairing_and_the_device()
{
    fio::Device paired;
    int shown = 0, told = 0;
    fio::Client client = MUST(fio::Client::create(emulator_config("cpp-pair")));
    FAILS(client.device_info(), not_authorized);
    const fio::Op op = MUST(client.pair(
        3,
        [&](fio::CodeView code) {
            CHECK(std::strlen(code.user_code().data()) == 6);
            CHECK(code.verification_uri_complete()->find(code.user_code()) != std::string_view::npos);
            CHECK(fio::Code(code).device_name == std::optional<std::string>(code.device_name()));
            ++shown;
        },
        [&](const fio::Result<fio::DeviceView>& device) {
            paired = fio::Device(*device);
            CHECK(device->op() != fio::Op::none && device->raw() != nullptr);
            ++told;
        }));
    MUST(client.wait(op));
    CHECK(shown == 1 && told == 1 && paired.project_name == "Feature A" && !paired.project_id.empty());
    CHECK(paired.presence == fio::Presence::offline); /* until its first heartbeat */
    const fio::Op asked = MUST(client.device_info([&](const fio::Result<fio::DeviceView>& device) {
        const fio::ChannelsView channels = device->channels();
        std::size_t count = 0;
        for (const fio::ChannelView channel : channels) {
            CHECK(channel.id() == channels[count].id() && fio::Channel(channel).index == channel.index());
            CHECK(fio::Channel(channel).presence == channel.presence() && channel.raw() != nullptr);
            ++count;
        }
        const fio::Device copy(*device);
        CHECK(count == channels.size() && copy.channels.size() == count && copy.project_id == paired.project_id);
        CHECK(copy.id == device->id() && copy.name == device->name() && copy.asset_type == device->asset_type());
        CHECK(copy.timezone == device->timezone() && copy.creator_name == device->creator_name());
        ++told;
    }));
    MUST(client.wait(asked));
    MUST(client.wait(MUST(client.heartbeat())));
    MUST(client.set_online(true));
    const std::string before(MUST(client.access_token()).view());
    CHECK(before.size() > 10);
    MUST(client.wait(MUST(client.refresh([&](const fio::Result<void>& end) { told += end.has_value(); }))));
    {
        const fio::Secret after = MUST(client.access_token());
        CHECK(after.view() != before && after.view().size() == after.size());
        watched = after.view().data();
        watched_size = after.size();
    }
    CHECK(is_watched_wiped);
    CHECK_EQUAL(told, 3);
    FAILS(client.wait(MUST(client.comment("00000000-0000", "clap", 12.0))), not_found);
    FAILS(client.comment("00000000-0000", std::string_view("cl\0ap", 5)), argument);
    MUST(client.wait(MUST(client.revoke())));
    FAILS(client.access_token(), not_authorized);
}

static void errors_say_what_and_why()
{
    fio::Config config = emulator_config("cpp-errors");
    config.set_client_secret("wrong").set_timeouts(10s, 300ms);
    fio::Client client = MUST(fio::Client::create(config));
    std::optional<fio::Error> told;
    const fio::Op op = MUST(client.request_code([&](const fio::Result<fio::CodeView>& code) { told = code.error(); }));
    const fio::Result<void> waited = client.wait(op);
    FAILS(waited, invalid_client);
    CHECK(waited.error().message() == told->message() && waited.error().op() == op && told->op() == op);
    CHECK(told->http_status() >= 400 && told->curl_code() == 0 && told->oauth_error() == "invalid_client");
    CHECK(told->retry() == fio::Retry::never && !told->advice().empty());
    CHECK(std::string(told->name()) == "FIO_E_INVALID_CLIENT");
    // Once it is over its details are gone, not its status.
    CHECK(client.wait(op).error().message() == fio::status_message(fio::errc::invalid_client));
    fault(
        "{\"endpoint\":\"code\",\"fault\":{\"kind\":\"status\",\"status\":429,\"headers\":{\"Retry-After\":\"77\"}}}");
    const fio::Result<void> limited = client.wait(MUST(client.request_code([](const auto&) {})));
    FAILS(limited, rate_limited);
    CHECK(limited.error().retry() == fio::Retry::later && limited.error().retry_after() == 77s);
    stall_everything();
    const fio::Result<void> late = client.wait(MUST(client.request_code([](const auto&) {})));
    CHECK(late.code() == fio::errc::timeout && late.code() == std::errc::timed_out && late.error().curl_code() != 0);
    clear_faults();
    // What C says at once it says in detail.
    const fio::Result<fio::Op> refused = client.comment("../..", "clap");
    FAILS(refused, argument);
    CHECK(refused.error().message() == "this is not the id of an asset");
    FAILS(client.pair(0, [](fio::CodeView) {}), argument);
    FAILS(client.pair(1, {}), null);
    FAILS(client.request_code({}), null);
    FAILS(client.wait(fio::Op::none), unknown_op);
    FAILS(client.wait(static_cast<fio::Op>(12345)), unknown_op);
}

static void codes_compare_with_those_of_the_standard()
{
    const std::error_code code = fio::errc::store_full;
    CHECK(code == std::errc::no_space_on_device && code != std::errc::io_error && code.value() == FIO_E_STORE_FULL);
    CHECK(code.category() == fio::category() && std::string(code.category().name()) == "fio-c2c");
    CHECK(code.message() == fio_status_message(FIO_E_STORE_FULL));
    CHECK(make_error_code(fio::errc::canceled) == std::errc::operation_canceled);
    CHECK(make_error_code(fio::errc::source_missing) == std::errc::no_such_file_or_directory);
    CHECK(make_error_code(fio::errc::would_block) == std::errc::operation_would_block);
    CHECK(make_error_code(fio::errc::upload_exists) == std::errc::file_exists);
    CHECK(make_error_code(fio::errc::url) == std::errc::invalid_argument);
    CHECK(make_error_code(fio::errc::dns).default_error_condition().category() == fio::category());
    CHECK(!std::error_code(fio::errc::ok) && std::error_code(fio::errc::ok) != std::errc::timed_out);
    CHECK(fio::status_advice(fio::errc::dns) == fio_status_advice(FIO_E_DNS));
    CHECK(std::string(fio::version_details()).find("libcurl/") != std::string::npos);
    CHECK(fio::version() == std::string(FIO_VERSION) && fio::version_number() == FIO_VERSION_NUMBER);
}

static void the_first_refused_setting_is_kept()
{
    fio::Config config = emulator_config("cpp-settings");
    CHECK(!config.error().has_value());
    config.set_base_url("http://plain").set_client_version("not a version").set_history(20000);
    FAILS(fio::Client::create(config), url);
    CHECK(config.error()->status() == fio::errc::url && !config.error()->message().empty());
    config.clear_error();
    // The refused ones changed nothing.
    paired_client(config);
    config.set_client_id(std::string("cut\0off", 7));
    FAILS(fio::Client::create(config), argument);
    config.clear_error();
    // It would be 10 seconds if C's 32 bits were all that is looked at.
    config.set_timeouts(10s + std::chrono::milliseconds(std::int64_t{1} << 32), 1s);
    CHECK(config.error()->status() == fio::errc::argument);
    config.clear_error();
    config.set_store_key(std::array<std::uint8_t, 31>{});
    CHECK(config.error()->status() == fio::errc::argument);
    config.clear_error();
    fio::Store store = MemoryStore().functions();
    store.erase = nullptr;
    config.set_store(std::move(store));
    CHECK(config.error()->status() == fio::errc::null);
    config.clear_error();
    config.set_resolve("host", 443, std::string("127.0.0.1\0", 10)).set_interfaces({std::string("lo\0", 3)});
    CHECK(config.error()->status() == fio::errc::argument);
    fio::Config moved = std::move(config);
    CHECK(moved.error().has_value() && moved.native_handle() != nullptr);
    moved.clear_error();
    MUST(fio::Client::create(moved));
    FAILS(fio::Client::create(fio::Config()), incomplete);
}

static void every_setting_arrives()
{
    fio::Config config = emulator_config("cpp-all-settings");
    config.set_encoding(fio::Encoding::form)
        .set_url_pairing(false)
        .set_network_watch(true)
        .set_stall_timeout(30s)
        .set_poller(fio::Poller::portable)
        .set_parallel_parts(2)
        .set_progress_interval(200ms)
        .set_history(7)
        .set_tag_memory(5000)
        .set_bandwidth(1 << 20)
        .set_interfaces({})
        .set_interfaces({"lo", "wlan0"})
        .set_clock_floor(std::chrono::system_clock::now() - 24h)
        .set_store_key(std::array<std::uint8_t, 32>{1})
        .set_resolve("localhost", 443, "127.0.0.1")
        .set_ca_file(test_ca);
    CHECK(!config.error().has_value());
    fio::Client client = MUST(fio::Client::create(config));
    FAILS(client.fd(), unsupported);
    bool has_link = true;
    MUST(client.wait(
        MUST(client.pair(1, [&](fio::CodeView code) { has_link = code.verification_uri_complete().has_value(); }))));
    CHECK(!has_link);
    config.set_clock_floor(std::chrono::system_clock::now() + 24h);
    FAILS(MUST(fio::Client::create(config)).request_code([](const auto&) {}), clock);
    config.set_ca_pem("no certificate");
    CHECK(config.error()->status() == fio::errc::ca);
}

static void an_event_loop_of_ones_own()
{
    fio::Client client = MUST(fio::Client::create(emulator_config("cpp-loop")));
    bool is_over = false;
    MUST(client.pair(1, [](fio::CodeView) {}, [&](const auto& device) { is_over = device.has_value(); }));
    CHECK(MUST(client.timeout()) == 0ms);
    while (!is_over) {
        pollfd library = {MUST(client.fd()), POLLIN, 0};
        CHECK_EQUAL(poll(&library, 1, 30000), 1);
        MUST(client.drive(0ms));
    }
    // A deadline that has passed is no reason to wait for ever.
    MUST(client.drive(-5s));
    MUST(client.set_online(false));
    CHECK(MUST(client.timeout()) > 0ms);
}

static void other_threads_wake_and_cancel()
{
    fio::Remote remote;
    FAILS(remote.wakeup(), closed);
    {
        fio::Client client = paired_client(emulator_config("cpp-remote"));
        stall_everything();
        remote = client.remote();
        const fio::Op op = MUST(client.heartbeat());
        std::thread other([&] { CHECK(!remote.cancel(op)); });
        const fio::Result<void> canceled = client.wait(op);
        other.join();
        CHECK(canceled.code() == std::errc::operation_canceled && canceled.error().status() == fio::errc::canceled);
        FAILS(client.cancel(op), unknown_op);
        CHECK(!remote.wakeup() && !client.wakeup());
        MUST(client.drive(1min));
        // One thread is inside a call for as long as this callback runs.
        const fio::Op busy = MUST(client.heartbeat([&](const fio::Result<void>& end) {
            FAILS(end, canceled);
            std::thread([&] {
                FAILS(client.drive(0ms), busy);
                FAILS(client.close(), busy);
                CHECK(client && !remote.wakeup());
            }).join();
        }));
        CHECK(!client.cancel(busy));
        FAILS(client.wait(busy), canceled);
        clear_faults();
    }
    FAILS(remote.wakeup(), closed);
    FAILS(remote.cancel(fio::Op::none), closed);
}

static void events_and_logs_are_told()
{
    std::vector<fio::Event> events;
    std::vector<std::string> lines;
    fio::Config config = emulator_config("cpp-told");
    config
        .set_event([&](fio::EventView event) {
            CHECK(event.raw() != nullptr);
            events.emplace_back(event);
        })
        .set_log(fio::LogLevel::debug, [&](fio::LogLevel level, std::string_view line) {
            CHECK(level >= fio::LogLevel::error && level <= fio::LogLevel::debug && line.data()[line.size()] == '\0');
            lines.emplace_back(line);
        });
    fio::Client client = paired_client(config);
    CHECK(events.front().kind == fio::EventKind::authorized && !events.front().error && !events.front().wait);
    CHECK(!lines.empty());
    steer("POST", "/emulator/devices/cpp-told/project", "{\"project\":\"Feature B\"}");
    MUST(client.wait(MUST(client.device_info())));
    while (events.back().kind != fio::EventKind::project_changed)
        MUST(client.drive());
    CHECK(events.back().device->project_name == "Feature B" && events.back().previous_project_id.has_value());
    CHECK(events.back().previous_project_id != events.back().device->project_id);
    steer("POST", "/emulator/devices/cpp-told/revoke", nullptr);
    FAILS(client.wait(MUST(client.device_info())), authorization_lost);
    while (events.back().kind != fio::EventKind::authorization_lost)
        MUST(client.drive());
    CHECK(events.back().error->status() == fio::errc::authorization_lost);
    CHECK(events.back().error->retry() == fio::Retry::after_pairing);
    // Nobody is told any more.
    const std::size_t told = events.size(), logged = lines.size();
    config.set_event({}).set_log(fio::LogLevel::trace, {});
    MUST(fio::Client::create(config)).drive(0ms).code();
    CHECK(events.size() == told && lines.size() == logged);
}

static void everything_of_the_platform_is_the_applications()
{
    MemoryStore store;
    int entropy = 0, monotonic = 0, wall = 0;
    fio::Config config = emulator_config("cpp-platform");
    config.set_store(store.functions())
        .set_store_key(std::vector<std::uint8_t>(32, 7))
        .set_entropy([&](fio::MutableBytes buffer) {
            for (std::uint8_t& byte : buffer)
                byte = static_cast<std::uint8_t>(++entropy);
            return true;
        })
        .set_clock([&] { return std::chrono::milliseconds(++monotonic); },
                   [&] {
                       ++wall;
                       return std::chrono::system_clock::now();
                   });
    {
        fio::Client client = paired_client(config);
        CHECK(entropy > 0 && monotonic > 0 && wall > 0 && store.saves > 0);
    }
    fio::Client again = MUST(fio::Client::create(config));
    CHECK(MUST(again.auth_state()) == fio::AuthState::authorized);
    MUST(again.wait(MUST(again.heartbeat())));
    again = fio::Client();
    config.set_entropy([](fio::MutableBytes) { return false; });
    FAILS(fio::Client::create(config), entropy);
    config.set_entropy({}).set_clock({}, {});
    again = MUST(fio::Client::create(config));
    CHECK(MUST(again.auth_state()) == fio::AuthState::authorized);
    again = fio::Client();
    // One that is longer than what the library has room for at first arrives whole all the same: it is kept aside.
    store.records.at("auth").resize(100000);
    again = MUST(fio::Client::create(config));
    CHECK(MUST(again.auth_state()) == fio::AuthState::unpaired);
    CHECK_EQUAL(store.records.at("auth.damaged").size(), 100000);
}

static void keys_arrive_whole_or_not_at_all()
{
    std::vector<std::string> seen;
    const auto see = [](void* context, const char* key) {
        static_cast<std::vector<std::string>*>(context)->emplace_back(key);
    };
    const fio::KeyList list(see, &seen);
    list("auth");
    list(std::string(64, 'k'));
    list(std::string(65, 'k'));
    list(std::string_view("cut\0off", 7));
    CHECK((seen == std::vector<std::string>{"auth", std::string(64, 'k')}));
}

static void a_failing_store_is_told()
{
    bool is_told = false;
    fio::Store store;
    store.load = [](std::string_view, const fio::RecordBuffer& record) {
        CHECK(record.space().size() > 0);
        record.set_length(0);
        return fio::Load::not_found;
    };
    store.save = [](std::string_view, fio::Bytes) { return false; };
    store.erase = [](std::string_view) { return false; };
    store.list = [](const fio::KeyList&) { return true; };
    fio::Config config = emulator_config("cpp-failing-store");
    config.set_store(std::move(store)).set_event([&](fio::EventView event) {
        is_told = is_told || event.kind() == fio::EventKind::store_failed;
    });
    paired_client(config);
    CHECK(is_told);
}

static void a_qr_code_is_a_square()
{
    const fio::QrCode code = MUST(fio::qr_encode("https://next.frame.io/pair/041772"));
    CHECK(code.side >= 21 && code.modules.size() == static_cast<std::size_t>(code.side * code.side));
    for (int at = 0; at < 7; ++at)
        CHECK(code.is_dark(0, at) && code.is_dark(6, code.side - 1 - at) && code.is_dark(code.side - 1 - at, 0));
    CHECK(!code.is_dark(1, 1) && code.is_dark(2, 2));
    const fio::QrCode large = MUST(fio::qr_encode(std::string(1000, 'x')));
    CHECK(large.side > 100 && large.modules.size() == static_cast<std::size_t>(large.side * large.side));
    FAILS(fio::qr_encode(""), argument);
    FAILS(fio::qr_encode(std::string_view("a\0b", 3)), argument);
}

int main(int argc, char** argv)
{
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    RUN(pairing_step_by_step());
    RUN(pairing_and_the_device());
    RUN(errors_say_what_and_why());
    RUN(codes_compare_with_those_of_the_standard());
    RUN(the_first_refused_setting_is_kept());
    RUN(every_setting_arrives());
    RUN(an_event_loop_of_ones_own());
    RUN(other_threads_wake_and_cancel());
    RUN(events_and_logs_are_told());
    RUN(everything_of_the_platform_is_the_applications());
    RUN(keys_arrive_whole_or_not_at_all());
    RUN(a_failing_store_is_told());
    RUN(a_qr_code_is_a_square());
    return 0;
}
