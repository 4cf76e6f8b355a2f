#!/usr/bin/python3
"""delay_line.py PORT TARGET MILLISECONDS: what comes to 127.0.0.1:PORT goes to 127.0.0.1:TARGET, and back, each way so
much later. The three steps of a connection's beginning take their time too; bandwidth has no bound, and TCP's slow start
is not imitated. Ends with SIGTERM."""
import asyncio
import sys

BACKLOG = 1024


async def carry(source, sink, delay):
    """Each chunk, and then the end, leaves `delay` seconds after it came, however slowly those before it are taken."""
    loop, under_way = asyncio.get_running_loop(), asyncio.Queue()

    async def deliver():
        while True:
            due, chunk = await under_way.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not chunk:
                break
            sink.write(chunk)
            await sink.drain()
        sink.write_eof()

    delivery = asyncio.create_task(deliver())
    while chunk := await source.read(1 << 16):
        under_way.put_nowait((loop.time() + delay, chunk))
    under_way.put_nowait((loop.time() + delay, b""))
    await delivery


async def main(port, target, delay):
    async def serve(reader, writer):
        # The client's kernel has connected at once: the rest of a round trip, and the acknowledgement's way.
        await asyncio.sleep(3 * delay)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(carry(reader, far_writer, delay), carry(far_reader, writer, delay), return_exceptions=True)
        for end in (writer, far_writer):
            end.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=BACKLOG)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000))
