/* Compiled twice, with exceptions and without, and linked into one program: each part keeps its own rules. */
#include <fio_c2c.hpp>

#include <functional>

extern "C" {
#include "support.h"
}

/* Defined by the part without exceptions. */
int pair_without_exceptions();

/* A camera that pairs; what its `show` does differs. */
template <class Show>
static int pair_once(const char* client_id, Show show)
{
    fio::Config config;
    config.set_client_id(client_id).set_client_secret("emulator-secret").set_base_url(test_url).set_ca_file(test_ca);
    auto client = fio::Client::create(config);
    CHECK(client.has_value());
    int ended = 0;
    const auto op =
        client->pair(1, show, [&](const fio::Result<fio::DeviceView>& device) { ended += device.has_value(); });
    CHECK(op.has_value());
    while (ended == 0)
        CHECK(client->drive().has_value());
    return ended;
}

#if defined(__cpp_exceptions)

int main(int argc, char** argv)
{
    test_begin(argc, argv);
    steer("POST", "/emulator/person", "{\"decision\":\"approve\",\"after_polls\":0}");
    CHECK_EQUAL(pair_without_exceptions(), 1);
    int thrown = 0;
    try {
        pair_once("cpp-mixed-with", [](fio::CodeView) { throw 7; });
    } catch (int number) {
        thrown = number;
    }
    CHECK_EQUAL(thrown, 7);
    CHECK_EQUAL(pair_without_exceptions(), 1);
    return 0;
}

#else

int pair_without_exceptions()
{
    int shown = 0;
    const int ended = pair_once("cpp-mixed-without", [&](fio::CodeView) { ++shown; });
    CHECK_EQUAL(shown, 1);
    return ended;
}

#endif
