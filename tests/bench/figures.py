"""What is reported: the figures in the order of the table, which way is better, and what outpost aims at
(docs/architecture.md says why)."""
import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Figure:
    title: str
    aim: str = ""
    more_is_better: bool = False
    compared: bool = True  # with a ratio to the best peer


SUBMIT = Figure("submit, relay down, ms", "half of the fastest peer")
PARALLEL = Figure("submit, 8 at once, messages/s", "3 times the fastest peer", more_is_better=True)
END_TO_END = Figure("idle host, submitted to received, ms", "5 ms")
COLD = Figure("the same, first message, ms")
DRAIN = Figure("drain on loopback, messages/s", "4 times Postfix", more_is_better=True)
FAR_DRAIN = Figure("drain 200 messages over a round trip of 100 ms, s", "1.5 s")
RELAYING = Figure("relaying 25 MiB, largest process, MiB", "8 MiB")
IDLE = Figure("idle, all processes, MiB", "3 MiB")
PROCESSES = Figure("idle, processes", compared=False)
ALL = (SUBMIT, PARALLEL, END_TO_END, COLD, DRAIN, FAR_DRAIN, RELAYING, IDLE, PROCESSES)


def table(values, names):
    """Markdown: medians, and outpost's ratio to the best peer. `values` is {figure: {mailer: [numbers]}}."""
    lines = [f"| | {' | '.join(names)} | outpost / best peer | aim |", f"|---|{'---|' * (len(names) + 2)}"]
    for figure in ALL:
        medians = {name: statistics.median(numbers) for name, numbers in values.get(figure, {}).items()}
        cells = [f"{medians[name]:.4g}" if name in medians else "-" for name in names]
        lines.append(f"| {figure.title} | {' | '.join(cells)} | {ratio(figure, medians)} | {figure.aim} |")
    return "\n".join(lines)


def ratio(figure, medians):
    peers = [value for name, value in medians.items() if name != "outpost"]
    if not figure.compared or "outpost" not in medians or not peers:
        return "-"
    best = max(peers) if figure.more_is_better else min(peers)
    return f"{medians['outpost'] / best:.2f}" if best else "-"
