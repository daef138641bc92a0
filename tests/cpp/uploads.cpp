/* Uploads from every kind of source, recordings, and every call about the queue. */
#include "support.hpp"

#include <fcntl.h>

using namespace std::chrono_literals;

static const std::size_t PART = 100000;

/* The material of the C programs, by a lambda. */
static fio::ReadCallback material_reader(std::uint64_t size, int* reads = nullptr)
{
    return [size, reads](std::uint64_t offset, fio::MutableBytes buffer) {
        if (reads != nullptr)
            ++*reads;
        const std::size_t count =
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - std::min(offset, size)));
        material(offset, buffer.data(), count);
        return static_cast<std::int64_t>(count);
    };
}

static void drive_to(fio::Client& client, fio::UploadId id, fio::UploadState state)
{
    while (MUST(client.upload_get(id)).state() != state) {
        CHECK(MUST(client.upload_get(id)).state() < fio::UploadState::done);
        MUST(client.drive());
    }
}

static void everything_an_upload_can_be(fio::Client& client)
{
    const std::string path = make_file("A001C003.mov", 3 * PART);
    fio::Upload clip;
    clip.set_path(path)
        .set_name("B004.mov")
        .set_media_type("video/quicktime")
        .set_channel(0)
        .set_priority(3)
        .set_parts(2)
        .set_verify(true)
        .set_tag(std::string_view("clip 7"))
        .set_created(std::chrono::system_clock::now() - 1h);
    CHECK(!clip.error().has_value() && clip.native_handle() != nullptr);
    const fio::UploadId id = MUST(client.upload_start(clip));
    const fio::UploadInfoView info = MUST(client.upload_get(id));
    CHECK(info.id() == id && info.size() == 3 * PART && !info.is_recording());
    CHECK(info.name() == "B004.mov" && info.media_type() == "video/quicktime" && info.path() == path);
    CHECK(info.priority() == 3 && !info.reason() && !info.retry_in() && !info.asset_id() && info.confirmed() == 0);
    drive_to(client, id, fio::UploadState::done);
    const fio::UploadInfo copy(MUST(client.upload_get(id)));
    CHECK(copy.id == id && copy.confirmed == copy.size && copy.in_flight == 0 && copy.asset_id && copy.project_id);
    CHECK(std::string(copy.tag.begin(), copy.tag.end()) == "clip 7" && copy.path == path && copy.priority == 3);
    check_arrived("B004.mov", path.c_str());
    MUST(client.wait(MUST(client.comment(*copy.asset_id, "slate clap", 120.0))));
    // Its tag is known, until that is forgotten.
    FAILS(client.upload_start(clip), upload_exists);
    const fio::KnownUpload known = MUST(client.upload_find(std::string_view("clip 7"))).value();
    CHECK(known.id == id && known.state == fio::UploadState::done
          && !MUST(client.upload_find(std::string_view("clip"))));
    const fio::UploadId again = MUST(client.upload_start(clip.set_again(true)));
    CHECK(again != id && MUST(client.upload_find(std::string_view("clip 7")))->id == again);
    drive_to(client, again, fio::UploadState::done);
    MUST(client.queue_forget_tags());
    CHECK(!MUST(client.upload_find(std::string_view("clip 7"))));
    // The same description again, for the file's own name and no tag.
    clip.set_name(nullptr).set_tag({});
    const fio::UploadId next = MUST(client.upload_start(clip));
    CHECK(next != id && MUST(client.upload_get(next)).name() == "A001C003.mov"
          && MUST(client.upload_get(next)).tag().text().empty());
    drive_to(client, next, fio::UploadState::done);
}

static void a_descriptor_and_a_reader(fio::Client& client)
{
    const std::string path = make_file("whole.mov", 2 * PART + 1);
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    fio::Upload upload;
    const fio::UploadId by_descriptor = MUST(client.upload_start(upload.set_descriptor(fd).set_name("fd.mov")));
    CHECK_EQUAL(close(fd), 0);
    int reads = 0;
    upload.set_reader(2 * PART + 1, material_reader(2 * PART + 1, &reads)).set_name("reader.mov");
    const fio::UploadId by_reader = MUST(client.upload_start(upload));
    drive_to(client, by_descriptor, fio::UploadState::done);
    drive_to(client, by_reader, fio::UploadState::done);
    CHECK(reads > 0 && !MUST(client.upload_get(by_reader)).path());
    check_arrived("fd.mov", path.c_str());
    check_arrived("reader.mov", path.c_str());
}

static void recordings(fio::Client& client)
{
    // Grown and finished by what the application says of a file ...
    const std::string path = make_file("live.mov", 4 * PART);
    fio::Upload upload;
    upload.set_path(path).set_recording(0, 16).set_name("live.mov");
    const fio::UploadId growing = MUST(client.upload_start(upload));
    MUST(client.upload_advance(growing, 2 * PART));
    CHECK(MUST(client.upload_get(growing)).is_recording());
    MUST(client.upload_finish(growing));
    drive_to(client, growing, fio::UploadState::done);
    check_arrived("live.mov", path.c_str());
    // ... and pushed, with a name at the end.
    std::vector<std::uint8_t> bytes(4 * PART);
    material(0, bytes.data(), bytes.size());
    fio::Upload pushed;
    pushed.set_pushed().set_recording().set_extension(".mov");
    const fio::UploadId id = MUST(client.upload_start(pushed));
    const std::size_t half = bytes.size() / 2;
    MUST(client.upload_push(id, 0, fio::Bytes(bytes.data(), half)));
    FAILS(client.upload_push(id, 3, fio::Bytes(bytes.data(), 1)), argument);
    MUST(client.upload_push(id, half, fio::Bytes(bytes.data() + half, half)));
    while (!MUST(client.upload_get(id)).asset_id())
        MUST(client.drive(50ms));
    FAILS(client.upload_finish(id), argument);
    FAILS(client.upload_finish(id, std::nullopt, std::string("a\0.mov", 6)), argument);
    FAILS(client.upload_finish(id, ~std::uint64_t{0}, "pushed.mov"), argument);
    MUST(client.upload_finish(id, bytes.size(), "pushed.mov"));
    drive_to(client, id, fio::UploadState::done);
    check_arrived("pushed.mov", path.c_str());
    const fio::UploadId large = MUST(client.upload_start(pushed.set_name("large.mov")));
    std::error_code full;
    const std::vector<std::uint8_t> much(32 << 20);
    for (std::uint64_t offset = 0; !full; offset += much.size())
        full = client.upload_push(large, offset, much).code();
    CHECK(full == fio::errc::would_block && full == std::errc::resource_unavailable_try_again);
    MUST(client.upload_cancel(large));
    MUST(client.drive());
}

static void the_queue(fio::Client& client)
{
    fio::Upload upload;
    upload.set_path(make_file("queued.mov", PART));
    MUST(client.queue_pause());
    CHECK(MUST(client.queue_totals()).is_paused);
    std::vector<fio::UploadId> ids;
    for (int i = 0; i < 4; ++i)
        ids.push_back(MUST(client.upload_start(upload)));
    MUST(client.upload_prioritize(ids[3], 9));
    MUST(client.upload_pause(ids[1]));
    MUST(client.upload_cancel(ids[2]));
    FAILS(client.upload_cancel(ids[2]), state);
    MUST(client.upload_remove(ids[2]));
    FAILS(client.upload_get(ids[2]), unknown_upload);
    // In the order in which they will be sent.
    std::vector<fio::UploadId> shown;
    MUST(client.queue_list([&](fio::UploadInfoView info) {
        if (info.state() < fio::UploadState::done)
            shown.push_back(info.id());
    }));
    CHECK((shown == std::vector<fio::UploadId>{ids[3], ids[0], ids[1]}));
    const std::vector<fio::UploadInfo> copies = MUST(client.queue_list());
    CHECK(copies.size() > 3 && copies[0].id == ids[3] && copies[0].reason->code() == fio::errc::upload_paused);
    const fio::Totals totals = MUST(client.queue_totals());
    CHECK(totals.files_left == 3 && totals.bytes_left == 3 * PART && totals.waiting == 3 && totals.canceled == 1);
    CHECK(totals.current == fio::UploadId::none && !totals.time_left && totals.bytes_per_second == 0);
    CHECK(!totals.part_safe_in && totals.parts_in_flight == 0 && !totals.is_link_too_weak);
    CHECK(!copies[0].part_safe_in && copies[0].parts_in_flight == 0 && !copies[0].is_link_too_weak);
    MUST(client.queue_set_bandwidth(0));
    MUST(client.queue_set_interfaces({"lo"}));
    FAILS(client.queue_set_interfaces({std::string("l\0o", 3)}), argument);
    MUST(client.queue_set_interfaces({}));
    MUST(client.queue_resume());
    MUST(client.upload_resume(ids[1]));
    for (const fio::UploadId id : {ids[0], ids[1], ids[3]})
        drive_to(client, id, fio::UploadState::done);
    FAILS(client.upload_retry(ids[0]), state);
    FAILS(client.upload_move_to_project(ids[0]), state);
    MUST(client.queue_set_auto_start(false));
    const fio::UploadId held = MUST(client.upload_start(upload));
    CHECK(MUST(client.upload_get(held)).reason()->status() == fio::errc::upload_paused);
    MUST(client.queue_cancel_all());
    CHECK(MUST(client.upload_get(held)).state() == fio::UploadState::canceled);
    MUST(client.queue_set_auto_start(true));
}

static void what_cannot_be_sent(fio::Client& client)
{
    fio::Upload upload;
    FAILS(client.upload_start(upload), argument);
    FAILS(client.upload_start(upload.set_path("/nowhere/at/all")), source_missing);
    CHECK(make_error_code(fio::errc::source_missing) == client.upload_start(upload).code());
    upload.set_media_type("no type").set_parts(20000);
    CHECK(upload.error()->status() == fio::errc::argument);
    FAILS(client.upload_start(upload), argument);
    FAILS(client.upload_attach(fio::UploadId::none, upload), argument);
    upload.clear_error();
    upload.set_name(std::string("cut\0off", 7));
    FAILS(client.upload_start(upload), argument);
    upload.clear_error();
    upload.set_reader(1, {});
    CHECK(upload.error()->status() == fio::errc::null);
    upload.clear_error();
    upload.set_descriptor(-1);
    CHECK(upload.error()->status() == fio::errc::argument);
}

static void after_a_restart_sources_are_attached()
{
    MemoryStore store;
    const std::string path = make_file("restart.mov", 2 * PART);
    std::vector<fio::Event> events;
    fio::Config config = emulator_config("cpp-attach");
    config.set_store(store.functions())
        .set_history(1000)
        .set_progress_interval(100ms)
        .set_event([&](fio::EventView event) { events.emplace_back(event); });
    fio::Upload upload;
    upload.set_reader(2 * PART, material_reader(2 * PART)).set_name("restart.mov").set_tag(std::string_view("mine"));
    {
        fio::Client client = paired_client(config);
        MUST(client.queue_pause());
        MUST(client.upload_start(upload));
    }
    fio::Client client = MUST(fio::Client::create(config));
    MUST(client.queue_resume());
    const fio::UploadInfo found = MUST(client.queue_list()).at(0);
    CHECK(found.reason->status() == fio::errc::source_needed
          && std::string(found.tag.begin(), found.tag.end()) == "mine");
    MUST(client.upload_attach(found.id, upload));
    drive_to(client, found.id, fio::UploadState::done);
    check_arrived("restart.mov", path.c_str());
    bool is_told = false, is_over = false;
    while (!is_told || !is_over) {
        for (const fio::Event& event : std::exchange(events, {})) {
            is_told =
                is_told
                || (event.upload && event.upload->state == fio::UploadState::done && event.upload->id == found.id);
            is_over = is_over || (event.totals && event.totals->files_left == 0 && event.totals->done == 1);
        }
        if (!is_told || !is_over)
            MUST(client.drive());
    }
}

static void a_reader_that_fails()
{
    std::string reason;
    fio::Config config = emulator_config("cpp-bad-reader");
    config.set_event([&](fio::EventView event) {
        if (event.upload() && event.upload()->reason())
            reason = event.upload()->reason()->name();
    });
    fio::Client client = paired_client(config);
    fio::Upload upload;
    upload.set_reader(PART, [](std::uint64_t, fio::MutableBytes) { return std::int64_t{-1}; }).set_name("bad.mov");
    const fio::UploadId id = MUST(client.upload_start(upload));
    drive_to(client, id, fio::UploadState::failed);
    CHECK(reason == "FIO_E_SOURCE_READ");
    const fio::UploadInfoView info = MUST(client.upload_get(id));
    CHECK(info.reason()->code() == std::errc::io_error && info.reason()->advice().size() > 0);
    CHECK(info.raw()->reason == info.reason()->raw());
}

int main(int argc, char** argv)
{
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    part_bytes(static_cast<int>(PART));
    {
        fio::Client client = paired_client(emulator_config("cpp-uploads"));
        RUN(everything_an_upload_can_be(client));
        RUN(a_descriptor_and_a_reader(client));
        RUN(recordings(client));
        RUN(the_queue(client));
        RUN(what_cannot_be_sent(client));
    }
    RUN(after_a_restart_sources_are_attached());
    RUN(a_reader_that_fails());
    return 0;
}
