"""The same on mautrix-python."""

import asyncio
import os

from mautrix.client import Client
from mautrix.crypto import OlmMachine, PgCryptoStateStore, PgCryptoStore
from mautrix.types import EventType, MessageEvent
from mautrix.util.async_db import Database

FILE = bytes(range(250)) * 20_000


async def main() -> None:
    user_id = os.environ["MATRIX_USER_ID"]
    device_id = os.environ["MATRIX_DEVICE_ID"]
    db = Database.create("sqlite:bot.db")
    await db.start()
    crypto_store = PgCryptoStore(account_id=user_id, pickle_key="bot", db=db)
    state_store = PgCryptoStateStore(db)
    await PgCryptoStore.upgrade_table.upgrade(db)
    await PgCryptoStateStore.upgrade_table.upgrade(db)

    client = Client(
        base_url=os.environ["MATRIX_HOMESERVER"],
        token=os.environ["MATRIX_ACCESS_TOKEN"],
        mxid=user_id,
        device_id=device_id,
        sync_store=crypto_store,
        state_store=state_store,
        default_retry_count=4,
    )
    client.crypto = OlmMachine(client, crypto_store, state_store)
    await client.crypto.load()
    await crypto_store.put_device_id(device_id)

    async def answer(message: MessageEvent) -> None:
        match message.content.body.split():
            case ["!mautrix-python", "ping", number]:
                text = f"pong {number}"
            case ["!mautrix-python", "upload"]:
                text = f"uploaded {await client.upload_media(FILE)}"
            case _:
                return
        await client.send_text(message.room_id, f"mautrix-python {text}")

    client.add_event_handler(EventType.ROOM_MESSAGE, answer)
    await client.start(None)


asyncio.run(main())
