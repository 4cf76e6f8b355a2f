"""What is measured. Each takes a mailer and a scale (1.0 is the long form) and returns {figure: value}."""
import statistics
import threading
import time

from relay import relay

DRAIN_TIMEOUT = 240


def message(kib):
    head = ("From: a@example.com\nTo: b@example.net\nSubject: bench\nDate: Sat, 01 Aug 2026 12:00:00 +0000\n"
            "Message-ID: <bench@example.com>\n\n")
    return (head + ("0123456789abcdef" * 4 + "\n") * (kib * 1024 // 65)).encode()


def scaled(count, scale, least):
    return max(least, int(count * scale))


def submit_latency(mailer, scale):
    """One message after another, the relay down."""
    mailer.fresh()
    _, times, failed = mailer.submit(message(2), scaled(200, scale, 20))
    return {"submit, ms": statistics.median(times), "failed": failed}


def submit_parallel_then_drain(mailer, scale):
    """Submissions 8 at once with the relay down; then the relay comes up and the queue is flushed."""
    count = scaled(2000, scale, 100)
    mailer.fresh()
    took, times, failed = mailer.submit(message(2), count, jobs=8)
    figures = {"submit 8 at once, msgs/s": len(times) / took, "failed": failed}
    mailer.root.wait_until_quiet(60)
    with relay() as sink:
        base, start = sink.values["mesg"], time.perf_counter()
        mailer.flush()
        end = sink.wait("mesg", base + count, DRAIN_TIMEOUT)
        figures["drain, msgs/s"] = (sink.values["mesg"] - base) / ((end or time.perf_counter()) - start)
        figures["drain, connections"] = sink.values["sess"]
        figures["drain, missing"] = count - (sink.values["mesg"] - base)
    return figures


def end_to_end(mailer, scale):
    """Submitted to received, the host idle."""
    mailer.fresh()
    latencies = []
    with relay() as sink:
        for number in range(1, scaled(30, scale, 8) + 1):
            start = time.perf_counter()
            mailer.submit(message(2), 1)
            end = sink.wait("mesg", number, 20)
            if end is None:
                return {"failed": number}
            latencies.append((end - start) * 1e3)
            time.sleep(0.15)
    return {"idle end to end, ms": statistics.median(latencies), "cold, ms": latencies[0]}


def memory(mailer, _scale):
    """While 25 MiB go through, and idle afterwards."""
    mailer.fresh()
    peak, done = [0, 0], threading.Event()

    def sample():
        while not done.is_set():
            total, largest, _ = mailer.root.memory()
            peak[:] = max(peak[0], total), max(peak[1], largest)
            time.sleep(0.01)

    with relay() as sink:
        sampler = threading.Thread(target=sample)
        sampler.start()
        mailer.submit(message(25 * 1024), 1)
        arrived = sink.wait("mesg", 1, 60)
        done.set()
        sampler.join()
        time.sleep(2)
    mailer.root.wait_until_quiet(15)
    total, _, processes = mailer.root.memory()
    return {"25 MiB: largest process, MiB": peak[1] / 1024, "25 MiB: missing": int(arrived is None),
            "idle, MiB": total / 1024, "idle, processes": processes}


WORKLOADS = (submit_latency, submit_parallel_then_drain, end_to_end, memory)
# Less is better, but for these.
RATES = ("submit 8 at once, msgs/s", "drain, msgs/s")
