"""Reads COUNT events from a hub, over as many connections as it takes: URL TOKEN COUNT. Prints RUN#SEQ of each."""

import asyncio
import json
import sys

import websockets


async def main(url: str, token: str, count: int) -> None:
    had, since = [], "earliest"
    while len(had) < count:
        try:
            protocols = ["choo.v1", f"choo.token.{token}"]
            async with websockets.connect(f"{url}?since={since}", subprotocols=protocols, max_size=None) as socket:
                async for message in socket:
                    # A message comes whole or not at all, and ends with the cursor behind it.
                    for line in map(json.loads, message.split("\n")):
                        if line["type"] == "hub.cursor":
                            since = line["payload"]["cursor"]
                        elif "run" in line and "seq" in line:
                            had.append(f"{line['run']}#{line['seq']}")
                    if len(had) >= count:
                        break
        except (websockets.WebSocketException, OSError):
            pass  # cut off: on with the last cursor
    print("\n".join(had))


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
