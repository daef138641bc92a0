"""Asks several servers for a pairing code and prints how that ends, as JSON: the part of the TLS tests
that runs with each variant of the library. Arguments: the CA file, then name=url pairs."""

import json
import sys
import time

import fio_c2c


def probe(ca_file: str, url: str) -> dict:
    with fio_c2c.Client(client_id="CAM", client_secret="emulator-secret", base_url=url, ca_file=ca_file,
                        timeouts=(5000, 5000)) as client:
        start = time.monotonic()
        try:
            client.request_code().wait()
            name, words, curl = "FIO_OK", "", 0
        except fio_c2c.FioError as error:
            name, words, curl = error.name, error.message, error.curl_code
        return {"name": name, "message": words, "curl_code": curl, "seconds": time.monotonic() - start}


if __name__ == "__main__":
    ca_file, *targets = sys.argv[1:]
    print(json.dumps({name: probe(ca_file, url) for name, url in (target.split("=", 1) for target in targets)}))
