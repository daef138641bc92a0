/* What the C++ test programs share, over the C ones' helpers. It needs no exceptions. */
#ifndef SUPPORT_HPP
#define SUPPORT_HPP

#include <fio_c2c.hpp>

#include <map>
#include <utility>

extern "C" {
#include "uploading.h"
}

/* The value of a Result that must have one. */
#define MUST(call) must((call), #call, __FILE__, __LINE__)
/* A Result or an error_code that must be this error. */
#define FAILS(call, should) fails((call), fio::errc::should, #call, __FILE__, __LINE__)

[[noreturn]] inline void complain(const char* call, const char* file, int line, const std::string& what)
{
    std::fprintf(stderr, "%s:%d: %s: %s\n", file, line, call, what.c_str());
    std::fflush(stderr);
    _exit(1);
}

template <class Value>
Value must(fio::Result<Value> result, const char* call, const char* file, int line)
{
    if (!result)
        complain(call, file, line, result.error().name() + (": " + result.error().message()));
    if constexpr (!std::is_void_v<Value>)
        return *std::move(result);
}

inline void fails(const std::error_code& code, fio::errc should, const char* call, const char* file, int line)
{
    if (code != should)
        complain(call, file, line, code.message() + ", should be " + fio::status_name(should));
}

template <class Value>
void fails(const fio::Result<Value>& result, fio::errc should, const char* call, const char* file, int line)
{
    fails(result.code(), should, call, file, line);
}

/* A config that is complete, for a device of this name. */
inline fio::Config emulator_config(const char* client_id)
{
    fio::Config config;
    config.set_client_id(client_id).set_client_secret("emulator-secret").set_client_version("1.2.3")
          .set_base_url(test_url).set_ca_file(test_ca);
    return config;
}

/* Pairs; the emulator's person approves at once. */
inline void pair_now(fio::Client& client)
{
    MUST(client.wait(MUST(client.pair(1, [](fio::CodeView) {}))));
}

inline fio::Client paired_client(const fio::Config& config)
{
    fio::Client client = MUST(fio::Client::create(config));
    pair_now(client);
    return client;
}

/* From here on no request is answered. */
inline void stall_everything()
{
    fault("{\"endpoint\":\"any\",\"times\":100000,\"fault\":{\"kind\":\"stall\"}}");
}

inline void clear_faults() { steer("DELETE", "/emulator/faults", nullptr); }

/* A store in memory, and how often it was asked. */
struct MemoryStore {
    std::map<std::string, std::vector<std::uint8_t>, std::less<>> records;
    int loads = 0, saves = 0;

    fio::Store functions()
    {
        fio::Store store;
        store.load = [this](std::string_view key, const fio::RecordBuffer& record) {
            ++loads;
            const auto found = records.find(key);
            if (found == records.end())
                return fio::Load::not_found;
            record.assign(found->second);
            return fio::Load::found;
        };
        store.save = [this](std::string_view key, fio::Bytes record) {
            ++saves;
            records[std::string(key)].assign(record.begin(), record.end());
            return true;
        };
        store.erase = [this](std::string_view key) {
            records.erase(std::string(key));
            return true;
        };
        store.list = [this](const fio::KeyList& list) {
            for (const auto& record : records)
                list(record.first);
            return true;
        };
        return store;
    }
};

#endif
