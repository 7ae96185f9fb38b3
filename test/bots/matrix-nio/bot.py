"""A bot on matrix-nio that answers "!matrix-nio ping 1" with "matrix-nio pong 1"."""

import asyncio
import io
import os

from nio import AsyncClient, AsyncClientConfig, MatrixRoom, RoomMessageText

FILE = bytes(range(250)) * 20_000


async def main() -> None:
    os.makedirs("store", exist_ok=True)
    config = AsyncClientConfig(encryption_enabled=True, store_sync_tokens=True)
    client = AsyncClient(
        os.environ["MATRIX_HOMESERVER"], store_path="store", config=config
    )
    client.restore_login(
        os.environ["MATRIX_USER_ID"],
        os.environ["MATRIX_DEVICE_ID"],
        os.environ["MATRIX_ACCESS_TOKEN"],
    )

    async def send(room: MatrixRoom, text: str) -> None:
        await client.room_send(
            room.room_id,
            "m.room.message",
            {"msgtype": "m.text", "body": f"matrix-nio {text}"},
            ignore_unverified_devices=True,
        )

    async def answer(room: MatrixRoom, message: RoomMessageText) -> None:
        match message.body.split():
            case ["!matrix-nio", "ping", number]:
                await send(room, f"pong {number}")
            case ["!matrix-nio", "upload"]:
                uploaded, _ = await client.upload(
                    io.BytesIO(FILE), "application/octet-stream", filesize=len(FILE)
                )
                await send(room, f"uploaded {uploaded.content_uri}")

    client.add_event_callback(answer, RoomMessageText)
    await client.sync_forever(timeout=30_000, full_state=True)


asyncio.run(main())
