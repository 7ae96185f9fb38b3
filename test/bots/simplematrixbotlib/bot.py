"""The same on simplematrixbotlib."""

import io
import os

import simplematrixbotlib as botlib

FILE = bytes(range(250)) * 20_000

creds = botlib.Creds(
    os.environ["MATRIX_HOMESERVER"],
    os.environ["MATRIX_USER_ID"],
    access_token=os.environ["MATRIX_ACCESS_TOKEN"],
)
config = botlib.Config()
config.encryption_enabled = True
config.ignore_unverified_devices = True
config.max_timeouts = 1000
bot = botlib.Bot(creds, config)


@bot.listener.on_message_event
async def answer(room, message):
    match = botlib.MessageMatch(room, message, bot, "!simplematrixbotlib ")
    if not (match.is_not_from_this_bot() and match.prefix()):
        return
    if match.command("ping"):
        text = f"simplematrixbotlib pong {match.args()[-1]}"
    elif match.command("upload"):
        uploaded, _ = await bot.async_client.upload(
            io.BytesIO(FILE), "application/octet-stream", filesize=len(FILE)
        )
        text = f"simplematrixbotlib uploaded {uploaded.content_uri}"
    await bot.api.send_text_message(room.room_id, text)


bot.run()
