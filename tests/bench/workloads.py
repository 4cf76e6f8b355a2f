"""What is measured. Each takes a mailer and a scale (1.0 is the long form) and returns {figure: number}; what a
mailer did not do raises Failure."""
import statistics
import threading
import time

import figures
from relay import relay

DRAIN_TIMEOUT = 240  # seconds
ROUND_TRIP = 100  # milliseconds, where the relay is far


class Failure(Exception):
    pass


def message(kib):
    head = ("From: a@example.com\nTo: b@example.net\nSubject: bench\nDate: Sat, 01 Aug 2026 12:00:00 +0000\n"
            "Message-ID: <bench@example.com>\n\n")
    return (head + ("0123456789abcdef" * 4 + "\n") * (kib * 1024 // 65)).encode()


def submit(mailer, content, count, jobs=1):
    """(seconds in all, [milliseconds of each], when it began: perf_counter is one clock for all processes)."""
    took, times, failed, began = mailer.submit(content, count, jobs)
    if failed:
        raise Failure(f"{failed} of {count} submissions failed")
    return took, times, began


def submit_latency(mailer, scale):
    """One message after another, the relay down."""
    mailer.fresh()
    _, times, _ = submit(mailer, message(2), max(20, int(200 * scale)))
    return {figures.SUBMIT: statistics.median(times)}


def submit_parallel_then_drain(mailer, scale):
    """Submissions 8 at once with the relay down; then the relay comes up and the queue is flushed."""
    count = max(200, int(2000 * scale))
    mailer.fresh("backlog")
    took, _, _ = submit(mailer, message(2), count, jobs=8)
    mailer.root.wait_until_quiet(60)
    return {figures.PARALLEL: count / took, figures.DRAIN: count / drain(mailer, count)}


def drain(mailer, count, round_trip=0):
    """Seconds from the flush to the last message."""
    with relay(round_trip) as sink:
        start = time.perf_counter()
        mailer.flush()
        end = sink.wait("mesg", count, DRAIN_TIMEOUT)
        if end is None:
            raise Failure(f"{count - sink.values['mesg']} of {count} messages did not arrive")
        return end - start


def far_drain(mailer, _scale):
    """A backlog to a relay that is far away. Always as many: connections and their beginnings are most of it. One
    message after another would take minutes."""
    if not mailer.has_connections_at_once:
        return {}
    count = 200
    mailer.fresh("backlog")
    submit(mailer, message(2), count, jobs=8)
    mailer.root.wait_until_quiet(60)
    return {figures.FAR_DRAIN: drain(mailer, count, ROUND_TRIP)}


def end_to_end(mailer, scale):
    """Submitted to received, the host idle."""
    mailer.fresh()
    latencies = []
    with relay() as sink:
        for number in range(1, max(10, int(30 * scale)) + 1):
            _, _, began = submit(mailer, message(2), 1)
            end = sink.wait("mesg", number, 20)
            if end is None:
                raise Failure(f"message {number} did not arrive")
            latencies.append((end - began) * 1e3)
            time.sleep(0.15)
    return {figures.END_TO_END: statistics.median(latencies[1:]), figures.COLD: latencies[0]}


def memory(mailer, _scale):
    """While 25 MiB go through, and idle afterwards."""
    mailer.fresh("memory")
    peak, done = [0], threading.Event()

    def sample():
        while not done.is_set():
            peak[0] = max(peak[0], *mailer.root.process_sizes_kib(), 0)
            time.sleep(0.01)

    with relay() as sink:
        sampler = threading.Thread(target=sample)
        sampler.start()
        try:
            submit(mailer, message(25 * 1024), 1)
            arrived = sink.wait("mesg", 1, 60)
        finally:
            done.set()
            sampler.join()
        if arrived is None:
            raise Failure("25 MiB did not arrive")
        time.sleep(12)  # over twice max_idle
    mailer.root.wait_until_quiet(15)
    sizes = mailer.root.process_sizes_kib()
    return {figures.RELAYING: peak[0] / 1024, figures.IDLE: sum(sizes) / 1024, figures.PROCESSES: len(sizes)}


ALL = (submit_latency, submit_parallel_then_drain, far_drain, end_to_end, memory)
