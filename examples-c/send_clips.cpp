/* Pairs if need be and sends clips, in C++ and inside a poll() loop. Kill it at any moment and start it again
 * with the same store: it goes on where it was, and nothing is sent twice.
 *
 *     FIO_CLIENT_SECRET=... send_clips https://api.frame.io /etc/ssl/certs/ca-certificates.crt STORE FILE...
 *
 * The library is one descriptor among others: when it is readable, drive(0ms) does what is due and makes
 * the callbacks. They only print and take notes; the loop decides.
 */
#include <fio_c2c.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

constexpr int max_codes = 5;

void complain(const char* what, const fio::Error& error)
{
    std::fprintf(stderr, "%s: %s. (%s)\n%s\n", what, error.message().c_str(), error.name(), error.advice().c_str());
}

const char* name_of(fio::UploadState state)
{
    switch (state) {
    case fio::UploadState::queued: return "queued";
    case fio::UploadState::uploading: return "uploading";
    case fio::UploadState::waiting: return "waiting";
    case fio::UploadState::done: return "done";
    case fio::UploadState::failed: return "failed";
    case fio::UploadState::skipped: return "skipped";
    case fio::UploadState::canceled: return "canceled";
    }
    return "?";  // a later version of the library may know more
}

void show_event(fio::EventView event)
{
    if (const auto upload = event.upload(); upload && event.kind() == fio::EventKind::upload) {
        std::printf("%s: %s", upload->name().data(), name_of(upload->state()));
        if (const auto reason = upload->reason())
            std::printf(": %s (%s). %s", reason->message().data(), reason->name(), reason->advice().data());
        std::putchar('\n');
    } else if (const auto totals = event.totals()) {
        std::printf("Left: %llu files, %.1f MB\n", static_cast<unsigned long long>(totals->files_left),
                    static_cast<double>(totals->bytes_left) / 1e6);
    } else if (const auto error = event.error()) {
        std::printf("%s (%s). %s\n", error->message().data(), error->name(), error->advice().data());
    }
}

void show_code(fio::CodeView code)
{
    std::printf("Enter %s at %s\n", code.user_code().data(),
                code.verification_uri().value_or("your Frame.io project").data());
}

class Sender {
public:
    explicit Sender(fio::Client client) : client_(std::move(client)) {}

    /* Puts a file into the queue, unless an earlier run has done so: its path is its tag. One that was canceled
     * is wanted now. */
    void enqueue(const char* path)
    {
        const std::string_view tag = path;
        fio::Upload clip;
        clip.set_path(path).set_tag(tag);
        const auto known = client_.upload_find(tag);
        if (known && *known) {
            if ((*known)->state != fio::UploadState::canceled) {
                std::printf("%s is in the queue already: %s\n", path, name_of((*known)->state));
                return;
            }
            clip.set_again(true);
        }
        if (const auto started = client_.upload_start(clip); !started) {
            complain(path, started.error());
            is_incomplete_ = true;
        }
    }

    /* Works until nothing is left, or a signal comes. Returns whether everything is sent. */
    bool run(int signal_fd)
    {
        const auto fd = client_.fd();
        if (!fd) {
            complain("There is nothing to watch", fd.error());
            return false;
        }
        pollfd watched[] = {{*fd, POLLIN, 0}, {signal_fd, POLLIN, 0}};
        while (!has_given_up_ && is_something_left()) {
            pair_if_needed();
            if (poll(watched, 2, -1) < 0 || watched[1].revents != 0)
                break;
            if (const auto driven = client_.drive(0ms); !driven) {
                complain("The client stopped", driven.error());
                return false;
            }
        }
        const auto totals = client_.queue_totals();
        return totals && !is_incomplete_
               && totals->files_left + totals->failed + totals->skipped + totals->canceled == 0;
    }

private:
    bool is_something_left() const
    {
        const auto totals = client_.queue_totals();
        return totals && totals->files_left > 0;
    }

    /* At the start, and whenever the person has disconnected the device: what is queued stays queued. */
    void pair_if_needed()
    {
        const auto state = client_.auth_state();
        if (is_pairing_ || !state || *state != fio::AuthState::unpaired)
            return;
        const auto started = client_.pair(max_codes, show_code, [this](const fio::Result<fio::DeviceView>& device) {
            is_pairing_ = false;
            if (device) {
                std::printf("Paired with project %s\n", device->project_name().value_or(device->project_id()).data());
            } else {
                complain("Pairing did not work", device.error());
                // Approved all the same, if only the project's name could not be had.
                const auto now = client_.auth_state();
                has_given_up_ = !now || *now == fio::AuthState::unpaired;
            }
        });
        is_pairing_ = started.has_value();
        if (!started) {
            complain("Pairing cannot begin", started.error());
            has_given_up_ = true;
        }
    }

    bool is_pairing_ = false;
    bool has_given_up_ = false;
    bool is_incomplete_ = false;
    // The last one: it is destroyed first, and tells of a pairing that still runs.
    fio::Client client_;
};

int open_signals()
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return sigprocmask(SIG_BLOCK, &signals, nullptr) != 0 ? -1 : signalfd(-1, &signals, SFD_CLOEXEC);
}

}  // namespace

int main(int argc, char** argv)
{
    const char* const secret = std::getenv("FIO_CLIENT_SECRET");
    if (argc < 5 || secret == nullptr) {
        std::fprintf(stderr, "usage: FIO_CLIENT_SECRET=... send_clips BASE-URL CA-FILE STORE FILE...\n");
        return 2;
    }
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // anybody who reads this through a pipe reads it in time
    const int signal_fd = open_signals();
    if (signal_fd < 0) {
        std::perror("signals");
        return 1;
    }
    fio::Config config;
    config.set_base_url(argv[1])
        .set_ca_file(argv[2])
        .set_store_dir(argv[3])
        .set_client_secret(secret)
        .set_client_id("SERIAL-NUMBER-3")
        .set_client_version("1.0.0")  // of this unit, and of its firmware
        .set_event(show_event);
    auto client = fio::Client::create(config);
    if (!client) {
        complain("The device cannot start", client.error());
        return 1;
    }
    Sender sender(*std::move(client));
    for (int i = 4; i < argc; ++i)
        sender.enqueue(argv[i]);
    const bool is_all_sent = sender.run(signal_fd);
    std::puts(is_all_sent ? "Everything is sent." : "Not everything is sent.");
    close(signal_fd);
    return is_all_sent ? 0 : 1;
}
