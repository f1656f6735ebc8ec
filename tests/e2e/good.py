"""good.py HOST PORT RATE SECONDS NETWORK: clients as they should be: RATE full handshakes a second, and some text.

Each comes from an address of its own in NETWORK (two numbers: 127.88). The last line is JSON: how many, how many failed,
and the time of the slowest hundredth in milliseconds.
"""
import json
import socket
import ssl
import sys
import threading
import time


def visit(at, source, context, times, failures):
    began = time.monotonic()
    try:
        with socket.create_connection(at, 10, source_address=(source, 0)) as sock:
            sock.settimeout(10)
            with context.wrap_socket(sock) as tls:
                tls.sendall(b"GET 5\n")
                got = 0
                while got < 5:
                    part = tls.recv(16)
                    if not part:
                        raise OSError("ended early")
                    got += len(part)
        times.append(time.monotonic() - began)
    except OSError as error:
        failures.append(str(error))


def main():
    host, port, rate, seconds, network = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]), sys.argv[5]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    times, failures, threads = [], [], []
    began = time.monotonic()
    for number in range(int(rate * seconds)):
        time.sleep(max(0, began + number / rate - time.monotonic()))
        source = f"{network}.{number // 250 % 250}.{number % 250 + 1}"
        thread = threading.Thread(target=visit, args=((host, port), source, context, times, failures))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()
    times.sort()
    p99 = times[min(len(times) - 1, len(times) * 99 // 100)] * 1000 if times else 0
    median = times[len(times) // 2] * 1000 if times else 0
    print(json.dumps({"good": len(times), "failed": len(failures), "median": round(median, 1), "p99": round(p99, 1),
                      "first_failures": failures[:3]}))


if __name__ == "__main__":
    main()
